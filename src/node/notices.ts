// What the person should know about this daemon and has not asked for: a repaired database, a clock that jumped. Shown in
// status and by the doctor. One notice a code: the latest stands.

import { Emitter } from '../base/events.ts'
import type { Cancel } from '../base/ports.ts'
import { noticesMax } from './limits.ts'

export interface Notice {
  readonly code: string
  readonly sentence: string
  /** What to do about it; null when there is nothing to do. */
  readonly advice: string | null
}

export class Notices {
  readonly #byCode = new Map<string, Notice>()
  readonly #changed = new Emitter<Notice>()

  add(notice: Notice): void {
    this.#byCode.delete(notice.code)
    this.#byCode.set(notice.code, notice)
    const oldest = this.#byCode.keys().next().value
    if (this.#byCode.size > noticesMax && oldest !== undefined) this.#byCode.delete(oldest)
    this.#changed.emit(notice)
  }

  remove(code: string): void {
    this.#byCode.delete(code)
  }

  list(): readonly Notice[] {
    return [...this.#byCode.values()]
  }

  on(listener: (notice: Notice) => void): Cancel {
    return this.#changed.on(listener)
  }
}

/** Another person was restored; the keystore of the one until then lies at `path`. */
export function personReplaced(path: string): Notice {
  return {
    code: 'identity_replaced',
    sentence: `The person of before was put aside in ${path}.`,
    advice:
      'Their communities stay here, and nothing can be written in them until that person is restored. Delete the file once nothing of theirs is needed.',
  }
}
