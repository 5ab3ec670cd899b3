// Home: can others reach me, who is around, what is going on, and the two things people come for.

import type { ReactNode } from 'react'
import { useWorld } from '../../store/hooks.tsx'
import { ButtonLink } from '../../ui/button.tsx'
import { Note, PageHead } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { Activity } from './activity.tsx'
import { NetworkCard } from './network-card.tsx'
import { PeerCard } from './peer-card.tsx'
import { QuickActions } from './quick-actions.tsx'
import { useWelcome, Welcome } from './welcome.tsx'
import './style.css'

export function HomeView() {
  const status = useWorld((world) => world.status)
  const welcome = useWelcome()
  if (status === undefined) return null
  // The welcome's first step is about the words too; once is enough.
  const notices = status.notices.filter(({ code }) => welcome === undefined || code !== 'identity_created')
  return (
    <div className="home">
      <PageHead title={status.deviceName}>
        <span className={`reach reach-${status.reachability.kind}`}>
          <span className="dot" aria-hidden="true" />
          <Said text={status.reachability.sentence} />
        </span>
      </PageHead>
      {notices.map(({ code, sentence, advice }) => (
        <Note key={code} tone="warn" title={sentence} actions={remedyOf(code)}>
          {advice !== null && (
            <p>
              <Said text={advice} />
            </p>
          )}
        </Note>
      ))}
      {welcome !== undefined && <Welcome onFinish={welcome.finish} />}
      <QuickActions />
      <Activity />
      <div className="home-columns">
        <NetworkCard />
        <PeerCard />
      </div>
    </div>
  )
}

/** What the page itself can do about a notice. */
function remedyOf(code: string): ReactNode {
  if (code !== 'identity_created') return undefined
  return (
    <ButtonLink href="#/settings" icon="key">
      Show me the words
    </ButtonLink>
  )
}
