// The one string that leads to a share: `peerhood:` and base32 of an envelope. docs/protocol/share.md, "Link".
//
//   envelope = kind (1) ‖ length of the body (2, big-endian) ‖ body ‖ first 4 bytes of SHA-256(all before)
//   body     = share key (32) ‖ secret or access key (32, private only) ‖ peers (link-peers.ts)
//
// All kinds of links, later ones too, keep the envelope: so whoever reads one can tell a link that was cut (shorter than
// its length says), mistyped (checksum) and newer (kind) apart.

import { concatBytes, equalBytes } from '../../base/bytes.ts'
import type { ShareLink } from '../types.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'
import { formatErrors } from './errors.ts'
import { asAccessKey, asShareKey, asShareSecret, deriveKeys, digestOf } from './keys.ts'
import { linkCharsMax } from './limits.ts'
import { decodePeers, encodePeers } from './link-peers.ts'

const scheme = 'peerhood:'
const headBytes = 3
const checksumBytes = 4

/** What the first byte says. Later kinds (invitations, …) take other numbers. */
const kindBytes = { publicRead: 1, privateRead: 2, privateKeep: 3 } as const

/**
 * The link as text. Peers and addresses past the limits, and addresses that are no multiaddrs, are left out: they are
 * hints. A public `keep` link is written as the `read` link that it equals.
 */
export function formatLink(link: ShareLink): string {
  const [kind, key] = kindAndKey(link)
  const body = concatBytes(link.share, key, encodePeers(link.peers))
  const envelope = concatBytes(Uint8Array.of(kind, body.length >> 8, body.length & 255), body)
  return scheme + encodeBase32(concatBytes(envelope, checksumOf(envelope)))
}

function kindAndKey(link: ShareLink): [kind: number, key: Uint8Array] {
  if (link.visibility === 'public') return [kindBytes.publicRead, new Uint8Array(0)]
  if (link.kind === 'keep') return [kindBytes.privateKeep, link.access]
  if (link.secret === undefined) throw formatErrors.key_malformed('A link to a private share needs its secret.')
  return [kindBytes.privateRead, link.secret]
}

/**
 * Reads a link, in either case, with white space around and in it. Throws `link_unknown`, `link_cut_off`,
 * `link_mistyped`, `link_newer`, `link_malformed`.
 */
export function parseLink(text: string): ShareLink {
  const { kind, body } = openEnvelope(readText(text))
  if (kind === kindBytes.publicRead) return publicLink(body)
  if (kind === kindBytes.privateRead) return privateLink('read', body)
  if (kind === kindBytes.privateKeep) return privateLink('keep', body)
  throw formatErrors.link_newer('This link is of a kind that this version of Peerhood does not know.')
}

/** The link that lets others hold and serve a share; of a private one without the secret to read it. */
export function toKeepLink(link: ShareLink): ShareLink {
  return link.visibility === 'public' ? link : { ...link, kind: 'keep', secret: undefined }
}

function publicLink(body: Uint8Array): ShareLink {
  if (body.length < 32) throw tooShort()
  const share = asShareKey(body.slice(0, 32))
  const keys = deriveKeys({ share, visibility: 'public', secret: undefined })
  return {
    kind: 'read',
    visibility: 'public',
    share,
    secret: undefined,
    ...keys,
    peers: decodePeers(body.subarray(32)),
  }
}

function privateLink(kind: 'read' | 'keep', body: Uint8Array): ShareLink {
  if (body.length < 64) throw tooShort()
  const share = asShareKey(body.slice(0, 32))
  const key = body.slice(32, 64)
  const peers = decodePeers(body.subarray(64))
  if (kind === 'read') {
    const secret = asShareSecret(key)
    const keys = deriveKeys({ share, visibility: 'private', secret })
    return { kind, visibility: 'private', share, secret, ...keys, peers }
  }
  const { discovery } = deriveKeys({ share, visibility: 'public', secret: undefined })
  return { kind, visibility: 'private', share, secret: undefined, access: asAccessKey(key), discovery, peers }
}

function tooShort() {
  return formatErrors.link_malformed('The link is whole, but does not say what it leads to.')
}

/** The bytes after the scheme: at least what is there of an envelope. */
function readText(text: string): { bytes: Uint8Array; exact: boolean } {
  if (text.length > linkCharsMax) throw formatErrors.link_unknown('This is too long to be a Peerhood link.')
  const compact = text.replace(/\s+/g, '')
  if (compact.slice(0, scheme.length).toLowerCase() !== scheme) throw notALink(compact)
  const read = decodeBase32(compact.slice(scheme.length))
  if ('bytes' in read) return read
  const character = compact.charAt(scheme.length + read.wrongAt)
  throw formatErrors.link_mistyped(`The character “${character}” can't be in a Peerhood link.`, {
    details: { character, place: scheme.length + read.wrongAt },
  })
}

function notALink(compact: string) {
  const isStart = compact !== '' && scheme.startsWith(compact.toLowerCase())
  if (isStart) return formatErrors.link_cut_off('This is only the beginning of a Peerhood link.')
  return formatErrors.link_unknown('This is not a Peerhood link.')
}

function openEnvelope({ bytes, exact }: { bytes: Uint8Array; exact: boolean }): { kind: number; body: Uint8Array } {
  const [kind = 0, high = 0, low = 0] = bytes
  const bodyEnd = headBytes + high * 256 + low
  if (bytes.length < headBytes || bytes.length < bodyEnd + checksumBytes) {
    throw formatErrors.link_cut_off('The end of this link is missing.')
  }
  const checksum = bytes.subarray(bodyEnd)
  if (!exact || !equalBytes(checksum, checksumOf(bytes.subarray(0, bodyEnd)))) {
    throw formatErrors.link_mistyped('This link has a typing error: its checksum does not fit.')
  }
  return { kind, body: bytes.subarray(headBytes, bodyEnd) }
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  return digestOf(bytes).subarray(0, checksumBytes)
}
