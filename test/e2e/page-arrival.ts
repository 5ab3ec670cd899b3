// What the tests of files that open while they arrive share: a link through a gate, feeding that gate bit by bit, and
// looking at which blocks lie on the disk, in the order in which readers had them come.

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { formatLink, parseLink } from '../../src/content/format/link.ts'
import type { Gate } from './gate.ts'
import { mebibyte, until } from './support.ts'

/** The same link, leading to the gate. */
export function throughGate(link: string, { address }: Gate): string {
  const parsed = parseLink(link)
  return formatLink({ ...parsed, peers: parsed.peers.map((peer) => ({ ...peer, addresses: [address] })) })
}

/** Lets the file through the gate, bit by bit, until something has come true. */
export async function feedUntil(gate: Gate, what: string, condition: () => Promise<boolean>): Promise<void> {
  await until(
    what,
    async () => {
      if (await condition()) return true
      gate.allow(64 * 1024)
      return false
    },
    60_000,
  )
}

/** Feeds the gate until a promise has its value. */
export async function feedFor<Value>(gate: Gate, what: string, promise: Promise<Value>): Promise<Value> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  promise.then(settle, settle)
  await feedUntil(gate, what, async () => isSettled)
  return promise
}

/** The blocks (a mebibyte each) of a file that lie on a disk, wherever below the folder it is being written. */
export function blocksHere(folder: string, content: Buffer): number[] {
  const path = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .find((name) => statSync(name).size >= mebibyte)
  if (path === undefined) return []
  const piece = Buffer.alloc(mebibyte)
  const file = openSync(path, 'r')
  try {
    return Array.from({ length: Math.ceil(content.length / mebibyte) }, (_, at) => at).filter((at) => {
      const expected = content.subarray(at * mebibyte, (at + 1) * mebibyte)
      const length = readSync(file, piece, 0, expected.length, at * mebibyte)
      return piece.subarray(0, length).equals(expected)
    })
  } finally {
    closeSync(file)
  }
}

/** Of the numbers below `end`, the one that lies farthest from all that are here. */
export function farthestFrom(here: readonly number[], end: number): number {
  const distanceOf = (at: number) => Math.min(...here.map((one) => Math.abs(one - at)))
  const candidates = Array.from({ length: end }, (_, at) => at)
  return candidates.reduce((best, one) => (distanceOf(one) > distanceOf(best) ? one : best))
}
