// Whom this person asks to talk, and what came of it.

import type { DirectAsk } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Badge, Facts } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { useFocusAfter, useNews } from '../admission/hooks.ts'
import { Avatar } from '../community/avatar.tsx'
import { askBadge, askFacts, isAsking, personName } from './core.ts'

/** Nothing at all while nobody is asked. */
export function DirectAsks() {
  const { peerhood } = useDaemon()
  const news = useNews(({ type }) => type === 'direct-ask')
  const { value = [], reread } = useReading('direct asks', news, (options) => peerhood.direct.asks(options))
  if (value.length === 0) return null
  return (
    <ul className="rows" aria-label="Whom you ask">
      {value.map((ask) => (
        <AskItem key={ask.id} ask={ask} onDropped={reread} />
      ))}
    </ul>
  )
}

function AskItem({ ask, onDropped }: { ask: DirectAsk; onDropped: () => void }) {
  const { peerhood } = useDaemon()
  const { say, warn } = useShell()
  const nowMs = useNow()
  useFocusAfter()
  const name = personName(ask)
  const badge = askBadge(ask)
  const drop = () => {
    peerhood.direct.cancel(ask.id).then(
      () => {
        onDropped()
        say(isAsking(ask) ? `${name} is asked no longer` : `${name} is off the list`)
      },
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <li className="request">
      <Avatar id={ask.person} name={name} />
      <div className="row-title">
        <strong className="cut" dir="auto" title={name}>
          {name}
        </strong>
        <Facts>
          {[
            <Badge key="state" tone={badge.tone}>
              {badge.text}
            </Badge>,
            ...askFacts(ask, nowMs),
          ]}
        </Facts>
        <p className="soft small">
          <Said text={ask.sentence} />
        </p>
      </div>
      <div className="actions">
        <Button about={name} onClick={drop}>
          {isAsking(ask) ? 'Cancel' : 'Take it off the list'}
        </Button>
      </div>
    </li>
  )
}
