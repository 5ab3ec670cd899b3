// What moves right now, at a glance; the details are one click away.

import { bytesText, countText, percent, rateText } from '../../format/core.ts'
import { useWorld } from '../../store/hooks.tsx'
import { Card, Facts, Progress } from '../../ui/parts.tsx'
import { isActive } from '../transfers/core.ts'

/** More than these are for the views of their own. */
const linesMax = 4

export function Activity() {
  const transfers = useWorld((world) => world.transfers)
  const shares = useWorld((world) => world.shares)
  const arriving = [...transfers.values()].filter(isActive)
  const leaving = [...shares.values()].filter(({ fetching }) => fetching.length > 0)
  if (arriving.length + leaving.length === 0) return null
  return (
    <Card title="Happening now">
      <ul className="activity">
        {arriving.slice(0, linesMax).map((transfer) => (
          <li key={transfer.id}>
            <a href="#/transfers">{transfer.name ?? 'A share'}</a>
            <Facts>
              {[
                transfer.bytes > 0
                  ? `${percent(transfer.bytesDone, transfer.bytes)} % of ${bytesText(transfer.bytes)}`
                  : transfer.sentence,
                transfer.state === 'transferring' && rateText(transfer.bytesPerSecond),
                transfer.peers.length > 0 && `from ${countText(transfer.peers.length, 'peer')}`,
              ]}
            </Facts>
            <Progress label={`Getting ${transfer.name ?? 'a share'}`} done={transfer.bytesDone} all={transfer.bytes} />
          </li>
        ))}
        {leaving.slice(0, linesMax).map((share) => (
          <li key={share.id}>
            <a href="#/shares">{share.name ?? 'A kept share'}</a>
            <Facts>
              {[
                `${countText(share.fetching.length, 'peer is fetching', 'peers are fetching')} it from here`,
                rateText(share.fetching.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0)),
              ]}
            </Facts>
          </li>
        ))}
      </ul>
    </Card>
  )
}
