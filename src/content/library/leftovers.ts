// Rows that a holding leaves behind: hundreds of thousands for a large share, so that deleting them at once would hold
// the thread for seconds. The holding's own row goes first, and with it the holding; these follow a few at a time. What a
// crash leaves is found at the next start. What must stay true: no new holding takes the id of one that has rows
// (holding-rows.ts chooses ids so).

import type { Database } from '../../base/database.ts'
import type { Clock, Log } from '../../base/ports.ts'
import type { BlockIndex, HoldingRow } from './block-index.ts'
import { createBreath } from './breathe.ts'
import { sweepRowsMax } from './limits.ts'

export interface LeftoverRows {
  /** Deletes some rows of a holding that is gone, at most `rowsMax`, or a page; false when there are none. */
  sweep(holding: HoldingRow, rowsMax: number): boolean
  /** Holdings that are gone and have rows. */
  leftovers(): HoldingRow[]
}

/** What each table is deleted from by: its key, since plain SQLite knows no `DELETE … LIMIT`. */
const keyOfTable: Readonly<Record<string, string>> = {
  library_files: 'id',
  library_leaves: 'file, number',
  library_stored: 'holding, digest',
  library_pages: 'holding, sequence, page',
}

export function leftoverRows(database: Database): LeftoverRows {
  const tables = Object.entries(keyOfTable).map(([table, key]) => ({
    // A page is as large as thousands of other rows.
    atOnceMax: table === 'library_pages' ? 1 : Number.POSITIVE_INFINITY,
    some: database.prepare(
      `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE holding = ? LIMIT ?)`,
    ),
    next: database.prepare(`SELECT min(holding) AS holding FROM ${table} WHERE holding > ?`),
  }))
  const known = database.prepare('SELECT 1 FROM library_holdings WHERE id = ?')
  return {
    sweep(holding, rowsMax) {
      // One that left nothing gives its id to the next, which may be here before its turn to be swept comes.
      if (known.get(holding) !== undefined) return false
      return tables.some(({ some, atOnceMax }) => Number(some.run(holding, Math.min(rowsMax, atOnceMax)).changes) > 0)
    },
    leftovers() {
      const found = new Set<HoldingRow>()
      for (const { next } of tables) {
        for (let id = next.get(-1)?.holding; typeof id === 'number'; id = next.get(id)?.holding) {
          if (known.get(id) === undefined) found.add(id)
        }
      }
      return [...found]
    },
  }
}

export interface Sweeper {
  /** Deletes the rows of a holding that is gone, by and by. */
  sweep(holding: HoldingRow): void
  /** The same for all that were left before. */
  sweepAll(): void
  /** Leaves the rest for the next start. */
  stop(): Promise<void>
}

export function createSweeper(parts: {
  readonly clock: Clock
  readonly log: Log
  readonly index: LeftoverRows & Pick<BlockIndex, 'lazily'>
}): Sweeper {
  const { clock, log, index } = parts
  let stopped = false
  let sweeping = Promise.resolve()
  const sweepOne = async (holding: HoldingRow) => {
    const breathe = createBreath(clock)
    // What a loss of power brings back is found at the next start.
    while (!stopped && index.lazily(() => index.sweep(holding, sweepRowsMax))) await breathe()
  }
  const sweep = (holding: HoldingRow) => {
    sweeping = sweeping
      .then(() => sweepOne(holding))
      .catch((error: unknown) => log.warn('leftover_rows', { message: String(error) }))
  }
  return {
    sweep,
    sweepAll: () => index.leftovers().forEach(sweep),
    async stop() {
      stopped = true
      await sweeping
    },
  }
}
