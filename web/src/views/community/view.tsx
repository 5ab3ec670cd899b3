// One community: its name, its four places, and what stands in the way when it is not open.

import { lazy, type ReactNode, Suspense } from 'react'
import type { Community } from '../../../../src/sdk/types.ts'
import { bytesText, countText } from '../../format/core.ts'
import { type CommunityRoute, type CommunityTab, routeHref } from '../../router/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useWorld } from '../../store/hooks.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { Pair } from '../../ui/pairs.tsx'
import { Card, Empty, Note } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { pendingOf } from '../admission/core.ts'
import { ChatView } from '../chat/view.tsx'
import { SettingsTab } from '../community-settings/view.tsx'
import { isDirect } from '../direct/core.ts'
import { ActivityView } from '../log/view.tsx'
import { MembersView } from '../members/view.tsx'
import { Avatar } from './avatar.tsx'
import { CommunityProvider, useCommunity } from './context.tsx'
import { badgeText, communityName, may, onlineCount, unreadOf } from './core.ts'
import { ForgetButton } from './forget.tsx'
import { UnreadBadges } from './unread.tsx'
import './style.css'

/** Most people of most communities never open it. */
const LedgerView = lazy(async () => ({ default: (await import('../ledger/view.tsx')).LedgerView }))

export function CommunityPlace({ route }: { route: CommunityRoute }) {
  const community = useWorld((world) => world.communities.get(route.id))
  if (community === undefined) {
    return (
      <>
        <h1 className="visually-hidden" tabIndex={-1}>
          Community
        </h1>
        <Empty
          icon="people"
          title="This community is not on this computer"
          actions={<ButtonLink href="#/communities">All communities</ButtonLink>}
        >
          It was deleted here, or this address is from another computer.
        </Empty>
      </>
    )
  }
  const isReadable = community.phase !== 'joining' && community.phase !== 'keeping'
  return (
    <CommunityProvider community={community}>
      <div className={route.tab === 'chat' && isReadable ? 'community community-chat' : 'community'}>
        <CommunityHead community={community} tab={isReadable ? route.tab : undefined} />
        {isReadable ? <Tab route={route} /> : <Unreadable community={community} />}
      </div>
    </CommunityProvider>
  )
}

function Tab({ route }: { route: CommunityRoute }): ReactNode {
  switch (route.tab) {
    case 'chat':
      return <ChatView route={route} />
    case 'members':
      return <MembersView />
    case 'ledger':
      return (
        <Suspense fallback={<p className="soft">Opening…</p>}>
          <LedgerView path={route.path ?? []} />
        </Suspense>
      )
    case 'activity':
      return <ActivityView />
    case 'settings':
      return <SettingsTab />
  }
}

const tabs: readonly { readonly tab: CommunityTab; readonly label: string; readonly icon: IconName }[] = [
  { tab: 'chat', label: 'Chat', icon: 'chat' },
  { tab: 'members', label: 'Members', icon: 'people' },
  { tab: 'ledger', label: 'Ledger', icon: 'ledger' },
  { tab: 'activity', label: 'Activity', icon: 'shield' },
  { tab: 'settings', label: 'Settings', icon: 'settings' },
]

function CommunityHead({ community, tab }: { community: Community; tab: CommunityTab | undefined }) {
  const { show } = useShell()
  const chat = useWorld((world) => world.chats.get(community.id))
  const name = communityName(community)
  const online = onlineCount(chat?.presence, community.self?.person)
  return (
    <header className="community-head">
      <span className="community-back">
        <ButtonLink look="quiet" icon="back" iconOnly href="#/communities">
          All communities
        </ButtonLink>
      </span>
      <Avatar id={community.id} name={name} shape="square" />
      <div className="community-title">
        <h1 className="cut" dir="auto" tabIndex={-1} title={name}>
          {name}
        </h1>
        {tab !== undefined && <p className="small soft cut">{standText(community, online)}</p>}
      </div>
      {tab !== undefined && (
        <nav className="tabs" aria-label="This community">
          {tabs
            .filter(({ tab: one }) => (one !== 'members' && one !== 'ledger') || !isDirect(community))
            .map((one) => (
              <a
                key={one.tab}
                href={routeHref({ place: 'community', id: community.id, tab: one.tab })}
                aria-current={one.tab === tab ? 'page' : undefined}
                title={one.label}
              >
                <Icon name={one.icon} size={18} />
                <span>{one.label}</span>
                {one.tab === 'members' && <RequestsBadge />}
                {one.tab === 'chat' && tab !== 'chat' && <UnreadBadges of={unreadOf(chat?.channels.values() ?? [])} />}
              </a>
            ))}
        </nav>
      )}
      {tab === 'chat' && may(community, 'invite') && !isDirect(community) && (
        <span className="community-invite">
          <Button icon="plus" onClick={() => show({ kind: 'invite', community: community.id })}>
            Invite
          </Button>
        </span>
      )}
    </header>
  )
}

/** Who is in it, and who of them is there. */
function standText(community: Community, online: number): string {
  if (isDirect(community)) return online > 0 ? 'online' : 'Only the two of you'
  return `${countText(community.membersActive, 'member')}${online > 0 ? `, ${online} online` : ''}`
}

function RequestsBadge() {
  const count = pendingOf(useCommunity().requests.value ?? []).length
  if (count === 0) return null
  return (
    <span className="unread figures">
      <span className="unread-count unread-mention">
        <span aria-hidden="true">{badgeText(count)}</span>
        <span className="visually-hidden">, {countText(count, 'request')}</span>
      </span>
    </span>
  )
}

function Unreadable({ community }: { community: Community }) {
  const isJoining = community.phase === 'joining'
  return (
    <Card title={isJoining ? 'Joining' : 'Kept for others'}>
      {isJoining && (
        <Note title={community.sentence}>
          <p>It goes on by itself as soon as somebody who is in it is reached. You may close this page meanwhile.</p>
        </Note>
      )}
      {!isJoining && (
        <>
          <p className="soft">
            <Said text={community.sentence} /> This computer passes the sealed log on to the members while others are
            away.
          </p>
          <dl className="pairs">
            <Pair name="Held">
              <span className="figures">
                {bytesText(community.bytes)}
                {community.bytesMax !== null && ` of ${bytesText(community.bytesMax)}`}
              </span>
            </Pair>
            <Pair name="Entries">
              <span className="figures">{community.entries.toLocaleString('en')}</span>
            </Pair>
            <Pair name="Devices that wrote">
              <span className="figures">{community.devices.toLocaleString('en')}</span>
            </Pair>
          </dl>
        </>
      )}
      <div className="actions">
        <ForgetButton community={community} />
      </div>
    </Card>
  )
}
