// Finds a digest's place in a list of digests that a stranger chose: a binary search, so that no choice of digests
// makes it slow (a hash table over them could be made to collide), in 8 bytes of memory each.

import { compareBytes } from '../../base/bytes.ts'
import type { Digest } from '../types.ts'

/** An index has 21 bits beside the digest's first 32 in a sort key: exact in a double (limits.ts, `blocksMax`). */
const indexRange = 2_097_152

export interface DigestIndex {
  /** The index of `digest`, or undefined. */
  find(digest: Uint8Array): number | undefined
  /** The index of a digest that the list holds twice, if any. */
  readonly repeated: number | undefined
}

/** `count` is at most `blocksMax`; `prefixAt` gives a digest's first 32 bits. */
export function createDigestIndex(
  count: number,
  digestAt: (index: number) => Digest,
  prefixAt = (index: number) => prefixOf(digestAt(index)),
): DigestIndex {
  const { prefixes, order } = sortDigests(count, digestAt, prefixAt)
  return { find, repeated: findRepeated() }

  function find(digest: Uint8Array): number | undefined {
    const prefix = prefixOf(digest)
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareAt(middle, prefix, digest) < 0) low = middle + 1
      else high = middle
    }
    return low < count && compareAt(low, prefix, digest) === 0 ? order[low] : undefined
  }

  function compareAt(place: number, prefix: number, digest: Uint8Array): number {
    const difference = (prefixes[place] ?? 0) - prefix
    return difference === 0 ? compareBytes(digestAt(order[place] ?? 0), digest) : difference
  }

  function findRepeated(): number | undefined {
    for (let place = 1; place < count; place++) {
      if (prefixes[place - 1] !== prefixes[place]) continue
      const index = order[place] ?? 0
      if (compareBytes(digestAt(order[place - 1] ?? 0), digestAt(index)) === 0) return index
    }
    return undefined
  }
}

/** Indexes in the order of their digests, and the digests' first 32 bits in that order. */
function sortDigests(
  count: number,
  digestAt: (index: number) => Digest,
  prefixAt: (index: number) => number,
): { prefixes: Uint32Array; order: Uint32Array } {
  const keys = new Float64Array(count)
  for (let index = 0; index < count; index++) keys[index] = prefixAt(index) * indexRange + index
  keys.sort()
  const prefixes = new Uint32Array(count)
  const order = new Uint32Array(count)
  // Not `from` with a function, which takes ten times as long.
  for (let place = 0; place < count; place++) {
    const key = keys[place] ?? 0
    const prefix = Math.floor(key / indexRange)
    prefixes[place] = prefix
    order[place] = key - prefix * indexRange
  }
  for (let start = 0, end = 1; start < count; start = end) {
    for (end = start + 1; end < count && prefixes[end] === prefixes[start]; end++);
    if (end - start > 1) order.subarray(start, end).sort((a, b) => compareBytes(digestAt(a), digestAt(b)))
  }
  return { prefixes, order }
}

function prefixOf(digest: Uint8Array): number {
  return (((digest[0] ?? 0) << 24) | ((digest[1] ?? 0) << 16) | ((digest[2] ?? 0) << 8) | (digest[3] ?? 0)) >>> 0
}
