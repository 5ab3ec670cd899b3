// Records and their meta: one encoding each, signed, bounded; anything else is refused.

import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, test } from 'node:test'
import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import { privateKeys, publicKeys } from '../../../test/support/shares.ts'
import type { VersionMeta, VersionRecord } from '../types.ts'
import { asDigest, asShareSecret, parseShareId, shareIdOf, shareKeyOf, signedBytes, signingKeyOf } from './keys.ts'
import { blocksMax, inventoryPagesMax, metaBytesMax, nameBytesMax, recordBytesMax, sequenceMax } from './limits.ts'
import { decodeMeta, encodeMeta, openMeta, sealMeta } from './meta.ts'
import { openRecord, signRecord } from './record.ts'
import { createSealer } from './seal.ts'

const seed = new Uint8Array(32).fill(2)
const page = asDigest(new Uint8Array(32).fill(7))
const record: VersionRecord = {
  share: privateKeys.share,
  visibility: 'private',
  sequence: 3,
  pages: [page],
  blocks: 2,
  bytes: 1000,
  meta: new Uint8Array(304).fill(9),
  createdMs: 1_700_000_000_000,
}
const bytes = signRecord(record, seed)

/** Signs anything in the place of a payload. */
function signAny(payload: Uint8Array, signingSeed = seed): Uint8Array {
  return encode([payload, new Uint8Array(sign(null, signedBytes(payload), signingKeyOf(signingSeed)))])
}

const { share, visibility, sequence, pages, blocks, meta, createdMs } = record
const map = { bytes: record.bytes, blocks, createdMs, meta, pages, sequence, share, v: 1, visibility }

describe('a record', () => {
  test('comes back as it was signed', () => {
    assert.deepEqual(openRecord(bytes), record)
    assert.deepEqual(openRecord(bytes, record.share), record)
    assert.deepEqual(signRecord(openRecord(bytes), seed), bytes)
  })

  test('of another share, or signed by another key, is not trusted', () => {
    assert.throws(() => openRecord(bytes, publicKeys.share), { code: 'record_not_trusted' })
    assert.throws(() => openRecord(signAny(encode(map), new Uint8Array(32).fill(8))), { code: 'record_not_trusted' })
    assert.throws(() => signRecord(record, new Uint8Array(32).fill(8)), { code: 'record_not_trusted' })
    // No point of the curve has this key.
    const noKey = { ...map, share: new Uint8Array(32).fill(0xff) }
    assert.throws(() => openRecord(signAny(encode(noKey))), { code: 'record_not_trusted' })
  })

  test('with any bit changed is refused', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.throws(() => openRecord(changed), { name: 'PeerhoodError' })
    }
  })

  test('of a later version says so', () => {
    assert.throws(() => openRecord(signAny(encode({ ...map, v: 2 }))), { code: 'record_newer' })
  })

  const wrong: Record<string, object> = {
    'another key': { ...map, extra: 1 },
    'no version': { ...map, v: null },
    'no blocks': { ...map, blocks: 0 },
    'too many blocks': { ...map, blocks: blocksMax + 1 },
    'more bytes than its blocks can have': { ...map, bytes: 2 * (1_048_576 + 48) + 1 },
    'negative bytes': { ...map, bytes: -1 },
    'a fraction': { ...map, bytes: 1.5 },
    'version 0': { ...map, sequence: 0 },
    'too high a version': { ...map, sequence: sequenceMax + 1 },
    'no time': { ...map, createdMs: 'now' },
    'a time that no calendar has': { ...map, createdMs: 8_640_000_000_000_001 },
    'too much meta': { ...map, meta: new Uint8Array(metaBytesMax + 1) },
    'too few pages': { ...map, pages: [] },
    'too many pages': { ...map, pages: [page, page] },
    'a short page digest': { ...map, pages: [new Uint8Array(31)] },
    'a short share key': { ...map, share: new Uint8Array(31) },
    'an unknown visibility': { ...map, visibility: 'secret' },
  }
  for (const [name, payload] of Object.entries(wrong)) {
    test(`with ${name} is malformed`, () => {
      assert.throws(() => openRecord(signAny(encode(payload))), { code: 'record_malformed' })
    })
  }

  test('in another encoding of the same is malformed', () => {
    const payload = encode(map)
    // A number in a longer form, and a list in place of the pair.
    const longer = Buffer.from(
      Buffer.from(payload)
        .toString('hex')
        .replace(/617601/, '61761801'),
      'hex',
    )
    assert.equal(longer.length, payload.length + 1)
    assert.throws(() => openRecord(signAny(longer)), { code: 'record_malformed' })
    assert.throws(() => openRecord(encode([payload, new Uint8Array(64), 1])), { code: 'record_malformed' })
    assert.throws(() => openRecord(Buffer.concat([bytes, Buffer.from([0])])), { code: 'record_malformed' })
  })

  test('of the largest share fits its limit, and nothing longer is read', () => {
    const largest = signRecord(
      {
        ...record,
        pages: new Array(inventoryPagesMax).fill(page),
        blocks: blocksMax,
        bytes: blocksMax * 1_048_624,
        meta: new Uint8Array(metaBytesMax),
        sequence: sequenceMax,
      },
      seed,
    )
    assert.ok(largest.length <= recordBytesMax, `${largest.length}`)
    assert.equal(openRecord(largest).blocks, blocksMax)
    assert.throws(() => openRecord(new Uint8Array(recordBytesMax + 1)), { code: 'record_malformed' })
  })

  test('any bytes throw nothing but its errors', () => {
    const nested = new Uint8Array(recordBytesMax).fill(0x81)
    assertOnlyOwnErrors(() => openRecord(nested), nested.length)
    assertOnlyOwnErrors(() => openRecord(signAny(nested.subarray(0, 8000))), 8000)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (any) => {
        assertOnlyOwnErrors(() => openRecord(any), any.length)
        assertOnlyOwnErrors(() => openRecord(signAny(any)), any.length)
      }),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(map)), fc.jsonValue()), (parts) => {
        assertOnlyOwnErrors(() => openRecord(signAny(encode({ ...map, ...parts }))), 500)
      }),
    )
  })
})

