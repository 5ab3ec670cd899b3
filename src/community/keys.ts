// Every key of a community and what follows from it. docs/protocol/community.md, "Keys". Sync, and randomness comes in.
//
//   epoch key (32, random) ──SHA-256──► key id (in the header of each entry, commits to the key)
//        ├──HKDF──► control: seals lane 0 ──HKDF──► hands on earlier control keys
//        ├──HKDF──► app: seals lane 1
//        ├──HKDF──► topic: gossip topic, ephemeral messages
//        └──HKDF──► chain: hands on earlier epoch keys
//   access (32, random, made with the community) ──► discovery key, proof that one may ask for sealed entries (log/sync/proof.ts)

import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { toHex } from '../base/bytes.ts'
import type { Random } from '../base/ports.ts'
import { idBytes } from '../log/ids.ts'
import type { CommunityId, KeyId } from '../log/types.ts'
import { communityErrors } from './errors.ts'
import type { CommunityAccess, EpochKey } from './types.ts'

const keyBytes = 32
const keyIdBytes = 16

export function generateEpochKey(random: Random): EpochKey {
  return asEpochKey(random.bytes(keyBytes))
}

export function generateAccess(random: Random): CommunityAccess {
  return asAccess(random.bytes(keyBytes))
}

// Parsers of 32-byte values; each throws `key_malformed` for any other length. They do not copy.
export const asEpochKey = (bytes: Uint8Array): EpochKey => checked(bytes, 'community key') as EpochKey
export const asAccess = (bytes: Uint8Array): CommunityAccess => checked(bytes, 'access key') as CommunityAccess

function checked(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes.length === keyBytes) return bytes
  throw communityErrors.key_malformed(`A ${what} has ${keyBytes} bytes, this one has ${bytes.length}.`)
}

/** First 16 bytes of SHA-256(label ‖ key): nobody can find a second key of one id, so a box can't hold another key. */
export function keyIdOf(key: EpochKey): KeyId {
  return toHex(labelled('peerhood/community/key-id/1', key).subarray(0, keyIdBytes)) as KeyId
}

export type SubKeyName = 'control' | 'app' | 'topic' | 'chain'

/** HKDF-SHA256 (RFC 5869) of an epoch key, without salt. */
export function subKey(key: EpochKey, name: SubKeyName): Uint8Array {
  return expand(key, `peerhood/community/${name}/1`)
}

/** Seals earlier control keys for whoever has the control key only. */
export function controlChainKey(control: Uint8Array): Uint8Array {
  return expand(control, 'peerhood/community/chain-control/1')
}

function expand(key: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), info, keyBytes))
}

/** The gossip topic while a key is the one to write with: strangers, keepers and the removed can't derive it. */
export function topicOf(key: EpochKey, community: CommunityId): string {
  return createHmac('sha256', subKey(key, 'topic')).update(idBytes(community)).digest('hex')
}

/** The same for an app that gossips by itself. */
export function appTopicOf(key: EpochKey, community: CommunityId, app: string): string {
  return createHmac('sha256', subKey(key, 'topic')).update(idBytes(community)).update(app).digest('hex')
}

/** What is announced and looked up in the DHT and on the LAN; leads back to nothing. */
export function discoveryKeyOf(access: CommunityAccess): Uint8Array {
  return labelled('peerhood/community/discovery/1', access)
}

function labelled(label: string, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(label).update(bytes).digest())
}
