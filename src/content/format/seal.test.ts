// What sealing promises (docs/protocol/share.md, "Blocks"), whatever the content.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { privateKeys, publicKeys } from '../../../test/support/shares.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { asShareSecret, digestOf, shareKeyOf } from './keys.ts'
import { leafBytes, pieceBytes, sealBytes, threadPoolBytesMin } from './limits.ts'
import { createSealer, digestAsync, type ReadPiece } from './seal.ts'

const sealer = createSealer(privateKeys)
const content = fc.uint8Array({ maxLength: 300 })

describe('private blocks', () => {
  test('open to what was sealed, 48 bytes longer on the wire', () => {
    fc.assert(
      fc.property(content, (plain) => {
        const wire = sealer.seal(plain)
        assert.equal(wire.length, plain.length + sealBytes)
        assert.deepEqual(sealer.open(wire), plain)
      }),
    )
  })

  test('equal ones seal equally, in every version and by every instance; different ones have different ids', () => {
    const again = createSealer(privateKeys)
    fc.assert(
      fc.property(content, content, (a, b) => {
        const [wireA, wireB] = [sealer.seal(a), again.seal(b)]
        assert.deepEqual(again.seal(a), wireA)
        assert.equal(Buffer.compare(wireA.subarray(0, 32), wireB.subarray(0, 32)) === 0, Buffer.compare(a, b) === 0)
      }),
    )
  })

  test('two shares of one content have no 8 bytes in common', () => {
    const other = createSealer({ ...privateKeys, secret: asShareSecret(new Uint8Array(32).fill(9)) })
    // The same secret under another share key is another share, too.
    const third = createSealer({ ...privateKeys, share: shareKeyOf(new Uint8Array(32).fill(9)) })
    const windows = (wire: Uint8Array) =>
      Array.from({ length: wire.length - 7 }, (_, start) =>
        Buffer.from(wire.subarray(start, start + 8)).toString('hex'),
      )
    fc.assert(
      fc.property(content, (plain) => {
        const seen = new Set(windows(sealer.seal(plain)))
        for (const strange of [other, third]) assert.ok(!windows(strange.seal(plain)).some((bytes) => seen.has(bytes)))
      }),
      { numRuns: 30 },
    )
  })

  test('no changed bit opens', () => {
    const wire = sealer.seal(Buffer.from('every bit of it'))
    for (let bit = 0; bit < wire.length * 8; bit++) {
      const changed = wire.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.throws(() => sealer.open(changed), { code: 'block_seal_wrong' })
    }
  })

  test('another key and other bytes do not open', () => {
    const other = createSealer({ ...privateKeys, secret: asShareSecret(new Uint8Array(32).fill(9)) })
    fc.assert(
      fc.property(content, fc.uint8Array({ maxLength: 120 }), (plain, noise) => {
        assert.throws(() => other.open(sealer.seal(plain)), { code: 'block_seal_wrong' })
        assert.throws(() => sealer.open(noise), { code: 'block_seal_wrong' })
      }),
    )
  })

  test('sealing again under the known id gives the same; changed content another digest', () => {
    fc.assert(
      fc.property(content, content, (plain, changed) => {
        const wire = sealer.seal(plain)
        const id = wire.slice(0, 32)
        assert.deepEqual(sealer.sealAgain(plain, id), wire)
        if (Buffer.compare(plain, changed) !== 0) {
          assert.notDeepEqual(digestOf(sealer.sealAgain(changed, id)), digestOf(wire))
        }
      }),
    )
  })

  test('need the secret', () => {
    assert.throws(() => createSealer({ ...privateKeys, secret: undefined }), { code: 'key_malformed' })
  })
})

describe('piece by piece', () => {
  const sizes = [pieceBytes - 1, pieceBytes, pieceBytes + 1, 3 * pieceBytes, leafBytes - 1, leafBytes]
  const plainOf = (bytes: number) => new Uint8Array(bytes).map((_, place) => (place * 7) ^ (place >> 9))

  for (const bytes of sizes) {
    for (const keys of [publicKeys, privateKeys]) {
      test(`${bytes} bytes, ${keys.visibility}: the same as at once`, () => {
        const here = createSealer(keys)
        const plain = plainOf(bytes)
        const whole = here.seal(plain)
        const wire = new Uint8Array(whole.length)
        const read: ReadPiece = (piece, at) => {
          piece.set(plain.subarray(at, at + piece.length))
          return true
        }
        assert.deepEqual(here.sealPieces(wire, read, whole.slice(0, 32)), digestOf(whole))
        assert.deepEqual(wire, whole)
        const { digest, plain: opened } = here.openPieces(wire)
        assert.deepEqual(digest, digestOf(whole))
        assert.deepEqual(opened, plain)
      })
    }
  }

  test('a block that can’t be read to its end has no digest', () => {
    for (const keys of [publicKeys, privateKeys]) {
      const wire = new Uint8Array(2 * pieceBytes + createSealer(keys).overheadBytes)
      const read: ReadPiece = (_, at) => at === 0
      assert.equal(createSealer(keys).sealPieces(wire, read, new Uint8Array(32)), undefined)
    }
  })

  test('what the key does not open is nothing, and its digest is that of the wire bytes', () => {
    const other = createSealer({ ...privateKeys, secret: asShareSecret(new Uint8Array(32).fill(9)) })
    for (const bytes of [0, 100, 2 * pieceBytes]) {
      const wire = sealer.seal(plainOf(bytes))
      const digest = digestOf(wire)
      assert.deepEqual(other.openPieces(wire), { digest, plain: undefined })
    }
    const noise = plainOf(sealBytes - 1)
    assert.deepEqual(sealer.openPieces(noise), { digest: digestOf(noise), plain: undefined })
  })

  test('a changed bit anywhere changes the digest and opens to nothing', () => {
    const whole = sealer.seal(plainOf(2 * pieceBytes + 5))
    for (const place of [0, 31, 32, pieceBytes, whole.length - 17, whole.length - 1]) {
      const wire = whole.slice()
      wire[place] = (wire[place] ?? 0) ^ 1
      const { digest, plain } = sealer.openPieces(wire)
      assert.notDeepEqual(digest, digestOf(whole))
      assert.equal(plain, undefined)
    }
  })
})

describe('beside this thread', () => {
  for (const bytes of [0, 1, threadPoolBytesMin - 1, threadPoolBytesMin, leafBytes]) {
    for (const keys of [publicKeys, privateKeys]) {
      test(`${bytes} bytes, ${keys.visibility}: the same as on it`, async () => {
        const here = createSealer(keys)
        const plain = new Uint8Array(bytes).map((_, place) => place * 11)
        const { wire, digest } = await here.sealAsync(plain)
        assert.deepEqual(wire, here.seal(plain))
        assert.deepEqual(digest, digestOf(wire))
        assert.deepEqual(await digestAsync(plain), digestOf(plain))
        assert.deepEqual(await here.openAsync(wire), plain)
      })
    }
  }

  test('a part of a larger buffer is hashed alone', async () => {
    const part = new Uint8Array(leafBytes * 2).fill(5).subarray(100, 100 + leafBytes)
    assert.deepEqual(await digestAsync(part), digestOf(part.slice()))
    const { wire } = await sealer.sealAsync(part)
    assert.deepEqual(wire, sealer.seal(part.slice()))
  })

  test('a wrong block rejects with its code', async () => {
    await assert.rejects(sealer.openAsync(new Uint8Array(100)), (error) => {
      return isPeerhoodError(error) && error.code === 'block_seal_wrong'
    })
  })
})
