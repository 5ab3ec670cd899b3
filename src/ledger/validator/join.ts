// How a newcomer, or one that is very far behind, gets to the present: ends of epochs from the set that it knows, a snapshot of a
// block that the last of these sets made final, part by part; then blocks, by sync.ts.
//
// Must stay true: every set follows from the one before by its quorum's certificate; nothing is written before the snapshot's block
// is known to be final; parts are checked by their digests, and the whole by the state root.

import { decodeManifest, type Manifest } from '../chain/snapshot-wire.ts'
import type { EpochEnd, SnapshotChain } from '../chain/types.ts'
import { isValidSet } from '../consensus/certificate-core.ts'
import type { Recover } from '../consensus/types.ts'
import { setHash } from '../consensus/vote-wire.ts'
import type { Hash, ValidatorSet } from '../types.ts'
import { fault, validatorErrors } from './errors.ts'
import { checkFinality, readHeader } from './finality.ts'
import { epochsMax, itemsPerAnswerMax } from './limits.ts'
import type { Requests } from './requests.ts'
import type { Checkpoint, PeerName, SyncState } from './types.ts'
import type { EpochEndParts } from './wire.ts'

export interface EpochsParts {
  readonly requests: Requests
  readonly recover: Recover
  readonly genesisHash: Hash
  readonly checkpoint: Checkpoint | undefined
}

/** One end, if the set of its epoch made it final. Throws `ledger_certificate_invalid`, `ledger_block_invalid`. */
export function checkEpochEnd(
  { header: bytes, certificate, validators }: EpochEndParts,
  set: ValidatorSet,
  { genesisHash, recover }: Pick<EpochsParts, 'genesisHash' | 'recover'>,
): EpochEnd {
  const header = readHeader(bytes)
  const next = { epoch: set.epoch + 1, validators }
  if (header.place?.epoch !== set.epoch || !isValidSet(next)) throw fault('ledger_block_invalid')
  if (header.place.nextSetHash !== setHash(next)) throw fault('ledger_block_invalid')
  checkFinality(header, certificate, { set, genesisHash, recover })
  return { header, certificate, next }
}

/** All ends after `set`, up to where the peer is; contradicts no checkpoint. */
export async function followEpochs(
  peer: PeerName,
  from: ValidatorSet,
  parts: EpochsParts,
  signal: AbortSignal,
): Promise<readonly EpochEnd[]> {
  const ends: EpochEnd[] = []
  let set = from
  for (;;) {
    const request = { kind: 'epochs' as const, from: set.epoch, count: itemsPerAnswerMax }
    const answer = await parts.requests.ask<'epochs'>(peer, request, { signal })
    for (const end of answer.ends) {
      const checked = checkEpochEnd(end, set, parts)
      ends.push(checked)
      set = checked.next
      requireAsCheckpoint(set, parts.checkpoint)
    }
    if (answer.ends.length === 0) return ends
    if (ends.length > epochsMax) throw fault('ledger_block_invalid')
  }
}

export function requireAsCheckpoint(set: ValidatorSet, checkpoint: Checkpoint | undefined): void {
  if (checkpoint === undefined || checkpoint.set.epoch !== set.epoch || setHash(checkpoint.set) === setHash(set)) return
  throw validatorErrors.ledger_checkpoint_contradicted(
    'The validators that were offered are not those of the invitation.',
  )
}

export interface JoinParts extends EpochsParts {
  readonly chain: SnapshotChain
  /** Throws unless this block may be believed. */
  trust(height: number, hash: Hash): Promise<void>
  told(state: SyncState): void
}

/** Takes in a peer's snapshot. Throws what it is to be blamed for, or says that the peer has none that helps. */
export async function joinBySnapshot(peer: PeerName, parts: JoinParts, signal: AbortSignal): Promise<void> {
  const { chain, requests, told } = parts
  const { manifest: bytes } = await requests.ask<'snapshot'>(peer, { kind: 'snapshot' }, { signal })
  const manifest = readManifest(bytes)
  told({ kind: 'epochs', epoch: chain.validators().epoch })
  const ends = await followEpochs(peer, chain.validators(), parts, signal)
  const until = ends.filter(({ next }) => next.epoch <= (manifest.header.place?.epoch ?? 0))
  const set = until.at(-1)?.next ?? chain.validators()
  if (manifest.header.place?.epoch !== set.epoch) throw fault('ledger_snapshot_invalid')
  checkFinality(manifest.header, manifest.certificate, { set, genesisHash: parts.genesisHash, recover: parts.recover })
  await parts.trust(manifest.header.height, manifest.header.hash)
  // The block itself may have ended its epoch.
  const isEnd = (end: EpochEnd) => end.header.height <= manifest.header.height
  // Those that are here go with what is replaced.
  const own = Array.from({ length: chain.validators().epoch }, (_, epoch) => chain.epochEnd(epoch))
  const all = [...own.filter((end) => end !== undefined), ...ends.filter(isEnd)]
  await fetchParts(peer, manifest, all, parts, signal)
}

function readManifest(bytes: Uint8Array): Manifest {
  try {
    return decodeManifest(bytes)
  } catch {
    throw fault('ledger_snapshot_invalid')
  }
}

async function fetchParts(
  peer: PeerName,
  manifest: Manifest,
  ends: readonly EpochEnd[],
  { chain, requests, told }: JoinParts,
  signal: AbortSignal,
): Promise<void> {
  const { height } = manifest.header
  const install = await chain.install(manifest, ends)
  try {
    for (let index = 0; index < manifest.parts.length; index++) {
      told({ kind: 'snapshot', height, chunks: manifest.parts.length, done: index })
      const { chunk } = await requests.ask<'chunk'>(peer, { kind: 'chunk', height, index }, { signal })
      await install.add(chunk).catch(blamed)
    }
    await install.finish().catch(blamed)
  } catch (error) {
    await install.abort()
    throw error
  }
}

function blamed(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  throw code === 'snapshot_refused' || code === 'snapshot_wrong' ? fault('ledger_snapshot_invalid') : error
}
