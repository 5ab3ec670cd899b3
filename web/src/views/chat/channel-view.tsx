// One channel: its head, its messages, who is typing, where one writes, and what stands beside it.

import { useCallback, useEffect, useRef, useState } from 'react'
import type { Channel } from '../../../../src/sdk/types.ts'
import type { CommunityRoute } from '../../router/core.ts'
import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useCommunity } from '../community/context.tsx'
import { channelName, communityName, kindTexts } from '../community/core.ts'
import { isDirect } from '../direct/core.ts'
import { ChannelHead, type PaneKind } from './channel-head.tsx'
import { kindIcons } from './channel-list.tsx'
import { Composer } from './composer.tsx'
import { RoomProvider } from './context.tsx'
import { useNewLine, useReadMarker, useSpokenMessages, useTimeline } from './hooks.ts'
import { OfflineLine } from './offline-line.tsx'
import { ReadingLine } from './reading-line.tsx'
import { ReportsPane } from './reports-pane.tsx'
import { useRoomState } from './room.tsx'
import type { ScrollerHandle } from './scroller.tsx'
import { SearchPane } from './search-pane.tsx'
import { ThreadPane } from './thread-pane.tsx'
import { TimelineFrame } from './timeline.tsx'
import type { TimelineService } from './timeline-service.ts'
import { TypingLine } from './typing-line.tsx'
import { WriteBar } from './write-bar.tsx'

interface ChannelViewProps {
  readonly channel: Channel
  readonly focus: CommunityRoute['focus']
  readonly isAtEnd: boolean
  readonly onAtEnd: (isAtEnd: boolean) => void
  readonly onList: () => void
}

/** Messages to begin with: what is unread, and some before it. */
const firstMessages = (unread: number) => Math.min(200, Math.max(60, unread + 20))

export function ChannelView({ channel, focus, isAtEnd, onAtEnd, onList }: ChannelViewProps) {
  const { community, members, self, nameOf } = useCommunity()
  const place = { community: channel.community, channel: channel.id }
  const { service, view } = useTimeline(place, firstMessages(channel.unread))
  const scroller = useRef<ScrollerHandle>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const [pane, setPane] = useState<PaneKind>()
  const goTo = useCallback((message: string) => navigate(messageRoute(channel, message)), [channel])
  const focusField = useCallback(() => requestAnimationFrame(() => field.current?.focus()), [])
  const { room, state, dialog } = useRoomState({ channel, place, service, goTo, focusField })
  const newFrom = useNewLine(channel, view.timeline, self, () => isAtEnd && !document.hidden)
  const highlighted = useFocused({
    channel,
    focus,
    service,
    scroller,
    newFrom,
    isRead: view.timeline.pages !== undefined,
  })
  useReadMarker(channel, view.timeline, isAtEnd)
  useSpokenMessages(channel, self, nameOf)
  useFieldFocus(field, focus)
  const toEnd = () => void service.readNewest().then(() => scroller.current?.toEnd())
  const isOfTwo = isDirect(community)
  const name = isOfTwo ? communityName(community) : channelName(channel, members, self)
  return (
    <RoomProvider value={room}>
      <section className="room" data-drop="chat" aria-label={name}>
        <ChannelHead channel={channel} name={name} pane={pane} onPane={setPane} onList={onList} />
        <OfflineLine />
        <ReadingLine />
        <TimelineFrame
          label={`Messages in ${name}`}
          service={service}
          view={view}
          newFrom={newFrom}
          editing={state.editing}
          highlighted={highlighted}
          beginning={<Beginning kind={isOfTwo ? 'direct' : channel.kind} name={name} />}
          isAtEnd={isAtEnd}
          onAtEnd={onAtEnd}
          scroller={scroller}
          onToEnd={toEnd}
        />
        <TypingLine channel={channel} />
        <WriteBar channel={channel}>
          <Composer
            place={place}
            label={`Message to ${name}`}
            replyTo={state.replyTo}
            onReplied={state.endReply}
            onEditLast={state.editLast}
            onSend={(draft) => {
              void service.send(draft)
              toEnd()
            }}
            field={field}
          />
        </WriteBar>
      </section>
      {focus?.kind === 'thread' ? (
        <ThreadPane key={focus.message} channel={channel} root={focus.message} onClose={() => leaveFocus(channel)} />
      ) : pane === 'search' ? (
        <SearchPane channel={channel} onClose={() => setPane(undefined)} />
      ) : pane === 'reports' ? (
        <ReportsPane onClose={() => setPane(undefined)} />
      ) : null}
      {dialog}
    </RoomProvider>
  )
}

export function messageRoute({ community, id }: Channel, message: string): CommunityRoute {
  return { place: 'community', id: community, tab: 'chat', channel: id, focus: { kind: 'message', message } }
}

function leaveFocus({ community, id }: Channel): void {
  navigate({ place: 'community', id: community, tab: 'chat', channel: id })
}

interface FocusOptions {
  readonly channel: Channel
  readonly focus: CommunityRoute['focus']
  readonly service: TimelineService
  readonly scroller: { readonly current: ScrollerHandle | null }
  readonly newFrom: string | undefined
  readonly isRead: boolean
}

/** How long a message that was looked for stands out. */
const highlightMs = 2500

/** Brings into view what the address names, or what is new; gives what stands out for a moment. */
function useFocused({ channel, focus, service, scroller, newFrom, isRead }: FocusOptions): string | undefined {
  const { say } = useShell()
  const [highlighted, setHighlighted] = useState<string>()
  const wanted = focus?.kind === 'message' ? focus.message : undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: another state of the channel is no reason to look again
  useEffect(() => {
    if (wanted === undefined || !isRead) return
    const controller = new AbortController()
    const find = async () => {
      const isFound = await service.readTo(wanted, controller.signal)
      if (controller.signal.aborted) return
      if (isFound) scroller.current?.toMessage(wanted, 'middle')
      // The address goes back to the channel's own, so that the same message can be looked for again.
      leaveFocus(channel)
      if (!isFound) return say('This message is not here')
      setHighlighted(wanted)
      setTimeout(() => setHighlighted(undefined), highlightMs)
    }
    void find()
    return () => controller.abort()
  }, [wanted, isRead, service])
  const opened = useRef(false)
  useEffect(() => {
    if (newFrom === undefined || opened.current || wanted !== undefined) return
    opened.current = true
    scroller.current?.toMessage(newFrom, 'top')
  }, [newFrom, wanted, scroller])
  return highlighted
}

/** One comes here to write, unless one came to read something certain, or a keyboard would cover half of the screen. */
function useFieldFocus(field: { readonly current: HTMLTextAreaElement | null }, focus: CommunityRoute['focus']): void {
  const isWanted = focus === undefined && matchMedia('(hover: hover) and (min-width: 860px)').matches
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the channel is opened
  useEffect(() => {
    if (isWanted) field.current?.focus({ preventScroll: true })
  }, [])
}

function Beginning({ kind, name }: { kind: Channel['kind']; name: string }) {
  return (
    <div className="beginning">
      <span className="empty-icon">
        <Icon name={kindIcons[kind]} size={26} />
      </span>
      <h3>
        <bdi>{name}</bdi>
      </h3>
      <p className="soft">This is where it begins. {kindTexts[kind]}</p>
    </div>
  )
}
