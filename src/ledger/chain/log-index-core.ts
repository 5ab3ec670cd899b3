// How logs are found: a key for each address and each topic at its position, and bloom filters (Yellow Paper §4.4.1). A key
// has 48 bits, and strangers can make two values share one: it says where to look, the logs themselves decide.

import { keccak256 } from '../evm/keccak.ts'
import type { LogEntry } from '../evm/types.ts'
import type { Address, Hash } from '../types.ts'
import { bytesOfHex } from './header-wire.ts'

/** 0: the address; 1 to 4: topics. */
export function logKey(position: number, value: Address | Hash): number {
  const bytes = bytesOfHex(value)
  const input = new Uint8Array(1 + bytes.length)
  input[0] = position
  input.set(bytes, 1)
  return uint48(keccak256(input))
}

/** The first 48 bits as a number. */
export function uint48(bytes: Uint8Array): number {
  let value = 0
  for (let at = 0; at < 6; at++) value = value * 256 + (bytes[at] ?? 0)
  return value
}

/** All keys of a block's logs, each once. */
export function logKeys(logs: Iterable<LogEntry>): Set<number> {
  // The same values come again and again: each is hashed once.
  const values = new Set<string>()
  for (const { address, topics } of logs) {
    values.add(`0${address}`)
    topics.forEach((topic, place) => {
      values.add(`${place + 1}${topic}`)
    })
  }
  return new Set([...values].map((value) => logKey(Number(value[0]), value.slice(1) as Hash)))
}

export interface LogChoice {
  readonly addresses: readonly Address[]
  readonly topics: readonly (readonly Hash[])[]
}

/** For each position that the filter constrains, the keys of which one must be there. */
export function keysOfChoice({ addresses, topics }: LogChoice): readonly (readonly number[])[] {
  return [addresses, ...topics]
    .map((values, position) => values.map((value) => logKey(position, value)))
    .filter((keys) => keys.length > 0)
}

/** EIP-1474, "eth_newFilter": a topic list that is longer than the log's does not match. */
export function matches(log: LogEntry, { addresses, topics }: LogChoice): boolean {
  if (addresses.length > 0 && !addresses.includes(log.address)) return false
  if (topics.length > log.topics.length) return false
  return topics.every((values, place) => values.length === 0 || values.includes(log.topics[place] as Hash))
}

/** False: a block with this bloom filter has no such log. */
export function mayMatch(bloom: Uint8Array, { addresses, topics }: LogChoice): boolean {
  return [addresses, ...topics].every(
    (values) => values.length === 0 || values.some((value) => isInBloom(bloom, bytesOfHex(value))),
  )
}

function isInBloom(bloom: Uint8Array, value: Uint8Array): boolean {
  const alone = new Uint8Array(256)
  addToBloom(alone, value)
  return alone.every((byte, at) => (byte & (bloom[at] ?? 0)) === byte)
}

export function bloomOf(logs: Iterable<LogEntry>): Uint8Array {
  const bloom = new Uint8Array(256)
  for (const { address, topics } of logs) {
    for (const value of [address, ...topics]) addToBloom(bloom, bytesOfHex(value))
  }
  return bloom
}

function addToBloom(bloom: Uint8Array, value: Uint8Array): void {
  const hash = keccak256(value)
  for (const at of [0, 2, 4]) {
    const bit = (((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)) & 2047
    const place = 255 - (bit >> 3)
    bloom[place] = (bloom[place] ?? 0) | (1 << (bit & 7))
  }
}
