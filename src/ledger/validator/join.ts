// How a newcomer, or one that is very far behind, gets to the present: ends of epochs from the set that it knows, a snapshot of a
// block that the last of these sets made final, part by part; then blocks, by sync.ts.
//
// Must stay true: every set follows from the one before by its quorum's certificate, or by a recovery that the person confirmed
// (never by what peers say of one); nothing is written before the snapshot's block
// is known to be final; parts are checked by their digests, and the whole by the state root.

import { mayRecover } from '../chain/recovery.ts'
import { decodeManifest, type Manifest } from '../chain/snapshot-wire.ts'
import type { EpochEnd, SnapshotChain } from '../chain/types.ts'
import { isValidSet } from '../consensus/certificate-core.ts'
import type { Recover } from '../consensus/types.ts'
import { setHash } from '../consensus/vote-wire.ts'
import type { Hash, ValidatorSet } from '../types.ts'
import { fault, recoveryUnknown, validatorErrors } from './errors.ts'
import { checkFinality, readHeader } from './finality.ts'
import { epochsMax, itemsPerAnswerMax } from './limits.ts'
import { chainRecoveryOf } from './recovery.ts'
import type { Recovery } from './recovery-wire.ts'
import type { Requests } from './requests.ts'
import type { Checkpoint, PeerName, SyncState } from './types.ts'
import type { EpochEndParts } from './wire.ts'

export interface EpochsParts {
  readonly requests: Requests
  readonly recover: Recover
  readonly genesisHash: Hash
  readonly checkpoint: Checkpoint | undefined
  /** Those that the person confirmed. */
  readonly recoveries: readonly Recovery[]
}

type EndParts = Pick<EpochsParts, 'genesisHash' | 'recover' | 'recoveries'>

/**
 * One end, if the set of its epoch made it final, or the person confirmed the recovery that ended it there. `before`: how the epoch
 * before it ended, which after a recovery may be the same block. Throws `ledger_certificate_invalid`, `ledger_block_invalid`; and
 * `ledger_recovery_unknown` where the others say that they went on by one which nobody confirmed here.
 */
export function checkEpochEnd(
  { header: bytes, certificate, validators }: EpochEndParts,
  set: ValidatorSet,
  parts: EndParts,
  before?: EpochEnd,
): EpochEnd {
  const header = readHeader(bytes)
  const next = { epoch: set.epoch + 1, validators }
  if (!isValidSet(next)) throw fault('ledger_block_invalid')
  const { genesisHash, recover } = parts
  const isAnotherEnd = header.hash === before?.header.hash
  if (!isAnotherEnd && header.place?.epoch !== set.epoch) throw fault('ledger_block_invalid')
  // Who changes the set names the next one; at a recovery the block itself says nothing of it.
  const isRecovered = isAnotherEnd || header.place?.nextSetHash === undefined
  if (!isRecovered && header.place?.nextSetHash !== setHash(next)) throw fault('ledger_block_invalid')
  // Block 0 is final by itself.
  const isFinal = isAnotherEnd || header.hash === genesisHash
  if (!isFinal) checkFinality(header, certificate, { set, genesisHash, recover })
  if (isRecovered) requireRecovery({ header, next }, set, parts)
  return { header, certificate, next }
}

function requireRecovery(
  { header, next }: Pick<EpochEnd, 'header' | 'next'>,
  set: ValidatorSet,
  parts: EndParts,
): void {
  const { recoveries, recover, genesisHash } = parts
  const known = recoveries.find(({ statement }) => statement.set.epoch === next.epoch)
  if (known === undefined) throw recoveryUnknown()
  const { statement } = known
  const isAfter = statement.block === header.hash && statement.height === header.height
  const isSame = isAfter && setHash(statement.set) === setHash(next)
  const { signers } = chainRecoveryOf(known, recover)
  // Theirs is another than the one that was confirmed here: a person has to look, whoever is right.
  if (!isSame || statement.genesisHash !== genesisHash || !mayRecover(set, signers)) throw recoveryUnknown()
}

/** All ends after `set`, up to where the peer is; contradicts no checkpoint. */
export async function followEpochs(
  peer: PeerName,
  from: ValidatorSet,
  parts: EpochsParts,
  signal: AbortSignal,
  last?: EpochEnd,
): Promise<readonly EpochEnd[]> {
  const ends: EpochEnd[] = []
  let set = from
  let before = last
  for (;;) {
    const request = { kind: 'epochs' as const, from: set.epoch, count: itemsPerAnswerMax }
    const answer = await parts.requests.ask<'epochs'>(peer, request, { signal })
    for (const end of answer.ends) {
      const checked = checkEpochEnd(end, set, parts, before)
      ends.push(checked)
      set = checked.next
      before = checked
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
  const own = Array.from({ length: chain.validators().epoch }, (_, epoch) => chain.epochEnd(epoch))
  const ends = await followEpochs(peer, chain.validators(), parts, signal, own.at(-1))
  const until = ends.filter(({ next }) => next.epoch <= (manifest.header.place?.epoch ?? 0))
  const set = until.at(-1)?.next ?? chain.validators()
  if (manifest.header.place?.epoch !== set.epoch) throw fault('ledger_snapshot_invalid')
  checkFinality(manifest.header, manifest.certificate, { set, genesisHash: parts.genesisHash, recover: parts.recover })
  await parts.trust(manifest.header.height, manifest.header.hash)
  // The block itself may have ended its epoch.
  const isEnd = (end: EpochEnd) => end.header.height <= manifest.header.height
  // Those that are here go with what is replaced.
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
