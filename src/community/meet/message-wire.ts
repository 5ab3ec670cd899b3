// What a guest seals for its host, and what somebody sends who asks to be let in: DAG-CBOR lists, strict. Pure. A message
// exists only with its certificate verified and found to be that of the device that sends it.

import { encode } from '@ipld/dag-cbor'
import { fromHex, toHex } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { peerIdOf } from '../../identity/core.ts'
import { isDeviceName } from '../../identity/device-name.ts'
import type { DeviceCertificate } from '../../identity/types.ts'
import { readCertificate } from '../../identity/wire.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import { canonicalValue } from '../canonical.ts'
import { messageBytesMax, noteCharsMax } from './limits.ts'
import type { Guest, JoinRequest, PurposeKind } from './types.ts'
import { fault } from './wire.ts'

export interface GuestMessage {
  readonly kind: PurposeKind
  readonly certificate: DeviceCertificate
  readonly memberName: string
  readonly deviceName: string
  readonly memo: string
}

const purposes: readonly PurposeKind[] = ['member', 'device']

/** `[kind, certificate, memberName, deviceName, memo]` */
export function encodeGuestMessage({ kind, certificate, memberName, deviceName, memo }: GuestMessage): Uint8Array {
  return encoded([kind, certificate.bytes, memberName, deviceName, memo])
}

/** Throws `meet_message_malformed`, `meet_certificate_wrong`. */
export function decodeGuestMessage(
  bytes: Uint8Array,
  from: PeerId,
): { readonly kind: PurposeKind; readonly guest: Guest } {
  const [kind, certificate, memberName, deviceName, memo] = decodeList(bytes, 5)
  const purpose = purposes.find((one) => one === kind)
  if (purpose === undefined) throw fault('meet_message_malformed')
  const guest = {
    peer: from,
    certificate: certificateOf(certificate, from),
    memberName: nameOf(memberName),
    deviceName: nameOf(deviceName),
    memo: noteOf(memo),
  }
  return { kind: purpose, guest }
}

/** `[community, certificate, memberName, deviceName, note]` */
export function encodeRequest({ community, certificate, memberName, deviceName, note }: JoinRequest): Uint8Array {
  return encoded([fromHex(community), certificate.bytes, memberName, deviceName, note])
}

/** Throws `meet_message_malformed`, `meet_certificate_wrong`. */
export function decodeRequest(bytes: Uint8Array, from: PeerId): JoinRequest {
  const [community, certificate, memberName, deviceName, note] = decodeList(bytes, 5)
  if (!(community instanceof Uint8Array) || community.length !== 32) throw fault('meet_message_malformed')
  return {
    community: toHex(community) as CommunityId,
    certificate: certificateOf(certificate, from),
    memberName: nameOf(memberName),
    deviceName: nameOf(deviceName),
    note: noteOf(note),
  }
}

/** What may be sent as a member's or device's name: as identity/ names devices. */
export const isName = isDeviceName

/** Line breaks are fine, all else that can't be seen or that turns text around is not. */
export function isNote(text: string): boolean {
  return text.length <= noteCharsMax && !/[\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]|(?!\n)\p{Cc}/u.test(text)
}

function encoded(value: unknown): Uint8Array {
  return Uint8Array.from(encode(value))
}

/** Decodes what is canonical: the same value encodes to the same bytes, and nothing follows it. */
function decodeList(bytes: Uint8Array, length: number): readonly unknown[] {
  if (bytes.length > messageBytesMax) throw fault('meet_message_malformed')
  const value = canonicalValue(bytes)
  if (!Array.isArray(value) || value.length !== length) throw fault('meet_message_malformed')
  return value
}

function certificateOf(value: unknown, from: PeerId): DeviceCertificate {
  if (!(value instanceof Uint8Array)) throw fault('meet_message_malformed')
  try {
    const certificate = readCertificate(value)
    if (peerIdOf(certificate.device) === from) return certificate
  } catch (error) {
    if (!isPeerhoodError(error)) throw error
  }
  throw fault('meet_certificate_wrong')
}

function nameOf(value: unknown): string {
  if (typeof value !== 'string' || !isName(value)) throw fault('meet_message_malformed')
  return value
}

function noteOf(value: unknown): string {
  if (typeof value !== 'string' || !isNote(value)) throw fault('meet_message_malformed')
  return value
}
