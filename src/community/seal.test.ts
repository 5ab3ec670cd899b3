// Seals open where they were made and nowhere else; lockboxes for whom they were made and nobody else.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { createRandom } from '../../test/sim/random.ts'
import { assertOnlyOwnErrors } from '../../test/support/hostile.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import { boxSecretOf, openBoxes, openGrant, sealBoxes, sealGrant } from './boxes.ts'
import { asAccess, asEpochKey, keyIdOf } from './keys.ts'
import { boxesMax, contentBytesMax, paddedBytesMax, paddedBytesMin } from './limits.ts'
import { laneKey, openContent, type SealPlace, sealContent, unwrapKey, wrapKey } from './seal.ts'

const random = createRandom('seal')
const key = asEpochKey(random.bytes(32))
const place: SealPlace = {
  community: 'aa'.repeat(32) as CommunityId,
  device: 'bb'.repeat(32) as DeviceId,
  seq: 5,
  lane: 1,
}
const under = laneKey(key, 1)
const overhead = 28

describe('a seal', () => {
  test('hides the length but for its class, and gives back the content', () => {
    for (const length of [0, 1, 126, 127, 128, 255, 256, 5_000, contentBytesMax]) {
      const content = random.bytes(length)
      const sealed = sealContent(under, place, content, random)
      const padded = sealed.length - overhead
      assert.equal(padded & (padded - 1), 0)
      assert.ok(padded > length && (padded === paddedBytesMin || padded / 2 <= length))
      assert.deepEqual(openContent(under, place, sealed), content)
    }
    assert.throws(() => sealContent(under, place, new Uint8Array(contentBytesMax + 1), random), {
      code: 'content_too_long',
    })
    assert.equal(sealContent(under, place, new Uint8Array(contentBytesMax), random).length, paddedBytesMax + overhead)
  })

  test('keeps content that ends as padding does', () => {
    for (const content of [Uint8Array.of(0x80), Uint8Array.of(0x80, 0, 0), Uint8Array.of(0)]) {
      assert.deepEqual(openContent(under, place, sealContent(under, place, content, random)), content)
    }
  })

  test('is bound to its place and key', () => {
    const sealed = sealContent(under, place, Uint8Array.of(1), random)
    const elsewhere: SealPlace[] = [
      { ...place, seq: 6 },
      { ...place, lane: 0 },
      { ...place, community: undefined },
      { ...place, community: 'ab'.repeat(32) as CommunityId },
      { ...place, device: 'ab'.repeat(32) as DeviceId },
    ]
    for (const other of elsewhere) assert.throws(() => openContent(under, other, sealed), { code: 'seal_wrong' })
    assert.throws(() => openContent(laneKey(key, 0), place, sealed), { code: 'seal_wrong' })
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.throws(() => openContent(under, place, changed), { code: 'seal_wrong' })
    }
  })

  test('with other padding than ours is malformed', () => {
    // Sealed by one who has the key but pads otherwise: as a wrapped key has no padding at all.
    const aadFree = { community: undefined, device: '' as DeviceId, seq: 0, lane: 0 as const }
    assert.throws(() => openContent(under, aadFree, wrapKey(under, random.bytes(32), random)), { code: 'seal_wrong' })
    const longer = new Uint8Array(300)
    longer[10] = 0x80
    assert.throws(() => openContent(under, place, sealRaw(longer)), { code: 'payload_malformed' })
    for (const padded of [new Uint8Array(128), new Uint8Array(0), new Uint8Array(256).fill(0x80, 0, 3), longer]) {
      assert.throws(() => openContent(under, place, sealRaw(padded)), { code: 'payload_malformed' })
    }
  })

  test('of any bytes throws nothing but our own error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (sealed) => {
        assertOnlyOwnErrors(() => openContent(under, place, sealed), sealed.length)
      }),
    )
  })

  test('of a key opens with what it was wrapped under', () => {
    const wrapped = wrapKey(under, key, random)
    assert.equal(wrapped.length, 60)
    assert.deepEqual(unwrapKey(under, wrapped), Uint8Array.from(key))
    assert.equal(unwrapKey(laneKey(key, 0), wrapped), undefined)
    assert.equal(unwrapKey(under, wrapped.slice(1)), undefined)
    assert.equal(unwrapKey(under, wrapKey(under, new Uint8Array(31), random)), undefined)
  })
})

/** Seals what was padded by a stranger: `sealContent` with its padding undone by a content that is cut again. */
function sealRaw(padded: Uint8Array): Uint8Array {
  const { createCipheriv } = process.getBuiltinModule('node:crypto')
  const nonce = random.bytes(12)
  const view = Buffer.alloc(9)
  view.writeBigUInt64BE(BigInt(place.seq))
  view[8] = place.lane
  const aad = Buffer.concat([Buffer.from(`${place.community}${place.device}`, 'hex'), view])
  const encryption = createCipheriv('aes-256-gcm', under, nonce).setAAD(aad)
  return Uint8Array.from(Buffer.concat([nonce, encryption.update(padded), encryption.final(), encryption.getAuthTag()]))
}

