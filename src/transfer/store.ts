// Transfers in SQLite: one row each, read once at the start, written when something that matters changes. A row that
// can't be read is dropped and named in the log; it never keeps the others from starting.

import { type Database, migrate, type SqlValue } from '../base/database.ts'
import { type ErrorKind, exitCodeOfKind, isPeerhoodError, PeerhoodError } from '../base/errors.ts'
import type { Log } from '../base/ports.ts'
import type { ShareId } from '../content/types.ts'
import { transferSchemaSteps } from './schema.ts'
import type { TransferId } from './types.ts'

/** What is last known of a transfer's content; shown while nothing newer is. */
export interface Summary {
  readonly name: string | undefined
  readonly kind: 'file' | 'folder' | undefined
  readonly path: string | undefined
  readonly bytes: number
  readonly bytesDone: number
  readonly bytesReused: number
  readonly files: number
  readonly filesDone: number
  readonly blocks: number
  readonly blocksDone: number
}

export interface TransferRow {
  readonly id: TransferId
  readonly shareId: ShareId
  readonly link: string
  readonly mode: 'get' | 'keep'
  readonly to: string
  readonly only: string | undefined
  state: 'running' | 'paused' | 'done' | 'failed' | 'cancelled'
  /** The signed record of the version being fetched. */
  record: Uint8Array | undefined
  readonly startedMs: number
  endedMs: number | undefined
  /** Time spent while not paused. */
  activeMs: number
  summary: Summary
  problem: PeerhoodError | undefined
}

export interface TransferStore {
  load(): TransferRow[]
  save(row: TransferRow): void
  delete(id: TransferId): void
}

export const emptySummary: Summary = {
  name: undefined,
  kind: undefined,
  path: undefined,
  bytes: 0,
  bytesDone: 0,
  bytesReused: 0,
  files: 0,
  filesDone: 0,
  blocks: 0,
  blocksDone: 0,
}

export function createTransferStore(database: Database, log: Log): TransferStore {
  migrate(database, 'transfer', transferSchemaSteps)
  const insert = database.prepare('INSERT OR REPLACE INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM transfers WHERE id = ?')
  const select = database.prepare('SELECT * FROM transfers ORDER BY started_ms, id')
  return {
    load() {
      return select.all().flatMap((raw) => {
        try {
          return [readRow(raw)]
        } catch (cause) {
          const { id = null } = raw
          log.error('transfer_row_damaged', { id, message: String(cause) })
          remove.run(id)
          return []
        }
      })
    },
    save(row) {
      insert.run(
        row.id,
        row.shareId,
        row.link,
        row.mode,
        row.to,
        row.only ?? null,
        row.state,
        row.record ?? null,
        row.startedMs,
        row.endedMs ?? null,
        Math.round(row.activeMs),
        JSON.stringify(row.summary),
        row.problem === undefined ? null : JSON.stringify(problemToJson(row.problem)),
      )
    },
    delete(id) {
      remove.run(id)
    },
  }
}

function readRow(raw: Record<string, SqlValue>): TransferRow {
  const text = (name: string) => (typeof raw[name] === 'string' ? raw[name] : undefined)
  const number = (name: string) => (raw[name] === null ? undefined : Number(raw[name]))
  const { id, share_id, link, mode, destination, state, record, summary } = raw
  const problem = text('problem')
  return {
    id: String(id) as TransferId,
    shareId: String(share_id) as ShareId,
    link: String(link),
    mode: mode === 'keep' ? 'keep' : 'get',
    to: String(destination),
    only: text('pattern'),
    state: String(state) as TransferRow['state'],
    record: record instanceof Uint8Array ? record : undefined,
    startedMs: number('started_ms') ?? 0,
    endedMs: number('ended_ms'),
    activeMs: number('active_ms') ?? 0,
    summary: { ...emptySummary, ...(JSON.parse(String(summary)) as Partial<Summary>) },
    problem: problem === undefined ? undefined : problemFromJson(JSON.parse(problem)),
  }
}

function problemToJson({ code, kind, message, hint }: PeerhoodError) {
  return { code, kind, message, hint }
}

function problemFromJson(value: unknown): PeerhoodError | undefined {
  if (isPeerhoodError(value)) return value
  const { code, kind, message, hint } = value as Record<string, unknown>
  const known = typeof kind === 'string' && kind in exitCodeOfKind ? (kind as ErrorKind) : 'internal'
  return new PeerhoodError(String(code), { kind: known, hint: String(hint) }, String(message))
}
