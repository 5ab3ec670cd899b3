// Decoders of what a person's devices and those who keep for one another say: src/community/own, src/community/keeping,
// src/copies.

import { decodeAnswer, decodeAsk, encodeAnswer, encodeAsk } from '../../src/community/keeping/wire.ts'
import {
  createDecoder as createOwnDecoder,
  decodeHello,
  decodeState,
  encodeFrame,
  encodeHello,
  encodeState,
  type Frame,
} from '../../src/community/own/wire.ts'
import type { CommunityAccess } from '../../src/community/types.ts'
import type { DiscoveryKey } from '../../src/content/types.ts'
import {
  type Frame as CopiesFrame,
  createDecoder as createCopiesDecoder,
  encodeFrame as encodeCopiesFrame,
} from '../../src/copies/wire.ts'
import { didOf, peerIdOf } from '../../src/identity/core.ts'
import { issueCertificate } from '../../src/identity/wire.ts'
import type { CommunityId } from '../../src/log/types.ts'
import type { PeerId } from '../../src/network/types.ts'
import { joinFrames, readFrames, streams } from '../frames.ts'
import { filled } from '../seeds.ts'
import { type Target, target } from '../target.ts'

const certificate = issueCertificate({ personSecret: filled(32, 1), deviceSeed: filled(32, 2), issuedMs: 1 })
const other = issueCertificate({ personSecret: filled(32, 3), deviceSeed: filled(32, 4), issuedMs: 1 })
const self = didOf(certificate.person)
const from = peerIdOf(certificate.device) as PeerId
const community = 'c0'.repeat(32) as CommunityId
const access = filled(32) as CommunityAccess
const share = filled(32) as DiscoveryKey

const hello = encodeHello({ certificate, deviceName: 'Desk' })
const state = encodeState({
  tickets: [
    { community, access, name: 'Us', memberName: 'Ann', with: undefined },
    { community, access, name: '', memberName: 'Ann', with: didOf(other.person) },
  ],
  blocks: [
    { person: didOf(other.person), name: 'Bob', ms: 5, blocked: true },
    { person: self, name: '', ms: 0, blocked: false },
  ],
})

const copiesFrames: readonly CopiesFrame[] = [
  { kind: 'hello', certificate: certificate.bytes, token: filled(32) },
  { kind: 'hello', certificate: certificate.bytes, token: undefined },
  { kind: 'ask', certificate: certificate.bytes, shares: [share, share] },
  { kind: 'keep', certificate: certificate.bytes, record: filled(80), link: 'peerhood:abc' },
  { kind: 'prove', certificate: certificate.bytes, share, sequence: 2, nonce: filled(32), blocks: [0, 7] },
  { kind: 'drop', certificate: certificate.bytes, share },
  {
    kind: 'offer',
    free: 10,
    label: 'attic',
    states: [
      { has: 'partial', sequence: 1, blocks: 4 },
      { has: 'none', sequence: 0, blocks: 0 },
    ],
  },
  { kind: 'done' },
  { kind: 'proof', digest: filled(32) },
  { kind: 'refuse', reason: 'full', free: 9 },
]
const frameCodes = (name: string) =>
  ['empty', 'cut', 'malformed', 'too_long', 'kind_unknown', 'out_of_order'].map((what) => `${name}_frame_${what}`)

export const personsTargets: readonly Target[] = [
  target({
    name: 'own-frames',
    covers: ['src/community/own/wire.ts createDecoder'],
    codes: frameCodes('own'),
    seeds: () => streams([encodeFrame({ kind: 'hello', body: hello }), encodeFrame({ kind: 'state', body: state })]),
    decode: (input) =>
      readFrames<Frame>((accept) => {
        let next: 'hello' | 'state' = 'hello'
        return createOwnDecoder(
          () => next,
          (frame) => {
            next = 'state'
            accept(frame)
          },
        )
      }, input),
    encode: joinFrames(encodeFrame),
  }),
  target({
    name: 'own-hello',
    covers: ['src/community/own/wire.ts decodeHello'],
    shape: 'cbor',
    codes: ['own_hello_malformed', 'own_certificate_wrong', 'own_other_person'],
    seeds: () => [hello, encodeHello({ certificate: other, deviceName: 'x' })],
    // A certificate in it: two signatures.
    runs: 1_000,
    decode: (input) => decodeHello(input, from, self),
    encode: encodeHello,
  }),
  target({
    name: 'own-state',
    covers: ['src/community/own/wire.ts decodeState'],
    shape: 'cbor',
    codes: ['own_state_malformed'],
    seeds: () => [state, encodeState({ tickets: [], blocks: [] })],
    decode: decodeState,
    encode: encodeState,
  }),
  target({
    name: 'keep-ask',
    covers: ['src/community/keeping/wire.ts decodeAsk'],
    shape: 'cbor',
    codes: ['keeping_too_long', 'keeping_malformed', 'keeping_certificate_wrong'],
    seeds: () => [encodeAsk({ certificate, conversations: [{ id: community, access }] })],
    // A certificate in it: two signatures.
    runs: 1_000,
    decode: (input) => decodeAsk(input, from),
    encode: encodeAsk,
  }),
  target({
    name: 'keep-answer',
    covers: ['src/community/keeping/wire.ts decodeAnswer'],
    shape: 'cbor',
    codes: ['keeping_too_long', 'keeping_malformed'],
    seeds: () => [encodeAnswer({ name: 'attic', held: [{ id: community, bytesMax: 2 ** 30 }] })],
    decode: decodeAnswer,
    encode: encodeAnswer,
  }),
  target({
    name: 'copies-frames',
    covers: ['src/copies/wire.ts createDecoder'],
    codes: frameCodes('copies'),
    seeds: () => streams(copiesFrames.map(encodeCopiesFrame)),
    decode: (input) => readFrames<CopiesFrame>((accept) => createCopiesDecoder(accept), input),
    encode: joinFrames(encodeCopiesFrame),
  }),
]
