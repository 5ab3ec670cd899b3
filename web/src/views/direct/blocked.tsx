// Who is blocked, and the way back.

import type { Blocked } from '../../../../src/sdk/types.ts'
import { agoText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Badge, Facts } from '../../ui/parts.tsx'
import { useNews } from '../admission/hooks.ts'
import { personName, wordsText } from './core.ts'

/** Nothing at all while nobody is. */
export function BlockedList() {
  const { peerhood } = useDaemon()
  const news = useNews(({ type }) => type === 'direct-blocked')
  const { value = [], reread } = useReading('direct blocked', news, (options) => peerhood.direct.blocked(options))
  if (value.length === 0) return null
  return (
    <details className="get-options">
      <summary>Blocked ({value.length})</summary>
      <ul className="rows" aria-label="Blocked">
        {value.map((blocked) => (
          <BlockedItem key={blocked.person} blocked={blocked} onUnblocked={reread} />
        ))}
      </ul>
    </details>
  )
}

function BlockedItem({ blocked, onUnblocked }: { blocked: Blocked; onUnblocked: () => void }) {
  const nowMs = useNow()
  const unblock = useUnblock()
  const name = personName(blocked)
  return (
    <li>
      <div className="row-title">
        <strong className="cut" dir="auto" title={name}>
          {name}
        </strong>
        <Facts>
          {[
            <Badge key="state" tone="bad">
              Blocked
            </Badge>,
            agoText(blocked.sinceMs, nowMs),
            wordsText(blocked.words),
          ]}
        </Facts>
      </div>
      <Button about={name} onClick={() => void unblock(blocked.person, name).then(onUnblocked)}>
        Unblock
      </Button>
    </li>
  )
}

export function useUnblock(): (person: string, name: string) => Promise<void> {
  const { peerhood } = useDaemon()
  const { say, warn } = useShell()
  return async (person, name) => {
    try {
      await peerhood.direct.unblock(person)
      say(`${name} is no longer blocked`)
    } catch (error) {
      warn(toFailure(error))
    }
  }
}
