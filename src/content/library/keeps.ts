// Kept copies of this computer: opened at a start, begun for a link, brought to newer versions, removed.

import { equalBytes } from '../../base/bytes.ts'
import type { Clock, Log } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import { formatErrors } from '../format/errors.ts'
import { shareIdOf } from '../format/keys.ts'
import { openMeta } from '../format/meta.ts'
import { openRecord } from '../format/record.ts'
import { createSealer } from '../format/seal.ts'
import type { Holding, Library, ShareId, ShareLink, VersionMeta, VersionRecord } from '../types.ts'
import type { BlockFiles } from './block-files.ts'
import type { BlockIndex, HoldingRow } from './block-index.ts'
import type { Committer } from './committer.ts'
import { libraryErrors } from './errors.ts'
import type { HoldingFacts, HoldingRows } from './holding-rows.ts'
import { KeptHolding, type KeptParts } from './kept-holding.ts'
import type { Registry } from './registry.ts'

export interface Keeps {
  start(): Promise<void>
  stop(): Promise<void>
  open(request: Parameters<Library['openKept']>[0]): Promise<Holding>
  remove(facts: HoldingFacts): Promise<void>
  /** Removes the copy of a share unless a version of it has been complete. */
  discard(share: ShareId): Promise<void>
  holding(row: HoldingRow): KeptHolding | undefined
}

export interface KeepsParts {
  readonly clock: Clock
  readonly log: Log
  readonly index: BlockIndex
  readonly rows: HoldingRows
  readonly registry: Registry
  readonly committer: Committer
  readonly blockFiles: BlockFiles
  /** Deletes what else a holding has in the database, its row being gone. */
  readonly sweep: (holding: HoldingRow) => void
}

export function createKeeps(parts: KeepsParts): Keeps {
  const { rows, registry, blockFiles, clock, log, sweep } = parts
  const holdings = new Map<HoldingRow, KeptHolding>()
  const keptParts: KeptParts = {
    ...parts,
    onComplete: ({ facts }) =>
      void rows.update(facts.id, { state: 'done', replaces: undefined, updatedMs: clock.nowMs() }),
  }
  const serve = async (facts: HoldingFacts) => {
    const holding = new KeptHolding(facts, keptParts)
    await holding.open()
    holdings.set(facts.id, holding)
    registry.add(holding, 'kept')
    return holding
  }
  const close = async (holding: KeptHolding) => {
    holdings.delete(holding.facts.id)
    await holding.supersede()
    registry.remove(holding)
  }
  const remove = async (facts: HoldingFacts) => {
    const live = holdings.get(facts.id)
    if (live !== undefined) await close(live)
    await blockFiles.removeAll(facts.shareId)
    rows.remove(facts.id)
    sweep(facts.id)
  }
  const open = async ({ link, recordBytes }: Parameters<Library['openKept']>[0]) => {
    const record = openLinkedRecord(link, recordBytes)
    const known = rows.ofShare(shareIdOf(link.share)).find((facts) => facts.origin === 'kept')
    if (known === undefined) return serve(rows.insert(newKept(parts, link, record, recordBytes)))
    const live = holdings.get(known.id)
    refuseOlder(known, record, recordBytes)
    if (known.sequence === record.sequence) return live ?? serve(known)
    if (live !== undefined) await close(live)
    const meta = publicMeta(record)
    // A copy is updated in its own row, which then says that it has been complete before.
    const replaces = known.state === 'done' ? known.id : known.replaces
    return serve(rows.update(known.id, { recordBytes, sequence: record.sequence, state: 'partial', replaces, meta }))
  }
  const discard = async (share: ShareId) => {
    const kept = rows.ofShare(share).find((facts) => facts.origin === 'kept')
    if (kept?.state === 'partial' && kept.replaces === undefined) await remove(kept)
  }
  // A row has one holding: who asks for the same share at the same time gets that one.
  const inTurn = createTurns(1)
  return {
    async start() {
      for (const facts of rows.all()) {
        if (facts.origin !== 'kept') continue
        // One damaged row keeps nobody from the others.
        await serve(facts).catch((error: unknown) => {
          log.error('kept_share_damaged', { share: facts.shareId, message: String(error) })
        })
      }
    },
    stop: () =>
      inTurn(async () => {
        for (const holding of holdings.values()) {
          await holding.close()
          registry.remove(holding)
        }
        holdings.clear()
      }),
    open: (request) => inTurn(() => open(request)),
    remove: (facts) => inTurn(() => remove(facts)),
    discard: (share) => inTurn(() => discard(share)),
    holding: (row) => holdings.get(row),
  }
}

function newKept(
  { clock }: KeepsParts,
  link: ShareLink,
  record: VersionRecord,
  recordBytes: Uint8Array,
): Parameters<HoldingRows['insert']>[0] {
  const nowMs = clock.nowMs()
  return {
    origin: 'kept',
    state: 'partial',
    share: link.share,
    visibility: link.visibility,
    access: link.access,
    discovery: link.discovery,
    // Even from a full link: who keeps a copy for others does not need to read it.
    secret: undefined,
    signingSeed: undefined,
    path: undefined,
    target: undefined,
    work: undefined,
    only: undefined,
    replaces: undefined,
    installing: false,
    recordBytes,
    sequence: record.sequence,
    meta: publicMeta(record),
    have: undefined,
    createdMs: nowMs,
    updatedMs: nowMs,
  }
}

function publicMeta(record: VersionRecord): VersionMeta | undefined {
  if (record.visibility === 'private') return undefined
  return openMeta(record.meta, createSealer({ share: record.share, visibility: 'public', secret: undefined }))
}

/** The record, checked against the link that led to it. Throws `record_not_trusted`, `record_malformed`. */
export function openLinkedRecord(link: ShareLink, recordBytes: Uint8Array): VersionRecord {
  const record = openRecord(recordBytes, link.share)
  if (record.visibility === link.visibility) return record
  throw formatErrors.record_not_trusted(`The link is to a ${link.visibility} share, the record says otherwise.`)
}

/** Throws `record_outdated` when what is known is newer, or another of the same number. */
export function refuseOlder(known: HoldingFacts, record: VersionRecord, recordBytes: Uint8Array): void {
  const isSame = known.recordBytes !== undefined && equalBytes(known.recordBytes, recordBytes)
  if (known.sequence < record.sequence || isSame) return
  throw libraryErrors.record_outdated(`Version ${known.sequence} is here already; this is ${record.sequence}.`)
}
