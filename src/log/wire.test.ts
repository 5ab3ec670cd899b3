import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../test/support/hostile.ts'
import { concatBytes, equalBytes, toHex } from '../base/bytes.ts'
import { entryIdOf, idBytes } from './ids.ts'
import { entryBytesMax, headsMax, integerMax, timeCountMax } from './limits.ts'
import { authorOf, entryOf, failure } from './testing.ts'
import type { CommunityId, DeviceId, EntryId, KeyId, Lane } from './types.ts'
import { decodeEntry, type EntryFields, encodeEntry, encodeHeader, partsOf, signedBytes } from './wire.ts'

const author = authorOf('a')
const signature = new Uint8Array(64).fill(3)
const read = (bytes: Uint8Array) => decodeEntry(bytes, entryIdOf(bytes))

const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(toHex)
const id = hex(32).map((text) => text as EntryId)

const plain = { noNullPrototype: true }

/** Any entry that keeps the rules of form. */
const fields: fc.Arbitrary<EntryFields> = fc
  .record(
    {
      community: fc.option(hex(32), { nil: undefined }),
      device: hex(32).map((text) => text as DeviceId),
      seq: fc.oneof(
        fc.constant(1),
        fc.integer({ min: 2, max: 70_000 }),
        fc.maxSafeNat().map((seq) => Math.max(2, seq)),
      ),
      prev: id,
      heads: fc.uniqueArray(id, { minLength: 1, maxLength: headsMax }).map((heads) => heads.sort()),
      time: fc.record({ ms: fc.maxSafeNat(), count: fc.integer({ min: 0, max: timeCountMax }) }, plain),
      epoch: fc.oneof(fc.nat({ max: 30 }), fc.maxSafeNat()),
      key: hex(16).map((text) => text as KeyId),
      lane: fc.constantFrom<Lane>(0, 1),
      boxes: fc.uint8Array({ maxLength: 300 }),
      sealed: fc.uint8Array({ maxLength: 300 }),
    },
    plain,
  )
  .map(({ community, ...rest }) => {
    if (community === undefined) return { ...rest, community, seq: 1, prev: undefined, heads: [], epoch: 0 }
    const named = { ...rest, community: community as CommunityId }
    return rest.seq === 1 ? { ...named, prev: undefined } : named
  })

/** A header as an independent encoder writes it. */
function headerList(some: EntryFields): unknown[] {
  const bytes = (text: string | undefined) => (text === undefined ? new Uint8Array(0) : idBytes(text as EntryId))
  return [
    1,
    bytes(some.community),
    bytes(some.device),
    some.seq,
    bytes(some.prev),
    some.heads.map(bytes),
    some.time.ms,
    some.time.count,
    some.epoch,
    bytes(some.key),
    some.lane,
    some.boxes,
    some.sealed,
  ]
}

/** An entry around any list. */
function around(header: unknown): Uint8Array {
  return encode([encode(header), signature])
}

const good = entryOf(author, {
  community: 'aa'.repeat(32) as CommunityId,
  seq: 2,
  prev: 'bb'.repeat(32) as EntryId,
  heads: ['11'.repeat(32), '22'.repeat(32)] as EntryId[],
  sealed: new Uint8Array([1, 2, 3]),
})
const goodList = headerList(good)

test('what is written comes back, and is what another encoder of DAG-CBOR writes', () => {
  fc.assert(
    fc.property(fields, (some) => {
      const header = encodeHeader(some)
      const bytes = encodeEntry(header, signature)
      assert.deepEqual(bytes, new Uint8Array(around(headerList(some))))
      assert.deepEqual(read(bytes), { id: entryIdOf(bytes), ...some, bytes })
      assert.deepEqual(partsOf(bytes), { header, signature })
    }),
    { seed: 1, numRuns: 500 },
  )
})

