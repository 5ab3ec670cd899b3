// How the chain stands: its height, who decides, whose turn it is, what waits and why; and how other wallets reach it.

import { useState } from 'react'
import type { Ledger } from '../../../../src/sdk/types.ts'
import { agoText, countText } from '../../format/core.ts'
import { useNow } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Badge, Card, Facts, Note } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { useCommunity } from '../community/context.tsx'
import {
  addChainParams,
  checkpointText,
  figureText,
  ledgerHref,
  shortHash,
  standingOf,
  validatorsText,
} from './core.ts'
import { MembersCard } from './members-card.tsx'
import { RecoveryCard } from './recovery-card.tsx'
import { mayNeedRecovery } from './recovery-core.ts'
import { ValidatorsCard } from './validators-card.tsx'

interface OverviewProps {
  readonly ledger: Ledger
  readonly onChanged: () => void
  /** The address asks for it. */
  readonly isRecovering: boolean
}

export function Overview({ ledger, onChanged, isRecovering }: OverviewProps) {
  return (
    <>
      <ChainCard ledger={ledger} />
      {(isRecovering || mayNeedRecovery(ledger)) && <RecoveryCard ledger={ledger} onChanged={onChanged} />}
      <ValidatorsCard ledger={ledger} onChanged={onChanged} />
      <MembersCard ledger={ledger} />
      <ConnectCard ledger={ledger} />
    </>
  )
}

function ChainCard({ ledger }: { ledger: Ledger }) {
  const { community } = useCommunity()
  const nowMs = useNow()
  const { founded, chain } = ledger
  const standing = standingOf(ledger)
  return (
    <Card
      title={founded?.name ?? 'Ledger'}
      actions={
        <span className="ledger-badges">
          {chain?.trusted === true && (
            <Badge tone="warn" icon="warning">
              Trusted mode
            </Badge>
          )}
          <Badge tone={standing.tone}>{standing.text}</Badge>
        </span>
      }
    >
      <div className="stack">
        {chain !== null && (
          <p className="ledger-height">
            <a href={ledgerHref(community.id, 'explorer', 'block', String(chain.height))}>
              Block <strong className="figures">{figureText(String(chain.height))}</strong>
            </a>
            <span className="soft">{agoText(chain.timestamp * 1000, nowMs)}</span>
          </p>
        )}
        {chain?.trusted === true ? (
          <Note tone="warn" title={ledger.sentence} />
        ) : (
          <p className="soft">
            <Said text={ledger.sentence} />
          </p>
        )}
        {ledger.contradictions.map(({ person, height, sentence }) => (
          <Note key={`${person} ${height}`} tone="warn" title={sentence} />
        ))}
        {chain?.stuck != null && <Note tone="warn" title={chain.stuck.sentence} />}
        {chain !== null && chain.voting.kind !== 'voting' && chain.voting.kind !== 'follower' && (
          <Note tone={chain.voting.kind === 'stopped' ? 'bad' : 'calm'} title={chain.voting.sentence} />
        )}
        {chain !== null && (
          <Facts>
            {[
              validatorsText(ledger.validators),
              chain.waiting === 0 ? 'nothing waits' : `${countText(chain.waiting, 'transaction')} waiting`,
              chain.isOurTurn ? 'this computer’s turn' : '',
              chain.evidence === 0 ? '' : countText(chain.evidence, 'contradicting vote'),
              checkpointText(ledger),
              chain.height < chain.heightSeen ? `others are at ${figureText(String(chain.heightSeen))}` : '',
            ]}
          </Facts>
        )}
      </div>
    </Card>
  )
}

function ConnectCard({ ledger }: { ledger: Ledger }) {
  const { founded, rpc } = ledger
  if (founded === null) return null
  const params = addChainParams({ ...founded, rpc })
  return (
    <Card
      title="Other wallets and tools"
      actions={
        <div className="actions">
          <AddNetworkButton params={params} />
          <CopyButton text={JSON.stringify(params, undefined, 2)} what="network data" />
        </div>
      }
    >
      <p className="soft">
        MetaMask, Foundry, Hardhat and others on this computer reach the chain here. The same 24 words open the same
        account in them.
      </p>
      <dl className="pairs">
        <CopyPair name="Network" text={founded.name} what="name of the network" />
        <CopyPair name="RPC address" text={rpc} what="RPC address" />
        <CopyPair name="Chain id" text={String(founded.chainId)} what="chain id" />
        <CopyPair
          name="Coin"
          text={founded.coin.symbol}
          what="symbol"
          shown={`${founded.coin.name} (${founded.coin.symbol})`}
        />
        {founded.genesisHash !== null && (
          <CopyPair
            name="Genesis"
            text={founded.genesisHash}
            what="genesis hash"
            shown={shortHash(founded.genesisHash)}
          />
        )}
        <Pair name="Free for members">
          <span>
            {figureText(founded.quota.gas)} gas in {countText(founded.quota.blocks, 'block')}
          </span>
        </Pair>
      </dl>
    </Card>
  )
}

interface BrowserWallet {
  request(call: { method: string; params: readonly unknown[] }): Promise<unknown>
}

/** Only where the browser has a wallet (EIP-1193). */
function AddNetworkButton({ params }: { params: Readonly<Record<string, unknown>> }) {
  const [said, setSaid] = useState<string>()
  const wallet = (globalThis as { ethereum?: BrowserWallet }).ethereum
  if (wallet === undefined) return null
  const add = async () => {
    try {
      await wallet.request({ method: 'wallet_addEthereumChain', params: [params] })
      setSaid('Added')
    } catch {
      setSaid('Not added')
    }
  }
  return (
    <Button icon="wallet" onClick={() => void add()}>
      {said ?? 'Add to this browser’s wallet'}
    </Button>
  )
}
