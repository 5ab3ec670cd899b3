// Communities: those that this computer is in or keeps for others, and the ways to more of them.

import type { Community } from '../../../../src/sdk/types.ts'
import { bytesText } from '../../format/core.ts'
import { routeHref } from '../../router/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Badge, Empty, Facts, PageHead } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { Avatar } from '../community/avatar.tsx'
import { communityName, onlineCount, unreadOf } from '../community/core.ts'
import { UnreadBadges } from '../community/unread.tsx'
import { isDirect } from '../direct/core.ts'
import { DirectSection } from '../direct/section.tsx'
import { AsksCard } from './asks-card.tsx'
import { membersText, phaseBadge, sortCommunities } from './core.ts'
import './style.css'

export function CommunitiesView() {
  const all = useWorld((world) => world.communities)
  const communities = [...all.values()].filter((community) => !isDirect(community))
  return (
    <>
      <PageHead title="Communities" actions={communities.length === 0 ? undefined : <Ways />}>
        Groups of people with one shared log: everyone has it, nobody in the middle does.
      </PageHead>
      <AsksCard />
      {communities.length === 0 ? (
        <Empty icon="people" title="No community yet" actions={<Ways />}>
          A community is where you talk and do things with people you choose; only they can read it. Found one and send
          the invite, paste an invite that somebody sent you, or enter a code that somebody near tells you.
        </Empty>
      ) : (
        <ul className="stack" aria-label="Communities">
          {sortCommunities(communities).map((community) => (
            <CommunityCard key={community.id} community={community} />
          ))}
        </ul>
      )}
      <DirectSection />
    </>
  )
}

function Ways() {
  const { show } = useShell()
  return (
    <>
      <Button look="primary" icon="plus" onClick={() => show({ kind: 'found' })}>
        Found one
      </Button>
      <Button icon="link" onClick={() => show({ kind: 'join', link: '' })}>
        Join
      </Button>
      <Button icon="voice" onClick={() => show({ kind: 'enter' })}>
        I was told a code
      </Button>
      <Button look="quiet" icon="keep" onClick={() => show({ kind: 'keep', link: '' })}>
        Keep for others
      </Button>
    </>
  )
}

function CommunityCard({ community }: { community: Community }) {
  const chat = useWorld((world) => world.chats.get(community.id))
  const name = communityName(community)
  const online = onlineCount(chat?.presence, community.self?.person)
  return (
    <li className="card item community-card">
      <div className="item-head">
        {community.phase === 'keeping' ? (
          <span className="item-icon">
            <Icon name="keep" />
          </span>
        ) : (
          <Avatar id={community.id} name={name} shape="square" online={online > 0} />
        )}
        <div className="item-title">
          <h2 dir="auto" title={name}>
            <a href={routeHref({ place: 'community', id: community.id, tab: 'chat' })}>{name}</a>
          </h2>
          <CommunityFacts community={community} online={online} />
        </div>
        <UnreadBadges of={unreadOf(chat?.channels.values() ?? [])} />
      </div>
      {community.phase !== 'open' && (
        <p className="soft item-line">
          <Said text={community.sentence} />
        </p>
      )}
    </li>
  )
}

function CommunityFacts({ community, online }: { community: Community; online: number }) {
  const badge = phaseBadge(community)
  const { bytesMax } = community
  return (
    <Facts>
      {[
        badge && (
          <Badge key="phase" tone={badge.tone}>
            {badge.text}
          </Badge>
        ),
        membersText(community, online),
        bytesMax !== null && `${bytesText(community.bytes)} of ${bytesText(bytesMax)}`,
      ]}
    </Facts>
  )
}
