// Another chain for this community, on this computer: any Ethereum network by its RPC address.

import { useState } from 'react'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'

interface ChainDialogProps {
  readonly isOutside: boolean
  readonly isFounded: boolean
  readonly onClose: () => void
  readonly onChanged: () => void
}

export function ChainDialog({ isOutside, isFounded, onClose, onChanged }: ChainDialogProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [texts, setTexts] = useState({ rpc: '', chainId: '', name: '', symbol: 'ETH' })
  const action = useAction()
  const set = (change: Partial<typeof texts>) => setTexts((before) => ({ ...before, ...change }))
  const isComplete =
    texts.rpc.trim() !== '' &&
    /^[1-9]\d{0,15}$/.test(texts.chainId.trim()) &&
    texts.name.trim() !== '' &&
    texts.symbol.trim() !== ''
  const choose = (isOwn: boolean) =>
    action.run(async () => {
      const { rpc, chainId, name, symbol } = texts
      const coin = { name: symbol.trim(), symbol: symbol.trim() }
      await peerhood.wallet.chooseChain(
        community.id,
        isOwn ? null : { rpc: rpc.trim(), chainId: Number(chainId), name: name.trim(), coin },
      )
      onChanged()
      onClose()
    })
  return (
    <Dialog title="Use another chain" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) void choose(false)
        }}
      >
        <Note tone="warn" title="You then believe whoever runs that address">
          <p>
            It can lie about balances, hold transactions back, and sees which accounts are yours. It can’t spend your
            money. This is for your wallet on this computer; the community’s own chain goes on.
          </p>
        </Note>
        <TextField
          label="RPC address"
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
          {isOutside && (
            <Button busy={action.busy} onClick={() => void choose(true)}>
              {isFounded ? 'The community’s own again' : 'No chain'}
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
