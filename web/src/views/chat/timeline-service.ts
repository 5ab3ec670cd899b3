// Keeps one channel's (or thread's) messages in step with the daemon: reads pages, hears news, sends what is written.
//
// Must stay true: nothing that happens while the newest page is read is lost (news waits and is told after it); what was
// written here stays until the daemon has it or its person throws it away, also when they look elsewhere meanwhile.

import type { Attachment, ChatCalls, Event, Message } from '../../../../src/sdk/types.ts'
import { type Failure, toFailure } from '../../store/failure.ts'
import {
  emptyTimeline,
  findMessage,
  messageCount,
  stepTimeline,
  type Timeline,
  type TimelineInput,
} from './timeline-core.ts'

export interface Place {
  readonly community: string
  readonly channel: string
  /** The message that the thread hangs from. */
  readonly thread?: string
}

export interface Draft {
  readonly text: string
  readonly replyTo: string | undefined
  readonly attachments: readonly Attachment[]
}

export interface TimelineView {
  readonly timeline: Timeline
  readonly isReadingOlder: boolean
  /** Reads what is around a certain message. */
  readonly isSeeking: boolean
  /** Why the last reading failed. */
  readonly failure: Failure | undefined
}

export interface TimelineService {
  view(): TimelineView
  subscribe(onChange: () => void): () => void
  /** Begins to listen and reads the newest page; the function that it gives ends that. */
  open(messages: number): () => void
  readOlder(): Promise<void>
  readNewer(): Promise<void>
  /** Makes the end what is held, where it is not. */
  readNewest(): Promise<void>
  /** Reads what is around a message that is not held; false when it is not in this place. */
  readTo(message: string, signal: AbortSignal): Promise<boolean>
  /** Shows what a call was answered. */
  learn(message: Message): void
  /** The newest are being read: what lies far before may go. */
  trim(): void
  send(draft: Draft): Promise<void>
  retry(pending: string): Promise<void>
  discard(pending: string): void
}

export interface TimelineParts {
  readonly chat: Pick<ChatCalls, 'messages' | 'send'>
  readonly listen: (listener: (event: Event) => void) => () => void
  /** Runs its callback with the next frame. */
  readonly schedule: (run: () => void) => void
  readonly nowMs: () => number
}

/** Messages of a page that is read while one scrolls, and of one that is read anew. */
const pageMessages = 80
const pageMessagesMax = 200

let pendingMade = 0

