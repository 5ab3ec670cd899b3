// What came and went, newest first, with what waits on top.

import { useState } from 'react'
import type { Movement } from '../../../../src/sdk/types.ts'
import { agoText } from '../../format/core.ts'
import { useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { MarksPager } from '../../ui/pager.tsx'
import { Badge, Card, ProblemNote } from '../../ui/parts.tsx'
import { momentText } from '../chat/core.ts'
import { useCommunity } from '../community/context.tsx'
import { ledgerHref } from './core.ts'
import { useLedgerNews } from './hooks.ts'

const perPage = 25

export function HistoryCard({ account }: { account: number }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [marks, setMarks] = useState<readonly string[]>([])
  const before = marks.at(-1)
  const news = useLedgerNews(community.id)
  const nowMs = useNow(5000)
  const { value, failure } = useReading(
    `history ${community.id} ${account} ${before ?? ''}`,
    before === undefined ? `${news} ${nowMs}` : undefined,
    (options) =>
      peerhood.wallet.history(community.id, {
        account,
        limit: perPage,
        ...(before === undefined ? {} : { before }),
        ...options,
      }),
  )
  return (
    <Card title="History">
      {failure !== undefined && <ProblemNote problem={failure} />}
      {value?.movements.length === 0 && <p className="soft">Nothing came or went yet.</p>}
      <ul className="rows ledger-rows" aria-label="History">
        {value?.movements.map((one) => (
          <MovementRow key={one.id} one={one} nowMs={nowMs} />
        ))}
      </ul>
      {value !== undefined && <p className="small soft">{value.sentence}</p>}
      <MarksPager what="the history" marks={marks} before={value?.before} onMarks={setMarks} />
    </Card>
  )
}

const icons: Readonly<Record<Movement['direction'], IconName>> = { in: 'in', out: 'out', self: 'reply', none: 'ledger' }

function MovementRow({ one, nowMs }: { one: Movement; nowMs: number }) {
  const { community } = useCommunity()
  const tone = one.state === 'failed' ? 'bad' : one.state === 'waiting' ? 'warn' : undefined
  return (
    <li>
      <span className={`movement-icon movement-${one.state === 'failed' ? 'none' : one.direction}`}>
        <Icon name={icons[one.direction]} size={18} />
      </span>
      <a
        className="row-title movement-line"
        href={ledgerHref(community.id, 'explorer', 'transaction', one.transaction)}
      >
        <bdi>{one.sentence}</bdi>
        <span className="small soft" title={momentText(one.timeMs)}>
          {agoText(one.timeMs, nowMs)}
          {one.height !== null && `, block ${one.height.toLocaleString('en')}`}
        </span>
      </a>
      {tone !== undefined && <Badge tone={tone}>{one.state === 'failed' ? 'Failed' : 'Waits for a block'}</Badge>}
    </li>
  )
}
