// Evidence into the chain: a validator sends it to the system contract, which checks both signatures and takes whoever gave them out
// of the set (contracts/core/PeerhoodSystem.sol, removeEquivocator). One validator after the other gets its turn, so that one does it
// and none that is away holds it up.

import { concatBytes, utf8 } from '../../base/bytes.ts'
import { toPeerhoodError } from '../../base/errors.ts'
import { type Clock, type Log, sleep } from '../../base/ports.ts'
import type { Chain } from '../chain/types.ts'
import type { Evidence, Vote, VoteKind } from '../consensus/types.ts'
import { decodeEvidence } from '../consensus/vote-wire.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Hash } from '../types.ts'
import { hexBytes } from './cursor.ts'
import { removalGas, removalGasPerValidator, removalStaggerMs } from './limits.ts'
import { systemCall } from './system-call.ts'
import type { EvidenceRecord, ValidatorSigner } from './types.ts'

export interface RemovalParts {
  readonly chain: Chain
  readonly clock: Clock
  readonly log: Log
  readonly signer: ValidatorSigner
  submit(raw: Uint8Array): Promise<unknown>
}

/** Resolves when it is done, by us or another, or can't be. */
export async function removeEquivocator(
  record: EvidenceRecord,
  parts: RemovalParts,
  signal: AbortSignal,
): Promise<void> {
  const { chain, clock, log, signer } = parts
  const isDue = () => {
    const { validators } = chain.validators()
    return validators.length > 1 && validators.includes(record.validator) && validators.includes(signer.address)
  }
  if (!isDue() || record.validator === signer.address) return
  const { validators } = chain.validators()
  const turn = validators.indexOf(signer.address) - validators.indexOf(record.validator)
  const rank = (turn + validators.length) % validators.length
  try {
    await sleep(clock, (rank - 1) * removalStaggerMs, { signal })
    if (!isDue()) return
    await parts.submit(await removal(record, parts))
    log.info('ledger_equivocator_reported', { validator: record.validator })
  } catch (error) {
    if (!signal.aborted) log.warn('ledger_equivocator_not_reported', { code: toPeerhoodError(error).code })
  }
}

function removal(record: EvidenceRecord, { chain, signer }: RemovalParts): Promise<Uint8Array> {
  return systemCall(chain, signer, {
    data: removalCall(chain.genesisHash, decodeEvidence(record.bytes)),
    gasLimit: removalGas + removalGasPerValidator * BigInt(chain.validators().validators.length),
  })
}

const kinds: Readonly<Record<VoteKind, number>> = { notarize: 1, nullify: 2, finalize: 3 }
const signature = 'removeEquivocator(bytes32,uint64,uint64,(uint8,bytes32,bytes),(uint8,bytes32,bytes))'
const headWords = 5
/** Kind, hash, where the bytes are, their length, and 65 of them in three words. */
const voteWords = 7

/** Solidity ABI. */
export function removalCall(genesisHash: Hash, { first, second }: Evidence): Uint8Array {
  return concatBytes(
    keccak256(utf8(signature)).subarray(0, 4),
    hexBytes(genesisHash),
    word(first.epoch),
    word(first.view),
    word(32 * headWords),
    word(32 * (headWords + voteWords)),
    voteBytes(first),
    voteBytes(second),
  )
}

function voteBytes({ kind, block, signature: signed }: Vote): Uint8Array {
  const padded = new Uint8Array(96)
  padded.set(signed)
  return concatBytes(
    word(kinds[kind]),
    block === undefined ? word(0) : hexBytes(block),
    word(96),
    word(signed.length),
    padded,
  )
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setBigUint64(24, BigInt(value))
  return bytes
}
