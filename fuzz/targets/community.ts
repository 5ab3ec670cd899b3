// Decoders of src/community but for meet/ and direct/: payloads, acts, lockboxes, what is handed over, links.

import { createCipheriv } from 'node:crypto'
import { concatBytes, fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import {
  type Act,
  type ActKind,
  type ActOf,
  decodeAct,
  encodeAct,
  type KnownAct,
  readAct,
} from '../../src/community/acts-wire.ts'
import * as admission from '../../src/community/admission-wire.ts'
import { boxSecretOf, openBoxes, openGrant } from '../../src/community/boxes.ts'
import { certificate as certificateCodec } from '../../src/community/fields-wire.ts'
import {
  formatCommunityLink,
  formatRequestLink,
  inviteIdOf,
  parseCommunityLink,
  parseRequestLink,
} from '../../src/community/invite-link.ts'
import { decodePayload, encodePayload, type Payload } from '../../src/community/payload-wire.ts'
import { laneKey, openContent, type SealPlace, sealContent, unwrapKey } from '../../src/community/seal.ts'
import type { Capability, CommunityAccess, EpochKey } from '../../src/community/types.ts'
import { parseEnvelope } from '../../src/content/format/link-envelope.ts'
import { seededRandom } from '../../src/identity/testing.ts'
import { issueCertificate } from '../../src/identity/wire.ts'
import type { CommunityId, DeviceId } from '../../src/log/types.ts'
import type { PeerId } from '../../src/network/types.ts'
import { filled, texts, vectorBytes, vectorTexts } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'
import { linkCodes, withLinkChecksum } from './format.ts'

const issued = issueCertificate({ personSecret: filled(32, 1), deviceSeed: filled(32, 2), issuedMs: 1 })
const certificate = certificateCodec.read(issued.bytes)
const invite = inviteIdOf(filled(32, 3))
const { person, device, peerId } = certificate
const hex = <Id extends string>(length: number) => toHex(filled(length)) as Id
const names = { memberName: 'Ann', deviceName: 'Desk' }
const access = filled(32) as CommunityAccess

const acts: { readonly [Kind in ActKind]: ActOf<Kind> } = {
  found: {
    kind: 'found',
    purpose: 'group',
    name: 'Village',
    description: 'two\nlines',
    history: 'all',
    access,
    certificate,
    ...names,
  },
  rotate: {
    kind: 'rotate',
    previous: [
      { key: hex(16), control: filled(60), whole: undefined },
      { key: hex(16), control: filled(60), whole: filled(60) },
    ],
    unread: [hex(32)],
  },
  grant: { kind: 'grant', device, keys: [hex(16)], sealed: filled(80) },
  invite: { kind: 'invite', invite, role: 'member', usesMax: 3, expiresMs: undefined, note: '' },
  revoke: { kind: 'revoke', invite },
  join: { kind: 'join', invite, certificate, proof: filled(64), ...names },
  admit: { kind: 'admit', certificate, role: 'admin', ...names },
  device: { kind: 'device', certificate, deviceName: 'Phone' },
  'device-remove': { kind: 'device-remove', device },
  remove: { kind: 'remove', person },
  role: { kind: 'role', person, role: 'warden' },
  'role-define': { kind: 'role-define', name: 'warden', rank: 1, capabilities: ['post', 'remove'] as Capability[] },
  settings: { kind: 'settings', name: 'Town' },
  profile: { kind: 'profile', memberName: 'Anna' },
  keeper: { kind: 'keeper', peerId, addresses: ['/ip4/192.0.2.1/tcp/4001'], name: 'attic', bytesMax: 1_000 },
  'keeper-remove': { kind: 'keeper-remove', peerId },
}

const actPayload = (act: KnownAct) => encodePayload({ app: 'community', ...encodeAct(act) })
const peers = [{ peerId: peerId as PeerId, addresses: ['/ip4/192.0.2.1/tcp/4001', '/dns4/x.example/tcp/1'] }]
const community = 'c0'.repeat(32) as CommunityId
const ticket = { community, access, name: 'Village', peers }

const epochKey = filled(32) as EpochKey
const place: SealPlace = { community: undefined, device: hex<DeviceId>(32), seq: 1, lane: 1 }
const contentKey = laneKey(epochKey, 1)
const boxSecret = boxSecretOf(vectorBytes('community/boxes.json', 'seed')[0] ?? filled(32))

/** Padded content as it stands, sealed for {@link place}: what a member could send who pads as it likes. */
function sealedAsIs(padded: Uint8Array): Uint8Array {
  const aad = concatBytes(fromHex(place.device) ?? filled(0), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1))
  const cipher = createCipheriv('aes-256-gcm', contentKey, filled(12)).setAAD(aad)
  return concatBytes(filled(12), cipher.update(padded), cipher.final(), cipher.getAuthTag())
}

const padded = (length: number, bytes: number) =>
  concatBytes(filled(length), Uint8Array.of(0x80), filled(bytes - length - 1, 0))

