// Lets figures that change all the time through at a bearable rate: for each key the first value at once, then the
// latest at intervals, and whatever is urgent at once. Bounded by the number of keys, which their owners bound.

import type { Cancel, Clock } from '../base/ports.ts'

export interface Latest<Key, Value> {
  saw(key: Key, value: Value): void
  /** Nothing of this key goes out any more. */
  forget(key: Key): void
  stop(): void
}

export function createLatest<Key, Value>(parts: {
  readonly clock: Clock
  readonly everyMs: number
  readonly emit: (value: Value) => void
  /** Whether the step from the value last sent must not wait. */
  readonly isUrgent: (sent: Value, next: Value) => boolean
}): Latest<Key, Value> {
  const { clock, everyMs, emit, isUrgent } = parts
  const entries = new Map<Key, { sent: Value; latest: Value | undefined; cancel: Cancel }>()

  const send = (key: Key, value: Value) => {
    entries.get(key)?.cancel()
    entries.set(key, { sent: value, latest: undefined, cancel: clock.after(everyMs, () => open(key)) })
    emit(value)
  }
  const open = (key: Key) => {
    const latest = entries.get(key)?.latest
    entries.delete(key)
    if (latest !== undefined) send(key, latest)
  }
  return {
    saw(key, value) {
      const entry = entries.get(key)
      if (entry === undefined || isUrgent(entry.sent, value)) send(key, value)
      else entry.latest = value
    },
    forget(key) {
      entries.get(key)?.cancel()
      entries.delete(key)
    },
    stop() {
      for (const { cancel } of entries.values()) cancel()
      entries.clear()
    },
  }
}
