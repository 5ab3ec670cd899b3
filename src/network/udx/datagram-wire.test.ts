// The datagrams in bytes: what goes in comes out, nothing else is taken, and what docs/protocol/udx.md shows is what is sent.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import { toHex } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { type Datagram, decodeDatagram, decodeSeen, encodeDatagram, encodeSeen, seenBytes } from './datagram-wire.ts'
import { datagramBytes, helloBytes } from './limits.ts'

const isMalformed = (error: unknown) => isPeerhoodError(error) && error.code === 'datagram_malformed'

const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 })
const ports = fc.integer({ min: 1, max: 65_535 })
const streams = fc.integer({ min: 1, max: 0xffff_ffff })
const places = fc.record({ host: fc.oneof(fc.ipV4(), fc.ipV6()), port: ports })
const seens = places.map(encodeSeen)
const datagrams: fc.Arbitrary<Datagram> = fc.oneof(
  fc.record({ kind: fc.constant('hello' as const), token: bytes16, stream: streams, cookie: bytes16 }),
  fc.record({ kind: fc.constant('welcome' as const), token: bytes16, stream: streams, seen: seens }),
  fc.record({ kind: fc.constant('retry' as const), token: bytes16, cookie: bytes16 }),
  fc.record({ kind: fc.constantFrom('refuse' as const, 'probe' as const, 'ask' as const), token: bytes16 }),
  fc.record({ kind: fc.constantFrom('seen', 'reach', 'reach-apart'), token: bytes16, seen: seens }),
)

const token = Uint8Array.from({ length: 16 }, (_, at) => 0xa0 + at)
const cookie = Uint8Array.from({ length: 16 }, (_, at) => 0xc0 + at)
const tokenHex = 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf'
/** Without the zeros at their end. */
const vectors: readonly (readonly [Datagram, string])[] = [
  [
    { kind: 'hello', token, stream: 0x01020304, cookie },
    `5048550100${tokenHex}01020304c0c1c2c3c4c5c6c7c8c9cacbcccdcecf`,
  ],
  [
    { kind: 'welcome', token, stream: 5, seen: encodeSeen({ host: '192.0.2.7', port: 4001 }) },
    `5048550101${tokenHex}0000000500000000000000000000ffffc00002070fa1`,
  ],
  [{ kind: 'retry', token, cookie }, `5048550102${tokenHex}00000000c0c1c2c3c4c5c6c7c8c9cacbcccdcecf`],
  [{ kind: 'refuse', token }, `5048550103${tokenHex}`],
  [{ kind: 'probe', token }, `5048550104${tokenHex}`],
  [{ kind: 'ask', token }, `5048550105${tokenHex}`],
  [
    { kind: 'seen', token, seen: encodeSeen({ host: '2001:db8::7', port: 65_535 }) },
    `5048550106${tokenHex}0000000020010db8000000000000000000000007ffff`,
  ],
  [
    { kind: 'reach', token, seen: encodeSeen({ host: '192.0.2.7', port: 4001 }) },
    `5048550107${tokenHex}0000000000000000000000000000ffffc00002070fa1`,
  ],
  [
    { kind: 'reach-apart', token, seen: encodeSeen({ host: '192.0.2.7', port: 4001 }) },
    `5048550108${tokenHex}0000000000000000000000000000ffffc00002070fa1`,
  ],
]

test('the bytes are those of the protocol, and of its page', async () => {
  const page = await readFile(new URL('../../../docs/protocol/udx.md', import.meta.url), 'utf8')
  for (const [datagram, hex] of vectors) {
    const bytes = encodeDatagram(datagram)
    const length = datagram.kind === 'hello' ? helloBytes : datagramBytes
    assert.equal(toHex(bytes), hex.padEnd(2 * length, '0'), datagram.kind)
    assert.deepEqual(decodeDatagram(bytes), datagram)
    assert.ok(page.includes(`| \`${datagram.kind}\` | \`${hex}\` |`), `${datagram.kind} is on the page`)
  }
})

test('no answer is longer than what it answers', () => {
  // A stream that nothing comes on costs a welcome and a reset of 20 bytes; each has headers of up to 48 bytes.
  assert.ok(datagramBytes + 48 + 20 + 48 <= helloBytes + 48)
  for (const [datagram] of vectors) {
    const { length } = encodeDatagram(datagram)
    assert.equal(length, datagram.kind === 'hello' ? helloBytes : datagramBytes)
  }
})

