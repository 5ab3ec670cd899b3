// Versions of shares made in memory from trees of bytes: what the library does from a disk, in the simplest way. For
// tests of formats and of transfers.

import { buildFile, buildFolder, type DagLink, leafLink } from '../../src/content/format/dag.ts'
import { createInventory, encodeInventory, type IndexedInventory } from '../../src/content/format/inventory.ts'
import { asShareSecret, digestOf, type ShareKeys, shareKeyOf } from '../../src/content/format/keys.ts'
import type { Sealer } from '../../src/content/format/seal.ts'
import type { Digest, VersionMeta } from '../../src/content/types.ts'

/** Keys that are the same in every run. */
export const publicKeys: ShareKeys = {
  share: shareKeyOf(new Uint8Array(32).fill(1)),
  visibility: 'public',
  secret: undefined,
}
export const privateKeys: ShareKeys = {
  share: shareKeyOf(new Uint8Array(32).fill(2)),
  visibility: 'private',
  secret: asShareSecret(new Uint8Array(32).fill(3)),
}

/** A file's bytes, or a folder's entries by name. */
export type Tree = Uint8Array | { readonly [name: string]: Tree } | ReadonlyMap<string, Tree>

export interface MemoryVersion {
  readonly meta: VersionMeta
  readonly root: DagLink
  readonly inventory: IndexedInventory
  readonly pages: readonly Uint8Array[]
  readonly digests: readonly Digest[]
  /** Wire bytes of each block, in the inventory's order. */
  readonly blocks: readonly Uint8Array[]
}

/** Builds a version; `chunkBytes` other than 1 MiB makes files as other programs chunk them. */
export function makeVersion(
  tree: Tree,
  sealer: Sealer,
  options: { name?: string; chunkBytes?: number } = {},
): MemoryVersion {
  const { name = 'shared', chunkBytes = 1_048_576 } = options
  const nodes = new Map<string, Uint8Array>()
  const leaves = new Map<string, Uint8Array>()
  const keep = (blocks: Map<string, Uint8Array>, plain: Uint8Array) => {
    const wire = sealer.seal(plain)
    const digest = digestOf(wire)
    const key = Buffer.from(digest).toString('hex')
    if (!blocks.has(key)) blocks.set(key, wire)
    return digest
  }
  let files = 0
  let bytes = 0

  const build = (part: Tree): DagLink => {
    if (!(part instanceof Uint8Array)) {
      const entries = part instanceof Map ? [...part] : Object.entries(part)
      entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      return buildFolder(
        entries.map(([name, below]) => ({ name, link: build(below) })),
        putNode,
      )
    }
    files++
    bytes += part.length
    const links: DagLink[] = []
    for (let start = 0; start === 0 || start < part.length; start += chunkBytes) {
      const leaf = part.subarray(start, start + chunkBytes)
      links.push(leafLink(keep(leaves, leaf), leaf.length))
    }
    return buildFile(links, putNode)
  }
  const putNode = (plain: Uint8Array) => ({ digest: keep(nodes, plain) })

  const root = build(tree)
  // What is both stands among the nodes.
  const onlyLeaves = [...leaves].filter(([key]) => !nodes.has(key)).map(([, wire]) => wire)
  const blocks = [...[...nodes.values()].reverse(), ...onlyLeaves]
  const entries = blocks.map((wire) => ({ digest: digestOf(wire), length: wire.length }))
  const { pages, digests } = encodeInventory(entries)
  const kind = tree instanceof Uint8Array ? 'file' : 'folder'
  const meta: VersionMeta = { name, kind, rootCodec: root.codec, nodes: nodes.size, files, bytes }
  return { meta, root, inventory: createInventory(pages), pages, digests, blocks }
}
