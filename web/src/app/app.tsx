// The page's frame: who this is, where one can go, the view in the middle, and what lies above it.

import { useEffect, useRef } from 'react'
import { type Route, viewKey } from '../router/core.ts'
import { useRoute } from '../router/hooks.ts'
import { useShell } from '../shell/hooks.tsx'
import { useWorld } from '../store/hooks.tsx'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icon.tsx'
import { LiveRegion } from '../ui/live.tsx'
import { Said } from '../ui/said.tsx'
import { CommunitiesView } from '../views/communities/view.tsx'
import { badgeText, communityName } from '../views/community/core.ts'
import { CommunityPlace } from '../views/community/view.tsx'
import { DoctorView } from '../views/doctor/view.tsx'
import { HomeView } from '../views/home/view.tsx'
import { SettingsView } from '../views/settings/view.tsx'
import { SharesView } from '../views/shares/view.tsx'
import { TransfersView } from '../views/transfers/view.tsx'
import { ViewerView } from '../views/viewer/view.tsx'
import { AdmissionNews } from './admission-news.tsx'
import { ConnectionBanner } from './banner.tsx'
import { Boundary } from './boundary.tsx'
import { Dialogs } from './dialogs.tsx'
import { PageDrop, PagePaste } from './drop-zone.tsx'
import { Nav, newsOf, places } from './nav.tsx'
import { Notifier } from './notifier.tsx'
import { ThemeSwitch } from './theme-switch.tsx'
import './app.css'

export function App() {
  const route = useRoute()
  const main = useViewFocus(route)
  return (
    <>
      <button type="button" className="skip-link" onClick={() => skipTo(main.current)}>
        Skip to content
      </button>
      <div className={frameClass(route)}>
        <header className="side">
          <Brand />
          <Nav route={route} />
          <div className="side-foot">
            <PeerState />
            <ThemeSwitch />
          </div>
        </header>
        <main id="main" ref={main} tabIndex={-1}>
          <ConnectionBanner />
          <Boundary key={viewKey(route)}>
            <View route={route} />
          </Boundary>
        </main>
      </div>
      <Dialogs />
      <Messages />
      <PageDrop />
      <PagePaste />
      <LiveRegion />
      <Notifier route={route} />
      <AdmissionNews />
    </>
  )
}

/** Chat takes all the room there is; on narrow screens the line at the top, too. */
function frameClass(route: Route): string {
  if (route.place !== 'community') return 'frame'
  return route.tab === 'chat' ? 'frame frame-wide frame-chat' : 'frame frame-wide'
}

function View({ route }: { route: Route }) {
  const known = useWorld((world) => world.status !== undefined)
  const barred = useWorld((world) => world.connection === 'barred')
  if (!known) return barred ? null : <p className="opening">Opening…</p>
  switch (route.place) {
    case 'home':
      return <HomeView />
    case 'communities':
      return <CommunitiesView />
    case 'community':
      return <CommunityPlace route={route} />
    case 'shares':
      return <SharesView />
    case 'transfers':
      return <TransfersView />
    case 'doctor':
      return <DoctorView />
    case 'settings':
      return <SettingsView />
    case 'viewer':
      return <ViewerView of={route.of} id={route.id} path={route.path} />
  }
}

/** A new view takes title and focus, so that a screen reader starts where an eye would. */
function useViewFocus(route: Route) {
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  useTitle(route)
  const at = viewKey(route)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `at` is the view's value; the route's object changes for nothing
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    scrollTo({ top: 0 })
    const heading = main.current?.querySelector('h1')
    ;(heading ?? main.current)?.focus({ preventScroll: true })
  }, [at])
  return main
}

/** Where one is, and how much is unread: seen in a tab that lies behind others, too. */
function useTitle(route: Route): void {
  const news = useWorld((world) => newsOf(world.chats))
  const community = useWorld((world) => (route.place === 'community' ? world.communities.get(route.id) : undefined))
  const label =
    route.place === 'viewer'
      ? route.path
      : route.place === 'community'
        ? community && communityName(community)
        : places.find(({ place }) => place === route.place)?.label
  const title = label === undefined || label === 'Home' ? 'Peerhood' : `${label} · Peerhood`
  useEffect(() => {
    document.title = news > 0 ? `(${badgeText(news)}) ${title}` : title
  }, [news, title])
}

/** A button, not a link: what follows # is the page's own address. */
function skipTo(main: HTMLElement | null): void {
  main?.focus()
  main?.scrollIntoView()
}

function Brand() {
  return (
    <a className="brand" href="#/" aria-label="Peerhood, home">
      <svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
        <rect width="32" height="32" rx="9" />
        <path d="M13 13.6 10 10.900M19.2 13.400l3.3-3M16 19.400v3.4" />
        <circle cx="16" cy="16" r="4.2" />
        <circle cx="8.6" cy="9.6" r="2.4" />
        <circle cx="23.8" cy="9.2" r="2.4" />
        <circle cx="16" cy="24.6" r="2.4" />
      </svg>
      <span>Peerhood</span>
    </a>
  )
}

function PeerState() {
  const connection = useWorld((world) => world.connection)
  const connected = useWorld((world) => world.status?.peersConnected ?? 0)
  const text =
    connection === 'open'
      ? connected === 1
        ? '1 peer'
        : `${connected} peers`
      : connection === 'opening'
        ? 'Opening'
        : 'Stopped'
  return (
    <span className={`peer-state peer-state-${connection}`}>
      <span className="dot" aria-hidden="true" />
      {text}
    </span>
  )
}

function Messages() {
  const { messages, dismiss } = useShell()
  return (
    <div className="messages">
      {messages.map(({ id, text, tone, hint }) => (
        <div key={id} className={`message message-${tone}`}>
          <Icon name={tone === 'good' ? 'check' : 'warning'} size={18} />
          <span>
            <Said text={text} />
            {hint !== undefined && (
              <small>
                <Said text={hint} />
              </small>
            )}
          </span>
          {tone === 'bad' && (
            <Button look="quiet" icon="close" iconOnly onClick={() => dismiss(id)}>
              Put this message away
            </Button>
          )}
        </div>
      ))}
    </div>
  )
}
