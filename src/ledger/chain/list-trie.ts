// The tries of a block's lists (Yellow Paper eq. 33): transactions and receipts by their places, as proofs of both need them.

import { createMerkleProof, MerklePatriciaTrie } from '@ethereumjs/mpt'
import { concatBytes } from '../../base/bytes.ts'
import type { Receipt } from '../evm/types.ts'
import { bytesOfHex, bytesOfNumber } from './header-wire.ts'
import { encodeRlp, type RlpItem } from './rlp-wire.ts'

/** A value of the trie of a list, and the way to it. */
export async function listBranch(values: readonly Uint8Array[], index: number) {
  const trie = new MerklePatriciaTrie()
  for (const [place, value] of values.entries()) await trie.put(placeKey(place), value)
  return { value: values[index] ?? new Uint8Array(0), nodes: await createMerkleProof(trie, placeKey(index)) }
}

export function placeKey(index: number): Uint8Array {
  return encodeRlp(bytesOfNumber(BigInt(index)))
}

/** EIP-2718 and EIP-658. */
export function receiptBytes({ type, succeeded, cumulativeGasUsed, bloom, logs }: Receipt): Uint8Array {
  const items: RlpItem = [
    bytesOfNumber(succeeded ? 1n : 0n),
    bytesOfNumber(cumulativeGasUsed),
    bloom,
    logs.map(({ address, topics, data }) => [bytesOfHex(address), topics.map(bytesOfHex), data]),
  ]
  const encoded = encodeRlp(items)
  return type === 0 ? encoded : concatBytes(Uint8Array.of(type), encoded)
}
