// One transaction: what it did in words, what moved, what it cost, and all that stands in it.

import type { ExplorerEvent, ExplorerTransaction } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { CopyPair, Pair } from '../../ui/pairs.tsx'
import { Badge, Card, Note, ProblemNote } from '../../ui/parts.tsx'
import { momentText } from '../chat/core.ts'
import { useCommunity } from '../community/context.tsx'
import { figureText, ledgerHref, shortHash } from './core.ts'
import { useLedgerNews } from './hooks.ts'
import { Who } from './who.tsx'

const states = {
  waiting: { tone: 'warn', text: 'Waits for a block' },
  done: { tone: 'good', text: 'Final' },
  failed: { tone: 'bad', text: 'Failed' },
} as const

export function TransactionCard({ hash }: { hash: string }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const news = useLedgerNews(community.id)
  const { value, failure } = useReading(`transaction ${community.id} ${hash}`, news, (options) =>
    peerhood.explorer.transaction(community.id, hash, options),
  )
  if (value === undefined)
    return failure === undefined ? <p className="soft">Reading…</p> : <ProblemNote problem={failure} />
  return <TransactionWords one={value} />
}

function TransactionWords({ one }: { one: ExplorerTransaction }) {
  const { community } = useCommunity()
  const state = states[one.state]
  return (
    <Card title="Transaction" actions={<Badge tone={state.tone}>{state.text}</Badge>}>
      <div className="stack">
        <p className="request-sentence">
          <bdi>{one.sentence}</bdi>
        </p>
        {one.trust === 'unchecked' && (
          <Note tone="warn" title="Nobody checked the ABI that names this function: it may be named to mislead." />
        )}
        {one.reason !== null && <Note tone="bad" title={`Why it failed: ${one.reason}.`} />}
        {one.moved.length > 0 && (
          <ul className="request-changes" aria-label="What moved">
            {one.moved.map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two of them may read the same; their place is their meaning
              <li key={at} className="change">
                <bdi>{line}</bdi>
              </li>
            ))}
          </ul>
        )}
        <dl className="pairs">
          <Pair name="By">
            <Who address={one.from} name={one.fromName} />
          </Pair>
          {one.to !== null && (
            <Pair name="To">
              <Who address={one.to} name={one.toName} />
            </Pair>
          )}
          {one.created !== null && (
            <Pair name="Created">
              <Who address={one.created} name={null} />
            </Pair>
          )}
          {one.timeMs !== null && <Pair name="Time">{momentText(one.timeMs)}</Pair>}
          {one.height !== null && (
            <Pair name="Block">
              <a className="figures" href={ledgerHref(community.id, 'explorer', 'block', String(one.height))}>
                {figureText(String(one.height))}
              </a>
            </Pair>
          )}
          {one.fee !== null && <Pair name="Fee">{one.fee}</Pair>}
          <Pair name="Gas">
            <span className="figures">
              {one.gasUsed === null
                ? `at most ${figureText(one.gasLimit)}`
                : `${figureText(one.gasUsed)} of ${figureText(one.gasLimit)}`}
            </span>
          </Pair>
          <Pair name="Number">
            <span className="figures">
              {one.nonce} of this account, type {one.type}
            </span>
          </Pair>
          <CopyPair name="Hash" text={one.hash} what="hash" shown={shortHash(one.hash)} />
        </dl>
        <Events events={one.events} count={one.logs} />
        <details className="get-options">
          <summary>All that stands in it</summary>
          <dl className="request-lines">
            {one.lines.map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity; their place is their meaning
              <div key={at} className={`request-depth-${Math.min(line.depth, 4)}`}>
                <dt>{line.label}</dt>
                <dd>
                  <bdi>{line.value}</bdi>
                </dd>
              </div>
            ))}
            {one.input !== '0x' && (
              <div>
                <dt>As it is</dt>
                <dd className="mono request-raw">{one.input}</dd>
              </div>
            )}
          </dl>
        </details>
      </div>
    </Card>
  )
}

/** What contracts wrote down, by the names of their source where it was checked. */
function Events({ events, count }: { events: readonly ExplorerEvent[]; count: number }) {
  if (count === 0) return null
  return (
    <details className="get-options" open={events.some(({ trust }) => trust === 'checked' || trust === 'unchecked')}>
      <summary>{countText(count, 'event')}</summary>
      <ul className="ledger-events" aria-label="Events">
        {events.map((one, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two events may be the same; their place is their meaning
          <li key={at}>
            <p className="ledger-event-head">
              <strong>{one.signature?.split('(')[0] ?? 'Unknown event'}</strong>
              <span className="small soft">
                of <Who address={one.address} name={one.name} />
              </span>
              {one.trust === 'unchecked' && <Badge tone="warn">ABI not checked</Badge>}
            </p>
            <dl className="request-lines">
              {one.lines.map((line, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity; their place is their meaning
                <div key={place}>
                  <dt>{line.label}</dt>
                  <dd>
                    <bdi>{line.value}</bdi>
                  </dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
      {events.length < count && (
        <p className="small soft">{countText(count - events.length, 'more', 'more')} are not shown.</p>
      )}
    </details>
  )
}
