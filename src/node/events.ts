// All that happens, in the API's words, from one place. Figures of the daemon as a whole change with nearly everything,
// so a status event goes out at most every `statusEveryMs`, and only after something happened: idle costs nothing.

import type { Event, Status } from '../api/schemas.ts'
import { Emitter } from '../base/events.ts'
import type { Cancel, Clock } from '../base/ports.ts'
import { statusEveryMs } from './limits.ts'

export interface EventHub {
  on(listener: (event: Event) => void): Cancel
  emit(event: Event): void
  /** Something that the status shows has changed. */
  statusChanged(): void
  stop(): void
}

export function createEvents(parts: { clock: Clock; status: () => Status }): EventHub {
  const { clock, status } = parts
  const emitter = new Emitter<Event>()
  let cancel: Cancel | undefined
  let sentMs = Number.NEGATIVE_INFINITY

  const send = () => {
    cancel = undefined
    sentMs = clock.monotonicMs()
    emitter.emit({ type: 'status', status: status() })
  }
  const statusChanged = () => {
    cancel ??= clock.after(Math.max(0, sentMs + statusEveryMs - clock.monotonicMs()), send)
  }
  return {
    on: (listener) => emitter.on(listener),
    emit(event) {
      emitter.emit(event)
      statusChanged()
    },
    statusChanged,
    stop: () => cancel?.(),
  }
}
