// The event stream over reconnects: opens it, yields what arrives, and when it breaks waits a little longer each time
// and goes on after the last id. What must stay true: an event is yielded once and in order, or a `reset` is; a
// refusal (wrong token) is thrown, never retried; the signal ends the iteration quietly, at any point.

import type { Event } from '../api/schemas.ts'
import { type PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import { sleep } from '../base/ports.ts'
import { sdkErrors } from './errors.ts'
import type { Http } from './http.ts'
import { eventsSilenceTimeoutMs, reconnectDelayMsMax, reconnectDelayMsMin } from './limits.ts'
import { errorOfFailure } from './problems.ts'
import { createSseParser } from './sse.ts'
import type { EventsOptions, ReceivedEvent } from './types.ts'

/** Where one iteration stands. */
interface Progress {
  lastEventId: string | undefined
  /** Tries since bytes last arrived. */
  attempts: number
}

/** What happens to the stream: a connection opened, or an event came. */
export type StreamItem = 'open' | ReceivedEvent

export async function* receiveEvents(http: Http, options: EventsOptions = {}): AsyncGenerator<ReceivedEvent, void> {
  for await (const item of receiveStream(http, options)) if (item !== 'open') yield item
}

export async function* receiveStream(http: Http, options: EventsOptions = {}): AsyncGenerator<StreamItem, void> {
  const progress: Progress = { lastEventId: options.lastEventId, attempts: 0 }
  for (;;) {
    if (isAborted(options)) return
    options.onState?.('connecting')
    try {
      yield* receiveOnce(http, progress, options)
    } catch (error) {
      if (isAborted(options)) return
      checkRetry(toPeerhoodError(error), progress, options)
    }
    options.onState?.('waiting')
    if (!(await pause(http, progress, options))) return
  }
}

function isAborted(options: EventsOptions): boolean {
  return options.signal?.aborted === true
}

/** Throws the error unless another try may mend it. */
function checkRetry(error: PeerhoodError, progress: Progress, options: EventsOptions): void {
  const retryable = error.kind === 'no-daemon' || error.code === 'stopping' || error.code === 'too_many_events_clients'
  if (!retryable || progress.attempts + 1 >= (options.attemptsMax ?? Number.POSITIVE_INFINITY)) throw error
}

/** False when the signal aborted meanwhile. */
async function pause(http: Http, progress: Progress, options: EventsOptions): Promise<boolean> {
  const delayMs = Math.min(reconnectDelayMsMax, reconnectDelayMsMin * 2 ** progress.attempts)
  progress.attempts += 1
  try {
    await sleep(http.clock, delayMs, options)
    return true
  } catch {
    return false
  }
}

/** One connection, until it ends or breaks. */
async function* receiveOnce(http: Http, progress: Progress, options: EventsOptions): AsyncGenerator<StreamItem, void> {
  const controller = new AbortController()
  const onAbort = () => controller.abort(options.signal?.reason)
  options.signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const response = await open(http, progress.lastEventId, controller)
    options.onState?.('open')
    yield 'open'
    const parser = createSseParser()
    for await (const text of readText(http, response, controller)) {
      progress.attempts = 0
      for (const message of parser.push(text)) {
        progress.lastEventId = message.id
        if (message.data !== undefined) yield { id: message.id, event: parseEvent(message.data) }
      }
    }
  } finally {
    options.signal?.removeEventListener('abort', onAbort)
    controller.abort()
  }
}

function open(http: Http, lastEventId: string | undefined, controller: AbortController): Promise<Response> {
  const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const headers = { accept: 'text/event-stream', ...resume }
  return withinSilence(http, controller, () => http.send('GET /api/events', { headers, signal: controller.signal }))
}

async function* readText(http: Http, response: Response, controller: AbortController): AsyncGenerator<string, void> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await withinSilence(http, controller, () => reader.read())
    if (done) return
    yield decoder.decode(value, { stream: true })
  }
}

/** Breaks the connection when `wait` takes longer than a live daemon is ever silent. */
async function withinSilence<Result>(
  http: Http,
  controller: AbortController,
  wait: () => Promise<Result>,
): Promise<Result> {
  const silent = () => sdkErrors.daemon_silent(`The daemon at ${http.url} fell silent.`)
  const cancel = http.clock.after(eventsSilenceTimeoutMs, () => controller.abort(silent()))
  try {
    return await wait()
  } catch (error) {
    throw errorOfFailure(error, http.url, controller.signal)
  } finally {
    cancel()
  }
}

function parseEvent(data: string): Event {
  try {
    const event: unknown = JSON.parse(data)
    if (typeof event === 'object' && event !== null && 'type' in event) return event as Event
  } catch {
    // Falls through: not ours.
  }
  throw sdkErrors.answer_malformed('An event is not what a Peerhood daemon sends.')
}
