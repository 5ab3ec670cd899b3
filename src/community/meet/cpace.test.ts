import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ristretto255 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { equalBytes, toHex, utf8 } from '../../base/bytes.ts'
import { hexBytes } from '../../identity/testing.ts'
import { type CpaceInputs, cpaceKey, cpaceShare, generatorString, joinParts, transcript } from './cpace.ts'

interface Side {
  readonly scalar: string
  readonly data: string
  readonly share: string
}

interface Vectors {
  readonly runs: readonly {
    readonly secret: string
    readonly channel: string
    readonly session: string
    readonly generatorString: string
    readonly initiator: Side
    readonly responder: Side
    readonly transcript: string
    readonly key: string
  }[]
  readonly refused: readonly { readonly name: string; readonly share: string }[]
}

const vectors = JSON.parse(readFileSync('test/vectors/meet/cpace.json', 'utf8')) as Vectors

for (const [index, run] of vectors.runs.entries()) {
  test(`vector: run ${index}`, () => {
    const inputs = {
      secret: hexBytes(run.secret),
      channel: hexBytes(run.channel),
      session: hexBytes(run.session),
    }
    const [initiator, responder] = [run.initiator, run.responder].map(({ share, data }) => ({
      share: hexBytes(share),
      data: hexBytes(data),
    }))
    assert.ok(initiator !== undefined && responder !== undefined)
    const sent = { initiator, responder }
    assert.equal(toHex(generatorString(inputs)), run.generatorString)
    assert.equal(toHex(transcript(sent)), run.transcript)
    for (const [own, other] of [
      [run.initiator, run.responder],
      [run.responder, run.initiator],
    ] as const) {
      assert.equal(toHex(cpaceShare(inputs, hexBytes(own.scalar))), own.share)
      const key = cpaceKey(inputs, hexBytes(own.scalar), sent, hexBytes(other.share))
      assert.equal(toHex(key ?? new Uint8Array(0)), run.key)
    }
  })
}

const inputs: CpaceInputs = { secret: utf8('7-ocean-lamp'), channel: utf8('a and b'), session: utf8('today') }
const scalars = fc.uint8Array({ minLength: 32, maxLength: 32 })
const short = fc.uint8Array({ maxLength: 40 })

for (const { name, share } of vectors.refused) {
  test(`refused: ${name}`, () => {
    const theirs = hexBytes(share)
    const sent = { initiator: { share: theirs }, responder: { share: theirs } }
    assert.equal(cpaceKey(inputs, new Uint8Array(32).fill(3), sent, theirs), undefined)
  })
}

test('what is no canonical element gives no key, whatever it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), scalars, (theirs, scalar) => {
      const sent = { initiator: { share: theirs }, responder: { share: theirs } }
      const key = cpaceKey(inputs, scalar, sent, theirs)
      if (key !== undefined) assert.deepEqual(ristretto255.Point.fromBytes(theirs).toBytes(), theirs)
    }),
    { numRuns: 300, seed: 1 },
  )
})

test('a scalar of zero gives no key', () => {
  const theirs = cpaceShare(inputs, new Uint8Array(32).fill(9))
  const sent = { initiator: { share: theirs }, responder: { share: theirs } }
  // Bits from 252 on do not count.
  for (const top of [0, 0xf0]) {
    const zero = new Uint8Array(32).with(31, top)
    assert.equal(cpaceKey(inputs, zero, sent, theirs), undefined)
  }
})

/** Both sides' keys, each with its own view of the inputs. */
function exchange(a: CpaceInputs, b: CpaceInputs, scalarA: Uint8Array, scalarB: Uint8Array) {
  const shares = { initiator: { share: cpaceShare(a, scalarA) }, responder: { share: cpaceShare(b, scalarB) } }
  return {
    shares,
    a: cpaceKey(a, scalarA, shares, shares.responder.share),
    b: cpaceKey(b, scalarB, shares, shares.initiator.share),
  }
}

test('the same code gives the same key; another code, channel or session gives another', () => {
  const changed = fc.constantFrom<keyof CpaceInputs>('secret', 'channel', 'session')
  fc.assert(
    fc.property(short, short, short, scalars, scalars, changed, short, (...args) => {
      const [secret, channel, session, scalarA, scalarB, field, value] = args
      const mine = { secret, channel, session }
      const same = exchange(mine, mine, scalarA, scalarB)
      assert.ok(same.a !== undefined && same.b !== undefined)
      assert.deepEqual(same.a, same.b)
      if (equalBytes(mine[field], value)) return
      const other = exchange(mine, { ...mine, [field]: value }, scalarA, scalarB)
      assert.notDeepEqual(other.a, other.b)
    }),
    { numRuns: 40, seed: 2 },
  )
})

test('the key hangs on what both have sent: another transcript, or the roles changed, gives another', () => {
  const [a, b] = [new Uint8Array(32).fill(5), new Uint8Array(32).fill(6)]
  const { shares, a: key } = exchange(inputs, inputs, a, b)
  const { initiator, responder } = shares
  const other = { share: cpaceShare(inputs, new Uint8Array(32).fill(7)) }
  for (const sent of [
    { initiator: responder, responder: initiator },
    { initiator: other, responder },
    { initiator, responder: other },
    { initiator: { ...initiator, data: utf8('x') }, responder },
    { initiator, responder: { ...responder, data: utf8('x') } },
  ]) {
    assert.notDeepEqual(cpaceKey(inputs, a, sent, responder.share), key)
  }
})

test('the generator string fills the first block, whatever the secret is, and no two inputs share one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), short, short, (secret, channel, session) => {
      const text = generatorString({ secret, channel, session })
      // All that depends on channel and session comes after the first block of SHA-512 (128 bytes).
      const plain = generatorString({ secret, channel: new Uint8Array(0), session: new Uint8Array(0) })
      assert.ok(plain.length - 2 >= 128)
      assert.deepEqual(text.subarray(0, 128), plain.subarray(0, 128))
    }),
    { numRuns: 200, seed: 3 },
  )
})

test('lengths join as LEB128, so that parts can’t be shifted', () => {
  assert.equal(toHex(joinParts(new Uint8Array(0), Uint8Array.of(7))), '000107')
  assert.equal(toHex(joinParts(new Uint8Array(127))).slice(0, 4), '7f00')
  assert.equal(toHex(joinParts(new Uint8Array(128))).slice(0, 6), '800100')
  assert.equal(toHex(joinParts(new Uint8Array(16_384))).slice(0, 8), '80800100')
  const parts = fc.array(short, { maxLength: 4 })
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const same = JSON.stringify(one.map(toHex)) === JSON.stringify(other.map(toHex))
      assert.equal(equalBytes(joinParts(...one), joinParts(...other)), same)
    }),
    { numRuns: 300, seed: 4 },
  )
})

test('the key is the hash of suite, session, K and transcript, put together by hand', () => {
  const one = new Uint8Array(32).with(0, 1)
  const { shares, a } = exchange(inputs, inputs, one, one.with(0, 2))
  // K = 1 · (2 · G): the responder's own share.
  const text = `\x15CPaceRistretto255_ISK\x05today\x20`
  const hash = createHash('sha512').update(text, 'latin1').update(shares.responder.share)
  for (const { share } of [shares.initiator, shares.responder]) hash.update('\x20', 'latin1').update(share).update('\0')
  assert.equal(toHex(a ?? new Uint8Array(0)), hash.digest('hex'))
})
