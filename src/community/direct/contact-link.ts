// The link by which somebody can ask this person: an envelope (content/format/link-envelope.ts) of a kind of its own.
// docs/protocol/direct.md, "Contact links".
//
//   contact = person (32) ‖ token (32) ‖ length of the name (1) ‖ name ‖ peers
//
// The token proves that whoever asks was given the link, and nothing else; a new one makes the old links useless.

import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, fromUtf8, utf8 } from '../../base/bytes.ts'
import { formatErrors } from '../../content/format/errors.ts'
import { formatEnvelope, linkKinds, otherKind, parseEnvelope } from '../../content/format/link-envelope.ts'
import { decodePeers, encodePeers } from '../../content/format/link-peers.ts'
import { didOf } from '../../identity/core.ts'
import type { PersonDid, PersonKey } from '../../identity/types.ts'
import type { PeerAddress } from '../../network/types.ts'
import { rootToWords } from '../audit-core.ts'
import { isName, personKeyOf } from '../fields-wire.ts'
import { linkNameBytesMax } from '../limits.ts'
import { tokenBytes } from './limits.ts'

export interface ContactLink {
  readonly person: PersonDid
  readonly token: Uint8Array
  /** What the person calls themself; a hint, proven by nothing. */
  readonly name: string | undefined
  readonly peers: readonly PeerAddress[]
}

export function formatContactLink({ person, token, name = '', peers }: ContactLink): string {
  const named = utf8(name).length > linkNameBytesMax ? new Uint8Array(0) : utf8(name)
  const body = concatBytes(personKeyOf(person), token, Uint8Array.of(named.length), named, encodePeers(peers))
  return formatEnvelope({ kind: linkKinds.contact, body })
}

/**
 * Reads a link, in either case, with white space around and in it. Throws `link_unknown`, `link_cut_off`,
 * `link_mistyped`, `link_newer`, `link_elsewhere`, `link_malformed` of content/format.
 */
export function parseContactLink(text: string): ContactLink {
  const { kind, body } = parseEnvelope(text)
  if (kind !== linkKinds.contact) throw otherKind(kind, linkKinds.contact)
  const nameAt = 32 + tokenBytes
  const named = body[nameAt]
  if (named === undefined || named > linkNameBytesMax || body.length < nameAt + 1 + named) {
    throw formatErrors.link_malformed('The link is whole, but does not say whom it leads to.')
  }
  const name = fromUtf8(body.subarray(nameAt + 1, nameAt + 1 + named))
  return {
    person: didOf(body.slice(0, 32) as PersonKey),
    token: body.slice(32, nameAt),
    name: isName(name) ? name : undefined,
    peers: decodePeers(body.subarray(nameAt + 1 + named)),
  }
}

const discoveryLabel = utf8('peerhood/direct/discovery/1')

/** What the DHT names whoever has handed out a link with this token: who has the link finds them wherever they are. */
export function contactKeyOf(token: Uint8Array): Uint8Array {
  return sha256(concatBytes(discoveryLabel, token))
}

const wordsLabel = utf8('peerhood/person/words/1')

/** Six words that tell one person from all others, to compare by voice: names are whatever people call themselves. */
export function wordsOf(person: PersonDid): string[] {
  return rootToWords(sha256(concatBytes(wordsLabel, personKeyOf(person))))
}
