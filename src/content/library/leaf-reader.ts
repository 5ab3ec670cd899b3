// Reads leaves from the files in which they lie: the worker for what goes to peers, this thread for what is read here.
// Every leaf is checked against its digest, so a wrong hint costs a read and no more.

import type { ShareKeys } from '../format/keys.ts'
import type { Sealer } from '../format/seal.ts'
import type { Digest } from '../types.ts'
import type { BlockWorker } from '../worker/worker.ts'
import { readPiece } from './file-read.ts'
import { type CheckLeaf, createLeafCheck } from './leaf-check.ts'

/** Where a leaf may lie. */
export interface LeafSpot {
  readonly path: string
  readonly start: number
  readonly bytes: number
  /** The sealed block's id, if it is known. */
  readonly seal: Uint8Array | undefined
}

export interface FoundLeaf {
  readonly plain: Uint8Array
  readonly wire: Uint8Array
}

/** Both try the spots in turn and resolve with undefined when none holds the leaf. */
export interface LeafReader {
  readonly check: CheckLeaf
  /** Wire bytes, perhaps in a buffer of the worker: give them back. */
  wire(spots: Iterable<LeafSpot>, digest: Digest, length: number, signal?: AbortSignal): Promise<Uint8Array | undefined>
  find(spots: Iterable<LeafSpot>, digest: Digest, signal?: AbortSignal): Promise<FoundLeaf | undefined>
}

export function createLeafReader(keys: ShareKeys, sealer: Sealer, worker: BlockWorker): LeafReader {
  const check = createLeafCheck(sealer)
  const findAt = async ({ path, start, bytes, seal }: LeafSpot, digest: Digest): Promise<FoundLeaf | undefined> => {
    const plain = await readPiece(path, start, bytes)
    const wire = plain === undefined ? undefined : await check(plain, digest, seal)
    return plain === undefined || wire === undefined ? undefined : { plain, wire }
  }
  return {
    check,
    async wire(spots, digest, length, signal) {
      for (const spot of spots) {
        signal?.throwIfAborted()
        const busy = worker.read({ ...spot, keys, digest, length })
        const wire = busy === undefined ? (await findAt(spot, digest))?.wire : await busy
        if (wire !== undefined) return wire
      }
      return undefined
    },
    async find(spots, digest, signal) {
      for (const spot of spots) {
        signal?.throwIfAborted()
        const found = await findAt(spot, digest)
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}
