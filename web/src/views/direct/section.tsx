// Direct messages: who asks on top, then whom one asks, then the conversations there are, and who is blocked.

import type { Community } from '../../../../src/sdk/types.ts'
import { routeHref } from '../../router/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Badge, Card, Facts } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { phaseBadge } from '../communities/core.ts'
import { Avatar } from '../community/avatar.tsx'
import { communityName, onlineCount, unreadOf } from '../community/core.ts'
import { UnreadBadges } from '../community/unread.tsx'
import { DirectAsks } from './asks.tsx'
import { BlockedList } from './blocked.tsx'
import { conversationsOf, sortConversations } from './core.ts'
import { DirectRequests } from './requests.tsx'
import './style.css'

export function DirectSection() {
  const { show } = useShell()
  const communities = useWorld((world) => world.communities)
  const chats = useWorld((world) => world.chats)
  const lastMs = ({ id }: Community) =>
    Math.max(0, ...[...(chats.get(id)?.channels.values() ?? [])].map(({ lastMessageMs }) => lastMessageMs ?? 0))
  const all = sortConversations(conversationsOf(communities.values()), lastMs)
  const shown = all.filter(({ direct }) => direct?.blocked !== true)
  return (
    <Card
      title="Direct messages"
      className="direct"
      actions={
        <div className="actions">
          <Button icon="plus" onClick={() => show({ kind: 'direct', link: '' })}>
            New message
          </Button>
          <Button look="quiet" icon="qr" onClick={() => show({ kind: 'contact' })}>
            Your link
          </Button>
        </div>
      }
    >
      <DirectRequests />
      <DirectAsks />
      {shown.length === 0 ? (
        <p className="soft">
          Talk with one other person, whether or not you share a community: ask them with their contact link, or give
          them yours.
        </p>
      ) : (
        <ul className="rows" aria-label="Direct messages">
          {shown.map((community) => (
            <ConversationItem key={community.id} community={community} />
          ))}
        </ul>
      )}
      <BlockedList />
    </Card>
  )
}

function ConversationItem({ community }: { community: Community }) {
  const chat = useWorld((world) => world.chats.get(community.id))
  const name = communityName(community)
  const isOnline = onlineCount(chat?.presence, community.self?.person) > 0
  const badge = phaseBadge(community)
  return (
    <li className="conversation">
      <Avatar id={community.direct?.person ?? community.id} name={name} online={isOnline} />
      <div className="row-title">
        <a
          className="cut conversation-link"
          dir="auto"
          title={name}
          href={routeHref({ place: 'community', id: community.id, tab: 'chat' })}
        >
          {name}
        </a>
        <Facts>
          {[
            badge && (
              <Badge key="phase" tone={badge.tone}>
                {badge.text}
              </Badge>
            ),
            isOnline && 'online',
          ]}
        </Facts>
        {community.phase === 'joining' && (
          <p className="soft small">
            <Said text={community.sentence} />
          </p>
        )}
      </div>
      <UnreadBadges of={unreadOf(chat?.channels.values() ?? [])} />
    </li>
  )
}
