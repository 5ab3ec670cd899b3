// Puts blocks into the database, many in one transaction: each flush to disk costs a millisecond or more, and blocks
// arrive faster than that. A block counts once its transaction is on disk.

import type { Clock } from '../../base/ports.ts'
import type { Digest } from '../types.ts'
import type { BlockIndex, HoldingRow } from './block-index.ts'
import { databaseError } from './errors.ts'
import { commitBlocksMax, commitDelayMs } from './limits.ts'

export interface Committer {
  /** Resolves when the block is on disk; rejects with `disk_full`, `disk_failed`. */
  put(holding: HoldingRow, digest: Digest, wire: Uint8Array): Promise<void>
}

interface Waiting {
  readonly holding: HoldingRow
  readonly digest: Digest
  readonly wire: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export function createCommitter(parts: { readonly clock: Clock; readonly index: BlockIndex }): Committer {
  let queue: Waiting[] = []
  let cancel = () => {}
  const commit = () => {
    cancel()
    const blocks = queue
    queue = []
    try {
      parts.index.atomically(() => {
        for (const { holding, digest, wire } of blocks) parts.index.putStored(holding, digest, wire)
      })
      for (const { resolve } of blocks) resolve()
    } catch (error) {
      const failure = databaseError(error)
      for (const { reject } of blocks) reject(failure)
    }
  }
  return {
    put: (holding, digest, wire) =>
      new Promise((resolve, reject) => {
        queue.push({ holding, digest, wire, resolve, reject })
        if (queue.length >= commitBlocksMax) commit()
        else if (queue.length === 1) cancel = parts.clock.after(commitDelayMs, commit)
      }),
  }
}
