// The one string that leads to a share: an envelope (link-envelope.ts) around keys and peers. docs/protocol/share.md, "Link".
//
//   body = share key (32) ‖ secret or access key (32, private only) ‖ peers (link-peers.ts)

import { concatBytes } from '../../base/bytes.ts'
import type { ShareLink } from '../types.ts'
import { formatErrors } from './errors.ts'
import { asAccessKey, asShareKey, asShareSecret, deriveKeys } from './keys.ts'
import { formatEnvelope, linkKinds, otherKind, parseEnvelope } from './link-envelope.ts'
import { decodePeers, encodePeers } from './link-peers.ts'

/**
 * The link as text. Peers and addresses past the limits, and addresses that are no multiaddrs, are left out: they are
 * hints. A public `keep` link is written as the `read` link that it equals.
 */
export function formatLink(link: ShareLink): string {
  const [kind, key] = kindAndKey(link)
  return formatEnvelope({ kind, body: concatBytes(link.share, key, encodePeers(link.peers)) })
}

function kindAndKey(link: ShareLink): [kind: number, key: Uint8Array] {
  if (link.visibility === 'public') return [linkKinds.publicRead, new Uint8Array(0)]
  if (link.kind === 'keep') return [linkKinds.privateKeep, link.access]
  if (link.secret === undefined) throw formatErrors.key_malformed('A link to a private share needs its secret.')
  return [linkKinds.privateRead, link.secret]
}

/**
 * Reads a link, in either case, with white space around and in it. Throws `link_unknown`, `link_cut_off`,
 * `link_mistyped`, `link_newer`, `link_elsewhere`, `link_malformed`.
 */
export function parseLink(text: string): ShareLink {
  const { kind, body } = parseEnvelope(text)
  if (kind === linkKinds.publicRead) return publicLink(body)
  if (kind === linkKinds.privateRead) return privateLink('read', body)
  if (kind === linkKinds.privateKeep) return privateLink('keep', body)
  throw otherKind(kind)
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
