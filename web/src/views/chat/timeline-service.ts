// Keeps one channel's (or thread's) messages in step with the daemon: reads pages, hears news, sends what is written.
//
// Must stay true: nothing that happens while the newest page is read is lost (news waits and is told after it); what was
// written here stays until the daemon has it or its person throws it away, also when they look elsewhere meanwhile.

import type { Attachment, ChatCalls, Event, Message, Messages } from '../../../../src/sdk/types.ts'
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
  /** Reads on and on, up to a certain message. */
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
  /** Reads on until a message is there; false when it is not in this place. */
  readUntil(message: string, signal: AbortSignal): Promise<boolean>
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

/** Messages of a page that is read while one scrolls, and of one on the way to a certain message. */
const pageMessages = 80
const pageMessagesMax = 200
const pagesAtOnce = 20

let pendingMade = 0

export function createTimelineService(parts: TimelineParts, place: Place): TimelineService {
  const { chat, schedule } = parts
  const listeners = new Set<() => void>()
  let view: TimelineView = { timeline: emptyTimeline, isReadingOlder: false, isSeeking: false, failure: undefined }
  let scheduled = false
  /** News that came since a reading of the newest page began, for each that is under way. */
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

  const options = (limit: number, before?: string) => ({
    limit,
    ...(before === undefined ? {} : { before }),
    ...(place.thread === undefined ? {} : { thread: place.thread }),
  })

  async function readNewest(messages: number, signal: AbortSignal): Promise<void> {
    const since: Message[] = []
    readings.add(since)
    try {
      const page = await chat.messages(place.community, place.channel, { ...options(messages), signal })
      if (signal.aborted) return
      change({ failure: undefined })
      step({ type: 'newest', ...page })
      for (const message of since) step({ type: 'message', message })
    } catch (error) {
      if (!signal.aborted) change({ failure: toFailure(error) })
    } finally {
      readings.delete(since)
    }
  }

  async function readOlder(limit: number, signal?: AbortSignal): Promise<void> {
    const { before, pages } = view.timeline
    if (before === null || pages === undefined || view.isReadingOlder) return
    change({ isReadingOlder: true })
    try {
      const given = signal === undefined ? {} : { signal }
      const page = await chat.messages(place.community, place.channel, { ...options(limit, before), ...given })
      change({ failure: undefined })
      step({ type: 'older', asked: before, ...page })
    } catch (error) {
      if (signal?.aborted !== true) change({ failure: toFailure(error) })
    } finally {
      change({ isReadingOlder: false })
    }
  }

  /** Reads back in large pages, and puts in many at once: drawing a list for each of them would take most of the time. */
  async function seek(message: string, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const asked = view.timeline.before
      if (asked === null || signal.aborted) return false
      const { messages, before, found } = await readBack(message, asked, signal)
      if (signal.aborted || view.timeline.before !== asked) return false
      step({ type: 'older', asked, messages, before })
      if (found) return true
    }
  }

  /** Some pages, up to the one that has the message. */
  async function readBack(message: string, asked: string, signal: AbortSignal) {
    const read: Message[][] = []
    let before: string | null = asked
    let found = false
    while (!found && before !== null && read.length < pagesAtOnce) {
      const page: Messages = await chat.messages(place.community, place.channel, {
        ...options(pageMessagesMax, before),
        signal,
      })
      read.push(page.messages)
      before = page.before
      found = page.messages.some(({ id }) => id === message)
    }
    return { messages: read.reverse().flat(), before, found }
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
        if (isStale) void readNewest(Math.min(pageMessagesMax, Math.max(messages, messageCount(view.timeline))), signal)
      })
      void readNewest(messages, signal)
      return () => {
        stop()
        controller.abort()
      }
    },
    readOlder: () => readOlder(pageMessages),
    async readUntil(message, signal) {
      if (findMessage(view.timeline, message) !== undefined) return true
      change({ isSeeking: true })
      try {
        return await seek(message, signal)
      } catch (error) {
        if (!signal.aborted) change({ failure: toFailure(error) })
        return false
      } finally {
        change({ isSeeking: false })
      }
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
