// Acts survive the wire, each as it was; whatever else comes is refused with our own error, and soon.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode, encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../test/support/hostile.ts'
import { toHex } from '../base/bytes.ts'
import type { PersonDid } from '../identity/types.ts'
import { issueCertificate } from '../identity/wire.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import { type Act, type ActKind, type ActOf, decodeAct, encodeAct, type KnownAct, readAct } from './acts-wire.ts'
import { certificate as certificateCodec } from './fields-wire.ts'
import { inviteIdOf } from './invite-link.ts'
import {
  grantKeysMax,
  inviteUsesMax,
  keeperAddressesMax,
  nameCharactersMax,
  previousKeysMax,
  roleCapabilitiesMax,
  unreadMax,
  wordCharactersMax,
} from './limits.ts'
import { decodePayload, encodePayload } from './payload-wire.ts'
import { isProven, joinProof } from './proofs.ts'
import { sentenceOfAct } from './sentences.ts'
import type { Capability, CommunityAccess } from './types.ts'

const issued = issueCertificate({
  personSecret: new Uint8Array(32).fill(1),
  deviceSeed: new Uint8Array(32).fill(2),
  issuedMs: 1,
})
const certificate = certificateCodec.read(issued.bytes)
const inviteSeed = new Uint8Array(32).fill(3)
const invite = inviteIdOf(inviteSeed)
const community = 'c0'.repeat(32) as CommunityId
const { person, device, peerId } = certificate
const bytes = (length: number) => new Uint8Array(length).fill(7)
const hex = <Id extends string>(length: number) => toHex(bytes(length)) as Id

