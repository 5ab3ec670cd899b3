// From plain bytes on disk to the wire bytes that a digest stands for, and nothing else: what does not hash to the digest
// is not handed out.

import { equalBytes } from '../../base/bytes.ts'
import { digestAsync, type Sealer } from '../format/seal.ts'
import type { Digest } from '../types.ts'

/** The wire bytes of `plain` if they have this digest, else undefined. `sealId` spares one pass over the bytes. */
export type CheckLeaf = (
  plain: Uint8Array,
  digest: Digest,
  sealId: Uint8Array | undefined,
) => Promise<Uint8Array | undefined>

export function createLeafCheck(sealer: Sealer): CheckLeaf {
  return async (plain, digest, sealId) => {
    if (sealId === undefined) {
      const sealed = await sealer.sealAsync(plain)
      return equalBytes(sealed.digest, digest) ? sealed.wire : undefined
    }
    // When the content has changed since, its key meets a second content here; the digest then differs and the wire
    // bytes go nowhere.
    const wire = sealer.sealAgain(plain, sealId)
    return equalBytes(await digestAsync(wire), digest) ? wire : undefined
  }
}