test('no input makes the decoder throw anything else than its own errors, or take long', () => {
  const inputs = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }),
    // Real entries with a few bytes changed, cut and lengthened.
    fc
      .tuple(
        fields,
        fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { maxLength: 4 }),
        fc.nat({ max: 500 }),
      )
      .map(([some, changes, length]) => {
        const bytes = encodeEntry(encodeHeader(some), signature)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        return length > 400
          ? concatBytes(bytes, new Uint8Array(length - 400))
          : bytes.subarray(0, bytes.length - (length >> 3))
      }),
    fc.array(fc.anything(), { maxLength: 15 }).map((list) => {
      try {
        return around(list)
      } catch {
        return new Uint8Array(0)
      }
    }),
  )
  let accepted = 0
  fc.assert(
    fc.property(inputs, (bytes) => {
      if (assertOnlyOwnErrors(() => read(bytes), bytes.length)) accepted += 1
    }),
    { seed: 2, numRuns: 3_000 },
  )
  assert.ok(accepted > 50, `only ${accepted} inputs were good`)
})

test('whatever is accepted is canonical: it is what its fields are written as', () => {
  fc.assert(
    fc.property(fields, fc.nat({ max: 600 }), fc.nat({ max: 255 }), (some, at, value) => {
      const bytes = encodeEntry(encodeHeader(some), signature)
      bytes[at % bytes.length] = value
      let entry: ReturnType<typeof read>
      try {
        entry = read(bytes)
      } catch {
        return
      }
      assert.ok(equalBytes(encodeEntry(encodeHeader(entry), partsOf(bytes).signature), bytes))
      assert.deepEqual(new Uint8Array(encode(decode(bytes))), bytes)
    }),
    { seed: 3, numRuns: 2_000 },
  )
})

test('the longest inputs take no longer than their length allows', () => {
  for (const byte of [0x82, 0x8d, 0x9f, 0x58, 0x5f, 0x00, 0x1b, 0xff]) {
    const bytes = new Uint8Array(entryBytesMax).fill(byte)
    bytes[0] = 0x82
    assertOnlyOwnErrors(() => read(bytes), bytes.length)
    // Inside the header too.
    assertOnlyOwnErrors(() => read(around(Array.from({ length: 200 }, () => byte))), 600)
  }
})

test('cut at every byte, it is malformed', async () => {
  for (let length = 0; length < good.bytes.length; length++) {
    await failure(() => read(good.bytes.subarray(0, length)), 'entry_malformed')
  }
})

test('every number and length in a longer form than needed is refused', async () => {
  const { header } = partsOf(good.bytes)
  for (let at = 0; at < header.length; at++) {
    const first = header[at] ?? 0
    if ((first & 31) >= 24) continue
    const longer = concatBytes(
      header.subarray(0, at),
      Uint8Array.of((first & 0xe0) | 24, first & 31),
      header.subarray(at + 1),
    )
    await failure(() => read(encode([longer, signature])), 'entry_malformed')
  }
  // The header's own length as two bytes, where one is enough.
  const short = good.bytes
  const long = concatBytes(short.subarray(0, 1), Uint8Array.of(0x5a, 0, 0, 1), short.subarray(2))
  await failure(() => read(long), 'entry_malformed')
})

test('fields of the wrong kind, length or size are refused', async () => {
  const bytes = (length: number) => new Uint8Array(length).fill(0xee)
  const wrong: [field: number, values: unknown[]][] = [
    [0, ['1', 0, null, -1, 1.5]],
    [1, [bytes(31), bytes(33), bytes(16), 'aa', null]],
    [2, [bytes(0), bytes(31), 'device', 5]],
    [3, [0, -1, 1.5, '2', null, 2n ** 53n, 2n ** 64n - 1n]],
    [4, [bytes(31), null, 'prev']],
    [
      5,
      [
        null,
        bytes(32),
        [bytes(31)],
        [bytes(32), bytes(32)],
        [1],
        Array.from({ length: headsMax + 1 }, () => bytes(32)),
      ],
    ],
    [6, [-1, 2n ** 53n, 1.5]],
    [7, [-1, 2 ** 32, null]],
    [8, [-1, 2n ** 53n]],
    [9, [bytes(0), bytes(15), bytes(17), bytes(32)]],
    [10, [2, -1, true]],
    [11, ['boxes', null, []]],
    [12, ['sealed', null, {}]],
  ]
  for (const [field, values] of wrong) {
    for (const value of values) {
      const list = goodList.with(field, value)
      await failure(() => read(around(list)), 'entry_malformed')
    }
  }
  for (const list of [goodList.slice(0, -1), [...goodList, 1], [], {}, 'header', 1]) {
    await failure(() => read(around(list)), 'entry_malformed')
  }
})

