// Shares, for the API: own ones (scanned here), fetched and kept ones (from the library), one list of them all, with who
// fetches them now and the links to hand on. Changes are told as they come, scans a few times a second.

import type { Event, File, Share } from '../../api/schemas.ts'
import type { DaemonServices } from '../../api/services.ts'
import type { Cancel, Clock } from '../../base/ports.ts'
import { itemsPerStep, runStepsBreathing } from '../../content/format/steps.ts'
import { createBreath } from '../../content/library/breathe.ts'
import { libraryErrors } from '../../content/library/errors.ts'
import type { LibraryService } from '../../content/library/library.ts'
import type { OwnShare, ShareFacts } from '../../content/library/share-view.ts'
import type { ShareService } from '../../content/library/shares.ts'
import type { FileEntry, ReadableHolding, ShareId } from '../../content/types.ts'
import type { Copies } from '../../copies/types.ts'
import type { Network, PeerAddress } from '../../network/types.ts'
import type { TransferService } from '../../transfer/types.ts'
import { nodeErrors } from '../errors.ts'
import { createLatest } from '../latest.ts'
import { shareEventEveryMs } from '../limits.ts'
import type { Uploads } from '../uploads.ts'
import { shareToApi } from '../views.ts'
import {
  entryToApi,
  type FileServices,
  findEntry,
  layoutOf,
  type NamedEntry,
  nameEntrySteps,
  readHeld,
} from './files.ts'

export interface ShareParts {
  readonly clock: Clock
  readonly network: Network
  readonly library: LibraryService
  readonly shares: ShareService
  readonly transfers: TransferService
  readonly uploads: Uploads
  readonly copies: Copies
  readonly emit: (event: Event) => void
}

type ShareCalls = Pick<
  DaemonServices,
  'shares' | 'share' | 'addShare' | 'removeShare' | 'shareFiles' | 'beginUpload' | 'writeUpload' | 'cancelUpload'
>

export interface ShareServices extends FileServices {
  readonly calls: ShareCalls
  count(): number
  /** Tells of every change from now on. */
  follow(): Cancel
}

export function createShareServices(parts: ShareParts): ShareServices {
  const { library, shares, uploads } = parts
  const view = (id: string) => viewOf(parts, id as ShareId)
  const calls: ShareCalls = {
    shares: () => [...shares.list(), ...library.facts()].map((facts) => toApi(parts, facts)),
    share: view,
    async addShare(request) {
      const add = (path: string) => shares.add(path, { visibility: request.public ? 'public' : 'private' })
      if (request.upload !== undefined) return toApi(parts, await uploads.finish(request.upload, add))
      if (request.path === undefined) throw nodeErrors.request_malformed('Neither a path nor an upload was given.')
      return toApi(parts, await add(request.path))
    },
    async removeShare(id) {
      if (!shares.has(id as ShareId)) {
        parts.copies.decline(id as ShareId)
        return library.removeHolding(id as ShareId)
      }
      await shares.remove(id as ShareId)
      await uploads.clear()
    },
    async shareFiles(id) {
      const { holding, name } = readableHolding(parts, id)
      return listFiles(parts, holding, await layoutOf(holding), name)
    },
    beginUpload: () => uploads.begin(),
    writeUpload: (id, path, body, options) => uploads.write(id, path, body, options),
    cancelUpload: (id) => uploads.cancel(id),
  }
  return {
    calls,
    count: () => shares.list().length + library.facts().length,
    follow: () => followShares(parts, view),
    async file(id, path) {
      const { holding, name } = readableHolding(parts, id)
      const named = findEntry(await layoutOf(holding), name, path)
      return entryToApi(named, progressOf(holding, named))
    },
    async *open(id, path, range, signal) {
      const { holding, name } = readableHolding(parts, id)
      yield* readHeld(holding, findEntry(await layoutOf(holding), name, path).entry, range, signal)
    },
  }
}

/** Throws `share_unknown`. */
function viewOf(parts: ShareParts, id: ShareId): Share {
  const { library, shares } = parts
  const facts = shares.has(id) ? shares.get(id) : library.factsOf(id)
  if (facts === undefined) throw libraryErrors.share_unknown('This computer has no share of that id.')
  return toApi(parts, facts)
}

function toApi(parts: ShareParts, facts: OwnShare | ShareFacts): Share {
  const { network, library, shares, transfers, copies } = parts
  const self: PeerAddress = { peerId: network.self, addresses: network.addresses() }
  const hasVersion = facts.sequence > 0
  const peers = [self, ...copies.holders(facts.id)]
  const links = hasVersion ? (shares.has(facts.id) ? shares : library).link(facts.id, peers) : undefined
  return shareToApi(facts, links, transfers.upload(facts.id))
}

/** All files of a share, with pauses where it has very many. */
async function listFiles(
  { clock }: ShareParts,
  holding: ReadableHolding,
  layout: readonly FileEntry[],
  name: string,
): Promise<File[]> {
  const breathe = createBreath(clock)
  const files: File[] = []
  for (const named of (await runStepsBreathing(nameEntrySteps(layout, name), breathe)).values()) {
    files.push(entryToApi(named, progressOf(holding, named)))
    if (files.length % itemsPerStep === 0) await breathe()
  }
  return files
}

/** What can be listed and read of a share. Throws `share_unknown`, `share_not_readable`, `file_not_here`. */
function readableHolding(parts: ShareParts, id: string) {
  const view = viewOf(parts, id as ShareId)
  const holding = parts.library.byShare(id as ShareId) as ReadableHolding | undefined
  if (holding === undefined) throw nodeErrors.file_not_here('The share is not ready yet, or its files are gone.')
  if (!('readLeaf' in holding)) throw nodeErrors.share_not_readable('This share can be kept here, but not read.')
  return { holding, name: view.name ?? id }
}

function progressOf(holding: ReadableHolding, { entry }: NamedEntry) {
  if (holding.complete) return { bytesDone: entry.bytes, wanted: true }
  const leaves = new Set(entry.leaves)
  const here = [...leaves].filter((leaf) => holding.have.has(leaf)).length
  const bytesDone = leaves.size === 0 ? entry.bytes : Math.floor((entry.bytes * here) / leaves.size)
  return { bytesDone, wanted: [...leaves].every((leaf) => holding.isWanted(leaf)) }
}

function followShares(parts: ShareParts, view: (id: string) => Share): Cancel {
  const { clock, emit, library, shares, transfers, copies } = parts
  const latest = createLatest<string, Share>({
    clock,
    everyMs: shareEventEveryMs,
    emit: (share) => emit({ type: 'share', share }),
    isUrgent: (sent, next) => sent.state !== next.state || sent.sequence !== next.sequence,
  })
  const has = (id: ShareId) => shares.has(id) || library.factsOf(id) !== undefined
  const changed = (id: ShareId) => {
    if (has(id)) latest.saw(id, view(id))
  }
  const removed = (id: ShareId) => {
    if (has(id)) return
    latest.forget(id)
    emit({ type: 'share-removed', id })
  }
  const cancels = [
    shares.on((event) => (event.type === 'share' ? changed(event.share.id) : removed(event.id))),
    library.on(({ type, holding }) => (type === 'added' ? changed(holding.shareId) : removed(holding.shareId))),
    transfers.on((event) => {
      if (event.type === 'upload') changed(event.upload.shareId)
      if (event.type === 'transfer') changed(event.transfer.shareId)
    }),
    // The link names those who hold a copy.
    copies.on(({ share }) => share !== undefined && changed(share)),
    latest.stop,
  ]
  return () => {
    for (const cancel of cancels) cancel()
  }
}
