// Follows one share or transfer: its state now, then each change. It listens before it reads, so that nothing falls
// between the two, and passes over events that are older than what it has read, so that nothing goes backwards. After a
// `reset` it reads anew.

import type { Event } from '../api/schemas.ts'
import { isPeerhoodError, type PeerhoodError } from '../base/errors.ts'
import { receiveStream, type StreamItem } from './events.ts'
import type { Http, Reading } from './http.ts'
import { watchAttemptsMax } from './limits.ts'
import { errorOfFailure } from './problems.ts'
import type { CallOptions, WaitOptions, WatchOptions } from './types.ts'

/** How to follow one kind of thing. */
export interface Subject<Value> {
  read(options: CallOptions): Promise<Reading<Value>>
  /** What an event says of it; undefined when it says nothing. */
  changeOf(event: Event): Value | 'removed' | undefined
  /** Whether nothing more will happen to it. */
  isLast(value: Value): boolean
}

/** Ends quietly when the signal aborts, when the thing is removed, and after its last state. */
export async function* watch<Value extends object>(
  http: Http,
  subject: Subject<Value>,
  options: WatchOptions = {},
): AsyncGenerator<Value, void> {
  let known = false
  let readAt: string | undefined
  try {
    for await (const item of receiveStream(http, { attemptsMax: watchAttemptsMax, ...options })) {
      const isStale = item === 'open' ? !known : item.event.type === 'reset'
      const reading = isStale ? await subject.read(signalOf(options)) : undefined
      if (reading !== undefined) readAt = reading.eventId
      const value = reading === undefined ? changeOf(subject, item, readAt) : reading.value
      if (value === 'removed') return
      if (value === undefined) continue
      known = true
      yield value
      if (subject.isLast(value)) return
    }
  } catch (error) {
    const isGone = known && isPeerhoodError(error) && error.kind === 'not-found'
    if (!isGone && options.signal?.aborted !== true) throw error
  }
}

/** Follows until the last state and gives that; `gone` is the error when it is removed before. */
export async function waitForLast<Value extends object>(
  http: Http,
  subject: Subject<Value>,
  gone: () => PeerhoodError,
  options: WaitOptions<Value> = {},
): Promise<Value> {
  const { signal, onProgress } = options
  for await (const value of watch(http, subject, signalOf(options))) {
    onProgress?.(value)
    if (subject.isLast(value)) return value
  }
  if (signal?.aborted === true) throw errorOfFailure(signal.reason, http.url, signal)
  throw gone()
}

export function signalOf({ signal }: CallOptions): CallOptions {
  return signal === undefined ? {} : { signal }
}

function changeOf<Value>(
  subject: Subject<Value>,
  item: StreamItem,
  readAt: string | undefined,
): Value | 'removed' | undefined {
  return item === 'open' || isIncluded(item.id, readAt) ? undefined : subject.changeOf(item.event)
}

/** Whether an answer that was made at `readAt` knows of the event `id` already (docs/api.md, "Events"). */
export function isIncluded(id: string, readAt: string | undefined): boolean {
  const [run, number] = id.split('-')
  const [readRun, readNumber] = readAt?.split('-') ?? []
  return run === readRun && Number(number) <= Number(readNumber)
}