test('the largest numbers are read exactly', () => {
  const most = { ...good, seq: integerMax, time: { ms: integerMax, count: timeCountMax }, epoch: integerMax }
  const { seq, time, epoch } = read(encodeEntry(encodeHeader(most), signature))
  assert.deepEqual([seq, time.ms, time.count, epoch], [integerMax, integerMax, timeCountMax, integerMax])
})

test('what an entry must be to itself', async () => {
  const community = 'aa'.repeat(32) as CommunityId
  const prev = 'bb'.repeat(32) as EntryId
  const head = 'cc'.repeat(32) as EntryId
  const wrong: Partial<EntryFields>[] = [
    { community, seq: 1, prev: undefined, heads: [] }, // a first entry that follows nothing
    { community, seq: 1, prev, heads: [head] },
    { community, seq: 2, prev: undefined, heads: [head] },
    { community: undefined, seq: 2, prev, heads: [] },
    { community: undefined, seq: 1, prev: undefined, heads: [head] },
    { community: undefined, seq: 1, prev: undefined, heads: [], epoch: 1 },
    { community, seq: 2, prev, heads: [head, head] },
    { community, seq: 2, prev, heads: ['dd'.repeat(32) as EntryId, head] },
    { community, seq: 2, prev, heads: [prev] },
  ]
  for (const some of wrong) {
    await failure(() => read(encodeEntry(encodeHeader({ ...good, ...some }), signature)), 'entry_malformed')
  }
})

test('a later version is told apart from a broken entry, whatever else it holds', async () => {
  for (const list of [goodList.with(0, 2), [2], [7, {}, 'more'], Array.from({ length: 40 }, () => 2)]) {
    await failure(() => read(around(list)), 'entry_version_unknown')
  }
})

test('the envelope is a pair of header and signature, and nothing else', async () => {
  const header = encode(goodList)
  for (const envelope of [
    [header],
    [header, signature, signature],
    [header, new Uint8Array(63)],
    [header, new Uint8Array(65)],
    [header, 'signature'],
    ['header', signature],
    [new Uint8Array(0), signature],
    { header, signature },
    null,
  ]) {
    await failure(() => read(encode(envelope)), 'entry_malformed')
  }
  await failure(() => read(concatBytes(encode([header, signature]), Uint8Array.of(0))), 'entry_malformed')
  await failure(() => read(encode([concatBytes(header, Uint8Array.of(0)), signature])), 'entry_malformed')
})

test('an entry of exactly the most bytes fits, one more does not', async () => {
  const spare = (sealed: number) => encodeHeader({ ...good, sealed: new Uint8Array(sealed) })
  let length = entryBytesMax - 300
  while (encode([spare(length + 1), signature]).length <= entryBytesMax) length += 1
  assert.equal(read(encodeEntry(spare(length), signature)).bytes.length, entryBytesMax)
  await failure(() => encodeEntry(spare(length + 1), signature), 'entry_too_long')
  await failure(() => read(encode([spare(length + 1), signature])), 'entry_too_long')
})

test('what is signed begins with a label of its own', () => {
  const signed = signedBytes(Uint8Array.of(1, 2))
  assert.equal(new TextDecoder().decode(signed.subarray(0, -2)), 'peerhood/log/entry/1')
  assert.deepEqual(signed.subarray(-2), Uint8Array.of(1, 2))
})
