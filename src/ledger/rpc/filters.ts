// Filters that are asked for their changes. A filter is only a place up to which its owner was told, and what it looks for; the
// changes are read from the chain when they are asked for, so a filter that nobody asks costs nothing.

import { toHex } from '../../base/bytes.ts'
import type { Cancel, Clock, Random } from '../../base/ports.ts'
import type { Chain, FoundLog } from '../chain/types.ts'
import type { Hash } from '../types.ts'
import { limitReached, refused } from './errors.ts'
import type { Hex } from './hex.ts'
import { filterChangesMax, filterIdleMs, filtersMax, logBlocksMax } from './limits.ts'
import { findLogs, type LogQuery } from './log-query.ts'
import type { PendingRing } from './pending-ring.ts'

/** `next`: the first height (or number in the ring) that its owner has not been told of. */
type Filter =
  | { readonly kind: 'blocks'; next: number; usedMs: number }
  | { readonly kind: 'pending'; next: number; usedMs: number }
  | { readonly kind: 'logs'; readonly query: LogQuery; next: number; usedMs: number }

export interface Filters {
  add(
    what: { readonly kind: 'blocks' } | { readonly kind: 'pending' } | { readonly kind: 'logs'; query: LogQuery },
  ): Hex
  /** False: there is none. */
  remove(id: string): boolean
  /** Since the last time. A long absence is told in parts, a call each. */
  changes(id: string): Promise<readonly Hash[] | readonly FoundLog[]>
  /** Of a filter for logs. */
  query(id: string): LogQuery
  close(): void
}

export interface FiltersParts {
  readonly chain: Chain
  readonly clock: Clock
  readonly random: Random
  readonly ring: PendingRing
}

const notFound = () => refused('filter not found')

export function createFilters({ chain, clock, random, ring }: FiltersParts): Filters {
  const filters = new Map<string, Filter>()
  let cancelSweep: Cancel | undefined

  /** Those that nobody asked for long go; the timer runs only while there is a filter. */
  function sweep(): void {
    const goneMs = clock.monotonicMs() - filterIdleMs
    for (const [id, filter] of filters) if (filter.usedMs <= goneMs) filters.delete(id)
    cancelSweep = filters.size > 0 ? clock.after(filterIdleMs, sweep) : undefined
  }

  function used(id: string): Filter {
    const filter = filters.get(id)
    if (filter === undefined) throw notFound()
    filter.usedMs = clock.monotonicMs()
    return filter
  }

  function blocks(filter: Filter): readonly Hash[] {
    const to = Math.min(chain.head().height, filter.next + filterChangesMax - 1)
    const hashes: Hash[] = []
    for (let height = filter.next; height <= to; height++) {
      const header = chain.header(height)
      if (header !== undefined) hashes.push(header.hash)
    }
    filter.next = Math.max(filter.next, to + 1)
    return hashes
  }

  async function logs(filter: Filter & { kind: 'logs' }): Promise<readonly FoundLog[]> {
    const from = filter.next
    const to = Math.min(chain.head().height, filter.query.toHeight ?? Number.MAX_SAFE_INTEGER, from + logBlocksMax - 1)
    if (from > to) return []
    // Taken first, so that two calls at once don't tell the same logs twice.
    filter.next = to + 1
    try {
      const found = await findLogs(chain, { ...filter.query, fromHeight: from, toHeight: to }, { partly: true })
      filter.next = Math.min(filter.next, found.nextHeight)
      return found.logs
    } catch (error) {
      filter.next = from
      throw error
    }
  }

  return {
    add(what) {
      if (filters.size >= filtersMax) sweepNow()
      if (filters.size >= filtersMax) throw limitReached(`more than ${filtersMax} filters; uninstall some of them`)
      const id: Hex = `0x${toHex(random.bytes(16))}`
      const next = what.kind === 'pending' ? ring.end : firstHeight(what, chain)
      filters.set(id, { ...what, next, usedMs: clock.monotonicMs() })
      cancelSweep ??= clock.after(filterIdleMs, sweep)
      return id
    },
    remove: (id) => filters.delete(id),
    async changes(id) {
      const filter = used(id)
      if (filter.kind === 'logs') return logs(filter)
      if (filter.kind === 'blocks') return blocks(filter)
      const { hashes, end } = ring.since(filter.next)
      filter.next = end
      return hashes
    },
    query(id) {
      const filter = used(id)
      if (filter.kind !== 'logs') throw notFound()
      return filter.query
    },
    close() {
      filters.clear()
      cancelSweep?.()
      cancelSweep = undefined
    },
  }

  function sweepNow(): void {
    cancelSweep?.()
    sweep()
  }
}

/** What is in blocks that were there before the filter is for `eth_getFilterLogs`. */
function firstHeight(what: { readonly kind: string; readonly query?: LogQuery }, chain: Chain): number {
  return Math.max(chain.head().height + 1, what.query?.fromHeight ?? 0)
}