function admissionTarget<Value>(
  what: string,
  codec: {
    readonly decode: (bytes: Uint8Array) => Value
    readonly encode: (value: Value) => Uint8Array
    readonly seeds: readonly Value[]
  },
  runs?: number,
): Target {
  return target({
    name: `admission-${what.toLowerCase()}`,
    covers: [`src/community/admission-wire.ts decode${what}`],
    shape: 'cbor',
    codes: ['admission_malformed'],
    seeds: () => codec.seeds.map(codec.encode),
    decode: codec.decode,
    encode: codec.encode,
    ...(runs === undefined ? {} : { runs }),
  })
}

export const communityTargets: readonly Target[] = [
  target({
    name: 'payload',
    covers: ['src/community/payload-wire.ts decodePayload'],
    shape: 'cbor',
    codes: ['payload_malformed'],
    seeds: () => [...vectorBytes('community/sealed.json', 'content'), ...Object.values(acts).map(actPayload)],
    decode: decodePayload,
    encode: encodePayload,
  }),
  target({
    name: 'act',
    covers: ['src/community/acts-wire.ts decodeAct', 'src/community/acts-wire.ts readAct'],
    shape: 'cbor',
    codes: ['payload_malformed', 'act_malformed'],
    seeds: () => Object.values(acts).map(actPayload),
    decode(input): { payload: Payload; act: Act } {
      const payload = decodePayload(input)
      readAct(payload.kind, payload.body)
      return { payload, act: decodeAct(payload.kind, payload.body) }
    },
    encode({ payload, act }) {
      if (act.kind === 'unknown' || act.kind === 'malformed') return undefined
      return encodePayload({ ...payload, ...encodeAct(act) })
    },
  }),
  admissionTarget('Ticket', { decode: admission.decodeTicket, encode: admission.encodeTicket, seeds: [ticket] }),
  admissionTarget('Handover', {
    decode: admission.decodeHandover,
    encode: admission.encodeHandover,
    seeds: [{ entropy: filled(32), peers }],
  }),
  admissionTarget('Welcome', {
    decode: admission.decodeWelcome,
    encode: admission.encodeWelcome,
    seeds: [{ communities: [{ community, access, name: 'Village', memberName: 'Ann' }], missed: 1 }],
  }),
  // A certificate in it: two signatures.
  admissionTarget(
    'Hello',
    {
      decode: admission.decodeHello,
      encode: admission.encodeHello,
      seeds: [{ certificate: issued, deviceName: 'Phone' }],
    },
    1_000,
  ),
  target({
    name: 'lockboxes',
    covers: ['src/community/boxes.ts openBoxes'],
    codes: ['boxes_malformed'],
    seeds: () => vectorBytes('community/boxes.json', 'boxes'),
    decode: (input) => openBoxes(input, boxSecret),
  }),
  target({
    name: 'grant',
    covers: ['src/community/boxes.ts openGrant', 'src/community/seal.ts unwrapKey'],
    seeds: () => vectorBytes('community/boxes.json', 'grant'),
    decode: (input) => [openGrant(input, boxSecret), unwrapKey(filled(32), input)],
  }),
  target({
    name: 'sealed-content',
    covers: ['src/community/seal.ts openContent'],
    codes: ['seal_wrong', 'payload_malformed'],
    // What is changed is the padded content, which is then sealed.
    seeds: () => [padded(0, 128), padded(127, 128), padded(128, 256), filled(128, 0)],
    decode: (input) => openContent(contentKey, place, sealedAsIs(input)),
    encode: (content) => {
      const sealed = sealContent(contentKey, place, content, seededRandom('fuzz'))
      // Content is shorter than its class; what it was padded to follows from it.
      return padded(content.length, sealed.length - 28).map((byte, at) =>
        at < content.length ? (content[at] ?? 0) : byte,
      )
    },
  }),
  target({
    name: 'sealed-bytes',
    covers: ['src/community/seal.ts openContent'],
    codes: ['seal_wrong', 'payload_malformed'],
    seeds: () => [sealContent(contentKey, place, filled(20), seededRandom('seed'))],
    decode: (input) => openContent(contentKey, place, input),
  }),
  target({
    name: 'community-link',
    covers: ['src/community/invite-link.ts parseCommunityLink', 'src/community/invite-link.ts parseRequestLink'],
    shape: 'text',
    codes: linkCodes,
    seeds: () => [
      ...texts(...vectorTexts('community/link.json', 'link'), formatRequestLink({ community, name: 'Village', peers })),
    ],
    mend: withLinkChecksum,
    inputBytesMax: 1_500,
    decode(input) {
      const text = textOf(input)
      const isRequest = kindOf(text) === 6
      return isRequest ? { request: parseRequestLink(text) } : { link: parseCommunityLink(text) }
    },
    encode: ({ request, link }) =>
      utf8(request !== undefined ? formatRequestLink(request) : link === undefined ? '' : formatCommunityLink(link)),
    canonical: false,
  }),
]

function kindOf(text: string): number | undefined {
  try {
    return parseEnvelope(text).kind
  } catch {
    return undefined
  }
}