export function createTimelineService(parts: TimelineParts, place: Place): TimelineService {
  const { chat, schedule } = parts
  const listeners = new Set<() => void>()
  let view: TimelineView = { timeline: emptyTimeline, isReadingOlder: false, isSeeking: false, failure: undefined }
  let scheduled = false
  let isReadingNewer = false
  /** News that came since a reading of what may be the end began, for each that is under way. */
  const readings = new Set<Message[]>()

  function change(next: Partial<TimelineView>): void {
    view = { ...view, ...next }
    if (scheduled) return
    scheduled = true
    schedule(() => {
      scheduled = false
      for (const listener of listeners) listener()
    })
  }

  function step(input: TimelineInput): void {
    const timeline = stepTimeline(view.timeline, input)
    if (timeline !== view.timeline) change({ timeline })
  }

  const options = (where: { limit: number; before?: string; after?: string; around?: string }) => ({
    ...where,
    ...(place.thread === undefined ? {} : { thread: place.thread }),
  })

  /** The end, or what is around a message; false: it is not to be had. */
  async function readStretch(where: { limit: number; around?: string }, signal: AbortSignal): Promise<boolean> {
    const since: Message[] = []
    readings.add(since)
    try {
      const page = await chat.messages(place.community, place.channel, { ...options(where), signal })
      if (signal.aborted) return false
      change({ failure: undefined })
      step({ type: 'stretch', ...page })
      for (const message of since) step({ type: 'message', message })
      return true
    } catch (error) {
      const failure = toFailure(error)
      // That it is not here is no failure of reading.
      if (!signal.aborted && failure.code !== 'message_unknown') change({ failure })
      return false
    } finally {
      readings.delete(since)
    }
  }

  async function readOlder(): Promise<void> {
    const { before, pages } = view.timeline
    if (before === null || pages === undefined || view.isReadingOlder) return
    change({ isReadingOlder: true })
    try {
      const page = await chat.messages(place.community, place.channel, options({ limit: pageMessages, before }))
      change({ failure: undefined })
      step({ type: 'older', asked: before, ...page })
    } catch (error) {
      change({ failure: toFailure(error) })
    } finally {
      change({ isReadingOlder: false })
    }
  }

  async function readNewer(): Promise<void> {
    const { after } = view.timeline
    if (after === null || isReadingNewer) return
    isReadingNewer = true
    const since: Message[] = []
    readings.add(since)
    try {
      const page = await chat.messages(place.community, place.channel, options({ limit: pageMessages, after }))
      change({ failure: undefined })
      step({ type: 'newer', asked: after, ...page })
      for (const message of since) step({ type: 'message', message })
    } catch (error) {
      change({ failure: toFailure(error) })
    } finally {
      readings.delete(since)
      isReadingNewer = false
    }
  }

  /** What is held is not what the daemon has any more. */
  async function readAgain(messages: number, signal: AbortSignal): Promise<void> {
    const { after, pages = [] } = view.timeline
    const middle = after === null ? undefined : pages[pages.length >> 1]?.messages[0]
    const limit = Math.min(pageMessagesMax, Math.max(messages, messageCount(view.timeline)))
    if (middle !== undefined && (await readStretch({ limit, around: middle.id }, signal))) return
    await readStretch({ limit }, signal)
  }

  function tell(message: Message): void {
    if (message.community !== place.community || message.channel !== place.channel) return
    if ((message.thread ?? undefined) !== place.thread) return
    for (const since of readings) since.push(message)
    step({ type: 'message', message })
  }

  async function send(id: string, draft: Draft): Promise<void> {
    const { text, replyTo, attachments } = draft
    step({ type: 'sending', pending: { id, ...draft, sentMs: parts.nowMs(), failure: undefined } })
    try {
      const message = await chat.send(place.community, place.channel, {
        text,
        attachments: [...attachments],
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(place.thread === undefined ? {} : { thread: place.thread }),
      })
      for (const since of readings) since.push(message)
      step({ type: 'sent', id, message })
    } catch (error) {
      step({ type: 'failed', id, failure: toFailure(error) })
    }
  }

  return {
    view: () => view,
    subscribe(onChange) {
      listeners.add(onChange)
      return () => listeners.delete(onChange)
    },
    open(messages) {
      const controller = new AbortController()
      const { signal } = controller
      const stop = parts.listen((event) => {
        if (event.type === 'chat-message') tell(event.message)
        const isStale = event.type === 'reset' || (event.type === 'chat-rebuilt' && event.community === place.community)
        if (isStale) void readAgain(messages, signal)
      })
      void readStretch({ limit: messages }, signal)
      return () => {
        stop()
        controller.abort()
      }
    },
    readOlder,
    readNewer,
    async readNewest() {
      if (view.timeline.after !== null) await readStretch({ limit: pageMessages }, new AbortController().signal)
    },
    async readTo(message, signal) {
      if (findMessage(view.timeline, message) !== undefined) return true
      change({ isSeeking: true })
      const isFound = await readStretch({ limit: pageMessages, around: message }, signal)
      change({ isSeeking: false })
      return isFound
    },
    learn: tell,
    trim: () => step({ type: 'trim' }),
    send(draft) {
      pendingMade += 1
      return send(`pending-${pendingMade}`, draft)
    },
    async retry(id) {
      const pending = view.timeline.pending.find((one) => one.id === id)
      if (pending !== undefined) await send(id, pending)
    },
    discard: (id) => step({ type: 'discard', id }),
  }
}
