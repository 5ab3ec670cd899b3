// The messages of one channel or thread as the page holds them. Pure: pages of the daemon's answers, news and what was
// written here go in; a list of pages comes out that the window (window-core.ts) draws a part of.
//
// What is held is one stretch of the channel, mostly its end; it is cut at the far side when it grows too long.
//
// What must stay true: messages stand in order of time, each once; a page that did not change keeps its identity, so that
// only what changed draws again; what was written here stands at the end from the moment it is sent, and once it is told
// by the daemon it stands there only as that.

import type { Attachment, Message } from '../../../../src/sdk/types.ts'
import type { Failure } from '../../store/failure.ts'

/** A part of the list that is drawn, or not, as a whole. */
export interface Page {
  readonly key: number
  readonly messages: readonly Message[]
  /** The mark of what comes before it, where an answer began here: the list may be cut there. */
  readonly before?: string | null
}

/** Written here, and not yet told by the daemon. */
export interface Pending {
  readonly id: string
  readonly text: string
  readonly replyTo: string | undefined
  readonly attachments: readonly Attachment[]
  readonly sentMs: number
  readonly failure: Failure | undefined
  /** The message that an event told and that looks like this one: it stands there already. */
  readonly metBy?: string
}

export interface Timeline {
  /** Undefined before the first answer. */
  readonly pages: readonly Page[] | undefined
  /** The mark of what comes before the first page; null: it begins here. */
  readonly before: string | null
  /** The mark of what comes after the last page; null: it ends here, and news belongs to it. */
  readonly after: string | null
  readonly pending: readonly Pending[]
  readonly nextKey: number
}

export type TimelineInput =
  /** Another stretch, the end or what is around some message: everything before is forgotten. */
  | {
      readonly type: 'stretch'
      readonly messages: readonly Message[]
      readonly before: string | null
      readonly after: string | null
    }
  /** An answer to `asked`; it comes too late when the list begins elsewhere meanwhile. */
  | {
      readonly type: 'older'
      readonly asked: string
      readonly messages: readonly Message[]
      readonly before: string | null
    }
  /** The same at the other side. */
  | {
      readonly type: 'newer'
      readonly asked: string
      readonly messages: readonly Message[]
      readonly after: string | null
    }
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'sending'; readonly pending: Pending }
  | { readonly type: 'sent'; readonly id: string; readonly message: Message }
  | { readonly type: 'failed'; readonly id: string; readonly failure: Failure }
  | { readonly type: 'discard'; readonly id: string }
  /** The person reads the newest: what lies far before may go. */
  | { readonly type: 'trim' }

/** Messages a page has at most: as many as are drawn well within a frame or two. A few pages stand in the document. */
export const pageMessagesMax = 8
/** Pages above which a list is cut: of what lies before, once its end is being read, and at the other side of a reader. */
const pagesKeptMax = 480
/** Pages that stay when its end is being read. */
const pagesKept = 120

export const emptyTimeline: Timeline = { pages: undefined, before: null, after: null, pending: [], nextKey: 0 }

export function stepTimeline(timeline: Timeline, input: TimelineInput): Timeline {
  switch (input.type) {
    case 'stretch':
      return addBefore({ ...timeline, pages: [], after: input.after }, input.messages, input.before)
    case 'older':
      if (timeline.pages === undefined || timeline.before !== input.asked) return timeline
      return cutAfter(addBefore(timeline, input.messages, input.before))
    case 'newer':
      if (timeline.pages === undefined || timeline.after !== input.asked) return timeline
      return cutBefore(addAfter(timeline, input.messages, input), pagesKeptMax)
    case 'message':
      return tell(timeline, input.message)
    case 'sending':
      return { ...timeline, pending: [...timeline.pending.filter(({ id }) => id !== input.pending.id), input.pending] }
    case 'sent':
      return put(withoutPending(timeline, input.id), input.message).timeline
    case 'failed':
      return changePending(timeline, input.id, (pending) => ({ ...pending, failure: input.failure }))
    case 'discard':
      return withoutPending(timeline, input.id)
    case 'trim':
      return timeline.after === null ? cutBefore(timeline, pagesKept) : timeline
  }
}

/** In what order two messages stand. The daemon's order has a finer clock; within a millisecond its answers' order stays. */
export function isAfter(a: Message, b: Message): boolean {
  return a.sentMs > b.sentMs
}

export function findMessage({ pages = [] }: Timeline, id: string): Message | undefined {
  for (let at = pages.length - 1; at >= 0; at--) {
    const found = pages[at]?.messages.find((message) => message.id === id)
    if (found !== undefined) return found
  }
  return undefined
}

export function lastMessage({ pages = [] }: Timeline): Message | undefined {
  return pages.at(-1)?.messages.at(-1)
}

export function messageCount({ pages = [] }: Timeline): number {
  return pages.reduce((sum, { messages }) => sum + messages.length, 0)
}

function addBefore(timeline: Timeline, messages: readonly Message[], before: string | null): Timeline {
  const { pages: held = [] } = timeline
  const pages = pagesOf(without(messages, held[0]), before, timeline.nextKey)
  return { ...timeline, pages: [...pages, ...held], before, nextKey: timeline.nextKey + pages.length }
}

function addAfter(
  timeline: Timeline,
  messages: readonly Message[],
  { asked, after }: { readonly asked: string; readonly after: string | null },
): Timeline {
  const { pages: held = [] } = timeline
  // The mark of what comes after is the place of the first of it.
  const pages = pagesOf(without(messages, held.at(-1)), asked, timeline.nextKey)
  return { ...timeline, pages: [...held, ...pages], after, nextKey: timeline.nextKey + pages.length }
}

