// Whether branches of tries lead from a root to what is claimed (EIP-1186, Yellow Paper appendix D): for whoever trusts a header and
// nobody else.

import { verifyMerkleProof } from '@ethereumjs/mpt'
import { equalBytes } from '../../base/bytes.ts'
import { bytesOfHex, hashOfBytes, keccak, numberOfBytes } from '../chain/header-wire.ts'
import { placeKey } from '../chain/list-trie.ts'
import { decodeRlp } from '../chain/rlp-wire.ts'
import type { Header } from '../chain/types.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Address, Hash } from '../types.ts'
import { fault } from './errors.ts'
import { type Branch, decodeAccountBranches, decodeReceiptBranches } from './proof-wire.ts'

/** keccak-256 of the RLP of nothing: the root of a trie without entries. */
const emptyRoot = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421' as Hash

export interface ProvenAccount {
  /** False: the branch shows that there is none. */
  readonly isThere: boolean
  readonly codeHash: Hash
  readonly storageRoot: Hash
  readonly nonce: bigint
  /** Wei. */
  readonly balance: bigint
  readonly slots: readonly bigint[]
}

export interface ProvenReceipt {
  readonly index: number
  readonly transaction: Uint8Array
  /** EIP-2718. */
  readonly receipt: Uint8Array
  readonly succeeded: boolean
}

const nothing = {
  ...{ isThere: false, nonce: 0n, balance: 0n, storageRoot: emptyRoot },
  codeHash: keccak(new Uint8Array(0)),
} as const

/** Throws `ledger_proof_invalid`. */
export async function checkAccount(
  header: Pick<Header, 'stateRoot'>,
  { address, keys }: { readonly address: Address; readonly keys: readonly Hash[] },
  bytes: Uint8Array,
): Promise<ProvenAccount> {
  const { account, slots } = decodeAccountBranches(bytes)
  if (slots.length !== keys.length) throw fault('ledger_proof_invalid')
  const value = await valueAt(header.stateRoot, keccak256(bytesOfHex(address)), account)
  if (value === undefined) return { ...nothing, slots: keys.map(() => 0n) }
  const [nonce, balance, storageRoot, codeHash] = listIn(value)
  if (nonce === undefined || balance === undefined || storageRoot?.length !== 32 || codeHash?.length !== 32) {
    throw fault('ledger_proof_invalid')
  }
  const found: bigint[] = []
  for (const [at, key] of keys.entries()) {
    found.push(await slotAt(hashOfBytes(storageRoot), key, slots[at] ?? []))
  }
  return {
    ...{ isThere: true, nonce: numberOfBytes(nonce), balance: numberOfBytes(balance), slots: found },
    codeHash: hashOfBytes(codeHash),
    storageRoot: hashOfBytes(storageRoot),
  }
}

async function slotAt(root: Hash, key: Hash, branch: Branch): Promise<bigint> {
  if (root === emptyRoot) return 0n
  const value = await valueAt(root, keccak256(bytesOfHex(key)), branch)
  const number = value === undefined ? new Uint8Array(0) : decodeRlp(value)
  if (!(number instanceof Uint8Array)) throw fault('ledger_proof_invalid')
  return numberOfBytes(number)
}

/** Throws `ledger_proof_invalid`. */
export async function checkReceipt(header: Header, transaction: Hash, bytes: Uint8Array): Promise<ProvenReceipt> {
  const branches = decodeReceiptBranches(bytes)
  const { index } = branches
  if (keccak(branches.transaction.value) !== transaction) throw fault('ledger_proof_invalid')
  await require(header.transactionsRoot, index, branches.transaction)
  await require(header.receiptsRoot, index, branches.receipt)
  const receipt = branches.receipt.value
  const [status] = listIn((receipt[0] ?? 0) < 0xc0 ? receipt.subarray(1) : receipt)
  const succeeded = status?.length === 1 && status[0] === 1
  return { index, transaction: branches.transaction.value, receipt, succeeded }
}

async function require(
  root: Hash,
  index: number,
  { value, nodes }: { value: Uint8Array; nodes: Branch },
): Promise<void> {
  const found = await valueAt(root, placeKey(index), nodes)
  if (found === undefined || !equalBytes(found, value)) throw fault('ledger_proof_invalid')
}

/** Undefined: the branch shows that there is nothing. */
async function valueAt(root: Hash, key: Uint8Array, branch: Branch): Promise<Uint8Array | undefined> {
  const [top] = branch
  if (top === undefined || keccak(top) !== root) throw fault('ledger_proof_invalid')
  try {
    return (await verifyMerkleProof(key, [...branch])) ?? undefined
  } catch {
    throw fault('ledger_proof_invalid')
  }
}

function listIn(bytes: Uint8Array): readonly (Uint8Array | undefined)[] {
  const items = decodeRlp(bytes)
  if (!Array.isArray(items)) throw fault('ledger_proof_invalid')
  return items.map((item) => (item instanceof Uint8Array ? item : undefined))
}
