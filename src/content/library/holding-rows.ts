// The rows of `library_holdings` and `library_pages` as typed values. Secrets and signing keys stay in here and in the
// home folder; nothing of them is logged.

import type { Database, SqlValue } from '../../base/database.ts'
import {
  asAccessKey,
  asDiscoveryKey,
  asShareKey,
  asShareSecret,
  deriveKeys,
  type ShareKeys,
  shareIdOf,
} from '../format/keys.ts'
import { decodeMeta, encodeMeta } from '../format/meta.ts'
import type { AccessKey, DiscoveryKey, ShareId, VersionMeta } from '../types.ts'
import type { HoldingRow } from './block-index.ts'

export type Origin = 'own' | 'fetched' | 'kept'

/** One holding as the database has it. */
export interface HoldingFacts extends ShareKeys {
  readonly id: HoldingRow
  readonly origin: Origin
  /** Own and partial: it is scanned, and its files' rows may be ahead of its version. */
  readonly state: 'partial' | 'done'
  readonly shareId: ShareId
  readonly access: AccessKey
  readonly discovery: DiscoveryKey
  readonly signingSeed: Uint8Array | undefined
  /** Own: what is shared; fetched: the final file or folder. */
  readonly path: string | undefined
  /** Fetched: the folder that was asked for. */
  readonly target: string | undefined
  /** Fetched: the working folder, while there is one. */
  readonly work: string | undefined
  readonly only: string | undefined
  /** Fetched and partial: the done holding that it updates. Kept and partial: itself, when it has been done before. */
  readonly replaces: HoldingRow | undefined
  /** Fetched: files may have their final names already. */
  readonly installing: boolean
  readonly recordBytes: Uint8Array | undefined
  /** 0 before the first version. */
  readonly sequence: number
  readonly meta: VersionMeta | undefined
  /** Packed bits of the blocks that are here; undefined: all. */
  readonly have: Uint8Array | undefined
  readonly createdMs: number
  readonly updatedMs: number
}

export type NewHolding = Omit<HoldingFacts, 'id' | 'shareId'>

/** What may change of a holding. */
export type HoldingPatch = Partial<
  Pick<
    HoldingFacts,
    | 'state'
    | 'path'
    | 'work'
    | 'only'
    | 'replaces'
    | 'installing'
    | 'recordBytes'
    | 'sequence'
    | 'meta'
    | 'have'
    | 'updatedMs'
  >
>

/** A page of the list of blocks of one version. */
export interface PagePlace {
  readonly holding: HoldingRow
  readonly sequence: number
  readonly page: number
}

export interface HoldingRows {
  all(): HoldingFacts[]
  get(id: HoldingRow): HoldingFacts | undefined
  ofShare(share: ShareId): HoldingFacts[]
  insert(holding: NewHolding): HoldingFacts
  update(id: HoldingRow, patch: HoldingPatch): HoldingFacts
  /** The row alone; what else it has is deleted by a `Sweeper` after. */
  remove(id: HoldingRow): void
  page(place: PagePlace): Uint8Array | undefined
  putPage(place: PagePlace, bytes: Uint8Array): void
  /** Deletes a page of a holding that is of another version; false when there was none. */
  dropPageBut(id: HoldingRow, sequence: number): boolean
}

const columns = [
  'origin',
  'state',
  'share',
  'visibility',
  'share_key',
  'access',
  'discovery',
  'secret',
  'signing_key',
  'path',
  'target',
  'work',
  'only_pattern',
  'replaces',
  'installing',
  'record',
  'sequence',
  'meta',
  'have',
  'created_ms',
  'updated_ms',
]

/** Each answered from the end of an index. */
const idSources = [
  'SELECT max(id) FROM library_holdings',
  ...['library_files', 'library_leaves', 'library_stored', 'library_pages'].map(
    (table) => `SELECT max(holding) FROM ${table}`,
  ),
]

