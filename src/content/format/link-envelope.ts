// What all links have in common: `peerhood:` and base32 of an envelope. docs/protocol/share.md, "Link".
//
//   envelope = kind (1) ‖ length of the body (2, big-endian) ‖ body ‖ first 4 bytes of SHA-256(all before)
//
// All kinds of links, later ones too, keep it: so whoever reads one can tell a link that was cut (shorter than its length
// says), mistyped (checksum) and newer (kind) apart, and one that leads elsewhere from both.

import { concatBytes, equalBytes } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'
import { formatErrors } from './errors.ts'
import { digestOf } from './keys.ts'
import { linkCharsMax } from './limits.ts'

const scheme = 'peerhood:'
const headBytes = 3
const checksumBytes = 4

/** What the first byte says; 1 to 3 lead to shares, 4 to 6 to communities, 7 to a person. */
export const linkKinds = {
  publicRead: 1,
  privateRead: 2,
  privateKeep: 3,
  communityInvite: 4,
  communityKeep: 5,
  communityRequest: 6,
  contact: 7,
} as const

export interface LinkEnvelope {
  readonly kind: number
  readonly body: Uint8Array
}

export function formatEnvelope({ kind, body }: LinkEnvelope): string {
  assert(body.length < 0x10000, 'the length of a body has two bytes')
  const envelope = concatBytes(Uint8Array.of(kind, body.length >> 8, body.length & 255), body)
  return scheme + encodeBase32(concatBytes(envelope, checksumOf(envelope)))
}

/**
 * Reads the envelope of any link, in either case, with white space around and in it. Throws `link_unknown`,
 * `link_cut_off`, `link_mistyped`.
 */
export function parseEnvelope(text: string): LinkEnvelope {
  const { bytes, exact } = readText(text)
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

/**
 * What to throw for a kind that the caller does not read: `link_elsewhere` when another part of Peerhood does. `wanted`:
 * what it reads, where that is one kind of several that lead to communities.
 */
export function otherKind(kind: number, wanted?: number) {
  if (kind === linkKinds.contact) {
    return formatErrors.link_elsewhere('With this link one asks somebody to talk.', {
      hint: 'Give it to `peerhood direct ask`.',
    })
  }
  if (kind === linkKinds.communityRequest) {
    return formatErrors.link_elsewhere('With this link one asks to be let into a community.', {
      hint: 'Give it to `peerhood community ask`.',
    })
  }
  if (kind === linkKinds.communityInvite && wanted !== undefined) {
    return formatErrors.link_elsewhere('This link lets into a community without asking.', {
      hint: 'Give it to `peerhood community join`.',
    })
  }
  if (kind === linkKinds.communityKeep && wanted !== undefined) {
    return formatErrors.link_elsewhere('With this link one keeps a community for others, and can’t ask to be let in.', {
      hint: 'Give it to `peerhood community keep`, or ask a member for another one.',
    })
  }
  if (kind === linkKinds.communityInvite || kind === linkKinds.communityKeep) {
    return formatErrors.link_elsewhere('This link leads to a community, not to a share.', {
      hint: 'Open it under Communities, or give it to `peerhood community join`.',
    })
  }
  if (Object.values<number>(linkKinds).includes(kind)) {
    return formatErrors.link_elsewhere('This link leads to a share, not to a community.', {
      hint: 'Give it to `peerhood get`.',
    })
  }
  return formatErrors.link_newer('This link is of a kind that this version of Peerhood does not know.')
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

function checksumOf(bytes: Uint8Array): Uint8Array {
  return digestOf(bytes).subarray(0, checksumBytes)
}
