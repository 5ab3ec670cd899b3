// Messages of bitswap: against bytes written by hand from the specification's protobuf, in both directions for whatever can
// be said, and with every limit met.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { cidOf } from '../content/format/cid.ts'
import { digestOf } from '../content/format/keys.ts'
import {
  type BitswapMessage,
  createMessageReader,
  decodeMessage,
  emptyMessage,
  encodeMessage,
  isSha256Prefix,
  prefixOf,
} from './bitswap-wire.ts'
import { parseCid } from './cid.ts'
import { bitswapMessageBytesMax, cidBytesMax, ipfsBlockBytesMax, wantEntriesMax } from './limits.ts'
import { bytesField, numberField, varintBytes } from './protobuf-wire.ts'
import { strangeCid } from './testing.ts'

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code
const cid = parseCid('bafkreigaknpexyvxt76zgkitavbwx6ejgfheup5oybpm77f3pxzrvwpfdi')
const oldCid = parseCid('QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n')
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const field = (number: number, ...parts: Uint8Array[]) => concatBytes(...bytesField(number, parts))
const number = (of: number, value: number) => concatBytes(...numberField(of, value))
const messageOf = (message: Partial<BitswapMessage>) => concatBytes(...encodeMessage({ ...emptyMessage, ...message }))
const bodyOf = (message: Partial<BitswapMessage>) =>
  concatBytes(...encodeMessage({ ...emptyMessage, ...message }).slice(1))

test('a message is the bytes that the specification says', () => {
  const want = { cid, type: 'have', priority: 5, cancel: true, sendDontHave: true } as const
  const bytes = messageOf({
    wants: [want],
    full: true,
    blocks: [{ prefix: prefixOf(cid), data: Uint8Array.of(1, 2, 3) }],
    presences: [{ cid, has: false }],
    pendingBytes: 300,
  })
  const entry = `0a24${hex(cid.bytes)}1005180120012801`
  const expected = [
    `0a320a2e${entry}1001`, // want-list of 50 bytes: an entry of 46, and full
    '1a0b0a040155122012030102' + '03', // a block: prefix 01 55 12 20, data
    `22280a24${hex(cid.bytes)}1001`, // a presence: don't have
    '28ac02',
  ].join('')
  assert.equal(hex(bytes), hex(varintBytes(expected.length / 2)) + expected)
  assert.equal(hex(prefixOf(oldCid)), '00701220')
  // Nothing said is an empty want-list, not nothing: older programs want one.
  assert.equal(hex(messageOf({})), '020a00')
})

const digests = fc.uint8Array({ minLength: 1, maxLength: 40 }).map(digestOf)
const cids = fc
  .tuple(fc.constantFrom(0x55 as const, 0x70 as const), digests)
  .map(([codec, digest]) => cidOf(codec, digest))
const messages: fc.Arbitrary<BitswapMessage> = fc.record({
  wants: fc.array(
    fc.record({
      cid: cids,
      type: fc.constantFrom('block' as const, 'have' as const),
      priority: fc.nat(2_147_483_647),
      cancel: fc.boolean(),
      sendDontHave: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  full: fc.boolean(),
  blocks: fc.array(fc.record({ prefix: cids.map(prefixOf), data: fc.uint8Array({ maxLength: 300 }) }), {
    maxLength: 3,
  }),
  presences: fc.array(fc.record({ cid: cids, has: fc.boolean() }), { maxLength: 5 }),
  pendingBytes: fc.nat(2_147_483_647),
})

function plain(message: BitswapMessage) {
  return {
    ...message,
    wants: message.wants.map((want) => ({ ...want, cid: want.cid.toString() })),
    presences: message.presences.map(({ cid: of, has }) => ({ cid: of.toString(), has })),
    blocks: message.blocks.map(({ prefix, data }) => [hex(prefix), hex(data)]),
  }
}

test('what was said is what is read, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(messages, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 50 }), (all, cut) => {
      const stream = concatBytes(...all.map((message) => messageOf(message)))
      const read: BitswapMessage[] = []
      const reader = createMessageReader((bytes) => read.push(decodeMessage(bytes)))
      for (let at = 0; at < stream.length; at += cut) reader.push(stream.subarray(at, at + cut))
      reader.end()
      assert.equal(reader.held, 0)
      assert.deepEqual(read.map(plain), all.map(plain))
    }),
    { seed: 7 },
  )
})

