// Chat of a community: its channels beside the one that is open.

import { useState } from 'react'
import type { CommunityRoute } from '../../router/core.ts'
import { Empty } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { firstChannel } from '../community/core.ts'
import { isDirect } from '../direct/core.ts'
import { ChannelList } from './channel-list.tsx'
import { ChannelView } from './channel-view.tsx'
import './style.css'
import './message.css'

export function ChatView({ route }: { route: CommunityRoute }) {
  const { chat, community } = useCommunity()
  const [isListOpen, setListOpen] = useState(false)
  const [isAtEnd, setAtEnd] = useState(true)
  if (chat === undefined) return <p className="opening">Opening…</p>
  const channel = route.channel === undefined ? firstChannel(chat.channels.values()) : chat.channels.get(route.channel)
  return (
    <div className="chat">
      {/* Two need one channel, and no list of it. */}
      {!isDirect(community) && (
        <ChannelList
          current={channel?.id}
          isRead={isAtEnd}
          isOpen={isListOpen || channel === undefined}
          onClose={() => setListOpen(false)}
        />
      )}
      {isListOpen && (
        <button type="button" className="chat-veil" aria-label="Close the list" onClick={() => setListOpen(false)} />
      )}
      {channel === undefined ? (
        <Empty icon="chat" title={route.channel === undefined ? 'No channel yet' : 'This channel is not here'}>
          {route.channel === undefined
            ? 'It comes as soon as somebody who has it is reached.'
            : 'It may be one that you were not added to.'}
        </Empty>
      ) : (
        <ChannelView
          key={channel.id}
          channel={channel}
          focus={route.focus}
          isAtEnd={isAtEnd}
          onAtEnd={setAtEnd}
          onList={() => setListOpen(true)}
        />
      )}
    </div>
  )
}
