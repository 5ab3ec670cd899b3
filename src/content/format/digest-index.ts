// Finds a digest's place in a list of digests that a stranger chose: a binary search, so that no choice of digests
// makes it slow (a hash table over them could be made to collide), in 8 bytes of memory each. Made in steps: there may be
// millions.

import { compareBytes } from '../../base/bytes.ts'
import type { Digest } from '../types.ts'
import { numbersPerStep, runSteps, type Steps, sortSteps } from './steps.ts'

export interface DigestIndex {
  /** The index of `digest`, or undefined. */
  find(digest: Uint8Array): number | undefined
  /** The index of a digest that the list holds twice, if any. */
  readonly repeated: number | undefined
}

/** `count` is at most `blocksMax`; `prefixAt` gives a digest's first 32 bits. */
export function* digestIndexSteps(
  count: number,
  digestAt: (index: number) => Digest,
  prefixAt = (index: number) => prefixOf(digestAt(index)),
): Steps<DigestIndex> {
  const { prefixes, order } = yield* sortDigests(count, digestAt, prefixAt)
  return { find, repeated: yield* findRepeated() }

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

  function* findRepeated(): Steps<number | undefined> {
    for (let place = 1; place < count; place++) {
      if (place % numbersPerStep === 0) yield
      if (prefixes[place - 1] !== prefixes[place]) continue
      const index = order[place] ?? 0
      if (compareBytes(digestAt(order[place - 1] ?? 0), digestAt(index)) === 0) return index
    }
    return undefined
  }
}

/** {@link digestIndexSteps} at once. */
export function createDigestIndex(
  count: number,
  digestAt: (index: number) => Digest,
  prefixAt?: (index: number) => number,
): DigestIndex {
  return runSteps(digestIndexSteps(count, digestAt, prefixAt))
}

interface Sorted {
  /** The digests' first 32 bits in their order. */
  readonly prefixes: Uint32Array
  /** The digests' indexes in that order. */
  readonly order: Uint32Array
}

/** By prefix first, as numbers; then by all their bytes those few that have the same. */
function* sortDigests(
  count: number,
  digestAt: (index: number) => Digest,
  prefixAt: (index: number) => number,
): Steps<Sorted> {
  const sorted = yield* sortPrefixes(count, prefixAt)
  const { prefixes, order } = sorted
  for (let start = 0, end = 1; start < count; start = end) {
    for (end = start + 1; end < count && prefixes[end] === prefixes[start]; end++) {
      if (end % numbersPerStep === 0) yield
    }
    if (end % numbersPerStep === 0) yield
    if (end - start === 1) continue
    // A stranger may have chosen a million of them.
    const same = yield* sortSteps([...order.subarray(start, end)], (a, b) => compareBytes(digestAt(a), digestAt(b)))
    order.set(same, start)
  }
  return sorted
}

/** A radix sort, byte by byte from the last one: unlike `sort` it can be left between two numbers. */
function* sortPrefixes(count: number, prefixAt: (index: number) => number): Steps<Sorted> {
  let from: Sorted = { prefixes: new Uint32Array(count), order: new Uint32Array(count) }
  let to: Sorted = { prefixes: new Uint32Array(count), order: new Uint32Array(count) }
  for (let start = 0; start < count; start += numbersPerStep) {
    readPrefixes(from, prefixAt, start, Math.min(count, start + numbersPerStep))
    yield
  }
  for (let shift = 0; shift < 32; shift += 8) {
    const next = new Uint32Array(257)
    for (let start = 0; start < count; start += numbersPerStep) {
      countBytes(from, next, shift, start, Math.min(count, start + numbersPerStep))
      yield
    }
    for (let slot = 1; slot < next.length; slot++) next[slot] = (next[slot] ?? 0) + (next[slot - 1] ?? 0)
    for (let start = 0; start < count; start += numbersPerStep) {
      moveByByte(from, to, next, shift, start, Math.min(count, start + numbersPerStep))
      yield
    }
    ;[from, to] = [to, from]
  }
  return from
}

// Loops of their own, since those of a generator run slower.

function readPrefixes(into: Sorted, prefixAt: (index: number) => number, start: number, end: number): void {
  const { prefixes, order } = into
  for (let index = start; index < end; index++) {
    prefixes[index] = prefixAt(index)
    order[index] = index
  }
}

/** How many there are of each byte, one place up. */
function countBytes({ prefixes }: Sorted, counts: Uint32Array, shift: number, start: number, end: number): void {
  for (let place = start; place < end; place++) {
    const slot = (((prefixes[place] ?? 0) >>> shift) & 0xff) + 1
    counts[slot] = (counts[slot] ?? 0) + 1
  }
}

/** `next` has the place of the next one of each byte. Equals keep their order. */
function moveByByte(from: Sorted, to: Sorted, next: Uint32Array, shift: number, start: number, end: number): void {
  for (let place = start; place < end; place++) {
    const prefix = from.prefixes[place] ?? 0
    const slot = (prefix >>> shift) & 0xff
    const target = next[slot] ?? 0
    next[slot] = target + 1
    to.prefixes[target] = prefix
    to.order[target] = from.order[place] ?? 0
  }
}

function prefixOf(digest: Uint8Array): number {
  return (((digest[0] ?? 0) << 24) | ((digest[1] ?? 0) << 16) | ((digest[2] ?? 0) << 8) | (digest[3] ?? 0)) >>> 0
}
