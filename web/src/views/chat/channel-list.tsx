// Channels and direct messages, with what is unread in them, and ways to more.

import { useState } from 'react'
import type { Channel } from '../../../../src/sdk/types.ts'
import { routeHref } from '../../router/core.ts'
import { Button } from '../../ui/button.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { Avatar, Presence } from '../community/avatar.tsx'
import { useCommunity } from '../community/context.tsx'
import { channelName, groupChannels, isOnline, may } from '../community/core.ts'
import { UnreadBadges } from '../community/unread.tsx'
import { ChannelDialog } from './channel-dialog.tsx'
import { DirectDialog } from './direct-dialog.tsx'

interface ChannelListProps {
  readonly current: string | undefined
  /** Its end is being looked at: what comes is read at once. */
  readonly isRead: boolean
  readonly isOpen: boolean
  readonly onClose: () => void
}

export function ChannelList({ current, isRead, isOpen, onClose }: ChannelListProps) {
  const { community, chat } = useCommunity()
  const [making, setMaking] = useState<'channel' | 'direct'>()
  const groups = groupChannels(chat?.channels.values() ?? [])
  const items = (channels: readonly Channel[]) => (
    <ul>
      {channels.map((channel) => (
        <li key={channel.id}>
          <ChannelLink channel={channel} isCurrent={channel.id === current} isRead={isRead} onChoose={onClose} />
        </li>
      ))}
    </ul>
  )
  const isMember = may(community, 'post')
  return (
    <nav className={isOpen ? 'channels channels-open' : 'channels'} aria-label="Channels">
      <div className="channels-head">
        <h2>Channels</h2>
        {isMember && (
          <Button look="quiet" icon="plus" iconOnly onClick={() => setMaking('channel')}>
            New channel
          </Button>
        )}
      </div>
      {items(groups.channels)}
      <div className="channels-head">
        <h2>Direct</h2>
        {community.phase === 'open' && (
          <Button look="quiet" icon="plus" iconOnly onClick={() => setMaking('direct')}>
            New direct message
          </Button>
        )}
      </div>
      {items(groups.direct)}
      {groups.archived.length > 0 && (
        <details className="channels-archived">
          <summary>Archived</summary>
          {items(groups.archived)}
        </details>
      )}
      {making === 'channel' && <ChannelDialog onClose={() => setMaking(undefined)} />}
      {making === 'direct' && <DirectDialog onClose={() => setMaking(undefined)} />}
    </nav>
  )
}

export const kindIcons: Readonly<Record<Channel['kind'], IconName>> = {
  open: 'hash',
  announce: 'announce',
  private: 'lock',
  direct: 'peer',
}

interface ChannelLinkProps {
  readonly channel: Channel
  readonly isCurrent: boolean
  readonly isRead: boolean
  readonly onChoose: () => void
}

function ChannelLink({ channel, isCurrent, isRead, onChoose }: ChannelLinkProps) {
  const { chat, members, self } = useCommunity()
  const name = channelName(channel, members, self)
  const unread = isCurrent && isRead ? { unread: 0, mentions: 0 } : channel
  const other = (channel.persons ?? []).find((person) => person !== self)
  const online = other !== undefined && isOnline(chat?.presence, other)
  return (
    <a
      href={routeHref({ place: 'community', id: channel.community, tab: 'chat', channel: channel.id })}
      className={unread.unread > 0 ? 'channel-link channel-unread' : 'channel-link'}
      aria-current={isCurrent ? 'page' : undefined}
      title={name}
      onClick={onChoose}
    >
      {channel.kind === 'direct' && other !== undefined ? (
        <Avatar id={other} name={name} size="small" online={online} />
      ) : (
        <Icon name={kindIcons[channel.kind]} size={17} />
      )}
      <bdi className="cut">{name}</bdi>
      <Presence online={online} />
      <UnreadBadges of={unread} />
    </a>
  )
}
