// Which chain this person's wallet uses for the community: its own, or one outside, and what that means.

import { useState } from 'react'
import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Card, Note } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { ChainDialog } from './chain-dialog.tsx'
import { useLedgerNews } from './hooks.ts'

export function WhichChainCard({ isFounded }: { isFounded: boolean }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [isOpen, setOpen] = useState(false)
  const [version, setVersion] = useState(0)
  const news = useLedgerNews(community.id)
  const { value: chain } = useReading(`chain ${community.id}`, `${version} ${news} ${isFounded}`, async (options) => {
    const { chain: description } = await peerhood.wallet.chain(community.id, options)
    return description ?? undefined
  })
  return (
    <Card
      title={isFounded ? 'Which chain your wallet uses' : 'Or a chain that exists already'}
      actions={<Button onClick={() => setOpen(true)}>{isFounded ? 'Use another chain' : 'Choose one'}</Button>}
    >
      {chain === undefined ? (
        <p className="soft">
          {isFounded
            ? 'The community’s own.'
            : 'The wallet works with any Ethereum network, by its RPC address. You then believe whoever runs that address.'}
        </p>
      ) : (
        <div className="stack">
          <p>{chain.sentence}</p>
          {chain.kind === 'outside' &&
            chain.warnings.map((warning) => <Note key={warning} tone="warn" title={warning} />)}
        </div>
      )}
      {isOpen && (
        <ChainDialog
          isOutside={chain?.kind === 'outside'}
          isFounded={isFounded}
          onClose={() => setOpen(false)}
          onChanged={() => setVersion(version + 1)}
        />
      )}
    </Card>
  )
}
