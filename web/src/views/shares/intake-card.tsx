// Something on its way from this browser into the daemon.

import { useDropIntake } from '../../intake/hooks.ts'
import type { Intake } from '../../store/core.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { IntakeProgress } from './link-dialog.tsx'

export function IntakeCard({ intake }: { intake: Intake }) {
  const drop = useDropIntake()
  return (
    <li className="card item">
      <div className="item-head">
        <span className="item-icon">
          <Icon name={intake.files > 1 ? 'folder' : 'file'} />
        </span>
        <div className="item-title">
          <h2 dir="auto">{intake.name}</h2>
        </div>
        <Button look="quiet" icon="close" iconOnly about={intake.name} onClick={() => drop(intake.id)}>
          {intake.problem === undefined ? 'Stop adding' : 'Dismiss'}
        </Button>
      </div>
      <IntakeProgress intake={intake} />
    </li>
  )
}
