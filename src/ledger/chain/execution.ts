// From a header to what the EVM must know of it, and from what execution left to what stands in headers.

import { RLP } from '@ethereumjs/rlp'
import type { TypedTransaction } from '@ethereumjs/tx'
import { rootOfList } from '../evm/trie.ts'
import type { BlockEnvironment, Executed } from '../evm/types.ts'
import type { Address, Hash, ValidatorSet } from '../types.ts'
import { itemOfWithdrawal } from './block-wire.ts'
import { hashOfBytes } from './header-wire.ts'
import type { ChainInside, Tip } from './parts.ts'
import { emptyRequestsHash, emptyTrieHash } from './spec.ts'
import { readEpoch, readSet, systemAddress, word } from './system-contract.ts'
import type { HeaderFields, Withdrawal } from './types.ts'

type Known = Pick<
  HeaderFields,
  'number' | 'parentHash' | 'timestamp' | 'gasLimit' | 'coinbase' | 'mixHash' | 'difficulty'
> &
  Partial<HeaderFields>

export function environmentOf(
  inside: ChainInside,
  fields: Known,
  withdrawals: readonly Withdrawal[] | undefined,
): BlockEnvironment {
  const parent = fields.parentHash
  return {
    height: Number(fields.number),
    parent,
    timestamp: fields.timestamp,
    gasLimit: fields.gasLimit,
    baseFeePerGas: fields.baseFeePerGas ?? 0n,
    coinbase: fields.coinbase,
    // EIP-4399: the same instruction gave the difficulty before the merge.
    prevRandao: fields.difficulty > 0n ? word(fields.difficulty) : fields.mixHash,
    excessBlobGas: fields.excessBlobGas,
    parentBeaconBlockRoot: fields.parentBeaconBlockRoot,
    withdrawals,
    blockHash: (height) => Promise.resolve(inside.known.hashAt(parent, height)),
  }
}

export function transactionsRoot(encoded: readonly Uint8Array[]): Hash {
  return encoded.length === 0 ? emptyTrieHash : hashOfBytes(rootOfList(encoded))
}

export function withdrawalsRoot(withdrawals: readonly Withdrawal[]): Hash {
  if (withdrawals.length === 0) return emptyTrieHash
  return hashOfBytes(rootOfList(withdrawals.map((withdrawal) => RLP.encode(itemOfWithdrawal(withdrawal)))))
}

/** What a header must say after this execution. */
export function fieldsAfter(executed: Executed) {
  return {
    stateRoot: executed.stateRoot,
    receiptsRoot: executed.receiptsRoot,
    logsBloom: executed.logsBloom,
    gasUsed: executed.gasUsed,
    requestsHash: executed.requestsHash ?? emptyRequestsHash,
  } satisfies Partial<HeaderFields>
}

/** The set that the block left in the system contract, when it is not the one before. `block`: under what its state is kept. */
export async function nextSetOf(
  inside: ChainInside,
  executed: Executed,
  block: Hash,
  before: ValidatorSet,
): Promise<ValidatorSet | undefined> {
  // The contract tells every change by an event; no block without one has to be looked into.
  const isTouched = executed.receipts.some(({ logs }) => logs.some(({ address }) => address === systemAddress))
  const state = isTouched ? inside.world.at(block) : undefined
  if (state === undefined || (await readEpoch(state)) === before.epoch) return undefined
  return await readSet(state)
}

export function senderOf(transaction: TypedTransaction): Address {
  return transaction.getSenderAddress().toString() as Address
}

/** A block that nothing was put into yet stands on this one. */
export function placeOfTip({ header }: Tip): { readonly epoch: number; readonly view: number } {
  return header.place ?? { epoch: 0, view: 0 }
}