describe('keys', () => {
  test('have 32 bytes, and ids that commit to them', () => {
    assert.throws(() => asEpochKey(new Uint8Array(31)), { code: 'key_malformed' })
    assert.throws(() => asAccess(new Uint8Array(33)), { code: 'key_malformed' })
    assert.match(keyIdOf(key), /^[0-9a-f]{32}$/)
    assert.notEqual(keyIdOf(key), keyIdOf(asEpochKey(random.bytes(32))))
  })
})

const seeds = Array.from({ length: 5 }, () => random.bytes(32))
const publics = seeds.map((seed) => ed25519.getPublicKey(seed) as Uint8Array)

describe('lockboxes', () => {
  test('open for each recipient and nobody else, and tell neither who nor how many', () => {
    const boxes = sealBoxes(key, publics, random)
    assert.equal(boxes.length, 32 + 8 * 56, 'padded to eight')
    for (const seed of seeds) assert.deepEqual(openBoxes(boxes, boxSecretOf(seed)), Uint8Array.from(key))
    assert.equal(openBoxes(boxes, boxSecretOf(random.bytes(32))), undefined)
    const again = sealBoxes(key, publics, random)
    assert.notDeepEqual(again, boxes)
    const records = Array.from({ length: 8 }, (_, place) =>
      Buffer.from(boxes.subarray(32 + 56 * place, 88 + 56 * place)),
    )
    assert.deepEqual(records, records.toSorted(Buffer.compare))
  })

  test('changed anywhere, give no wrong key', () => {
    const [seed, edKey] = [seeds[0], publics[0]]
    assert.ok(seed && edKey)
    const boxes = sealBoxes(key, [edKey], random)
    for (let at = 0; at < boxes.length; at++) {
      const changed = Uint8Array.from(boxes)
      changed[at] = (changed[at] ?? 0) ^ 1
      const opened = openBoxes(changed, boxSecretOf(seed))
      // The top bit of an X25519 key is ignored (RFC 7748 §5), but not by the derivation.
      assert.equal(opened, undefined, `byte ${at}`)
    }
  })

  test('for keys that are none, or shared with everybody, are boxes that nobody opens', () => {
    const smallOrder = Uint8Array.from(Buffer.from(`01${'00'.repeat(31)}`, 'hex'))
    const offCurve = new Uint8Array(32).fill(0xff)
    const boxes = sealBoxes(key, [smallOrder, offCurve, ...publics.slice(0, 1)], random)
    assert.equal(boxes.length, 32 + 4 * 56)
    assert.deepEqual(openBoxes(boxes, boxSecretOf(seeds[0] ?? new Uint8Array())), Uint8Array.from(key))
    assert.equal(sealGrant([key], smallOrder, random), undefined)
    assert.equal(sealGrant([key], offCurve, random), undefined)
    const zero = new Uint8Array(32 + 56)
    assert.equal(openBoxes(zero, boxSecretOf(seeds[0] ?? new Uint8Array())), undefined)
    assert.deepEqual(openGrant(new Uint8Array(80), boxSecretOf(seeds[0] ?? new Uint8Array())), [])
  })

  test('of another length are malformed', () => {
    for (const length of [1, 31, 32, 33, 87, 32 + 3 * 56, 32 + 2 * boxesMax * 56]) {
      assert.throws(() => openBoxes(new Uint8Array(length), boxSecretOf(seeds[0] ?? new Uint8Array())), {
        code: 'boxes_malformed',
      })
    }
  })

  test('take one to 512 recipients', () => {
    assert.throws(() => sealBoxes(key, [], random), /assertion/)
    const many = new Array<Uint8Array>(boxesMax).fill(publics[0] ?? new Uint8Array())
    assert.equal(sealBoxes(key, many, random).length, 32 + boxesMax * 56)
    assert.throws(() => sealBoxes(key, [...many, ...publics], random), /assertion/)
  })

  test('hand several keys to one', () => {
    const keys = [key, asEpochKey(random.bytes(32))]
    const sealed = sealGrant(keys, publics[0] ?? new Uint8Array(), random)
    assert.ok(sealed)
    assert.deepEqual(
      openGrant(sealed, boxSecretOf(seeds[0] ?? new Uint8Array())),
      keys.map((one) => Uint8Array.from(one)),
    )
    assert.deepEqual(openGrant(sealed, boxSecretOf(seeds[1] ?? new Uint8Array())), [])
    for (const length of [0, 10, 47, sealed.length - 1]) {
      assert.deepEqual(openGrant(sealed.slice(0, length), boxSecretOf(seeds[0] ?? new Uint8Array())), [])
    }
  })
})
