// What the tests of this folder share: blocks in memory, and computers with a library and a network on loopback.

import type { TestContext } from 'node:test'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { cidOf } from '../content/format/cid.ts'
import { buildFile, buildFolder, type DagLink, leafLink } from '../content/format/dag.ts'
import { digestOf } from '../content/format/keys.ts'
import { type Computer, openComputer, tempFolder } from '../content/library/testing.ts'
import {
  join as connect,
  memoryLog,
  memoryMetrics,
  startNetwork,
  type TestNetwork,
  type TestOptions,
  testClock,
} from '../network/testing.ts'
import { type Bitswap, createBitswap } from './bitswap.ts'
import { createPublicBlocks, type GetBlock, type PublicBlocks } from './blocks.ts'
import { type BlockKey, keyOf } from './cid.ts'
import { ipfsErrors } from './errors.ts'

/** Blocks by what they are called, as a stranger's store would give them. */
export class MemoryBlocks {
  readonly blocks = new Map<BlockKey, { readonly cid: CID; readonly bytes: Uint8Array }>()

  put(bytes: Uint8Array, codec: 0x55 | 0x70 = 0x55): CID {
    const cid = cidOf(codec, digestOf(bytes))
    this.blocks.set(keyOf(cid), { cid, bytes })
    return cid
  }

  /** A file of leaves of `leafBytes`, in the form that shares have. */
  file(bytes: Uint8Array, leafBytes = 1_048_576, linksMax = 1_024): DagLink {
    const leaves: DagLink[] = []
    for (let at = 0; at === 0 || at < bytes.length; at += leafBytes) {
      const leaf = bytes.subarray(at, at + leafBytes)
      this.put(leaf)
      leaves.push(leafLink(digestOf(leaf), leaf.length))
    }
    return buildFile(leaves, (plain) => this.#node(plain), linksMax)
  }

  folder(entries: readonly { readonly name: string; readonly link: DagLink }[]): DagLink {
    return buildFolder(entries, (plain) => this.#node(plain))
  }

  #node(plain: Uint8Array) {
    this.put(plain, 0x70)
    return { digest: digestOf(plain) }
  }

  readonly get: GetBlock = async (cid) => {
    const found = this.blocks.get(keyOf(cid))
    if (found === undefined) throw ipfsErrors.ipfs_block_not_found(`There is no ${cid}.`)
    return found.bytes
  }
}

export function cidOfLink({ codec, digest }: DagLink): CID {
  return cidOf(codec, digest)
}

/** A CID of this codec and hash function, of no block in particular. */
export function strangeCid(codec: number, hash: number, digestBytes = 32): CID {
  return CID.createV1(codec, create(hash, new Uint8Array(digestBytes).fill(7)))
}

export interface IpfsPeer extends Computer {
  readonly network: TestNetwork
  readonly blocks: PublicBlocks
  readonly bitswap: Bitswap
}

/** A computer with shares, whose public blocks are served on loopback. */
export async function startIpfsPeer(t: TestContext, options: TestOptions = {}): Promise<IpfsPeer> {
  const computer = await openComputer(t, tempFolder(t))
  const network = await startNetwork(t, options)
  const blocks = createPublicBlocks({ library: computer.library, buffers: computer.library.worker.buffers })
  const bitswap = createBitswap({ network, blocks, clock: testClock, log: memoryLog(), metrics: memoryMetrics() })
  await bitswap.start()
  t.after(() => bitswap.stop())
  return { ...computer, network, blocks, bitswap }
}

export { connect }
