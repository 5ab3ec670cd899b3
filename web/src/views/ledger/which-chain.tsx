// Which chain the community uses: its own, or one that others run; what that means; and what this person's wallet uses here.

import { useState } from 'react'
import type { ChainDescription, Ledger } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Card, Note, ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { useCommunity } from '../community/context.tsx'
import { ChainDialog } from './chain-dialog.tsx'
import { useLedgerNews } from './hooks.ts'

interface WhichChainProps {
  readonly ledger: Ledger
  readonly onChanged: () => void
}

export function WhichChainCard({ ledger, onChanged }: WhichChainProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [isOpen, setOpen] = useState(false)
  const [version, setVersion] = useState(0)
  const news = useLedgerNews(community.id)
  const { choice } = ledger
  const { value: chain } = useReading(
    `chain ${community.id}`,
    `${version} ${news} ${choice.chosenMs} ${ledger.founded !== null}`,
    async (options) => (await peerhood.wallet.chain(community.id, options)).chain ?? undefined,
  )
  const changed = () => {
    setVersion(version + 1)
    onChanged()
  }
  return (
    <Card title="Which chain is used" actions={<Button onClick={() => setOpen(true)}>Use another chain</Button>}>
      <div className="stack">
        <p>
          <Said text={choice.sentence} />
          {choice.byName !== '' && (
            <span className="soft">
              {' '}
              Chosen by <bdi>{choice.byName}</bdi>.
            </span>
          )}
        </p>
        {choice.warnings.map((warning) => (
          <Note key={warning} tone="warn" title={warning} />
        ))}
        {choice.kind === 'outside' && chain === undefined && (
          <AgreeNote ledger={ledger} onChanged={changed} onOwn={() => setOpen(true)} />
        )}
        <OnThisComputer chain={chain} choice={choice} />
      </div>
      {isOpen && (
        <ChainDialog
          ledger={ledger}
          isChosenHere={chain !== undefined && (chain.kind === 'outside' || choice.kind === 'outside')}
          onClose={() => setOpen(false)}
          onChanged={changed}
        />
      )}
    </Card>
  )
}

/** The wallet's chain, where it says more than the community's choice does. */
function OnThisComputer({ chain, choice }: { chain: ChainDescription | undefined; choice: Ledger['choice'] }) {
  if (chain === undefined || (chain.kind === 'own' && choice.kind === 'own')) return null
  // The first of them is about the operator, which the choice has said already.
  const own = choice.kind === 'outside' && choice.chainId === chain.chainId ? [] : chain.warnings
  return (
    <>
      <p>On this computer: {chain.sentence}</p>
      {own.map((warning) => (
        <Note key={warning} tone="warn" title={warning} />
      ))}
    </>
  )
}

function AgreeNote({ ledger, onChanged, onOwn }: WhichChainProps & { readonly onOwn: () => void }) {
  const { peerhood } = useDaemon()
  const { choice, community } = ledger
  const action = useAction()
  const { rpc, chainId, name, coin } = choice
  const agree = () =>
    action.run(async () => {
      if (rpc === null || chainId === null || coin === null) return
      await peerhood.wallet.chooseChain(community, { rpc, chainId, name, coin })
      onChanged()
    })
  return (
    <Note
      title="Your wallet asks nothing there before you agree"
      actions={
        <div className="actions">
          {rpc !== null && (
            <Button look="primary" busy={action.busy} onClick={() => void agree()}>
              Agree
            </Button>
          )}
          <Button onClick={onOwn}>{rpc === null ? 'Give an address' : 'Another address'}</Button>
        </div>
      }
    >
      {rpc === null ? (
        <p>The community names no address: bring one, from a provider or a node of your own.</p>
      ) : (
        <p className="mono ledger-address">{rpc}</p>
      )}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
    </Note>
  )
}