const acts: { readonly [Kind in ActKind]: ActOf<Kind> } = {
  found: {
    ...{
      kind: 'found',
      purpose: 'group',
      name: 'Village',
      description: 'two\nlines',
      history: 'all',
      memberName: 'Ann',
      deviceName: 'Desk',
    },
    ...{ access: bytes(32) as CommunityAccess, certificate },
  },
  rotate: {
    kind: 'rotate',
    previous: [
      { key: hex(16), control: bytes(60), whole: undefined },
      { key: hex(16), control: bytes(60), whole: bytes(60) },
    ],
    unread: [hex(32)],
  },
  grant: { kind: 'grant', device, keys: [hex(16)], sealed: bytes(80) },
  invite: { kind: 'invite', invite, role: 'member', usesMax: 3, expiresMs: undefined, note: '' },
  revoke: { kind: 'revoke', invite },
  join: {
    ...{ kind: 'join', invite, certificate, memberName: 'Ann', deviceName: 'Desk' },
    proof: joinProof(inviteSeed, { community, device, person }),
  },
  admit: { kind: 'admit', certificate, role: 'admin', memberName: 'Ann', deviceName: 'Desk' },
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

/** What the others would read. */
function overTheWire(act: KnownAct): Act {
  const { kind, body } = encodeAct(act)
  const payload = decodePayload(encodePayload({ app: 'community', kind, body }))
  return decodeAct(payload.kind, payload.body)
}

describe('acts', () => {
  for (const act of Object.values(acts)) {
    test(`${act.kind} comes back, and can be said`, () => {
      assert.deepEqual(overTheWire(act), act)
      const names = { person: () => 'Bob', device: () => 'a phone', invite: () => 'an invitation' }
      assert.match(sentenceOfAct(act, names), /^[a-z].*\.$/)
    })

    test(`${act.kind} with a field more, less or of another type is malformed`, () => {
      const { kind, body } = encodeAct(act)
      const fields = Object.entries(body as Record<string, unknown>)
      const refused = (changed: unknown) => {
        assert.throws(() => decodeAct(kind, changed), { code: 'act_malformed' })
        assert.deepEqual(readAct(kind, changed), { kind: 'malformed', name: kind })
      }
      refused({ ...(body as object), extra: 1 })
      for (const [name] of fields) {
        refused(Object.fromEntries(fields.filter(([other]) => other !== name)))
        for (const value of [-1, 1.5, true, ['x', {}], { a: 1 }, bytes(31), '\u202ename', new Array(2_000).fill(1)]) {
          refused({ ...(body as object), [name]: value })
        }
      }
      for (const value of [null, 1, 'x', [], bytes(3), undefined]) refused(value)
    })
  }

  test('of unknown kinds are kept by name', () => {
    assert.deepEqual(decodeAct('later', { any: 'thing' }), { kind: 'unknown', name: 'later' })
    assert.deepEqual(decodeAct('toString', {}), { kind: 'unknown', name: 'toString' })
    assert.equal(
      sentenceOfAct({ kind: 'unknown', name: 'later' }, {} as never),
      'did something that this version of Peerhood does not know.',
    )
  })

  test('of any shape throw nothing but our own error', () => {
    const kind = fc.constantFrom(...(Object.keys(acts) as ActKind[]), 'later')
    const field = fc.constantFrom('certificate', 'person', 'invite', 'previous', 'capabilities', 'name', 'device')
    const body = fc.oneof(
      fc.anything(),
      fc.dictionary(field, fc.oneof(fc.anything(), fc.uint8Array({ maxLength: 240 }))),
    )
    fc.assert(
      fc.property(kind, body, (kind, body) => {
        assertOnlyOwnErrors(() => decodeAct(kind, body), 1_000)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('limits of acts', () => {
  const refused = (act: KnownAct) => assert.throws(() => overTheWire(act), { code: 'act_malformed' })

  test('lists and numbers', () => {
    const previous = { key: hex<never>(16), control: bytes(60), whole: undefined }
    assert.ok(overTheWire({ kind: 'rotate', previous: new Array(previousKeysMax).fill(previous), unread: [] }))
    refused({ kind: 'rotate', previous: new Array(previousKeysMax + 1).fill(previous), unread: [] })
    assert.ok(overTheWire({ kind: 'rotate', previous: [], unread: new Array(unreadMax).fill(hex(32)) }))
    refused({ kind: 'rotate', previous: [], unread: new Array(unreadMax + 1).fill(hex(32)) })
    const sealed = bytes(48 + 32 * grantKeysMax)
    assert.ok(overTheWire({ kind: 'grant', device, keys: new Array(grantKeysMax).fill(hex(16)), sealed }))
    refused({ kind: 'grant', device, keys: new Array(grantKeysMax + 1).fill(hex(16)), sealed })
    refused({ kind: 'grant', device, keys: [], sealed })
    refused({ ...acts.invite, usesMax: inviteUsesMax + 1 })
    refused({ ...acts.invite, usesMax: 0 })
    refused({ ...acts.keeper, addresses: new Array(keeperAddressesMax + 1).fill('/ip4/192.0.2.1/tcp/1') })
    const capabilities = Array.from(
      { length: roleCapabilitiesMax + 1 },
      (_, place) => `c${1_000 + place}` as Capability,
    )
    assert.ok(overTheWire({ ...acts['role-define'], capabilities: capabilities.slice(1) }))
    refused({ ...acts['role-define'], capabilities })
    refused({ ...acts['role-define'], rank: 3 })
  })

  test('names', () => {
    assert.ok(overTheWire({ ...acts.profile, memberName: 'n'.repeat(nameCharactersMax) }))
    for (const memberName of ['', ' x', 'x\n', 'n'.repeat(nameCharactersMax + 1), 'a\u202eb']) {
      refused({ ...acts.profile, memberName })
    }
    assert.throws(() => decodeAct('profile', { memberName: '\ud800' }), { code: 'act_malformed' })
    for (const name of ['owner', 'guest', 'Warden', 'w'.repeat(wordCharactersMax + 1), '']) {
      refused({ ...acts['role-define'], name })
    }
  })

  test('capabilities in another order, or twice', () => {
    const { body } = encodeAct(acts['role-define'])
    for (const capabilities of [['remove', 'post'], ['post', 'post'], ['*']]) {
      assert.throws(() => decodeAct('role-define', { ...(body as object), capabilities }), { code: 'act_malformed' })
    }
  })

  test('the largest acts fit into an entry', () => {
    const whole = { key: hex<never>(16), control: bytes(60), whole: bytes(60) }
    const rotate = {
      kind: 'rotate',
      previous: new Array(previousKeysMax).fill(whole),
      unread: new Array(unreadMax).fill(hex(32)),
    }
    const { body } = encodeAct(rotate as ActOf<'rotate'>)
    assert.ok(encodePayload({ app: 'community', kind: 'rotate', body }).length < 32_768)
    const grant = encodeAct({
      kind: 'grant',
      device,
      keys: new Array(grantKeysMax).fill(hex(16)),
      sealed: bytes(48 + 32 * grantKeysMax),
    })
    assert.ok(encodePayload({ app: 'community', ...grant }).length < 32_768)
  })
})

describe('proofs in acts', () => {
  test('are right only as they were made', () => {
    for (const act of Object.values(acts)) assert.ok(isProven(community, act), act.kind)
    assert.ok(isProven(community, { kind: 'unknown', name: 'x' }))
    const other = 'd0'.repeat(32) as CommunityId
    assert.ok(!isProven(other, acts.join), 'a join is for one community')
    assert.ok(isProven(other, acts.admit))
    const stolen = { ...acts.join, certificate: { ...certificate, device: 'ab'.repeat(32) as DeviceId } }
    assert.ok(!isProven(community, stolen))
    const broken = Uint8Array.from(issued.bytes)
    broken[200] = (broken[200] ?? 0) ^ 1
    for (const kind of ['found', 'admit', 'device'] as const) {
      assert.ok(!isProven(community, { ...acts[kind], certificate: { ...certificate, bytes: broken } } as Act))
    }
    const someone = {
      ...acts.join,
      certificate: { ...certificate, person: 'did:key:z6MkogAdoPHSJRK189PB8rVMBzW8i3U429hYN9xehYNX5YYS' as PersonDid },
    }
    assert.ok(!isProven(community, someone))
  })

  test('a certificate is looked into as identity/ reads it', () => {
    assert.equal(certificate.device, toHex(issued.device))
    for (const wrong of [bytes(10), encode([bytes(3)]), encode([encode({ device: 1 })]), encode({}), bytes(400)]) {
      assert.throws(() => certificateCodec.read(wrong), { code: 'act_malformed' })
    }
  })
})

describe('payloads', () => {
  test('come back', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array(),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(
          fc.string().filter((name) => name !== '__proto__'),
          tie('any'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).any
    fc.assert(
      fc.property(value, (body) => {
        const payload = { app: 'chat', kind: 'message', body }
        assert.deepEqual(decodePayload(encodePayload(payload)), payload)
      }),
    )
  })

  test('that DAG-CBOR can’t say are refused to whoever writes them', () => {
    for (const body of [undefined, () => 1, Number.NaN, Symbol('x'), { a: undefined }, 1n << 70n]) {
      assert.throws(() => encodePayload({ app: 'chat', kind: 'message', body }), { code: 'content_unusable' })
    }
    assert.throws(() => encodePayload({ app: 'Chat', kind: 'message', body: 1 }), { code: 'content_unusable' })
    assert.throws(() => encodePayload({ app: 'chat', kind: 'message', body: 'x'.repeat(40_000) }), {
      code: 'content_too_long',
    })
  })

  test('in any other form than the one are refused', () => {
    const good = encodePayload({ app: 'chat', kind: 'message', body: { a: 1, b: 2 } })
    const wrong: Uint8Array[] = [
      Uint8Array.of(...good, 0),
      good.slice(0, -1),
      // The same map with its keys the other way round, and a number that could be shorter.
      Uint8Array.from(Buffer.from('83 64 63686174 67 6d657373616765 a2 6162 02 6161 01'.replaceAll(' ', ''), 'hex')),
      Uint8Array.from(Buffer.from('83 64 63686174 67 6d657373616765 18 01'.replaceAll(' ', ''), 'hex')),
      encode(['chat', 'message']),
      encode(['chat', 'Message', 1]),
      encode([1, 'message', 1]),
      encode('chat'),
      new Uint8Array(40_000),
      new Uint8Array(30_000).fill(0x81),
    ]
    for (const content of wrong) assert.throws(() => decodePayload(content), { code: 'payload_malformed' })
    assert.deepEqual(decode(good), ['chat', 'message', { a: 1, b: 2 }])
  })

  test('of any bytes throw nothing but our own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (content) => {
        if (assertOnlyOwnErrors(() => decodePayload(content), content.length)) {
          assert.deepEqual(encodePayload(decodePayload(content)), content)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
