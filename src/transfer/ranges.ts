// Block indexes as runs, as want, cancel and missing carry them, and back. Pure.

import { peerErrors } from './errors.ts'
import type { Range } from './wire.ts'

/** Joins neighbours that follow each other; keeps the order. */
export function indexesToRanges(indexes: readonly number[]): Range[] {
  const ranges: { start: number; count: number }[] = []
  for (const index of indexes) {
    const last = ranges[ranges.length - 1]
    if (last !== undefined && last.start + last.count === index) last.count++
    else ranges.push({ start: index, count: 1 })
  }
  return ranges
}

/** Unfolds ranges; throws `index_out_of_range` past `blocks` and `want_too_many` past `indexesMax` before it grows. */
export function rangesToIndexes(ranges: readonly Range[], blocks: number, indexesMax: number): number[] {
  const indexes: number[] = []
  for (const { start, count } of ranges) {
    if (start + count > blocks)
      throw peerErrors.index_out_of_range('A peer names a block that the share does not have.')
    if (indexes.length + count > indexesMax) throw peerErrors.want_too_many('A peer asks for too much at once.')
    for (let index = start; index < start + count; index++) indexes.push(index)
  }
  return indexes
}

/** Cuts a list into pieces of at most `size`. */
export function* pieces<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
