// The blocks that may go out to anybody: those of public shares that are on this computer, whoever made them. This is the
// only place of ipfs/ that reads holdings, so that a private share's blocks (or even whether they are here) can't get out.

import type { CID } from 'multiformats/cid'
import type { Cancel } from '../base/ports.ts'
import type { IndexedInventory } from '../content/format/inventory.ts'
import type { Digest, Holding, Library } from '../content/types.ts'
import { inlineBlock, sha256Of } from './cid.ts'
import { ipfsErrors } from './errors.ts'

/** Gives the block of a CID, checked. Throws `ipfs_block_not_found` and what the way to it throws. */
export type GetBlock = (cid: CID, options?: { readonly signal?: AbortSignal }) => Promise<Uint8Array>

/** A block that is here. */
export interface PublicBlock {
  readonly length: number
  /** Its bytes, checked; give them back when they are no longer needed. Throws `block_changed`, `block_not_here`. */
  read(options?: { signal?: AbortSignal }): Promise<{ readonly bytes: Uint8Array; give(): void }>
}

export interface PublicBlocks {
  find(cid: CID): PublicBlock | undefined
  /** How many shares one `find` looks through. */
  readonly shares: number
  get: GetBlock
  /** Calls `run` when there may be blocks that were not here before. */
  onMore(run: () => void): Cancel
}

export interface PublicBlocksParts {
  readonly library: Pick<Library, 'holdings' | 'on'>
  /** The library's memory for blocks. */
  readonly buffers: { give(bytes: Uint8Array): void }
}

export function createPublicBlocks({ library, buffers }: PublicBlocksParts): PublicBlocks {
  const open = () => library.holdings().filter(isPublic)

  function find(cid: CID): PublicBlock | undefined {
    const inline = inlineBlock(cid)
    if (inline !== undefined) return { length: inline.length, read: async () => ({ bytes: inline, give() {} }) }
    const digest = sha256Of(cid)
    if (digest === undefined) return undefined
    for (const holding of open()) {
      const index = indexIn(holding, digest)
      if (index !== undefined) return blockAt(holding, index)
    }
    return undefined
  }

  function blockAt(holding: Holding, index: number): PublicBlock {
    return {
      length: holding.inventory?.length(index) ?? 0,
      async read(options) {
        const bytes = await holding.readBlock(index, options)
        return { bytes, give: () => buffers.give(bytes) }
      },
    }
  }

  return {
    find,
    get shares() {
      return open().length
    },
    async get(cid, options) {
      const block = find(cid)
      if (block === undefined) throw ipfsErrors.ipfs_block_not_found(`No public share here has ${cid}.`)
      const { bytes, give } = await block.read(options)
      const copy = bytes.slice()
      give()
      return copy
    },
    onMore: (run) =>
      library.on(({ type, holding }) => {
        if (type === 'added' && isPublic(holding)) run()
      }),
  }
}

/** The one question that decides what goes out. */
function isPublic(holding: Holding): boolean {
  return holding.record.visibility === 'public'
}

function indexIn(holding: Holding, digest: Uint8Array): number | undefined {
  const inventory = holding.inventory as IndexedInventory | undefined
  if (inventory === undefined) return undefined
  const index = inventory.find(digest as Digest)
  return index !== undefined && holding.have.has(index) ? index : undefined
}