function pagesOf(messages: readonly Message[], before: string | null, firstKey: number): Page[] {
  return Array.from({ length: Math.ceil(messages.length / pageMessagesMax) }, (_, at) => {
    const part = messages.slice(at * pageMessagesMax, (at + 1) * pageMessagesMax)
    return { key: firstKey + at, messages: part, ...(at === 0 ? { before } : {}) }
  })
}

/** News within the millisecond of an edge may be held already. */
function without(messages: readonly Message[], edge: Page | undefined): readonly Message[] {
  const held = new Set(edge?.messages.map(({ id }) => id))
  return messages.filter(({ id }) => !held.has(id))
}

function tell(timeline: Timeline, message: Message): Timeline {
  const { timeline: next, isNew } = put(timeline, message)
  // Only what is new meets what is being sent: an older one that looks the same is another one.
  const met = isNew ? next.pending.find((one) => one.metBy === undefined && looksLike(one, message)) : undefined
  return met === undefined ? next : changePending(next, met.id, (pending) => ({ ...pending, metBy: message.id }))
}

function looksLike({ failure, text, replyTo, attachments }: Pending, message: Message): boolean {
  return (
    failure === undefined &&
    message.text === text &&
    (message.replyTo ?? undefined) === replyTo &&
    message.attachments.length === attachments.length
  )
}

/** Replaces a message, or puts it where it belongs. */
function put(timeline: Timeline, message: Message): { readonly timeline: Timeline; readonly isNew: boolean } {
  const { pages } = timeline
  if (pages === undefined) return { timeline, isNew: false }
  const first = pages[0]?.messages[0]
  // It lies before what is held, and will come with its page.
  if (first !== undefined && timeline.before !== null && isAfter(first, message)) return { timeline, isNew: false }
  const last = lastMessage(timeline)
  if (last !== undefined && timeline.after !== null && isAfter(message, last)) return { timeline, isNew: false }
  const place = placeOf(pages, message)
  if (!place.found) return { timeline: insert(timeline, pages, place, message), isNew: true }
  const messages = (pages[place.page]?.messages ?? []).with(place.at, message)
  return { timeline: replacePage(timeline, place.page, messages), isNew: false }
}

function insert(timeline: Timeline, pages: readonly Page[], place: Place, message: Message): Timeline {
  if (pages.length === 0) {
    const page = { key: timeline.nextKey, messages: [message], before: timeline.before }
    return { ...timeline, pages: [page], nextKey: timeline.nextKey + 1 }
  }
  const messages = (pages[place.page]?.messages ?? []).toSpliced(place.at, 0, message)
  return messages.length <= pageMessagesMax
    ? replacePage(timeline, place.page, messages)
    : splitPage(timeline, place.page, messages)
}

interface Place {
  readonly found: boolean
  readonly page: number
  readonly at: number
}

/** Where a message is, or would be: after all that are not after it. News are almost always last. */
function placeOf(pages: readonly Page[], message: Message): Place {
  let insert: Place | undefined
  for (let page = pages.length - 1; page >= 0; page--) {
    const messages = pages[page]?.messages ?? []
    for (let at = messages.length - 1; at >= 0; at--) {
      const one = messages[at]
      if (one === undefined) continue
      if (one.id === message.id) return { found: true, page, at }
      if (insert === undefined && !isAfter(one, message)) insert = { found: false, page, at: at + 1 }
      if (isAfter(message, one)) return insert ?? { found: false, page, at: at + 1 }
    }
  }
  return insert ?? { found: false, page: 0, at: 0 }
}

function replacePage(timeline: Timeline, at: number, messages: readonly Message[]): Timeline {
  const page = timeline.pages?.[at]
  if (page === undefined) return timeline
  return { ...timeline, pages: timeline.pages?.with(at, { ...page, messages }) }
}

/** The older part keeps its key: it is where the eye most likely is. */
function splitPage(timeline: Timeline, at: number, messages: readonly Message[]): Timeline {
  const page = timeline.pages?.[at]
  if (page === undefined) return timeline
  const older = { ...page, messages: messages.slice(0, pageMessagesMax) }
  const newer = { key: timeline.nextKey, messages: messages.slice(pageMessagesMax) }
  return { ...timeline, pages: timeline.pages?.toSpliced(at, 1, older, newer), nextKey: timeline.nextKey + 1 }
}

function cutBefore(timeline: Timeline, kept: number): Timeline {
  const { pages = [] } = timeline
  if (pages.length <= pagesKeptMax) return timeline
  for (let at = pages.length - kept; at > 0; at--) {
    const before = pages[at]?.before
    if (before !== undefined) return { ...timeline, pages: pages.slice(at), before }
  }
  return timeline
}

function cutAfter(timeline: Timeline): Timeline {
  const { pages = [] } = timeline
  for (let at = pagesKeptMax; at < pages.length; at++) {
    // What comes after begins there.
    const after = pages[at]?.before
    if (typeof after === 'string') return { ...timeline, pages: pages.slice(0, at), after }
  }
  return timeline
}

function changePending(timeline: Timeline, id: string, change: (pending: Pending) => Pending): Timeline {
  return { ...timeline, pending: timeline.pending.map((one) => (one.id === id ? change(one) : one)) }
}

function withoutPending(timeline: Timeline, id: string): Timeline {
  return { ...timeline, pending: timeline.pending.filter((one) => one.id !== id) }
}
