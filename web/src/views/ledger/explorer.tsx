// The explorer: what is in the chain, and what of it belongs to whom.

import { useState } from 'react'
import { navigate } from '../../router/hooks.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { AccountCard } from './account-card.tsx'
import { BlockCard, BlocksCard } from './blocks-card.tsx'
import { type LedgerPlace, ledgerRoute } from './core.ts'
import { TransactionCard } from './transaction-card.tsx'

export function ExplorerView({ place }: { place: LedgerPlace }) {
  return (
    <>
      <Search />
      {place.place === 'explorer' && <BlocksCard />}
      {place.place === 'block' && <BlockCard key={place.of} at={place.of} />}
      {place.place === 'transaction' && <TransactionCard key={place.of} hash={place.of} />}
      {place.place === 'account' && <AccountCard key={place.of} address={place.of} />}
    </>
  )
}

function Search() {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [text, setText] = useState('')
  const action = useAction()
  const search = () =>
    action.run(async () => {
      const found = await peerhood.explorer.search(community.id, text.trim())
      const of = found.kind === 'block' ? String(found.height) : found.kind === 'account' ? found.address : found.hash
      setText('')
      navigate(ledgerRoute(community.id, 'explorer', found.kind, of))
    })
  return (
    <form
      className="explorer-search"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '' && !action.busy) void search()
      }}
    >
      <div className="inline-form">
        <TextField label="Find a block, transaction, account or name" charsMax={200} value={text} onChange={setText} />
        <Button type="submit" icon="search" busy={action.busy}>
          Find
        </Button>
      </div>
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
    </form>
  )
}
