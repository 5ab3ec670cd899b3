// Gathers the blocks of a new version while its DAG is built, and turns them into inventory and signed record. Leaves
// come in the order of the files, nodes children first; the inventory wants nodes parents first (share.md, Inventory).

import { type PackedInventory, packInventorySteps } from '../format/inventory.ts'
import { digestOf } from '../format/keys.ts'
import { blocksMax } from '../format/limits.ts'
import { sealMeta } from '../format/meta.ts'
import { signRecord } from '../format/record.ts'
import type { Sealer } from '../format/seal.ts'
import { entriesPerStep, type Steps } from '../format/steps.ts'
import type { Digest, ShareKey, VersionMeta, VersionRecord, Visibility } from '../types.ts'
import { DigestSet } from './digest-set.ts'
import { libraryErrors } from './errors.ts'

export interface SealedVersion {
  readonly record: VersionRecord
  readonly recordBytes: Uint8Array
  readonly meta: VersionMeta
  readonly pages: readonly Uint8Array[]
}

export class VersionDraft {
  readonly nodes = new DigestSet()
  readonly #leaves = new DigestSet()
  readonly #sealer: Sealer
  readonly #storeNode: (digest: Digest, wire: Uint8Array) => void
  #wireBytes = 0

  constructor(sealer: Sealer, storeNode: (digest: Digest, wire: Uint8Array) => void) {
    this.#sealer = sealer
    this.#storeNode = storeNode
  }

  addLeaf(digest: Digest, wireBytes: number): void {
    if (!this.#leaves.add(digest, wireBytes)) return
    this.#count(wireBytes)
  }

  /** Takes an inner node as the DAG builder makes it. Bound, so that it can be passed on. */
  readonly putNode = (plain: Uint8Array): { readonly digest: Digest } => {
    const wire = this.#sealer.seal(plain)
    const digest = digestOf(wire)
    if (this.nodes.add(digest, wire.length)) {
      this.#count(wire.length)
      this.#storeNode(digest, wire)
    }
    return { digest }
  }

  /** The root: the last node, or the only leaf. */
  get root(): Digest {
    return this.nodes.size > 0 ? this.nodes.digest(this.nodes.size - 1) : this.#leaves.digest(0)
  }

  /** Signs the version. Once. */
  *seal(options: {
    readonly share: ShareKey
    readonly visibility: Visibility
    readonly signingSeed: Uint8Array
    readonly sequence: number
    readonly createdMs: number
    readonly meta: VersionMeta
  }): Steps<SealedVersion> {
    const { pages, digests, blocks, bytes } = yield* this.#pages()
    const record: VersionRecord = {
      share: options.share,
      visibility: options.visibility,
      sequence: options.sequence,
      pages: digests,
      blocks,
      bytes,
      meta: sealMeta(options.meta, this.#sealer),
      createdMs: options.createdMs,
    }
    return { record, recordBytes: signRecord(record, options.signingSeed), meta: options.meta, pages }
  }

  #count(wireBytes: number): void {
    this.#wireBytes += wireBytes
    // Counts a leaf that is also a node twice; only `seal` knows.
    if (this.nodes.size + this.#leaves.size > blocksMax) {
      throw libraryErrors.share_too_large(`The share has more than ${blocksMax} blocks.`)
    }
  }

  /** Every block once. */
  *#pages(): Steps<PackedInventory & { readonly blocks: number; readonly bytes: number }> {
    const leaves = yield* this.#leavesThatAreNoNodes()
    const nodes = this.nodes.size
    const blocks = nodes + leaves.length
    const packed = yield* packInventorySteps(blocks, (index) =>
      index < nodes ? this.nodes.entry(nodes - 1 - index) : this.#leaves.entry(leaves[index - nodes] ?? 0),
    )
    return { ...packed, blocks, bytes: this.#wireBytes }
  }

  /** A file may hold just the bytes of one of our nodes (say, a block exported from an IPFS store). */
  *#leavesThatAreNoNodes(): Steps<Uint32Array> {
    const numbers = new Uint32Array(this.#leaves.size)
    let kept = 0
    for (let number = 0; number < this.#leaves.size; number++) {
      const { digest, length } = this.#leaves.entry(number)
      if (this.nodes.has(digest)) this.#wireBytes -= length
      else numbers[kept++] = number
      if (number % entriesPerStep === 0) yield
    }
    return numbers.subarray(0, kept)
  }
}
