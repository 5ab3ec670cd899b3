// Another chain: for this computer's wallet alone, by an address that nobody else is told, or for the whole community.

import { useState } from 'react'
import type { Ledger } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'

interface ChainDialogProps {
  readonly ledger: Ledger
  /** Whether this computer has chosen something of its own, or agreed to something. */
  readonly isChosenHere: boolean
  readonly onClose: () => void
  readonly onChanged: () => void
}

type For = 'here' | 'all'

const meanings: Readonly<Record<For, { readonly title: string; readonly text: string }>> = {
  here: {
    title: 'You then believe whoever runs that address',
    text: 'It can lie about balances, hold transactions back, and sees which accounts are yours. It can’t spend your money. The address is told to nobody; the community’s own chain goes on.',
  },
  all: {
    title: 'Every member reads this, the address too',
    text: 'Never give one with a key in it: leave it out, and each member brings an address. Nobody’s wallet follows before its person agrees. The community’s own chain goes on, and you can go back to it.',
  },
}

export function ChainDialog({ ledger, isChosenHere, onClose, onChanged }: ChainDialogProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { choice, founded, mayFound } = ledger
  const isOutside = choice.kind === 'outside'
  const [of, setOf] = useState<For>('here')
  const [texts, setTexts] = useState({
    rpc: '',
    chainId: isOutside ? String(choice.chainId ?? '') : '',
    name: isOutside ? choice.name : '',
    symbol: (isOutside ? choice.coin?.symbol : undefined) ?? 'ETH',
  })
  const action = useAction()
  const set = (change: Partial<typeof texts>) => setTexts((before) => ({ ...before, ...change }))
  const isComplete =
    (of === 'all' || texts.rpc.trim() !== '') &&
    /^[1-9]\d{0,15}$/.test(texts.chainId.trim()) &&
    texts.name.trim() !== '' &&
    texts.symbol.trim() !== ''
  const run = (work: () => Promise<unknown>) =>
    void action.run(async () => {
      await work()
      onChanged()
      onClose()
    })
  const use = () =>
    run(() => {
      const { symbol } = texts
      const coin = { name: symbol.trim(), symbol: symbol.trim() }
      const [chain, rpc] = [{ chainId: Number(texts.chainId), name: texts.name.trim(), coin }, texts.rpc.trim()]
      if (of === 'here') return peerhood.wallet.chooseChain(community.id, { ...chain, rpc })
      return peerhood.ledger.choose(community.id, { ...chain, ...(rpc === '' ? {} : { rpc }) })
    })
  const { title, text } = meanings[of]
  return (
    <Dialog title="Use another chain" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) use()
        }}
      >
        {mayFound && (
          <Choice<For>
            legend="For whom"
            value={of}
            options={[
              { value: 'here', label: 'My wallet on this computer' },
              { value: 'all', label: 'The community' },
            ]}
            onChange={setOf}
          />
        )}
        <Note tone="warn" title={title}>
          <p>{text}</p>
        </Note>
        <TextField
          label={of === 'here' ? 'RPC address' : 'Public RPC address (may stay empty)'}
          placeholder="https://…"
          charsMax={512}
          value={texts.rpc}
          onChange={(rpc) => set({ rpc })}
        />
        <div className="field-pair">
          <TextField
            label="Name"
            placeholder="Gnosis"
            charsMax={64}
            value={texts.name}
            onChange={(name) => set({ name })}
          />
          <TextField
            label="Chain id"
            placeholder="100"
            charsMax={16}
            value={texts.chainId}
            onChange={(chainId) => set({ chainId })}
          />
        </div>
        <TextField
          label="Symbol of its coin"
          charsMax={12}
          value={texts.symbol}
          onChange={(symbol) => set({ symbol })}
        />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          {of === 'here' && isChosenHere && (
            <Button busy={action.busy} onClick={() => run(() => peerhood.wallet.chooseChain(community.id, null))}>
              As the community says
            </Button>
          )}
          {of === 'here' && isOutside && founded !== null && (
            <Button busy={action.busy} onClick={() => run(() => peerhood.wallet.chooseChain(community.id, 'own'))}>
              The community’s own
            </Button>
          )}
          {of === 'all' && isOutside && (
            <Button busy={action.busy} onClick={() => run(() => peerhood.ledger.choose(community.id, null))}>
              Its own again
            </Button>
          )}
          <Button type="submit" look="primary" busy={action.busy} disabled={!isComplete}>
            Use it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
