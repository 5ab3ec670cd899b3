// What members have reported and who is muted, for those who moderate.

import type { Report } from '../../../../src/sdk/types.ts'
import { agoText } from '../../format/core.ts'
import { navigate } from '../../router/hooks.ts'
import { useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Badge, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { useRoom } from './context.tsx'
import { excerptOf } from './core.ts'
import { MutesList } from './mutes-list.tsx'
import { Pane } from './pane.tsx'

export function ReportsPane({ onClose }: { onClose: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { value, failure } = useReading(`reports ${community.id}`, community, (options) =>
    peerhood.chat.reports(community.id, options),
  )
  return (
    <Pane title="Reports and mutes" onClose={onClose}>
      <div className="pane-body">
        {failure !== undefined && <ProblemNote problem={failure} />}
        {value?.length === 0 && <p className="soft">Nobody has reported anything.</p>}
        <ul className="stack" aria-label="Reports">
          {value?.map((report) => (
            <ReportItem key={`${report.message.id} ${report.by}`} report={report} />
          ))}
        </ul>
        <MutesList />
      </div>
    </Pane>
  )
}

function ReportItem({ report: { message, by, reason, atMs } }: { report: Report }) {
  const { nameOf } = useCommunity()
  const { actions } = useRoom()
  const nowMs = useNow()
  const { community: id, channel } = message
  const look = () =>
    navigate({ place: 'community', id, tab: 'chat', channel, focus: { kind: 'message', message: message.id } })
  return (
    <li className="report">
      <p className="small soft">
        <bdi className="quote-name">{nameOf(by)}</bdi>, {agoText(atMs, nowMs)}
      </p>
      {reason !== '' && <p dir="auto">{reason}</p>}
      <p className="excerpt">
        <bdi className="quote-name">{nameOf(message.person)}</bdi> <bdi>{excerptOf(message)}</bdi>
      </p>
      <div className="actions">
        <Button onClick={look}>Look at it</Button>
        {message.hidden === null && !message.deleted ? (
          <Button look="quiet" icon="hidden" onClick={() => actions.ask({ kind: 'hide', message })}>
            Hide
          </Button>
        ) : (
          <Badge>{message.deleted ? 'Deleted' : 'Hidden'}</Badge>
        )}
      </div>
    </li>
  )
}