test('a datagram comes out as it went in, also from the midst of others', () => {
  const property = fc.property(datagrams, (datagram) => {
    const bytes = encodeDatagram(datagram)
    const around = new Uint8Array(bytes.length + 7).fill(0xee)
    around.set(bytes, 3)
    const decoded = decodeDatagram(around.subarray(3, 3 + bytes.length))
    around.fill(0) // udx uses its memory again
    assert.deepEqual(decoded, { ...datagram })
  })
  fc.assert(property, { numRuns: 2_000 })
})

test('whatever comes, only our own error comes out, and nothing is taken but what is sent', () => {
  const near = fc.tuple(datagrams, fc.nat(helloBytes - 1), fc.nat(255)).map(([datagram, at, byte]) => {
    const bytes = encodeDatagram(datagram)
    bytes[at % bytes.length] = byte
    return bytes
  })
  const any = fc.oneof(
    near,
    fc.uint8Array({ maxLength: 2 * helloBytes }),
    fc.uint8Array({ minLength: datagramBytes, maxLength: datagramBytes }),
    fc.tuple(datagrams, fc.nat(helloBytes)).map(([datagram, length]) => encodeDatagram(datagram).subarray(0, length)),
  )
  const property = fc.property(any, (bytes) => {
    let datagram: Datagram
    try {
      datagram = decodeDatagram(bytes)
    } catch (error) {
      assert.ok(isMalformed(error), String(error))
      return
    }
    assert.deepEqual(encodeDatagram(datagram), bytes)
  })
  fc.assert(property, { numRuns: 10_000 })
  assertOnlyOwnErrors(() => decodeDatagram(new Uint8Array(0)), 0)
})

test('what no sender sends is refused: other versions, no stream, no port, rests', () => {
  for (const [datagram] of vectors) {
    const whole = encodeDatagram(datagram)
    const wrong = (change: (bytes: Uint8Array) => void) => {
      const bytes = whole.slice()
      change(bytes)
      assert.throws(() => decodeDatagram(bytes), isMalformed)
    }
    wrong((bytes) => bytes.fill(2, 3, 4))
    wrong((bytes) => bytes.fill(9, 4, 5))
    wrong((bytes) => bytes.fill(0xff, 0, 1))
    wrong((bytes) => bytes.fill(1, bytes.length - 1))
    if ('stream' in datagram) wrong((bytes) => bytes.fill(0, 21, 25))
    else wrong((bytes) => bytes.fill(1, 24, 25))
    if ('seen' in datagram) wrong((bytes) => bytes.fill(0, 25 + seenBytes - 2, 25 + seenBytes))
    assert.throws(() => decodeDatagram(whole.subarray(1)), isMalformed)
    assert.throws(() => decodeDatagram(Uint8Array.of(...whole, 0)), isMalformed)
  }
})

test('udx’s own packets are never taken for ours', () => {
  const property = fc.property(fc.uint8Array({ minLength: 1, maxLength: helloBytes }), (bytes) => {
    bytes[0] = 0xff
    assert.throws(() => decodeDatagram(bytes), isMalformed)
  })
  fc.assert(property)
})

// ---- places

/** An IPv6 address as a socket would tell it. */
const canonical = (host: string) => new URL(`http://[${host}]`).hostname.slice(1, -1)

test('IPv4, IPv6, and IPv4 as a socket for both tells it', () => {
  for (const [host, said] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['2001:db8::', '2001:db8:0:0:0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['::192.0.2.7', '0:0:0:0:0:0:c000:207'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0:0:0:c000:207'],
  ] as const) {
    assert.deepEqual(decodeSeen(encodeSeen({ host, port: 1 })), { host: said, port: 1 }, host)
  }
})

test('a place comes out as it went in', () => {
  const property = fc.property(places, ({ host, port }) => {
    const seen = decodeSeen(encodeSeen({ host, port }))
    assert.equal(seen.port, port)
    const isMapped = host.includes(':') && canonical(host).startsWith('::ffff:')
    if (host.includes(':') && !isMapped) assert.equal(canonical(seen.host), canonical(host))
    else if (!isMapped) assert.equal(seen.host, host)
    assert.deepEqual(encodeSeen(seen), encodeSeen({ host, port }))
  })
  fc.assert(property, { numRuns: 2_000 })
})
