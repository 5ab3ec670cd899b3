// A typed list of listeners: what every service uses to tell others what happened.

import type { Cancel } from './ports.ts'

export type Listener<Event> = (event: Event) => void

export class Emitter<Event> {
  readonly #listeners = new Set<Listener<Event>>()

  /** Adds a listener; the returned function removes it. */
  on(listener: Listener<Event>): Cancel {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  emit(event: Event): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}
