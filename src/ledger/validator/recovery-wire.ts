// The statement of a recovery ceremony (docs/recovery.md): from which final block a new epoch begins, who decides in it, and the
// signatures of those validators of the last set who are left.
//
//   statement = 'PHR1' ‖ genesis hash (32) ‖ chain id (u64) ‖ height (u64) ‖ block hash (32) ‖ epoch that begins (u64)
//               ‖ count (u16) ‖ addresses (20, ascending)
//   file      = statement ‖ count (u16) ‖ signatures (65 each: r, s, v), in the order of their signers' places
//   digest    = keccak-256('peerhood/ledger/recovery/1' ‖ statement)

import { concatBytes, utf8 } from '../../base/bytes.ts'
import { validatorsMax } from '../chain/limits.ts'
import { isValidSet } from '../consensus/certificate-core.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Hash, ValidatorSet } from '../types.ts'
import { Cursor, hexBytes, listBytes, u32, u64 } from './cursor.ts'
import { validatorErrors } from './errors.ts'

export interface RecoveryStatement {
  readonly genesisHash: Hash
  readonly chainId: number
  /** The last final block; what came after it, if anything, is given up. */
  readonly height: number
  readonly block: Hash
  /** Decides from then on; its epoch is the one after the last. */
  readonly set: ValidatorSet
}

export interface Recovery {
  readonly statement: RecoveryStatement
  /** 65 bytes each. */
  readonly signatures: readonly Uint8Array[]
}

const magic = 0x50485231 // 'PHR1'
const domain = utf8('peerhood/ledger/recovery/1')

function statementBytes({ genesisHash, chainId, height, block, set }: RecoveryStatement): Uint8Array {
  const about = [hexBytes(genesisHash), u64(chainId), u64(height), hexBytes(block)]
  return concatBytes(u32(magic), ...about, u64(set.epoch), listBytes(set.validators, hexBytes))
}

export function recoveryDigest(statement: RecoveryStatement): Uint8Array {
  return keccak256(concatBytes(domain, statementBytes(statement)))
}

export function encodeRecovery({ statement, signatures }: Recovery): Uint8Array {
  return concatBytes(
    statementBytes(statement),
    listBytes(signatures, (one) => one),
  )
}

/** Throws `ledger_recovery_wrong`. Whose the signatures are is for `checkRecovery`. */
export function decodeRecovery(bytes: Uint8Array): Recovery {
  const wrong = () =>
    validatorErrors.ledger_recovery_wrong('This is no file of a recovery ceremony, or it was changed.')
  const cursor = new Cursor(bytes, wrong)
  if (cursor.u32() !== magic) throw wrong()
  const genesisHash = cursor.hash()
  const chainId = cursor.u64()
  const height = cursor.u64()
  const block = cursor.hash()
  const set = { epoch: cursor.u64(), validators: cursor.list(validatorsMax, () => cursor.address()) }
  const signatures = cursor.list(validatorsMax, () => cursor.raw(65))
  cursor.end()
  if (!isValidSet(set)) throw wrong()
  return { statement: { genesisHash, chainId, height, block, set }, signatures }
}
