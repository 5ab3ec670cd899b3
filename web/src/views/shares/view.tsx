// Shares: what this computer offers to others, and how to offer more.

import { useState } from 'react'
import { useTakeIn } from '../../intake/hooks.ts'
import { pick } from '../../intake/service.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { PageHead } from '../../ui/parts.tsx'
import { AgreementsCard } from '../copies/agreements-card.tsx'
import { useCopies } from '../copies/hooks.ts'
import { sortShares } from './core.ts'
import { IntakeCard } from './intake-card.tsx'
import { ShareCard } from './share-card.tsx'
import { type Visibility, VisibilityChoice } from './visibility.tsx'
import './style.css'

export function SharesView() {
  const shares = useWorld((world) => world.shares)
  const intakes = useWorld((world) => world.intakes)
  const { value: copies, reread } = useCopies()
  return (
    <>
      <PageHead title="Shares">
        What you offer stays on this computer; people with its link fetch it from here.
      </PageHead>
      <DropPlace />
      <ul className="stack" aria-label="Shares">
        {[...intakes.values()].map((intake) => (
          <IntakeCard key={intake.id} intake={intake} />
        ))}
        {sortShares(shares.values()).map((share) => (
          <ShareCard key={share.id} share={share} copies={copies} onCopies={reread} />
        ))}
      </ul>
      {shares.size + intakes.size === 0 && (
        <p className="soft hint-line">Nothing is shared yet. What you add above appears here, with its link.</p>
      )}
      <AgreementsCard copies={copies} onChanged={reread} />
    </>
  )
}

function DropPlace() {
  const takeIn = useTakeIn()
  const { show } = useShell()
  const [visibility, setVisibility] = useState<Visibility>('private')
  return (
    <section className="drop-place" data-visibility={visibility} aria-label="Share something new">
      <div className="drop-main">
        <span className="drop-icon">
          <Icon name="share" size={26} />
        </span>
        <div>
          <strong>Drop a file or folder here</strong>
          <p className="soft">or choose it:</p>
        </div>
        <div className="actions">
          <Button look="primary" icon="file" onClick={() => void takeIn(pick('files'), visibility)}>
            Files
          </Button>
          <Button icon="folder" onClick={() => void takeIn(pick('folder'), visibility)}>
            Folder
          </Button>
          <Button look="quiet" onClick={() => show({ kind: 'share' })}>
            By path
          </Button>
        </div>
      </div>
      <VisibilityChoice value={visibility} onChange={setVisibility} />
    </section>
  )
}
