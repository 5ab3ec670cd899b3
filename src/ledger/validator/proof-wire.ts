// Branches of tries as bytes, in answers to `account` and `receipt` (docs/protocol/ledger-sync.md).
//
//   nodes    = count (u16) ‖ { length (u32), bytes }
//   account  = nodes of the account ‖ count (u16) ‖ nodes of each slot
//   receipt  = place (u32) ‖ { transaction (u32 length, bytes) ‖ nodes } ‖ { receipt ‖ nodes }

import { concatBytes } from '../../base/bytes.ts'
import { transactionBytesMax } from '../chain/limits.ts'
import { Cursor, listBytes, sized, u32 } from './cursor.ts'
import { fault } from './errors.ts'
import { proofBytesMax, proofKeysMax, proofNodeBytesMax, proofNodesMax } from './limits.ts'

export type Branch = readonly Uint8Array[]

export interface AccountBranches {
  readonly account: Branch
  /** In the order of the keys that were asked for. */
  readonly slots: readonly Branch[]
}

export interface ValueBranch {
  readonly value: Uint8Array
  readonly nodes: Branch
}

export interface ReceiptBranches {
  /** Place in the block. */
  readonly index: number
  readonly transaction: ValueBranch
  readonly receipt: ValueBranch
}

const wrong = () => fault('ledger_proof_invalid')

export function encodeAccountBranches({ account, slots }: AccountBranches): Uint8Array {
  return concatBytes(writeBranch(account), listBytes(slots, writeBranch))
}

/** Throws `ledger_proof_invalid`. */
export function decodeAccountBranches(bytes: Uint8Array): AccountBranches {
  const cursor = new Cursor(bytes, wrong)
  const branches = { account: takeBranch(cursor), slots: cursor.list(proofKeysMax, () => takeBranch(cursor)) }
  cursor.end()
  return branches
}

export function encodeReceiptBranches({ index, transaction, receipt }: ReceiptBranches): Uint8Array {
  return concatBytes(u32(index), writeValue(transaction), writeValue(receipt))
}

/** Throws `ledger_proof_invalid`. */
export function decodeReceiptBranches(bytes: Uint8Array): ReceiptBranches {
  const cursor = new Cursor(bytes, wrong)
  const branches = {
    index: cursor.u32(),
    transaction: takeValue(cursor, transactionBytesMax),
    receipt: takeValue(cursor, proofBytesMax),
  }
  cursor.end()
  return branches
}

function writeBranch(nodes: Branch): Uint8Array {
  return listBytes(nodes, sized)
}

function takeBranch(cursor: Cursor): Branch {
  return cursor.list(proofNodesMax, () => cursor.bytes(proofNodeBytesMax, 1))
}

function writeValue({ value, nodes }: ValueBranch): Uint8Array {
  return concatBytes(sized(value), writeBranch(nodes))
}

function takeValue(cursor: Cursor, max: number): ValueBranch {
  return { value: cursor.bytes(max, 1), nodes: takeBranch(cursor) }
}
