// Transfers: a place for a link, and everything that arrives or has arrived.

import { useShell } from '../../shell/hooks.tsx'
import { useWorld } from '../../store/hooks.tsx'
import { Card, Empty, PageHead } from '../../ui/parts.tsx'
import { IpfsCard } from '../ipfs/card.tsx'
import { sortTransfers } from './core.ts'
import { GetForm } from './get-form.tsx'
import { TransferCard } from './transfer-card.tsx'
import './style.css'

export function TransfersView() {
  const transfers = useWorld((world) => world.transfers)
  const { say } = useShell()
  return (
    <>
      <PageHead title="Transfers">What you get comes straight from those who have it, checked piece by piece.</PageHead>
      <Card title="Open a link">
        <GetForm link="" onStarted={(name) => say(name)} />
      </Card>
      {transfers.size === 0 ? (
        <Empty icon="download" title="Nothing has been fetched yet">
          Paste a link above, or anywhere on this page: it starts with peerhood:
        </Empty>
      ) : (
        <ul className="stack" aria-label="Transfers">
          {sortTransfers(transfers.values()).map((transfer) => (
            <TransferCard key={transfer.id} transfer={transfer} />
          ))}
        </ul>
      )}
      <IpfsCard />
    </>
  )
}
