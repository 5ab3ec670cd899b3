// A thread: the message that it hangs from, what was answered there, and where one answers.

import { useCallback, useRef, useState } from 'react'
import type { Channel } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { useCommunity } from '../community/context.tsx'
import { Composer } from './composer.tsx'
import { RoomProvider, useRoom } from './context.tsx'
import { useMessage, useTimeline } from './hooks.ts'
import { MessageItem } from './message.tsx'
import { Pane } from './pane.tsx'
import { useRoomState } from './room.tsx'
import type { ScrollerHandle } from './scroller.tsx'
import { TimelineFrame } from './timeline.tsx'
import { WriteBar } from './write-bar.tsx'

const firstMessages = 60

export function ThreadPane({ channel, root, onClose }: { channel: Channel; root: string; onClose: () => void }) {
  const { nameOf } = useCommunity()
  const { find } = useRoom()
  const place = { community: channel.community, channel: channel.id, thread: root }
  const { service, view } = useTimeline(place, firstMessages)
  const message = useMessage(channel.community, root, find(root))
  const scroller = useRef<ScrollerHandle>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  const focusField = useCallback(() => requestAnimationFrame(() => field.current?.focus()), [])
  const goTo = useCallback((id: string) => scroller.current?.toMessage(id, 'middle'), [])
  const { room, state, dialog } = useRoomState({ channel, place, service, goTo, focusField })
  const beginning = message && (
    <div className="thread-root">
      <MessageItem
        message={message}
        isGrouped={false}
        isActive={false}
        isEditing={false}
        isHighlighted={false}
        onActive={() => undefined}
      />
      <p className="soft small">
        {message.replies === 0 ? 'No replies yet' : countText(message.replies, 'reply', 'replies')}
      </p>
    </div>
  )
  const toEnd = () => void service.readNewest().then(() => scroller.current?.toEnd())
  const label = message === undefined ? 'Reply in the thread' : `Reply to ${nameOf(message.person)}`
  return (
    <RoomProvider value={room}>
      <Pane title="Thread" onClose={onClose} takesDrops>
        <TimelineFrame
          label="Replies"
          service={service}
          view={view}
          newFrom={undefined}
          editing={state.editing}
          highlighted={undefined}
          beginning={beginning}
          isAtEnd={isAtEnd}
          onAtEnd={setAtEnd}
          scroller={scroller}
          onToEnd={toEnd}
        />
        <WriteBar channel={channel}>
          <Composer
            place={place}
            label={label}
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
      </Pane>
      {dialog}
    </RoomProvider>
  )
}
