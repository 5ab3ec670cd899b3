// What scenarios share: steps that each have to happen in time, told as they do, and judged at the end.

import { seconds } from './matrix.ts'
import { waitFor } from './pairs.ts'

export interface Step {
  readonly name: string
  readonly isMet: boolean
  readonly ms: number
  /** What was found. */
  readonly detail: string
}

export class Steps {
  readonly all: Step[] = []
  readonly #tell: (step: Step) => void

  constructor(tell: (step: Step) => void) {
    this.#tell = tell
  }

  add(step: Step): void {
    this.all.push(step)
    this.#tell(step)
  }

  /** Waits until `look` holds, `msMax` at most; says how long that is after `startMs`. */
  async reach(
    name: string,
    look: () => Promise<boolean>,
    msMax: number,
    startMs: number = performance.now(),
  ): Promise<boolean> {
    const isMet = await waitFor(look, msMax)
    const ms = Math.round(performance.now() - startMs)
    this.add({ name, isMet, ms, detail: isMet ? `after ${seconds(ms)} s` : `not within ${seconds(msMax)} s` })
    return isMet
  }

  check(name: string, isMet: boolean, detail: string): void {
    this.add({ name, isMet, ms: 0, detail })
  }

  get isMet(): boolean {
    return this.all.every((step) => step.isMet)
  }
}

export function stepText({ name, isMet, detail }: Step): string {
  return `${isMet ? 'ok  ' : 'FAIL'} ${name}: ${detail}`
}
