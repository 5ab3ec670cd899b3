// Nodes that were fetched from others, kept for a while: every request to the gateway goes from the root down, and a
// player asks for one range after the other. Leaves are not kept.

import type { CID } from 'multiformats/cid'
import { dagPbCodec } from '../content/format/cid.ts'
import { type BlockKey, keyOf } from './cid.ts'
import { nodeCacheBytesMax } from './limits.ts'

export interface NodeCache {
  get(cid: CID): Uint8Array | undefined
  put(cid: CID, bytes: Uint8Array): void
}

export function createNodeCache(bytesMax = nodeCacheBytesMax): NodeCache {
  const nodes = new Map<BlockKey, Uint8Array>()
  let held = 0
  const remove = (key: BlockKey) => {
    held -= nodes.get(key)?.length ?? 0
    nodes.delete(key)
  }
  return {
    get(cid) {
      const key = keyOf(cid)
      const bytes = nodes.get(key)
      if (bytes === undefined) return undefined
      nodes.delete(key)
      nodes.set(key, bytes)
      return bytes
    },
    put(cid, bytes) {
      if (cid.code !== dagPbCodec || bytes.length > bytesMax / 4) return
      const key = keyOf(cid)
      remove(key)
      // A copy: the bytes are a view into a whole message.
      nodes.set(key, bytes.slice())
      held += bytes.length
      for (const oldest of nodes.keys()) {
        if (held <= bytesMax) break
        remove(oldest)
      }
    },
  }
}
