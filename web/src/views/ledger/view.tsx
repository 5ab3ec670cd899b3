// A community's ledger: how the chain stands, this person's wallet on it, and what is in its blocks.

import { Icon, type IconName } from '../../ui/icon.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { ledgerHref, placeOf } from './core.ts'
import { ExplorerView } from './explorer.tsx'
import { FoundCard } from './found-card.tsx'
import { useLedger } from './hooks.ts'
import { Overview } from './overview.tsx'
import { WalletView } from './wallet.tsx'
import { WhichChainCard } from './which-chain.tsx'
import './style.css'

const parts: readonly { readonly path: readonly string[]; readonly label: string; readonly icon: IconName }[] = [
  { path: [], label: 'Chain', icon: 'ledger' },
  { path: ['wallet'], label: 'Wallet', icon: 'wallet' },
  { path: ['explorer'], label: 'Explorer', icon: 'search' },
]

export function LedgerView({ path }: { path: readonly string[] }) {
  const { community } = useCommunity()
  const { value: ledger, failure, reread } = useLedger(community.id)
  const place = placeOf(path)
  if (ledger === undefined) {
    return (
      <div className="stack community-page">
        {failure === undefined ? <p className="soft">Opening…</p> : <ProblemNote problem={failure} />}
      </div>
    )
  }
  return (
    <div className="stack community-page ledger">
      <nav className="tabs ledger-parts" aria-label="This ledger">
        {parts.map((one) => (
          <a
            key={one.label}
            href={ledgerHref(community.id, ...one.path)}
            aria-current={isAt(place.place, one.path[0]) ? 'page' : undefined}
          >
            <Icon name={one.icon} size={18} />
            <span className="ledger-part-name">{one.label}</span>
          </a>
        ))}
      </nav>
      {place.place === 'overview' && ledger.founded !== null && (
        <Overview ledger={ledger} onChanged={reread} isRecovering={path[0] === 'recovery'} />
      )}
      {place.place === 'overview' && ledger.founded === null && <FoundCard ledger={ledger} onChanged={reread} />}
      {place.place === 'overview' && ledger.state !== 'opening' && (
        <WhichChainCard ledger={ledger} onChanged={reread} />
      )}
      {place.place === 'wallet' && (ledger.state === 'opening' ? <Opening /> : <WalletView />)}
      {place.place !== 'overview' && place.place !== 'wallet' && <ExplorerView place={place} />}
    </div>
  )
}

function isAt(place: ReturnType<typeof placeOf>['place'], part: string | undefined): boolean {
  if (part === undefined) return place === 'overview'
  return part === 'wallet' ? place === 'wallet' : place !== 'overview' && place !== 'wallet'
}

function Opening() {
  return (
    <Card title="Opening">
      <p className="soft">The chain is being opened; the wallet is here in a moment.</p>
    </Card>
  )
}