export function createHoldingRows(database: Database): HoldingRows {
  const all = database.prepare('SELECT * FROM library_holdings ORDER BY id')
  const one = database.prepare('SELECT * FROM library_holdings WHERE id = ?')
  const ofShare = database.prepare('SELECT * FROM library_holdings WHERE share = ? ORDER BY id')
  // No id of a holding whose rows are still being deleted (leftovers.ts).
  const nextId = database.prepare(`SELECT 1 + max(${idSources.map((source) => `ifnull((${source}), 0)`)}) AS id`)
  const insert = database.prepare(
    `INSERT INTO library_holdings (id, ${columns.join(', ')}) VALUES (?, ${columns.map(() => '?').join(', ')})`,
  )
  const update = database.prepare(
    `UPDATE library_holdings SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE id = ?`,
  )
  const remove = database.prepare('DELETE FROM library_holdings WHERE id = ?')
  const get = (id: HoldingRow) => {
    const row = one.get(id)
    return row === undefined ? undefined : toFacts(row)
  }
  return {
    all: () => all.all().map(toFacts),
    get,
    ofShare: (share) => ofShare.all(share).map(toFacts),
    insert(holding) {
      const id = Number(nextId.get()?.id)
      insert.run(id, ...toValues(holding))
      return { ...holding, id, shareId: shareIdOf(holding.share) }
    },
    update(id, patch) {
      const before = get(id)
      if (before === undefined) throw new Error(`assertion failed: holding ${id} is gone`)
      const after = { ...before, ...patch }
      update.run(...toValues(after), id)
      return after
    },
    remove: (id) => void remove.run(id),
    ...pageRows(database),
  }
}

function pageRows(database: Database): Pick<HoldingRows, 'page' | 'putPage' | 'dropPageBut'> {
  const one = database.prepare('SELECT bytes FROM library_pages WHERE holding = ? AND sequence = ? AND page = ?')
  const put = database.prepare(
    'INSERT OR REPLACE INTO library_pages (holding, sequence, page, bytes) VALUES (?, ?, ?, ?)',
  )
  const drop = database.prepare(
    `DELETE FROM library_pages WHERE (holding, sequence, page) IN
     (SELECT holding, sequence, page FROM library_pages WHERE holding = ? AND sequence <> ? LIMIT 1)`,
  )
  return {
    page: ({ holding, sequence, page }) => asBytes(one.get(holding, sequence, page)?.bytes),
    putPage: ({ holding, sequence, page }, bytes) => void put.run(holding, sequence, page, bytes),
    dropPageBut: (id, sequence) => Number(drop.run(id, sequence).changes) > 0,
  }
}

/** The derived keys of a share that is new to this computer. */
export function keysOf(keys: ShareKeys): Pick<HoldingFacts, 'access' | 'discovery' | 'shareId'> {
  return { ...deriveKeys(keys), shareId: shareIdOf(keys.share) }
}

function toValues(holding: NewHolding): SqlValue[] {
  return [
    holding.origin,
    holding.state,
    shareIdOf(holding.share),
    holding.visibility,
    holding.share,
    holding.access,
    holding.discovery,
    holding.secret ?? null,
    holding.signingSeed ?? null,
    holding.path ?? null,
    holding.target ?? null,
    holding.work ?? null,
    holding.only ?? null,
    holding.replaces ?? null,
    holding.installing ? 1 : 0,
    holding.recordBytes ?? null,
    holding.sequence,
    holding.meta === undefined ? null : encodeMeta(holding.meta),
    holding.have ?? null,
    wholeMs(holding.createdMs),
    wholeMs(holding.updatedMs),
  ]
}

function toFacts(row: Record<string, SqlValue>): HoldingFacts {
  const share = asShareKey(asBytes(row.share_key) ?? new Uint8Array())
  const secret = asBytes(row.secret)
  const meta = asBytes(row.meta)
  return {
    id: Number(row.id),
    origin: row.origin as Origin,
    state: row.state as HoldingFacts['state'],
    share,
    shareId: shareIdOf(share),
    visibility: row.visibility as HoldingFacts['visibility'],
    access: asAccessKey(asBytes(row.access) ?? new Uint8Array()),
    discovery: asDiscoveryKey(asBytes(row.discovery) ?? new Uint8Array()),
    secret: secret === undefined ? undefined : asShareSecret(secret),
    signingSeed: asBytes(row.signing_key),
    path: asText(row.path),
    target: asText(row.target),
    work: asText(row.work),
    only: asText(row.only_pattern),
    replaces: typeof row.replaces === 'number' ? row.replaces : undefined,
    installing: row.installing === 1,
    recordBytes: asBytes(row.record),
    sequence: Number(row.sequence),
    meta: meta === undefined ? undefined : decodeMeta(meta),
    have: asBytes(row.have),
    createdMs: Number(row.created_ms),
    updatedMs: Number(row.updated_ms),
  }
}

/** Clocks may give fractions, and times before 1970. */
function wholeMs(timeMs: number): number {
  return Math.max(0, Math.round(timeMs))
}

function asBytes(value: SqlValue | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

function asText(value: SqlValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