describe('meta', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  const count = fc.integer({ min: 1, max: 1000 })
  const anyMeta: fc.Arbitrary<VersionMeta> = fc
    .tuple(name, count, count, fc.nat(), fc.boolean())
    .map(([name, files, nodes, bytes, isFolder]) =>
      isFolder
        ? { name, kind: 'folder', rootCodec: 0x70, nodes, files, bytes }
        : { name, kind: 'file', rootCodec: 0x55, nodes: 0, files: 1, bytes },
    )
  const sealer = createSealer(privateKeys)

  test('keeps a byte order mark in the name', () => {
    const meta: VersionMeta = { name: '\ufeffn', kind: 'file', rootCodec: 0x55, nodes: 0, files: 1, bytes: 0 }
    assert.deepEqual(decodeMeta(encodeMeta(meta)), meta)
  })

  test('comes back, open and sealed', () => {
    fc.assert(
      fc.property(anyMeta, (meta) => {
        assert.deepEqual(decodeMeta(encodeMeta(meta)), meta)
        assert.deepEqual(openMeta(sealMeta(meta, sealer), sealer), meta)
        assert.deepEqual(sealMeta(meta, createSealer(publicKeys)), encodeMeta(meta))
      }),
    )
  })

  test('sealed shows only how many times 256 bytes it takes', () => {
    const made = (letters: number) =>
      sealMeta({ name: 'n'.repeat(letters), kind: 'folder', rootCodec: 0x70, nodes: 1, files: 0, bytes: 0 }, sealer)
    const lengths = Array.from({ length: nameBytesMax }, (_, letters) => made(letters + 1).length)
    assert.deepEqual([...new Set(lengths)], [256 + 48, 512 + 48])
    assert.ok(Math.max(...lengths) <= metaBytesMax)
  })

  test('padded otherwise, or opened with another key, is refused', () => {
    const plain = encodeMeta({ name: 'n', kind: 'folder', rootCodec: 0x70, nodes: 1, files: 0, bytes: 0 })
    for (const length of [plain.length, 255, 257, 512]) {
      const padded = new Uint8Array(length)
      padded.set(plain)
      assert.throws(() => openMeta(sealer.seal(padded), sealer), { code: 'meta_malformed' })
    }
    const other = createSealer({ ...privateKeys, secret: asShareSecret(new Uint8Array(32)) })
    assert.throws(() => openMeta(other.seal(plain), sealer), { code: 'block_seal_wrong' })
  })

  const good = { bytes: 1, files: 1, kind: 'file', name: Buffer.from('n'), nodes: 0, rootCodec: 0x55, v: 1 }
  const wrong: Record<string, object> = {
    'another key': { ...good, extra: 1 },
    'no name': { ...good, name: new Uint8Array(0) },
    'a name that is text': { ...good, name: 'n' },
    'a name that is not UTF-8': { ...good, name: Uint8Array.of(0xc0, 0xaf) },
    'too long a name': { ...good, name: Buffer.from('é'.repeat(128)) },
    'another kind': { ...good, kind: 'link' },
    'another codec': { ...good, rootCodec: 0x71 },
    'a leaf with inner nodes': { ...good, nodes: 1 },
    'a tree without inner nodes': { ...good, rootCodec: 0x70 },
    'a folder that is a leaf': { ...good, kind: 'folder' },
    'a file of two': { ...good, files: 2 },
    'too many files': { ...good, kind: 'folder', rootCodec: 0x70, nodes: 1, files: 524_289 },
    'a size past all numbers': { ...good, bytes: 2 ** 53 },
    'no version': { ...good, v: 0 },
  }
  for (const [name, map] of Object.entries(wrong)) {
    test(`with ${name} is malformed`, () => {
      assert.throws(() => decodeMeta(encode(map)), { code: 'meta_malformed' })
    })
  }

  test('of a later version says so', () => {
    assert.throws(() => decodeMeta(encode({ ...good, v: 2 })), { code: 'record_newer' })
  })

  test('any bytes throw nothing but its errors', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (any) => {
        assertOnlyOwnErrors(() => decodeMeta(any), any.length)
        assertOnlyOwnErrors(() => openMeta(any, sealer), any.length)
        assertOnlyOwnErrors(() => openMeta(sealer.seal(any), sealer), any.length)
      }),
    )
  })
})

describe('share ids', () => {
  test('come back, and nothing else is one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const share = shareKeyOf(seed)
        assert.deepEqual(parseShareId(shareIdOf(share)), share)
      }),
    )
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a7b'), size: 'large' })), (text) => {
        if (assertOnlyOwnErrors(() => parseShareId(text), text.length)) {
          assert.equal(shareIdOf(parseShareId(text)), text)
        }
      }),
    )
    // The last letter holds one bit: 'b' would be read as 'a' by a lax reader.
    assert.throws(() => parseShareId(`${'a'.repeat(51)}b`), { code: 'share_id_malformed' })
  })
})
