// What a keeper answers to a challenge: a digest that only who has the blocks at hand can make (docs/protocol/copies.md,
// "Proof").
//
//   proof = SHA-256(label ‖ nonce ‖ for each block that was named: its number (u32) ‖ its wire bytes)

import { createHash } from 'node:crypto'
import { utf8 } from '../base/bytes.ts'
import type { Holding } from '../content/types.ts'

const label = utf8('peerhood/copies/proof/1')

/** Rejects as `Holding.readBlock` does where a block is not there or not right. One block is in memory at a time. */
export async function proofOf(
  holding: Pick<Holding, 'readBlock'>,
  nonce: Uint8Array,
  blocks: readonly number[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const hash = createHash('sha256').update(label).update(nonce)
  for (const index of blocks) {
    const number = new Uint8Array(4)
    new DataView(number.buffer).setUint32(0, index)
    hash.update(number).update(await holding.readBlock(index, { signal }))
  }
  return new Uint8Array(hash.digest())
}
