// The stamps of a get's entries, packed: as texts in a Map they would take 130 bytes for each file, here 32. Pages are made
// as they are needed, since most gets have a few files and some hundreds of thousands.

import { assert } from '../../base/errors.ts'
import { noStamp } from './stamps.ts'

const pageEntries = 512
/** Size, change times and inode, as `stampOf` joins them. */
const numbersPerStamp = 4
/** In place of a size. */
const absent = -2n
const withoutStamp = -1n

type Page = BigInt64Array

/** A map from an entry's number to its stamp, in the order of the numbers. */
export class StampTable {
  readonly #pages: (Page | undefined)[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  has(entry: number): boolean {
    return this.#sizeAt(entry) !== absent
  }

  get(entry: number): string | undefined {
    const size = this.#sizeAt(entry)
    if (size === absent) return undefined
    if (size === withoutStamp) return noStamp
    const [, modified, changed, inode] = this.#numbersAt(entry)
    return [size, modified, changed, BigInt.asUintN(64, inode ?? 0n)].join(':')
  }

  /** `stamp` is one that `stampOf` made, or `noStamp`. */
  set(entry: number, stamp: string): void {
    if (!this.has(entry)) this.#size += 1
    const numbers = stamp === noStamp ? [withoutStamp] : stamp.split(':').map(BigInt)
    assert(stamp === noStamp || numbers.length === numbersPerStamp, 'a stamp is four numbers')
    const page = this.#pageOf(entry)
    // Inodes are unsigned, times before 1970 negative.
    for (const [at, number] of numbers.entries()) page[placeOf(entry) + at] = BigInt.asIntN(64, number)
  }

  /** False when it was not there. */
  delete(entry: number): boolean {
    if (!this.has(entry)) return false
    this.#pageOf(entry)[placeOf(entry)] = absent
    this.#size -= 1
    return true
  }

  /** Takes over all of `others`, which is not used any more. */
  takeOver(others: StampTable): void {
    for (const [number, page] of others.#pages.entries()) {
      if (page === undefined) continue
      if (this.#pages[number] === undefined) {
        this.#pages[number] = page
        this.#size += countIn(page)
      } else for (const entry of entriesOf(number, page)) this.set(entry, others.get(entry) ?? noStamp)
    }
  }

  *keys(): Generator<number, void, undefined> {
    for (const [number, page] of this.#pages.entries()) if (page !== undefined) yield* entriesOf(number, page)
  }

  *[Symbol.iterator](): Generator<readonly [number, string], void, undefined> {
    for (const entry of this.keys()) yield [entry, this.get(entry) ?? noStamp]
  }

  #sizeAt(entry: number): bigint {
    return this.#pages[Math.floor(entry / pageEntries)]?.[placeOf(entry)] ?? absent
  }

  #numbersAt(entry: number): Page {
    return this.#pageOf(entry).subarray(placeOf(entry), placeOf(entry) + numbersPerStamp)
  }

  #pageOf(entry: number): Page {
    const number = Math.floor(entry / pageEntries)
    const page = this.#pages[number] ?? new BigInt64Array(pageEntries * numbersPerStamp).fill(absent)
    this.#pages[number] = page
    return page
  }
}

function placeOf(entry: number): number {
  return (entry % pageEntries) * numbersPerStamp
}

function* entriesOf(number: number, page: Page): Generator<number, void, undefined> {
  for (let at = 0; at < pageEntries; at++) {
    if (page[at * numbersPerStamp] !== absent) yield number * pageEntries + at
  }
}

function countIn(page: Page): number {
  let count = 0
  for (let at = 0; at < pageEntries; at++) if (page[at * numbersPerStamp] !== absent) count += 1
  return count
}
