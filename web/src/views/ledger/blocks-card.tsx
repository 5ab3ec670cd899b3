// Blocks, newest first, and one of them with its transactions in words.

import { useState } from 'react'
import type { ExplorerBlockLine, ExplorerTransactionLine } from '../../../../src/sdk/types.ts'
import { agoText, bytesText, countText } from '../../format/core.ts'
import { useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { MarksPager } from '../../ui/pager.tsx'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { momentText } from '../chat/core.ts'
import { useCommunity } from '../community/context.tsx'
import { figureText, ledgerHref, shortHash } from './core.ts'
import { useLedgerNews } from './hooks.ts'
import { TransactionRow } from './transaction-row.tsx'
import { Who } from './who.tsx'

const perPage = 20

export function BlocksCard() {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [marks, setMarks] = useState<readonly number[]>([])
  const before = marks.at(-1)
  const news = useLedgerNews(community.id)
  const nowMs = useNow()
  const { value, failure } = useReading(
    `blocks ${community.id} ${before ?? ''}`,
    before === undefined ? `${news} ${nowMs}` : undefined,
    (options) =>
      peerhood.explorer.blocks(community.id, {
        limit: perPage,
        ...(before === undefined ? {} : { before }),
        ...options,
      }),
  )
  return (
    <Card title="Blocks">
      {failure !== undefined && <ProblemNote problem={failure} />}
      {value === undefined && failure === undefined && <p className="soft">Reading…</p>}
      <ul className="rows ledger-rows" aria-label="Blocks">
        {value?.blocks.map((block) => (
          <BlockRow key={block.hash} block={block} nowMs={nowMs} />
        ))}
      </ul>
      <MarksPager what="blocks" marks={marks} before={value?.before} onMarks={setMarks} />
    </Card>
  )
}

function BlockRow({ block, nowMs }: { block: ExplorerBlockLine; nowMs: number }) {
  const { community } = useCommunity()
  const fill = Number((BigInt(block.gasUsed) * 100n) / BigInt(block.gasLimit === '0' ? '1' : block.gasLimit))
  return (
    <li>
      <a className="block-number figures" href={ledgerHref(community.id, 'explorer', 'block', String(block.height))}>
        {figureText(String(block.height))}
      </a>
      <div className="row-title">
        <span>{blockText(block)}</span>
        {block.height > 0 && (
          <span className="small soft">
            by <Who address={block.proposer} name={block.proposerName} />
          </span>
        )}
      </div>
      <meter
        className="block-fill"
        min={0}
        max={100}
        value={fill}
        title={`${fill} % full`}
        aria-label={`${fill} percent full`}
      />
      <span className="small soft block-time" title={momentText(block.timeMs)}>
        {agoText(block.timeMs, nowMs)}
      </span>
    </li>
  )
}

function blockText({ height, transactions }: ExplorerBlockLine): string {
  if (transactions > 0) return countText(transactions, 'transaction')
  return height === 0 ? 'The founding' : 'Empty'
}

export function BlockCard({ at }: { at: string }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { value: block, failure } = useReading(`block ${community.id} ${at}`, undefined, (options) =>
    peerhood.explorer.block(community.id, at, options),
  )
  if (failure !== undefined) return <ProblemNote problem={failure} />
  if (block === undefined) return <p className="soft">Reading…</p>
  return (
    <Card
      title={`Block ${figureText(String(block.height))}`}
      actions={
        <div className="actions">
          {block.height > 0 && (
            <ButtonLink href={ledgerHref(community.id, 'explorer', 'block', String(block.height - 1))}>
              Before
            </ButtonLink>
          )}
          <ButtonLink href={ledgerHref(community.id, 'explorer', 'block', String(block.height + 1))}>After</ButtonLink>
        </div>
      }
    >
      <dl className="pairs">
        <Pair name="Time">{momentText(block.timeMs)}</Pair>
        <Pair name="Proposed by">
          <Who address={block.proposer} name={block.proposerName} />
        </Pair>
        <Pair name="Gas">
          <span className="figures">
            {figureText(block.gasUsed)} of {figureText(block.gasLimit)}
          </span>
        </Pair>
        {block.bytes !== null && <Pair name="Size">{bytesText(block.bytes)}</Pair>}
        <CopyPair name="Hash" text={block.hash} what="hash" shown={shortHash(block.hash)} />
        <CopyPair name="State root" text={block.stateRoot} what="state root" shown={shortHash(block.stateRoot)} />
      </dl>
      <h3>{block.transactions === 0 ? 'No transactions' : countText(block.transactions, 'transaction')}</h3>
      <TransactionList list={block.list} />
      {block.list.length < block.transactions && (
        <p className="small soft">{countText(block.transactions - block.list.length, 'more', 'more')} are not shown.</p>
      )}
    </Card>
  )
}

function TransactionList({ list }: { list: readonly ExplorerTransactionLine[] }) {
  if (list.length === 0) return null
  return (
    <ul className="rows ledger-rows" aria-label="Transactions">
      {list.map((one) => (
        <TransactionRow key={one.hash} one={one} />
      ))}
    </ul>
  )
}
