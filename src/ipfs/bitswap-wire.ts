// Messages of bitswap 1.2.0 (https://specs.ipfs.tech/bitswap-protocol/), each behind its length as a varint. Strict where a
// message could cost something (lengths, counts, CIDs), and deaf to fields that a later version may add.
//
//   Message { Wantlist wantlist = 1; repeated Block payload = 3; repeated BlockPresence blockPresences = 4; int32 pendingBytes = 5 }

import type { CID } from 'multiformats/cid'
import { lengthOf } from '../base/bytes.ts'
import { decodeCid } from './cid.ts'
import { bitswapErrors } from './errors.ts'
import { bitswapMessageBytesMax, cidBytesMax, ipfsBlockBytesMax, wantEntriesMax } from './limits.ts'
import {
  bytesField,
  bytesOf,
  type Field,
  numberField,
  readFields,
  readVarint,
  varintBytes,
  varintOf,
} from './protobuf-wire.ts'

export interface WantEntry {
  readonly cid: CID
  /** `block`: send it; `have`: say whether you have it. */
  readonly type: 'block' | 'have'
  readonly priority: number
  readonly cancel: boolean
  readonly sendDontHave: boolean
}

export interface BitswapMessage {
  readonly wants: readonly WantEntry[]
  /** `wants` are all there are: what was wanted before and is not in it is no more. */
  readonly full: boolean
  readonly blocks: readonly { readonly prefix: Uint8Array; readonly data: Uint8Array }[]
  readonly presences: readonly { readonly cid: CID; readonly has: boolean }[]
  /** Bytes that wait to be sent to us. */
  readonly pendingBytes: number
}

export const emptyMessage: BitswapMessage = { wants: [], full: false, blocks: [], presences: [], pendingBytes: 0 }

const refuse = (what: string) => bitswapErrors.bitswap_malformed(`A message ${what}.`)

/** Throws `bitswap_malformed`, `bitswap_wants_too_many`, `bitswap_block_too_large`. Blocks are views into `bytes`. */
export function decodeMessage(bytes: Uint8Array): BitswapMessage {
  const wants: WantEntry[] = []
  const blocks: { prefix: Uint8Array; data: Uint8Array }[] = []
  const presences: { cid: CID; has: boolean }[] = []
  let [full, pendingBytes] = [false, 0]
  for (const field of readFields(bytes, refuse)) {
    if (field.number === 1) full = decodeWantlist(bytesOf(field, refuse), wants) || full
    else if (field.number === 3) blocks.push(decodeBlock(bytesOf(field, refuse)))
    else if (field.number === 4) presences.push(decodePresence(bytesOf(field, refuse)))
    else if (field.number === 5) pendingBytes = int32Of(field)
    // 2: blocks without a prefix, of bitswap 1.0.0, which is not spoken here.
    if (presences.length > wantEntriesMax) throw tooMany()
  }
  return { wants, full, blocks, presences, pendingBytes }
}

function decodeWantlist(bytes: Uint8Array, wants: WantEntry[]): boolean {
  let full = false
  for (const field of readFields(bytes, refuse)) {
    if (field.number === 1) wants.push(decodeEntry(bytesOf(field, refuse)))
    else if (field.number === 2) full = flagOf(field)
    if (wants.length > wantEntriesMax) throw tooMany()
  }
  return full
}

function tooMany() {
  return bitswapErrors.bitswap_wants_too_many(`A message names more than ${wantEntriesMax} blocks.`)
}

function decodeEntry(bytes: Uint8Array): WantEntry {
  let cid: CID | undefined
  let type: WantEntry['type'] = 'block'
  let [priority, cancel, sendDontHave] = [0, false, false]
  for (const field of readFields(bytes, refuse)) {
    if (field.number === 1) cid = cidOf(field)
    else if (field.number === 2) priority = int32Of(field)
    else if (field.number === 3) cancel = flagOf(field)
    else if (field.number === 4) type = flagOf(field) ? 'have' : 'block'
    else if (field.number === 5) sendDontHave = flagOf(field)
  }
  if (cid === undefined) throw refuse('wants a block without naming it')
  return { cid, type, priority, cancel, sendDontHave }
}

function decodeBlock(bytes: Uint8Array): { prefix: Uint8Array; data: Uint8Array } {
  let prefix: Uint8Array = new Uint8Array(0)
  let data: Uint8Array = new Uint8Array(0)
  for (const field of readFields(bytes, refuse)) {
    if (field.number === 1) prefix = bytesOf(field, refuse)
    else if (field.number === 2) data = bytesOf(field, refuse)
  }
  if (data.length > ipfsBlockBytesMax) {
    throw bitswapErrors.bitswap_block_too_large(`A block has ${data.length} bytes.`)
  }
  if (prefix.length > cidBytesMax) throw refuse('has a block whose kind is too long')
  return { prefix, data }
}

function decodePresence(bytes: Uint8Array): { cid: CID; has: boolean } {
  let cid: CID | undefined
  let has = true
  for (const field of readFields(bytes, refuse)) {
    if (field.number === 1) cid = cidOf(field)
    else if (field.number === 2) has = !flagOf(field)
  }
  if (cid === undefined) throw refuse('tells of a block without naming it')
  return { cid, has }
}

