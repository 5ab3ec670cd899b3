// One account or contract: whose it is, what it holds, what it is; its source, and its transactions.

import { useState } from 'react'
import type { ExplorerAccount } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { MarksPager } from '../../ui/pager.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Badge, Card, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { figureText } from './core.ts'
import { useLedgerNews } from './hooks.ts'
import { SourceCard } from './source-card.tsx'
import { TransactionRow } from './transaction-row.tsx'

export function AccountCard({ address }: { address: string }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const news = useLedgerNews(community.id)
  const { value, failure, reread } = useReading(`account ${community.id} ${address}`, news, (options) =>
    peerhood.explorer.account(community.id, address, options),
  )
  if (value === undefined)
    return failure === undefined ? <p className="soft">Reading…</p> : <ProblemNote problem={failure} />
  const isContract = value.codeBytes > 0
  return (
    <>
      <AboutCard value={value} />
      {isContract && <SourceCard account={value} onChanged={reread} />}
      <TransactionsCard address={address} />
    </>
  )
}

function AboutCard({ value }: { value: ExplorerAccount }) {
  const isContract = value.codeBytes > 0
  const { source } = value
  return (
    <Card
      title={value.name ?? source?.contract ?? (isContract ? 'Contract' : 'Account')}
      actions={
        <span className="ledger-badges">
          {value.isOwn && <Badge tone="good">Yours</Badge>}
          {source !== null && (
            <Badge tone="good" icon="check">
              Source checked
            </Badge>
          )}
          <Badge>{isContract ? 'Contract' : 'Account'}</Badge>
        </span>
      }
    >
      <dl className="pairs">
        <CopyPair name="Address" text={value.address} what="address" />
        <Pair name="Holds">
          <bdi className="figures">{value.text}</bdi>
        </Pair>
        {value.token !== null && (
          <Pair name="Token">
            <bdi>
              {value.token.name} ({value.token.symbol}), {value.token.kind.toUpperCase().replace('ERC', 'ERC-')}
            </bdi>
          </Pair>
        )}
        {isContract ? (
          <Pair name="Code">{figureText(String(value.codeBytes))} bytes</Pair>
        ) : (
          <Pair name="Sent">{figureText(String(value.nonce))} transactions</Pair>
        )}
      </dl>
    </Card>
  )
}

const perPage = 20

function TransactionsCard({ address }: { address: string }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [marks, setMarks] = useState<readonly number[]>([])
  const before = marks.at(-1)
  const news = useLedgerNews(community.id)
  const { value, failure } = useReading(
    `transactions ${community.id} ${address} ${before ?? ''}`,
    before === undefined ? news : undefined,
    (options) =>
      peerhood.explorer.accountTransactions(community.id, address, {
        limit: perPage,
        ...(before === undefined ? {} : { before }),
        ...options,
      }),
  )
  return (
    <Card title="Transactions">
      {failure !== undefined && <ProblemNote problem={failure} />}
      {value === undefined && failure === undefined && <p className="soft">Looking through the blocks…</p>}
      <ul className="rows ledger-rows" aria-label="Transactions">
        {value?.transactions.map((one) => (
          <TransactionRow key={one.hash} one={one} />
        ))}
      </ul>
      {value?.transactions.length === 0 && <p className="soft">There are none in these blocks.</p>}
      {value !== undefined && value.hidden > 0 && (
        <p className="small soft">{countText(value.hidden, 'more', 'more')} of these blocks are not shown.</p>
      )}
      {value !== undefined && <p className="small soft">{value.sentence}</p>}
      <MarksPager what="transactions" marks={marks} before={value?.before} onMarks={setMarks} />
    </Card>
  )
}
