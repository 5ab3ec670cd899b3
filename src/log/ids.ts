// The ids of the log: parsers that make the brands, and what bytes they stand for. An id is text (a key of Maps, and how
// people and the API see it); on the wire and in the database it is bytes.

import { hash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { toHex } from '../base/bytes.ts'
import { assert, type ErrorFactory } from '../base/errors.ts'
import type { DeviceKey } from '../identity/types.ts'
import { logErrors } from './errors.ts'
import type { CommunityId, DeviceId, EntryId, KeyId } from './types.ts'

const dagCborCode = 0x71
const sha256Code = 0x12

/** Throws `entry_id_malformed`. */
export function parseEntryId(text: string): EntryId {
  return parsed(text, 32, logErrors.entry_id_malformed, 'an entry') as EntryId
}

/** Throws `community_id_malformed`. */
export function parseCommunityId(text: string): CommunityId {
  return parsed(text, 32, logErrors.community_id_malformed, 'a community') as CommunityId
}

/** Throws `device_id_malformed`. */
export function parseDeviceId(text: string): DeviceId {
  return parsed(text, 32, logErrors.device_id_malformed, 'a device') as DeviceId
}

/** Throws `key_id_malformed`. */
export function parseKeyId(text: string): KeyId {
  return parsed(text, 16, logErrors.key_id_malformed, 'a key') as KeyId
}

function parsed(text: string, length: number, malformed: ErrorFactory<string>, what: string): string {
  if (text.length === 2 * length && /^[0-9a-f]+$/.test(text)) return text
  throw malformed(`The id of ${what} is ${2 * length} lower-case hexadecimal digits.`)
}

/** The id of an entry: sha2-256 of its bytes, signature included. */
export function entryIdOf(bytes: Uint8Array): EntryId {
  return hash('sha256', bytes, 'hex') as EntryId
}

export function deviceIdOf(key: DeviceKey): DeviceId {
  assert(key.length === 32, 'a device key has 32 bytes')
  return toHex(key) as DeviceId
}

/** The community that a founding entry begins. */
export function communityOf(founding: EntryId): CommunityId {
  return founding as string as CommunityId
}

/** The founding entry of a community. */
export function foundingOf(community: CommunityId): EntryId {
  return community as string as EntryId
}

/** The bytes that an id spells. */
export function idBytes(id: EntryId | CommunityId | DeviceId | KeyId): Uint8Array {
  return new Uint8Array(Buffer.from(id, 'hex'))
}

/** CIDv1, codec dag-cbor, of the entry's digest: `bafyrei…`. */
export function entryCid(id: EntryId): string {
  return CID.createV1(dagCborCode, create(sha256Code, idBytes(id))).toString()
}
