// What the views of chat share: one timeline per place, the line before what is new, read markers, typing.

import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { Channel, Message } from '../../../../src/sdk/types.ts'
import { useDaemon, useEvents } from '../../store/hooks.tsx'
import { nextFrame } from '../../store/service.ts'
import { announce } from '../../ui/announce.ts'
import { excerptOf, firstUnread } from './core.ts'
import { lastMessage, type Timeline } from './timeline-core.ts'
import { createTimelineService, type Place, type TimelineService, type TimelineView } from './timeline-service.ts'

/** Places whose messages stay at hand when one goes elsewhere and comes back. */
const timelinesKeptMax = 12
const timelines = new Map<string, TimelineService>()

export const placeKey = ({ community, channel, thread = '' }: Place) => `${community}/${channel}/${thread}`

/** What was begun to be written, by place: for as long as the page is open, and nowhere but in it. */
export const drafts = new Map<string, string>()

export function useTimeline(place: Place, messages: number): { service: TimelineService; view: TimelineView } {
  const { peerhood, store } = useDaemon()
  const key = placeKey(place)
  const [service] = useState(() =>
    timelineOf(key, () =>
      createTimelineService({ chat: peerhood.chat, listen: store.listen, schedule: nextFrame, nowMs: Date.now }, place),
    ),
  )
  const view = useSyncExternalStore(service.subscribe, service.view)
  // biome-ignore lint/correctness/useExhaustiveDependencies: how many to begin with matters at the beginning only
  useEffect(() => service.open(messages), [service])
  return { service, view }
}

function timelineOf(key: string, create: () => TimelineService): TimelineService {
  const known = timelines.get(key)
  timelines.delete(key)
  const service = known ?? create()
  timelines.set(key, service)
  for (const [other, { view }] of timelines) {
    if (timelines.size <= timelinesKeptMax) break
    // What failed to be sent waits for its person.
    if (other !== key && view().timeline.pending.length === 0) timelines.delete(other)
  }
  return service
}

/** The first message that was new when the channel was opened, or came while nobody looked. */
export function useNewLine(channel: Channel, timeline: Timeline, self: string | undefined, isLooking: () => boolean) {
  const [newFrom, setNewFrom] = useState<string>()
  const unread = useRef(channel.unread)
  const isRead = timeline.pages !== undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, with the first answer
  useEffect(() => {
    if (!isRead) return
    const messages = timeline.pages?.flatMap((page) => page.messages) ?? []
    setNewFrom(firstUnread(messages, unread.current, self))
    unread.current = 0
  }, [isRead])
  useEvents((event) => {
    if (event.type !== 'chat-message' || !event.isNew) return
    const { message } = event
    if (message.channel !== channel.id || message.community !== channel.community || message.thread !== null) return
    if (message.person === self) setNewFrom(undefined)
    else if (!isLooking()) setNewFrom((before) => before ?? message.id)
  })
  return newFrom
}

/** As long as somebody has to look before it counts; a channel that opens on what is new passes its end before. */
const lookMs = 350

/** Says that all is read when its end is looked at, by a person and not only by a page. */
export function useReadMarker(channel: Channel, timeline: Timeline, isAtEnd: boolean): void {
  const { peerhood } = useDaemon()
  const isVisible = useVisible()
  const last = lastMessage(timeline)?.id
  const { community, id, unread } = channel
  const marked = useRef<string>(undefined)
  useEffect(() => {
    if (!isAtEnd || !isVisible || last === undefined || unread === 0 || marked.current === `${last} ${unread}`) return
    const mark = () => {
      marked.current = `${last} ${unread}`
      peerhood.chat.markRead(community, id, last).catch(() => {
        marked.current = undefined
      })
    }
    const timer = setTimeout(mark, lookMs)
    return () => clearTimeout(timer)
  }, [peerhood, community, id, last, unread, isAtEnd, isVisible])
}

export function useVisible(): boolean {
  return useSyncExternalStore(onVisibility, () => !document.hidden)
}

function onVisibility(onChange: () => void): () => void {
  document.addEventListener('visibilitychange', onChange)
  return () => document.removeEventListener('visibilitychange', onChange)
}

/** Reads out what others write in the channel that is open. */
export function useSpokenMessages(
  channel: Channel,
  self: string | undefined,
  nameOf: (person: string) => string,
): void {
  useEvents((event) => {
    if (event.type !== 'chat-message' || !event.isNew || document.hidden) return
    const { message } = event
    const isHere = message.channel === channel.id && message.community === channel.community
    if (isHere && message.person !== self) announce(`${nameOf(message.person)}: ${excerptOf(message)}`)
  })
}

/** `typing` is said at most this often; the others show it for a few seconds. */
const typingEveryMs = 3000

/** Call what it gives whenever a key was pressed. */
export function useTypingSignal({ community, channel }: Place): () => void {
  const { peerhood } = useDaemon()
  const last = useRef(Number.NEGATIVE_INFINITY)
  return () => {
    if (performance.now() - last.current < typingEveryMs) return
    last.current = performance.now()
    peerhood.chat.typing(community, channel).catch(() => undefined)
  }
}

/** A message as it is now, also when it is not among those that are held: what is answered, or what a thread hangs from. */
export function useMessage(community: string, id: string | null, held: Message | undefined): Message | undefined {
  const { peerhood } = useDaemon()
  const [read, setRead] = useState<Message>()
  const isHeld = held !== undefined
  useEffect(() => {
    if (isHeld || id === null) return
    const controller = new AbortController()
    peerhood.chat.message(community, id, { signal: controller.signal }).then(setRead, () => undefined)
    return () => controller.abort()
  }, [peerhood, community, id, isHeld])
  useEvents((event) => {
    if (event.type === 'chat-message' && event.message.id === id) setRead(event.message)
  })
  return held ?? (read?.id === id ? read : undefined)
}
