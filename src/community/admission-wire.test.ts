import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { decode, encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { createRandom } from '../../test/sim/random.ts'
import { deviceOf } from '../../test/support/meet.ts'
import { toHex } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import type { CommunityId } from '../log/types.ts'
import {
  decodeHandover,
  decodeHello,
  decodeTicket,
  decodeWelcome,
  encodeHandover,
  encodeHello,
  encodeTicket,
  encodeWelcome,
  type Handover,
  type Ticket,
  type Welcome,
} from './admission-wire.ts'
import {
  communitiesMax,
  helloBytesMax,
  keeperAddressCharactersMax,
  keeperAddressesMax,
  ticketBytesMax,
  ticketPeersMax,
  welcomeBytesMax,
} from './limits.ts'
import { answerBytesMax } from './meet/limits.ts'
import type { CommunityAccess } from './types.ts'

const random = createRandom('admission-wire')
const { certificate, id: peerId } = deviceOf(random)
const access = (byte = 7) => new Uint8Array(32).fill(byte) as CommunityAccess
const community = 'c0'.repeat(32) as CommunityId
const longest = '/'.padEnd(keeperAddressCharactersMax, 'x')

const ticket: Ticket = {
  community,
  access: access(),
  name: 'Allotment',
  peers: [{ peerId, addresses: ['/ip4/127.0.0.1/tcp/4001'] }],
}
const handover: Handover = { entropy: new Uint8Array(32).fill(5), peers: ticket.peers }
const hello = { certificate, deviceName: 'laptop' }
const welcome: Welcome = {
  communities: [{ community, access: access(), name: 'Allotment', memberName: 'Ada' }],
  missed: 2,
}

const codecs = [
  { name: 'ticket', decode: decodeTicket, encoded: encodeTicket(ticket), value: ticket, bytesMax: ticketBytesMax },
  {
    ...{ name: 'handover', decode: decodeHandover, encoded: encodeHandover(handover) },
    ...{ value: handover, bytesMax: ticketBytesMax },
  },
  { name: 'hello', decode: decodeHello, encoded: encodeHello(hello), value: hello, bytesMax: helloBytesMax },
  {
    name: 'welcome',
    decode: decodeWelcome,
    encoded: encodeWelcome(welcome),
    value: welcome,
    bytesMax: welcomeBytesMax,
  },
] as const

const readers: readonly ((bytes: Uint8Array) => unknown)[] = codecs.map((codec) => codec.decode)

function refused(read: () => unknown): boolean {
  try {
    read()
    return false
  } catch (error) {
    assert.ok(isPeerhoodError(error), String(error))
    assert.equal(error.code, 'admission_malformed')
    assert.equal(error.cause, undefined)
    return true
  }
}

for (const { name, decode: read, encoded, value, bytesMax } of codecs) {
  test(`a ${name} comes back as it was, cut or longer it is none`, () => {
    assert.deepEqual(read(encoded), value)
    for (let length = 0; length < encoded.length; length++) assert.ok(refused(() => read(encoded.subarray(0, length))))
    assert.ok(refused(() => read(Uint8Array.of(...encoded, 0))))
    assert.ok(refused(() => read(new Uint8Array(bytesMax + 1))))
  })

  test(`a ${name} has one encoding: no byte of it can be another and mean the same`, () => {
    for (let at = 0; at < encoded.length; at++) {
      for (const change of [1, 0x20, 0x80]) {
        const other = Uint8Array.from(encoded)
        other[at] = (other[at] ?? 0) ^ change
        let decoded: unknown
        if (refused(() => (decoded = read(other)))) continue
        assert.notDeepEqual(decoded, value)
      }
    }
  })
}

test('whatever the bytes, a decoder throws its own code and quotes nothing', () => {
  const values = fc.anything({ withMap: false, withSet: false, withDate: false, maxDepth: 3 })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 512 }), values, fc.nat(3), (bytes, value, which) => {
      const read = readers[which] ?? decodeTicket
      refused(() => read(bytes))
      try {
        const crafted = encode([1, ...(Array.isArray(value) ? value : [value])])
        refused(() => read(crafted))
      } catch (error) {
        // What DAG-CBOR can't say is no message.
        if (isPeerhoodError(error) || error instanceof assert.AssertionError) throw error
      }
    }),
    { seed: 3, numRuns: 2000 },
  )
})

