// DAGs made by hand, right or wrong in every detail: what a stranger may publish.

import assert from 'node:assert/strict'
import { encode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { cidOf } from '../../src/content/format/cid.ts'
import { slotBits, slotLabel } from '../../src/content/format/hamt.ts'
import { createInventory, encodeInventory } from '../../src/content/format/inventory.ts'
import { digestOf } from '../../src/content/format/keys.ts'
import { type LayoutSource, readLayout } from '../../src/content/format/layout.ts'
import type { FileEntry, VersionMeta } from '../../src/content/types.ts'

export interface CraftedLink {
  readonly codec: 0x55 | 0x70
  readonly block: Uint8Array
}

/** Collects nodes and leaves, children first, as a builder would. */
export class CraftedDag {
  readonly #nodes = new Map<string, Uint8Array>()
  readonly #leaves = new Map<string, Uint8Array>()

  leaf(content: string | Uint8Array): CraftedLink {
    const block = new Uint8Array(Buffer.from(content))
    return this.#keep(this.#leaves, { codec: 0x55, block })
  }

  /** Any bytes as an inner node. */
  node(block: Uint8Array): CraftedLink {
    return this.#keep(this.#nodes, { codec: 0x70, block })
  }

  unixfs(data: UnixFS, links: readonly (readonly [name: string, link: CraftedLink])[]): CraftedLink {
    return this.node(
      encode({
        Data: data.marshal(),
        Links: links.map(([name, { codec, block }]) => ({ Name: name, Hash: cidOf(codec, digestOf(block)), Tsize: 1 })),
      }),
    )
  }

  folder(entries: Readonly<Record<string, CraftedLink>> | readonly (readonly [string, CraftedLink])[]): CraftedLink {
    const links = Array.isArray(entries) ? entries : Object.entries(entries)
    return this.unixfs(new UnixFS({ type: 'directory' }), links)
  }

  file(links: readonly CraftedLink[], sizes: readonly number[] = links.map(({ block }) => block.length)): CraftedLink {
    return this.unixfs(
      new UnixFS({ type: 'file', blockSizes: sizes.map(BigInt) }),
      links.map((link) => ['', link]),
    )
  }

  shard(
    slots: readonly (readonly [slot: number, name: string, link: CraftedLink])[],
    data: { fanout?: bigint; hashType?: bigint; data?: Uint8Array } = {},
  ): CraftedLink {
    const bits = slotBits(slots.map(([slot]) => slot))
    const unixfs = new UnixFS({ type: 'hamt-sharded-directory', data: bits, fanout: 256n, hashType: 0x22n, ...data })
    return this.unixfs(
      unixfs,
      slots.map(([slot, name, link]) => [slotLabel(slot) + name, link]),
    )
  }

  /** Everything so far as a version, whose last node or leaf is the root unless `meta` says otherwise. */
  source(meta: Partial<VersionMeta> = {}): LayoutSource & { readonly blockBytes: number } {
    const nodes = [...this.#nodes.values()].reverse()
    // What is both stands among the nodes.
    const leaves = [...this.#leaves].filter(([key]) => !this.#nodes.has(key)).map(([, block]) => block)
    const blocks = [...nodes, ...leaves]
    const { pages } = encodeInventory(blocks.map((block) => ({ digest: digestOf(block), length: block.length })))
    return {
      meta: { name: 'n', kind: 'folder', rootCodec: 0x70, nodes: nodes.length, files: 0, bytes: 0, ...meta },
      inventory: createInventory(pages),
      overheadBytes: 0,
      getNode(index) {
        const node = nodes[index]
        assert.ok(node, `${index} is no inner node`)
        return node
      },
      blockBytes: nodes.reduce((sum, block) => sum + block.length + 36, 0),
    }
  }

  read(meta: Partial<VersionMeta> = {}): readonly FileEntry[] {
    return readLayout(this.source(meta))
  }

  #keep(blocks: Map<string, Uint8Array>, link: CraftedLink): CraftedLink {
    const key = Buffer.from(digestOf(link.block)).toString('hex')
    if (!blocks.has(key)) blocks.set(key, link.block)
    return link
  }
}
