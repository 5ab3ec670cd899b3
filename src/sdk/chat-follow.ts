// Follows a channel, or one thread of it: what is written, and what changes. It listens before it reads and passes over
// events that are older than what it has read, as watch.ts does. After lost events (`reset`, `chat-rebuilt`) it reads
// backwards until it meets what it knows. What must stay true: a message is told as `new` once, in the order of the
// channel; what did not change is not told again. After lost events, a message that came late and belongs more than a
// page further back than what is known is not told.

import type { Message } from '../api/chat-schemas.ts'
import { isPeerhoodError } from '../base/errors.ts'
import type { FollowedMessage, FollowOptions } from './community-types.ts'
import { receiveStream, type StreamItem } from './events.ts'
import type { Http } from './http.ts'
import { followedMessagesMax, followPageMessagesMax, followPagesMax, watchAttemptsMax } from './limits.ts'
import { isIncluded, signalOf } from './watch.ts'

interface Place {
  readonly id: string
  readonly channel: string
  /** Undefined: the channel itself, without what hangs from its messages. */
  readonly thread?: string | undefined
}

/** What was read, and the id of the newest event that the answer knows of. */
interface Reading {
  readonly messages: readonly Message[]
  readonly eventId: string | undefined
}

export async function* followChannel(
  http: Http,
  where: Omit<Place, 'thread'>,
  options: FollowOptions = {},
): AsyncGenerator<FollowedMessage, void> {
  const { history = 0, thread, ...watching } = options
  const place = { ...where, thread }
  const known = createKnown()
  let readAt: string | undefined
  let started = false
  try {
    for await (const item of receiveStream(http, { attemptsMax: watchAttemptsMax, ...watching })) {
      if (isGone(item, place)) return
      if (isStale(item, place, started)) {
        const reading = await readNewest(http, place, started ? known : undefined, options)
        yield* started ? caughtUp(reading.messages, known) : begun(reading.messages, known, history)
        readAt = reading.eventId
        started = true
      } else if (item !== 'open' && !isIncluded(item.id, readAt)) {
        yield* changeOf(item, place, known)
      }
    }
  } catch (error) {
    const isLeft = started && isPeerhoodError(error) && error.kind === 'not-found'
    if (!isLeft && options.signal?.aborted !== true) throw error
  }
}

function isGone(item: StreamItem, { id }: Place): boolean {
  return item !== 'open' && item.event.type === 'community-removed' && item.event.id === id
}

/** Whether what is known says no more than that it may be old. */
function isStale(item: StreamItem, { id }: Place, started: boolean): boolean {
  if (item === 'open') return !started
  const { event } = item
  return event.type === 'reset' || (event.type === 'chat-rebuilt' && event.community === id)
}

/** What belongs to the thread, its root included, or to no thread. */
function belongs(message: Message, { id, channel, thread }: Place): boolean {
  if (message.community !== id || message.channel !== channel) return false
  return message.thread === (thread ?? null) || message.id === thread
}

/** The newest page; with `known`, as many pages as it takes to meet a message that is known. */
async function readNewest(
  http: Http,
  place: Place,
  known: Known | undefined,
  options: FollowOptions,
): Promise<Reading> {
  const { id, channel, thread } = place
  const pages: Message[][] = []
  let eventId: string | undefined
  let before: string | undefined
  do {
    const query = { before, limit: followPageMessagesMax, thread }
    const target = { params: { id, channel }, query, ...signalOf(options) }
    const reading = await http.read('GET /api/communities/:id/channels/:channel/messages', target)
    const page = reading.value.messages.filter((message) => belongs(message, place))
    eventId ??= reading.eventId
    before = reading.value.before ?? undefined
    const met = page.findIndex((message) => known?.has(message) === true)
    pages.unshift(met === -1 ? page : page.slice(met))
    if (met !== -1) break
  } while (known !== undefined && before !== undefined && pages.length < followPagesMax)
  return { messages: pages.flat(), eventId }
}

function begun(messages: readonly Message[], known: Known, history: number): FollowedMessage[] {
  for (const message of messages) known.add(message)
  return messages.slice(Math.max(0, messages.length - history)).map((message) => ({ message, how: 'history' }))
}

function caughtUp(messages: readonly Message[], known: Known): FollowedMessage[] {
  return messages.flatMap((message) => told(message, known, 'new'))
}

function changeOf(item: Exclude<StreamItem, 'open'>, place: Place, known: Known): FollowedMessage[] {
  const { event } = item
  if (event.type !== 'chat-message' || !belongs(event.message, place)) return []
  // A change of a message from before we came is one of its own.
  return told(event.message, known, event.isNew ? 'new' : 'changed')
}

function told(message: Message, known: Known, otherwise: 'new' | 'changed'): FollowedMessage[] {
  const how = known.has(message) ? 'changed' : otherwise
  return known.add(message) ? [{ message, how }] : []
}

/** The last messages that were seen, as they were; the oldest make room. */
interface Known {
  has(message: Message): boolean
  /** False when it is known just like this. */
  add(message: Message): boolean
}

function createKnown(): Known {
  const texts = new Map<string, string>()
  return {
    has: ({ id }) => texts.has(id),
    add(message) {
      const text = JSON.stringify(message)
      if (texts.get(message.id) === text) return false
      texts.set(message.id, text)
      if (texts.size > followedMessagesMax) texts.delete(texts.keys().next().value ?? '')
      return true
    },
  }
}