test('fields that are not what they should be are refused one by one', () => {
  const ofTicket = decode<unknown[]>(encodeTicket(ticket))
  const wrong: Record<number, readonly unknown[]> = {
    0: [0, 2, '1'],
    1: [new Uint8Array(31), 'c0', null],
    2: [new Uint8Array(33), null],
    3: ['', ' x', 'a\nb', '\u202eevil', 'x'.repeat(65), 7],
    4: [null, [[new Uint8Array(31), []]], [[new Uint8Array(32).fill(1), ['no address']]], [[new Uint8Array(32)]]],
  }
  for (const [at, values] of Object.entries(wrong)) {
    for (const value of values) {
      const changed = ofTicket.with(Number(at), value)
      assert.ok(
        refused(() => decodeTicket(encode(changed))),
        `${at}: ${inspect(value)}`,
      )
    }
  }
  assert.ok(refused(() => decodeTicket(encode([...ofTicket, 1]))))
  const ofHello = decode<unknown[]>(encodeHello(hello))
  for (const name of ['', ' laptop', '\u202e', 'x'.repeat(65)]) {
    assert.ok(refused(() => decodeHello(encode(ofHello.with(2, name)))))
  }
  const forged = Uint8Array.from(certificate.bytes)
  forged[200] = (forged[200] ?? 0) ^ 1
  assert.ok(refused(() => decodeHello(encode(ofHello.with(1, forged)))))
})

test('the largest ticket fits into an answer of meet/, the largest welcome into its limit; one more is refused', () => {
  const peer = { peerId, addresses: Array.from({ length: keeperAddressesMax }, () => longest) }
  const peers = (count: number) => Array.from({ length: count }, () => peer)
  const name = '\u{10348}'.repeat(32)
  const full = encodeTicket({ ...ticket, name, peers: peers(ticketPeersMax) })
  assert.ok(full.length <= ticketBytesMax && ticketBytesMax <= answerBytesMax, `${full.length}`)
  assert.equal(decodeTicket(full).peers.length, ticketPeersMax)
  assert.ok(refused(() => decodeTicket(encodeTicket({ ...ticket, peers: peers(ticketPeersMax + 1) }))))
  const far = { peerId, addresses: [...peer.addresses, '/ip4/127.0.0.1/tcp/1'] }
  assert.ok(refused(() => decodeTicket(encodeTicket({ ...ticket, peers: [far] }))))
  const long = { peerId, addresses: [`${longest}x`] }
  assert.ok(refused(() => decodeTicket(encodeTicket({ ...ticket, peers: [long] }))))

  const one = { community, access: access(), name, memberName: name }
  const many = (count: number) => Array.from({ length: count }, () => one)
  const all = encodeWelcome({ communities: many(communitiesMax), missed: 0 })
  assert.ok(all.length <= welcomeBytesMax, `${all.length}`)
  assert.equal(decodeWelcome(all).communities.length, communitiesMax)
  assert.ok(refused(() => decodeWelcome(encodeWelcome({ communities: many(communitiesMax + 1), missed: 0 }))))
  assert.ok(refused(() => decodeWelcome(encodeWelcome({ communities: [], missed: communitiesMax + 1 }))))
})

test('what is decoded is a copy: bytes of the network may change afterwards', () => {
  const bytes = encodeTicket(ticket)
  const read = decodeTicket(bytes)
  bytes.fill(0)
  assert.equal(toHex(read.access), toHex(access()))
})