test('a decoder throws nothing but its own codes', () => {
  const codes = ['bitswap_malformed', 'bitswap_wants_too_many', 'bitswap_block_too_large']
  const changed = fc.tuple(messages, fc.nat(), fc.nat(255)).map(([message, at, byte]) => {
    const bytes = bodyOf(message)
    if (bytes.length > 0) bytes[at % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), changed), (bytes) => {
      try {
        decodeMessage(bytes)
      } catch (error) {
        assert.ok(isPeerhoodError(error) && codes.includes(error.code), String(error))
      }
    }),
    { seed: 8, numRuns: 3_000 },
  )
})

test('what a later version may add is passed over; what is no message is not', () => {
  const entry = concatBytes(field(1, cid.bytes), number(2, 1), number(9, 7), field(12, Uint8Array.of(1)))
  const bytes = concatBytes(field(1, field(1, entry), number(8, 1)), field(77, Uint8Array.of(1)), number(78, 4))
  assert.equal(decodeMessage(bytes).wants.length, 1)
  // Bitswap 1.0's blocks without a prefix.
  assert.deepEqual(decodeMessage(field(2, Uint8Array.of(1, 2))).blocks, [])
  // A negative priority takes ten bytes.
  const negative = concatBytes(field(1, cid.bytes), Uint8Array.of(0x10), new Uint8Array(9).fill(0xff), Uint8Array.of(1))
  assert.equal(decodeMessage(field(1, field(1, negative))).wants[0]?.priority, 2_147_483_647)
  const wrong = [
    Uint8Array.of(0x0a), // ends inside a number
    Uint8Array.of(0x0a, 5, 1), // inside a field
    Uint8Array.of(0x0b, 0), // a group
    Uint8Array.of(0x80, 0x00), // not the shortest form
    field(1, field(1, number(2, 1))), // a want of nothing
    field(4, number(2, 1)), // a presence of nothing
    field(1, field(1, concatBytes(field(1, cid.bytes), number(3, 2)))), // neither true nor false
    field(1, field(1, field(1, cid.bytes.subarray(0, 20)))), // half a CID
    field(1, field(1, field(1, concatBytes(cid.bytes, Uint8Array.of(0))))), // more than a CID
    field(1, field(1, field(1, strangeCid(0x55, 0x13, cidBytesMax).bytes))), // `cidBytesMax`
    field(3, field(1, new Uint8Array(cidBytesMax + 1))),
  ]
  for (const bytes of wrong)
    assert.throws(() => decodeMessage(bytes), withCode('bitswap_malformed'), hex(bytes.slice(0, 9)))
})

test('wantEntriesMax, ipfsBlockBytesMax and bitswapMessageBytesMax are met', () => {
  const entry = field(1, field(1, cid.bytes))
  const many = (count: number) => field(1, ...Array.from({ length: count }, () => entry))
  assert.equal(decodeMessage(many(wantEntriesMax)).wants.length, wantEntriesMax)
  assert.throws(() => decodeMessage(many(wantEntriesMax + 1)), withCode('bitswap_wants_too_many'))
  // Several want-lists in one message are one.
  assert.throws(() => decodeMessage(concatBytes(many(wantEntriesMax), many(1))), withCode('bitswap_wants_too_many'))
  const presences = Array.from({ length: wantEntriesMax + 1 }, () => field(4, field(1, cid.bytes)))
  assert.throws(() => decodeMessage(concatBytes(...presences)), withCode('bitswap_wants_too_many'))

  const block = (length: number) => field(3, field(1, prefixOf(cid)), field(2, new Uint8Array(length)))
  assert.equal(decodeMessage(block(ipfsBlockBytesMax)).blocks[0]?.data.length, ipfsBlockBytesMax)
  assert.throws(() => decodeMessage(block(ipfsBlockBytesMax + 1)), withCode('bitswap_block_too_large'))

  const reader = createMessageReader(() => {})
  reader.push(varintBytes(bitswapMessageBytesMax))
  const tooLong = createMessageReader(() => {})
  assert.throws(() => tooLong.push(varintBytes(bitswapMessageBytesMax + 1)), withCode('bitswap_too_long'))
  reader.push(new Uint8Array(10))
  assert.throws(() => reader.end(), withCode('bitswap_cut'))
})

test('only full sha2-256 is taken for it', () => {
  assert.ok(isSha256Prefix(prefixOf(cid)) && isSha256Prefix(prefixOf(oldCid)))
  for (const prefix of [
    prefixOf(strangeCid(0x55, 0x13, 64)),
    Uint8Array.of(1, 0x55, 0x12, 20),
    Uint8Array.of(1),
    new Uint8Array(),
  ]) {
    assert.ok(!isSha256Prefix(prefix))
  }
})
