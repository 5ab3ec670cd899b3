// The one string that leads to a community: an envelope (content/format/link-envelope.ts) of a kind of its own.
// docs/protocol/community.md, "Links".
//
//   invite = community (32) ‖ seed of the invitation (32) ‖ access (32) ‖ length of the name (1) ‖ name ‖ peers
//   keep   = community (32) ‖ access (32) ‖ peers
//   request = community (32) ‖ length of the name (1) ‖ name ‖ peers
//
// Whoever has an invitation has its seed, and so the keys sealed to it: it is never logged, and kept by no keeper.

import { ed25519 } from '@noble/curves/ed25519.js'
import { concatBytes, fromUtf8, toHex, utf8 } from '../base/bytes.ts'
import { formatErrors } from '../content/format/errors.ts'
import { formatEnvelope, linkKinds, otherKind, parseEnvelope } from '../content/format/link-envelope.ts'
import { decodePeers, encodePeers } from '../content/format/link-peers.ts'
import { idBytes } from '../log/ids.ts'
import type { CommunityId } from '../log/types.ts'
import type { PeerAddress } from '../network/types.ts'
import { isName } from './fields-wire.ts'
import { asAccess } from './keys.ts'
import { linkNameBytesMax } from './limits.ts'
import type { CommunityAccess, InviteId } from './types.ts'

export interface InviteLink {
  readonly kind: 'invite'
  readonly community: CommunityId
  /** 32 bytes: the invitation's Ed25519 secret. */
  readonly seed: Uint8Array
  readonly invite: InviteId
  readonly access: CommunityAccess
  /** What the community was called when the link was made; a hint for people, proven by nothing. */
  readonly name: string | undefined
  readonly peers: readonly PeerAddress[]
}

/** Lets others hold a community's entries and pass them on without reading them. */
export interface KeepLink {
  readonly kind: 'keep'
  readonly community: CommunityId
  readonly access: CommunityAccess
  readonly peers: readonly PeerAddress[]
}

/** Leads to members who can be asked to be let in. No secret: whoever has it can ask. */
export interface RequestLink {
  readonly community: CommunityId
  /** As in {@link InviteLink}. */
  readonly name: string | undefined
  readonly peers: readonly PeerAddress[]
}

/** The id of the invitation that a seed (32 bytes) makes. */
export function inviteIdOf(seed: Uint8Array): InviteId {
  return toHex(ed25519.getPublicKey(seed)) as InviteId
}

/** The link as text. Peers past the limits are left out, and so is a name that is too long: they are hints. */
export function formatCommunityLink(link: Omit<InviteLink, 'invite'> | KeepLink): string {
  const community = idBytes(link.community)
  const peers = encodePeers(link.peers)
  if (link.kind === 'keep') {
    return formatEnvelope({ kind: linkKinds.communityKeep, body: concatBytes(community, link.access, peers) })
  }
  const body = concatBytes(community, link.seed, link.access, nameBytes(link.name), peers)
  return formatEnvelope({ kind: linkKinds.communityInvite, body })
}

function nameBytes(name: string | undefined): Uint8Array {
  const bytes = utf8(name ?? '')
  return bytes.length > linkNameBytesMax ? Uint8Array.of(0) : concatBytes(Uint8Array.of(bytes.length), bytes)
}

/**
 * Reads a link, in either case, with white space around and in it. Throws `link_unknown`, `link_cut_off`,
 * `link_mistyped`, `link_newer`, `link_elsewhere`, `link_malformed` of content/format.
 */
export function parseCommunityLink(text: string): InviteLink | KeepLink {
  const { kind, body } = parseEnvelope(text)
  if (kind === linkKinds.communityInvite) return readInvite(body)
  if (kind === linkKinds.communityKeep) return readKeep(body)
  throw otherKind(kind)
}

export function formatRequestLink({ community, name, peers }: RequestLink): string {
  const body = concatBytes(idBytes(community), nameBytes(name), encodePeers(peers))
  return formatEnvelope({ kind: linkKinds.communityRequest, body })
}

/** Throws as {@link parseCommunityLink}. */
export function parseRequestLink(text: string): RequestLink {
  const { kind, body } = parseEnvelope(text)
  if (kind !== linkKinds.communityRequest) throw otherKind(kind, linkKinds.communityRequest)
  const named = body[32]
  if (named === undefined || named > linkNameBytesMax || body.length < 33 + named) throw malformed()
  return {
    community: toHex(body.subarray(0, 32)) as CommunityId,
    name: readName(body.subarray(33, 33 + named)),
    peers: decodePeers(body.subarray(33 + named)),
  }
}

function readInvite(body: Uint8Array): InviteLink {
  const named = body[96]
  if (named === undefined || named > linkNameBytesMax || body.length < 97 + named) throw malformed()
  const seed = body.slice(32, 64)
  return {
    kind: 'invite',
    community: toHex(body.subarray(0, 32)) as CommunityId,
    seed,
    invite: inviteIdOf(seed),
    access: asAccess(body.slice(64, 96)),
    name: readName(body.subarray(97, 97 + named)),
    peers: decodePeers(body.subarray(97 + named)),
  }
}

function readKeep(body: Uint8Array): KeepLink {
  if (body.length < 64) throw malformed()
  return {
    kind: 'keep',
    community: toHex(body.subarray(0, 32)) as CommunityId,
    access: asAccess(body.slice(32, 64)),
    peers: decodePeers(body.subarray(64)),
  }
}

/** A name that can't be shown is none. */
function readName(bytes: Uint8Array): string | undefined {
  const name = fromUtf8(bytes)
  return isName(name) ? name : undefined
}

function malformed() {
  return formatErrors.link_malformed('The link is whole, but does not say which community it leads to.')
}
