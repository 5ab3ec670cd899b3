// A channel's name and topic, and what can be done with it.

import { useState } from 'react'
import type { Channel } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { useCommunity } from '../community/context.tsx'
import { may } from '../community/core.ts'
import { isDirect } from '../direct/core.ts'
import { ChannelDialog } from './channel-dialog.tsx'
import { kindIcons } from './channel-list.tsx'

export type PaneKind = 'search' | 'reports'

interface ChannelHeadProps {
  readonly channel: Channel
  readonly name: string
  readonly pane: PaneKind | undefined
  readonly onPane: (pane: PaneKind | undefined) => void
  /** On narrow screens the list of channels lies behind a button. */
  readonly onList: () => void
}

export function ChannelHead({ channel, name, pane, onPane, onList }: ChannelHeadProps) {
  const { community } = useCommunity()
  const [isChanging, setChanging] = useState(false)
  const items = useItems(channel, () => setChanging(true))
  const toggle = (kind: PaneKind) => () => onPane(pane === kind ? undefined : kind)
  return (
    <header className="room-head">
      {!isDirect(community) && (
        <span className="room-list">
          <Button look="quiet" icon="list" iconOnly onClick={onList}>
            Channels
          </Button>
        </span>
      )}
      <Icon name={kindIcons[isDirect(community) ? 'direct' : channel.kind]} size={18} />
      <div className="room-title">
        <h2 className="cut" dir="auto" title={name}>
          {name}
        </h2>
        {channel.topic !== '' && (
          <p className="cut soft small" dir="auto" title={channel.topic}>
            {channel.topic}
          </p>
        )}
      </div>
      <div className="actions room-actions">
        <Button look="quiet" icon="search" iconOnly expanded={pane === 'search'} onClick={toggle('search')}>
          Search
        </Button>
        {may(community, 'moderate') && (
          <Button look="quiet" icon="flag" iconOnly expanded={pane === 'reports'} onClick={toggle('reports')}>
            Reports and mutes
          </Button>
        )}
        <Menu label="More" about={`of ${name}`} items={items} />
      </div>
      {isChanging && <ChannelDialog channel={channel} onClose={() => setChanging(false)} />}
    </header>
  )
}

function useItems(channel: Channel, onChange: () => void): MenuItem[] {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { warn } = useShell()
  if (channel.kind === 'direct' || isDirect(community) || !may(community, 'post')) return []
  const archive = () => {
    peerhood.chat
      .changeChannel(community.id, channel.id, { archived: !channel.archived })
      .catch((error: unknown) => warn(toFailure(error)))
  }
  return [
    {
      label: channel.kind === 'private' ? 'Name, topic and persons' : 'Name and topic',
      icon: 'edit',
      onChoose: onChange,
    },
    { label: channel.archived ? 'Take out of the archive' : 'Archive', icon: 'folder', onChoose: archive },
  ]
}