function cidOf(field: Field): CID {
  const bytes = bytesOf(field, refuse)
  try {
    return decodeCid(bytes)
  } catch (cause) {
    throw bitswapErrors.bitswap_malformed('A message names a block by something that is no CID.', { cause })
  }
}

/** Negative ones, which take ten bytes, mean nothing here. */
function int32Of(field: Field): number {
  return Math.min(varintOf(field, refuse), 2_147_483_647)
}

/** proto3's bool and the enumerations of two values: 0 or 1. */
function flagOf(field: Field): boolean {
  const value = varintOf(field, refuse)
  if (value > 1) throw refuse('has a number that it may not have')
  return value === 1
}

/** The message with its length before it, in parts that need not be joined: data of blocks is not copied. */
export function encodeMessage(message: BitswapMessage): Uint8Array[] {
  const { wants, full, blocks, presences, pendingBytes } = message
  const wantlist = [...wants.flatMap((want) => bytesField(1, encodeEntry(want))), ...numberField(2, full ? 1 : 0)]
  const parts = [
    // Always there: older programs take a message without one for malformed.
    ...bytesField(1, wantlist),
    ...blocks.flatMap(({ prefix, data }) => bytesField(3, [...bytesField(1, [prefix]), ...bytesField(2, [data])])),
    ...presences.flatMap(({ cid, has }) =>
      bytesField(4, [...bytesField(1, [cid.bytes]), ...numberField(2, has ? 0 : 1)]),
    ),
    ...numberField(5, pendingBytes),
  ]
  return [varintBytes(lengthOf(parts)), ...parts]
}

function encodeEntry({ cid, type, priority, cancel, sendDontHave }: WantEntry): Uint8Array[] {
  return [
    ...bytesField(1, [cid.bytes]),
    ...numberField(2, priority),
    ...numberField(3, cancel ? 1 : 0),
    ...numberField(4, type === 'have' ? 1 : 0),
    ...numberField(5, sendDontHave ? 1 : 0),
  ]
}

/** A CID without its digest: version, codec, hash function and length (bitswap 1.1.0, `Block.prefix`). */
export function prefixOf(cid: CID): Uint8Array {
  const { code, size } = cid.multihash
  const parts = [cid.version, cid.code, code, size].map(varintBytes)
  const prefix = new Uint8Array(lengthOf(parts))
  let offset = 0
  for (const part of parts) {
    prefix.set(part, offset)
    offset += part.length
  }
  return prefix
}

/** Whether a block with this prefix is hashed with sha2-256 in full, whatever its version and codec. */
export function isSha256Prefix(prefix: Uint8Array): boolean {
  let offset = 0
  const numbers: number[] = []
  while (offset < prefix.length && numbers.length < 4) {
    const read = readVarint(prefix, offset, refuse)
    if (read === undefined) return false
    numbers.push(read.value)
    offset = read.end
  }
  const [version, , hash, length] = numbers
  return offset === prefix.length && (version === 0 || version === 1) && hash === 0x12 && length === 32
}

/** Cuts a byte stream into messages. Memory follows what has come, never what a length claims. */
export interface MessageReader {
  /** Throws `bitswap_too_long`, and what `take` throws. After a throw it must not be used again. */
  push(chunk: Uint8Array): void
  /** The stream has ended. Throws `bitswap_cut`. */
  end(): void
  /** Bytes of a message that is not whole yet. */
  readonly held: number
}

export function createMessageReader(take: (message: Uint8Array) => void): MessageReader {
  let chunks: Uint8Array[] = []
  let held = 0

  /** Length of the message at the front and where it begins; undefined while that has not come. */
  function head(): { value: number; end: number } | undefined {
    const first = chunks[0]
    const front = first !== undefined && (first.length >= 10 || chunks.length === 1) ? first : join()
    const read = front === undefined ? undefined : readVarint(front, 0, refuse)
    if (read !== undefined && read.value > bitswapMessageBytesMax) {
      throw bitswapErrors.bitswap_too_long(`A message of ${read.value} bytes was announced.`)
    }
    return read
  }

  function join(): Uint8Array | undefined {
    if (chunks.length <= 1) return chunks[0]
    const joined = new Uint8Array(held)
    let offset = 0
    for (const chunk of chunks) {
      joined.set(chunk, offset)
      offset += chunk.length
    }
    chunks = [joined]
    return joined
  }

  return {
    push(chunk) {
      if (chunk.length === 0) return
      chunks.push(chunk)
      held += chunk.length
      for (let next = head(); next !== undefined && held >= next.end + next.value; next = head()) {
        const all = join()
        if (all === undefined) return
        const end = next.end + next.value
        held = all.length - end
        chunks = held === 0 ? [] : [all.subarray(end)]
        take(all.subarray(next.end, end))
        if (held === 0) return
      }
    },
    end() {
      if (held > 0) throw bitswapErrors.bitswap_cut('The stream ended inside a message.')
    },
    get held() {
      return held
    },
  }
}
