// Decoders of src/community/meet and src/community/direct: frames, messages, requests, codes, contact links.

import { encode } from '@ipld/dag-cbor'
import { ed25519 } from '@noble/curves/ed25519.js'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { formatContactLink, parseContactLink } from '../../src/community/direct/contact-link.ts'
import { decodeRequest, encodeRequest } from '../../src/community/direct/request-wire.ts'
import * as directWire from '../../src/community/direct/wire.ts'
import { codeText, parseCode } from '../../src/community/meet/code.ts'
import { cpaceKey } from '../../src/community/meet/cpace.ts'
import { createDecoder } from '../../src/community/meet/decoder.ts'
import {
  decodeGuestMessage,
  decodeRequest as decodeJoinRequest,
  encodeGuestMessage,
  encodeRequest as encodeJoinRequest,
} from '../../src/community/meet/message-wire.ts'
import { aesSeal } from '../../src/community/meet/seal.ts'
import { encodeFrame, type Frame } from '../../src/community/meet/wire.ts'
import type { CommunityAccess } from '../../src/community/types.ts'
import { didOf, peerIdOf } from '../../src/identity/core.ts'
import { issueCertificate } from '../../src/identity/wire.ts'
import type { CommunityId } from '../../src/log/types.ts'
import type { PeerId } from '../../src/network/types.ts'
import { joinFrames, readFrames, streams } from '../frames.ts'
import { filled, texts, vectorBytes, vectorTexts } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'
import { linkCodes, withLinkChecksum } from './format.ts'

const deviceSeed = filled(32, 2)
const certificate = issueCertificate({ personSecret: filled(32, 1), deviceSeed, issuedMs: 1 })
const from = peerIdOf(certificate.device) as PeerId
const community = 'c0'.repeat(32) as CommunityId

const request = encodeRequest(
  {
    certificate,
    to: didOf(certificate.person),
    name: 'Ada',
    text: 'Is the boat still for sale?',
    invitation: {
      community,
      seed: filled(32),
      access: filled(32) as CommunityAccess,
      peers: [{ peerId: from, addresses: ['/ip4/1.2.3.4/tcp/1'] }],
    },
    token: undefined,
    ms: 5,
  },
  (bytes) => ed25519.sign(bytes, deviceSeed),
).bytes

/** The request signed anew, so that its fields are looked at. */
function signedAgain(input: Uint8Array): Uint8Array {
  if (input[0] !== 0x82 || input[1] !== 0x59) return input
  const payload = input.slice(4, 4 + (input[2] ?? 0) * 256 + (input[3] ?? 0))
  const signature = ed25519.sign(concatBytes(utf8('peerhood/direct/request/1'), payload), deviceSeed)
  return Uint8Array.from(encode([payload, signature]))
}

const contact = { person: didOf(certificate.person), token: filled(32), name: 'Ben', peers: [] }

export const meetTargets: readonly Target[] = [
  target({
    name: 'meet-frames',
    covers: [
      'src/community/meet/wire.ts decodeBody',
      'src/community/meet/wire.ts kindOf',
      'src/community/meet/decoder.ts createDecoder',
    ],
    codes: ['empty', 'cut', 'malformed', 'too_long', 'kind_unknown'].map((what) => `meet_frame_${what}`),
    seeds: () => streams(vectorBytes('meet/frames.json', 'hex')),
    decode: (input) => readFrames<Frame>((accept) => createDecoder(accept), input),
    encode: joinFrames(encodeFrame),
  }),
  target({
    name: 'meet-message',
    covers: ['decodeGuestMessage', 'decodeRequest'].map((name) => `src/community/meet/message-wire.ts ${name}`),
    shape: 'cbor',
    codes: ['meet_message_malformed', 'meet_certificate_wrong'],
    seeds: () => [
      encodeGuestMessage({ kind: 'member', certificate, memberName: 'Ann', deviceName: 'Desk', memo: 'hi\nthere' }),
      encodeJoinRequest({ community, certificate, memberName: 'Ann', deviceName: 'Desk', note: '' }),
    ],
    // A certificate in it: two signatures.
    runs: 1_000,
    decode(input) {
      const isGuest = input[1] !== 0x58
      if (!isGuest) return { request: decodeJoinRequest(input, from) }
      const { kind, guest } = decodeGuestMessage(input, from)
      return { message: { kind, ...guest } }
    },
    encode: ({ request, message }) =>
      message !== undefined
        ? encodeGuestMessage(message)
        : request === undefined
          ? undefined
          : encodeJoinRequest(request),
  }),
  target({
    name: 'meet-code',
    covers: ['src/community/meet/code.ts parseCode'],
    shape: 'text',
    codes: ['code_malformed', 'code_word_unknown'],
    seeds: () => texts('7-ocean-lamp', '999 ABAN zoo', '12, ｏｃｅａｎ lamp'),
    words: ['-', '7', 'ocean', 'ocea', 'zoo', '0', '١'],
    inputBytesMax: 200,
    decode: (input) => parseCode(textOf(input)),
    encode: (code) => utf8(codeText(code)),
    canonical: false,
  }),
  target({
    name: 'meet-share',
    covers: ['src/community/meet/cpace.ts cpaceKey', 'src/community/meet/seal.ts aesSeal'],
    seeds: () => vectorBytes('meet/cpace.json', 'share'),
    inputBytesMax: 64,
    // A multiplication of a point by noble: 1 ms.
    runs: 1_000,
    decode(share) {
      const inputs = { secret: filled(4), channel: filled(4), session: filled(4) }
      aesSeal.open(filled(32), share)
      return cpaceKey(inputs, filled(32), { initiator: { share: filled(32) }, responder: { share } }, share)
    },
  }),
  target({
    name: 'direct-frames',
    covers: ['src/community/direct/wire.ts createDecoder'],
    codes: ['empty', 'cut', 'malformed', 'too_long', 'kind_unknown'].map((what) => `direct_frame_${what}`),
    seeds: () => streams(vectorBytes('direct/frames.json', 'hex')),
    decode: (input) => readFrames<directWire.Frame>((accept) => directWire.createDecoder(accept), input),
    encode: joinFrames(directWire.encodeFrame),
  }),
  target({
    name: 'direct-request',
    covers: ['src/community/direct/request-wire.ts decodeRequest'],
    shape: 'cbor',
    codes: ['direct_request_malformed', 'direct_certificate_wrong', 'direct_signature_wrong'],
    seeds: () => [request, ...vectorBytes('direct/requests.json', 'hex')],
    mend: signedAgain,
    // Three signatures and one made.
    runs: 800,
    decode: (input) => decodeRequest(input, from),
    encode: (read) => encodeRequest(read, (bytes) => ed25519.sign(bytes, deviceSeed)).bytes,
  }),
  target({
    name: 'contact-link',
    covers: ['src/community/direct/contact-link.ts parseContactLink'],
    shape: 'text',
    codes: linkCodes,
    seeds: () => texts(formatContactLink(contact), ...vectorTexts('direct/link.json', 'link')),
    mend: withLinkChecksum,
    inputBytesMax: 1_500,
    decode: (input) => parseContactLink(textOf(input)),
    encode: (link) => utf8(formatContactLink(link)),
    canonical: false,
  }),
]
