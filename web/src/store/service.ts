// Holds the world (core.ts) and tells the views that it changed: at most once a frame, however fast news comes.

import { Emitter } from '../../../src/base/events.ts'
import type { Event } from '../../../src/sdk/types.ts'
import { emptyWorld, type Input, stepWorld, type World } from './core.ts'

export interface Store {
  world(): World
  /** Called after the world changed. */
  subscribe(onChange: () => void): () => void
  apply(input: Input): void
  /** Every event, as it is applied; `reset` after everything was read anew. Call what comes back to end it. */
  listen(listener: (event: Event) => void): () => void
}

/** `schedule` runs its callback with the next frame. */
export function createStore(schedule: (run: () => void) => void): Store {
  const listeners = new Set<() => void>()
  const events = new Emitter<Event>()
  let world = emptyWorld
  let scheduled = false

  function tell(): void {
    scheduled = false
    for (const listener of listeners) listener()
  }

  function scheduleTelling(): void {
    if (scheduled) return
    scheduled = true
    schedule(tell)
  }

  return {
    world: () => world,
    subscribe(onChange) {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
    apply(input) {
      const next = stepWorld(world, input)
      if (next !== world) {
        world = next
        scheduleTelling()
      }
      if (input.type === 'event') events.emit(input.event)
      if (input.type === 'snapshot') events.emit({ type: 'reset' })
    },
    listen: (listener) => events.on(listener),
  }
}

/** Frames pause in hidden tabs, where titles and the offline banner still want news. */
const hiddenFrameMs = 250

export function nextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run, hiddenFrameMs)
  else requestAnimationFrame(run)
}
