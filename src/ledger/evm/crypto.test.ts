import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { concatBytes, toHex } from '../../base/bytes.ts'
import { addressOfSecret, type Curve, curvesHere, customCrypto, recoverAddress, signDigest } from './crypto.ts'
import { createWasmKeccak, keccak256 } from './keccak.ts'

const curves = await curvesHere()
const order = secp256k1.Point.Fn.ORDER
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const word = (value: bigint) => Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))

function recovered(curve: Curve, digest: Uint8Array, signature64: Uint8Array, recovery: number): string {
  try {
    return toHex(curve.recover(digest, signature64, recovery))
  } catch {
    return 'nobody'
  }
}

test('all three curves are here, sign the same, and recover the same', () => {
  assert.deepEqual(
    curves.map(({ name }) => name),
    ['addon', 'wasm', 'noble'],
  )
  fc.assert(
    fc.property(bytes32, bytes32, (digest, seed) => {
      const secret = keccak256(seed)
      const signatures = curves.map((curve) => curve.sign(digest, secret))
      for (const one of signatures) assert.deepEqual(one, signatures[0])
      const first = signatures[0]
      assert.ok(first !== undefined)
      const points = curves.map((curve) => recovered(curve, digest, first.signature64, first.recovery))
      assert.equal(points[0], toHex(secp256k1.getPublicKey(secret, false).subarray(1)))
      assert.equal(new Set(points).size, 1)
    }),
    { seed: 1, numRuns: 60 },
  )
})

test('what nobody signed, or s in the upper half, is the same for all three', () => {
  const numbers = fc.oneof(
    fc.constantFrom(0n, 1n, 2n, order - 1n, order, order + 1n, order / 2n, order / 2n + 1n, (1n << 256n) - 1n),
    fc.bigInt(0n, (1n << 256n) - 1n),
  )
  fc.assert(
    fc.property(bytes32, numbers, numbers, fc.nat({ max: 1 }), (digest, r, s, recovery) => {
      const signature64 = concatBytes(word(r), word(s))
      const points = curves.map((curve) => recovered(curve, digest, signature64, recovery))
      assert.equal(new Set(points).size, 1, `${r} ${s} ${recovery} ${points}`)
    }),
    { seed: 2, numRuns: 300 },
  )
})

test('a signature has one form, and only its signer comes out', () => {
  const secret = keccak256(Uint8Array.of(1))
  const digest = keccak256(Uint8Array.of(2))
  const signature = signDigest(secret, digest)
  assert.equal(recoverAddress(digest, signature), addressOfSecret(secret))
  const s = order - BigInt(`0x${toHex(signature.subarray(32, 64))}`)
  const other = concatBytes(signature.subarray(0, 32), word(s), Uint8Array.of(signature[64] === 27 ? 28 : 27))
  assert.equal(recoverAddress(digest, other), undefined, 's in the upper half')
  for (const v of [0, 1, 26, 29, 255]) {
    assert.equal(recoverAddress(digest, Uint8Array.of(...signature.subarray(0, 64), v)), undefined, `v ${v}`)
  }
  assert.equal(recoverAddress(digest, signature.subarray(0, 64)), undefined)
  assert.equal(recoverAddress(digest.subarray(1), signature), undefined)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (any) => {
      recoverAddress(digest, any)
    }),
    { seed: 3 },
  )
})

test('ethereumjs gets the point whatever v it has: 0 and 1, 27 and 28, with the chain id', () => {
  const secret = keccak256(Uint8Array.of(4))
  const digest = keccak256(Uint8Array.of(5))
  for (const curve of curves) {
    const { signature64, recovery } = curve.sign(digest, secret)
    const { ecrecover } = customCrypto(curve)
    assert.ok(ecrecover !== undefined)
    const [r, s] = [signature64.slice(0, 32), signature64.slice(32)]
    const expected = secp256k1.getPublicKey(secret, false).subarray(1)
    assert.deepEqual(Uint8Array.from(ecrecover(digest, BigInt(recovery), r, s)), expected)
    assert.deepEqual(Uint8Array.from(ecrecover(digest, BigInt(27 + recovery), r, s)), expected)
    assert.deepEqual(Uint8Array.from(ecrecover(digest, BigInt(35 + 2 * 7 + recovery), r, s, 7n)), expected)
    assert.throws(() => ecrecover(digest, 29n, r, s))
    assert.throws(() => ecrecover(digest, 27n, new Uint8Array(33), s))
  }
})

test('Keccak-256 of any length is noble’s', () => {
  const wasm = createWasmKeccak()
  const message = Uint8Array.from({ length: 131_072 }, (_, index) => index * 31 + (index >> 8))
  const lengths = [...Array.from({ length: 300 }, (_, index) => index), 65_023, 65_024, 65_025, 65_280, 131_072]
  for (const length of lengths) {
    const part = message.subarray(0, length)
    assert.deepEqual(wasm(part), keccak_256(part), `${length} bytes`)
  }
})
