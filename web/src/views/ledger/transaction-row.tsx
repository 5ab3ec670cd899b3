// A transaction in a list: what it did, whose it is, and where it stands.

import type { ExplorerTransactionLine } from '../../../../src/sdk/types.ts'
import { agoText } from '../../format/core.ts'
import { useNow } from '../../store/hooks.tsx'
import { Badge } from '../../ui/parts.tsx'
import { momentText } from '../chat/core.ts'
import { useCommunity } from '../community/context.tsx'
import { figureText, ledgerHref, shortHash } from './core.ts'
import { Who } from './who.tsx'

interface TransactionRowProps {
  /** With height and time where the list is of several blocks. */
  readonly one: ExplorerTransactionLine & { readonly height?: number; readonly timeMs?: number }
}

export function TransactionRow({ one }: TransactionRowProps) {
  const { community } = useCommunity()
  const nowMs = useNow(5000)
  return (
    <li>
      <div className="row-title">
        <a href={ledgerHref(community.id, 'explorer', 'transaction', one.hash)}>
          <bdi>{one.sentence}</bdi>
        </a>
        <span className="small soft">
          by <Who address={one.from} name={one.fromName} />
          {one.height !== undefined && (
            <>
              {', block '}
              <a className="figures" href={ledgerHref(community.id, 'explorer', 'block', String(one.height))}>
                {figureText(String(one.height))}
              </a>
            </>
          )}
        </span>
      </div>
      {one.state === 'failed' && <Badge tone="bad">Failed</Badge>}
      {one.timeMs === undefined ? (
        <span className="mono small soft">{shortHash(one.hash)}</span>
      ) : (
        <span className="small soft block-time" title={momentText(one.timeMs)}>
          {agoText(one.timeMs, nowMs)}
        </span>
      )}
    </li>
  )
}
