// Entries for benchmarks of the log: signed by several devices, in an order in which parents come first.

import { createHash } from 'node:crypto'
import { authorOf, entryOf, type Hand, handOf } from '../src/log/testing.ts'
import type { CommunityId, Entry } from '../src/log/types.ts'

const pageBytes = 1 << 20

export const founding = entryOf(authorOf('founder'))

/** The log that all of them belong to. */
export const community = founding.id as string as CommunityId

/** Bytes that differ from one entry to the next. */
export function payload(index: number, bytes: number): Uint8Array {
  const seed = createHash('sha256').update(String(index)).digest()
  return Uint8Array.from({ length: bytes }, (_, at) => (seed[at % 32] ?? 0) ^ at)
}

/** Entries of `devices` devices in an order in which parents come first; every other one names what others wrote. */
export function makeEntries(count: number, devices: number, bytes: number): Uint8Array[] {
  const hands: Hand[] = Array.from({ length: devices }, (_, number) => handOf(authorOf(`device ${number}`), founding))
  const entries = [founding.bytes]
  let heads: Entry[] = [founding]
  while (entries.length < count) {
    const index = entries.length
    const hand = hands[(index * 7 + (index >> 3)) % devices]
    if (hand === undefined) break
    const named =
      hand.last === undefined
        ? [founding]
        : index % 2 === 0
          ? heads.filter((head) => head.device !== hand.author.device)
          : []
    const entry = hand.write(named.slice(0, 16), {
      fields: { sealed: payload(index, bytes) },
      nowMs: 1_700_000_000_000 + index,
    })
    heads = [...heads.filter((head) => !named.includes(head) && head.device !== hand.author.device), entry]
    entries.push(entry.bytes)
  }
  return entries
}

/** As sync brings them: a mebibyte at a time. */
export function pagesOf(entries: readonly Uint8Array[]): Uint8Array[][] {
  const pages: Uint8Array[][] = [[]]
  let bytes = 0
  for (const entry of entries) {
    bytes += entry.length
    if (bytes > pageBytes) {
      pages.push([])
      bytes = entry.length
    }
    pages.at(-1)?.push(entry)
  }
  return pages
}
