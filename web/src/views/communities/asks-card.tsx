// What this computer asks to be let into, and what came of it.

import type { Ask } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Badge, Card, Facts } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { askBadge, askedName, askFacts } from '../admission/core.ts'
import { useFocusAfter, useNews } from '../admission/hooks.ts'

/** Nothing at all while there is none. */
export function AsksCard() {
  const { peerhood } = useDaemon()
  const news = useNews(({ type }) => type === 'ask' || type === 'community')
  const { value = [], reread } = useReading('asks', news, (options) => peerhood.communities.asks(options))
  if (value.length === 0) return null
  return (
    <Card title="You ask to be let in" className="asks">
      <ul className="rows" aria-label="What you ask for">
        {value.map((ask) => (
          <AskItem key={ask.community} ask={ask} onDropped={reread} />
        ))}
      </ul>
    </Card>
  )
}

function AskItem({ ask, onDropped }: { ask: Ask; onDropped: () => void }) {
  const { peerhood } = useDaemon()
  const { say, warn } = useShell()
  const nowMs = useNow()
  useFocusAfter()
  const name = askedName(ask)
  const badge = askBadge(ask)
  const isAsking = ask.state === 'asking'
  const drop = () => {
    peerhood.communities.cancelAsk(ask.community).then(
      () => {
        onDropped()
        say(isAsking ? `You no longer ask to be let into ${name}` : `${name} is off the list`)
      },
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <li>
      <div className="row-title">
        <strong className="cut" dir="auto" title={name}>
          {name}
        </strong>
        <Facts>
          {[
            <Badge key="state" tone={badge.tone}>
              {badge.text}
            </Badge>,
            ...askFacts(ask, nowMs).map((fact) => <bdi key={fact}>{fact}</bdi>),
          ]}
        </Facts>
        <p className="soft small">
          <Said text={ask.sentence} />
        </p>
      </div>
      <Button about={`: ${name}`} onClick={drop}>
        {isAsking ? 'Ask no longer' : 'Take it off the list'}
      </Button>
    </li>
  )
}
