// A part of a snapshot as bytes: RLP of [accounts, codes], where an account is [hash of its address, account as in the trie, slots,
// 1 when more of its slots follow in the next part], and a slot [hash of its key, RLP of its value as in the trie].
// docs/protocol/chain.md says the same. Strict: everything strictly ascending, nothing empty, only one encoding of each part.

import { RLP } from '@ethereumjs/rlp'
import { compareBytes } from '../../base/bytes.ts'
import { decodeAccount } from './account-wire.ts'
import { evmErrors } from './errors.ts'
import { codeBytesMax, snapshotChunkBytesMax } from './limits.ts'
import { encodeString, readString } from './rlp.ts'

export interface SnapshotAccount {
  readonly hash: Uint8Array
  /** RLP, see account-wire.ts. */
  readonly value: Uint8Array
  readonly slots: readonly (readonly [key: Uint8Array, value: Uint8Array])[]
  /** Not all of its slots are in this part. */
  readonly more: boolean
}

export interface SnapshotChunk {
  readonly accounts: readonly SnapshotAccount[]
  readonly codes: readonly Uint8Array[]
}

const yes = Uint8Array.of(1)
const no = new Uint8Array(0)

export function encodeChunk({ accounts, codes }: SnapshotChunk): Uint8Array {
  return RLP.encode([
    accounts.map(({ hash, value, slots, more }) => [hash, value, slots.map((slot) => [...slot]), more ? yes : no]),
    [...codes],
  ])
}

/** Throws `snapshot_wrong` for anything that {@link encodeChunk} cannot have produced from a state. */
export function decodeChunk(bytes: Uint8Array): SnapshotChunk {
  if (bytes.length > snapshotChunkBytesMax) throw wrong('is too long')
  let decoded: unknown
  try {
    decoded = RLP.decode(bytes)
  } catch {
    throw wrong('is no RLP')
  }
  const [accounts, codes] = list(decoded, 2)
  const chunk = { accounts: list(accounts).map(accountOf), codes: list(codes).map(codeOf) }
  ascending(chunk.accounts.map(({ hash }) => hash))
  if (chunk.accounts.slice(0, -1).some(({ more }) => more)) throw wrong('breaks off in the middle')
  if (compareBytes(encodeChunk(chunk), bytes) !== 0) throw wrong('is not encoded as it should be')
  return chunk
}

function accountOf(item: unknown): SnapshotAccount {
  const [hash, value, slots, more] = list(item, 4)
  const decoded = list(slots).map((slot): [Uint8Array, Uint8Array] => {
    const [key, slotValue] = list(slot, 2)
    return [sized(key, 32, 32), slotValueOf(sized(slotValue, 1, 33))]
  })
  ascending(decoded.map(([key]) => key))
  const account = sized(value, 1, 128)
  if (decodeAccount(account) === undefined) throw wrong('has an account that is none')
  return { hash: sized(hash, 32, 32), value: account, slots: decoded, more: sized(more, 0, 1).length === 1 }
}

/** As the trie has it: RLP of 1 to 32 bytes, the first of which is not zero. */
function slotValueOf(bytes: Uint8Array): Uint8Array {
  const value = readString(bytes)
  const right = value !== undefined && value.length > 0 && value.length <= 32 && value[0] !== 0
  if (!right || compareBytes(encodeString(value), bytes) !== 0) throw wrong('has a slot that is none')
  return bytes
}

function codeOf(item: unknown): Uint8Array {
  return sized(item, 1, codeBytesMax)
}

function list(item: unknown, length?: number): unknown[] {
  if (!Array.isArray(item) || (length !== undefined && item.length !== length)) throw wrong('has another form')
  return item
}

function sized(item: unknown, min: number, max: number): Uint8Array {
  if (!(item instanceof Uint8Array) || item.length < min || item.length > max) throw wrong('has another form')
  return item
}

function ascending(keys: readonly Uint8Array[]): void {
  keys.forEach((key, index) => {
    const before = keys[index - 1]
    if (before !== undefined && compareBytes(before, key) >= 0) throw wrong('is not in order')
  })
}

export function wrong(what: string) {
  return evmErrors.snapshot_wrong(`A part of the snapshot ${what}.`)
}
