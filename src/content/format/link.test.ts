// Links survive what people and programs do to them, or say what happened.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import { privateKeys, publicKeys } from '../../../test/support/shares.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { PeerAddress, PeerId } from '../../network/types.ts'
import type { ShareLink } from '../types.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'
import { asShareKey, asShareSecret, deriveKeys, digestOf } from './keys.ts'
import { linkAddressBytesMax, linkAddressesMax, linkCharsMax, linkPeersMax } from './limits.ts'
import { formatLink, parseLink, toKeepLink } from './link.ts'

const peerId = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN' as PeerId
const peers: PeerAddress[] = [{ peerId, addresses: ['/ip4/192.0.2.1/tcp/4001', '/ip6/2001:db8::7/tcp/4002/ws'] }]
const link: ShareLink = { kind: 'read', ...privateKeys, ...deriveKeys(privateKeys), peers }
const text = formatLink(link)

const plain = { noNullPrototype: true } as const
const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
const address = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([ip, port]) => `/ip4/${ip}/tcp/${port}`)
const links: fc.Arbitrary<ShareLink> = fc
  .record(
    {
      share: key.map(asShareKey),
      secret: key.map(asShareSecret),
      visibility: fc.constantFrom('public' as const, 'private' as const),
      keep: fc.boolean(),
      peers: fc.array(
        fc.record({ peerId: fc.constant(peerId), addresses: fc.array(address, { maxLength: 6 }) }, plain),
        {
          maxLength: 4,
        },
      ),
    },
    plain,
  )
  .map(({ share, secret, visibility, keep, peers }) => {
    const keys = { share, visibility, secret: visibility === 'public' ? undefined : secret }
    const read: ShareLink = { kind: 'read', ...keys, ...deriveKeys(keys), peers }
    return keep ? toKeepLink(read) : read
  })

describe('a link', () => {
  test('says again what it was made of', () => {
    fc.assert(fc.property(links, (made) => assert.deepEqual(parseLink(formatLink(made)), made)))
  })

  test('bears white space around and in it, and upper case', () => {
    const broken = text.replace(/(.{20})/g, '$1\r\n  ')
    for (const variant of [` \t${text}\n`, text.toUpperCase(), broken, `\ufeff${text}\u00a0`]) {
      assert.deepEqual(parseLink(variant), link)
    }
  })

  test('to keep holds no secret', () => {
    const keep = toKeepLink(link)
    assert.equal(keep.secret, undefined)
    const parsed = parseLink(formatLink(keep))
    assert.deepEqual(parsed, keep)
    assert.equal(parsed.kind, 'keep')
    const secret = Buffer.from(privateKeys.secret ?? []).toString('hex')
    const read = decodeBase32(formatLink(keep).slice('peerhood:'.length))
    assert.ok('bytes' in read && !Buffer.from(read.bytes).toString('hex').includes(secret))
  })

  test('to keep a public share is the link to read it', () => {
    const made: ShareLink = { kind: 'read', ...publicKeys, ...deriveKeys(publicKeys), peers }
    assert.equal(formatLink(toKeepLink(made)), formatLink(made))
  })

  test('to read a private share needs the secret', () => {
    assert.throws(() => formatLink({ ...link, secret: undefined }), { code: 'key_malformed' })
  })
})

describe('a damaged link', () => {
  test('cut anywhere says that it was cut', () => {
    for (let length = 1; length < text.length; length++) {
      assert.throws(() => parseLink(text.slice(0, length)), { code: 'link_cut_off' }, `${length} characters`)
    }
  })

  test('with any other character in any place is refused', () => {
    const others = 'abcdefghijklmnopqrstuvwxyz234567'
    for (let place = 'peerhood:'.length; place < text.length; place++) {
      for (const other of others) {
        if (other === text[place]) continue
        assert.throws(() => parseLink(text.slice(0, place) + other + text.slice(place + 1)), isLinkError)
      }
    }
  })

  test('with any bit of its bytes flipped is refused', () => {
    const read = decodeBase32(text.slice('peerhood:'.length))
    assert.ok('bytes' in read)
    for (let bit = 0; bit < read.bytes.length * 8; bit++) {
      const changed = read.bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.throws(() => parseLink(`peerhood:${encodeBase32(changed)}`), isLinkError)
    }
  })

  test('with two neighbours changed round is refused', () => {
    for (let place = 'peerhood:'.length; place + 1 < text.length; place++) {
      const swapped = text.slice(0, place) + text[place + 1] + text[place] + text.slice(place + 2)
      if (swapped !== text) assert.throws(() => parseLink(swapped), isLinkError)
    }
  })

  test('names the character that links never have', () => {
    assert.throws(() => parseLink(`${text.slice(0, 30)}1${text.slice(31)}`), {
      code: 'link_mistyped',
      details: { character: '1', place: 30 },
    })
  })

  test('never shows the secret in the error', () => {
    const shown = (error: unknown) => {
      assert.ok(isPeerhoodError(error))
      return !JSON.stringify([error.message, error.hint, error.details]).includes(text.slice(20, 40))
    }
    assert.throws(() => parseLink(text.slice(0, -3)), shown)
    assert.throws(() => parseLink(`${text}x`), shown)
  })
})

describe('limits of a link', () => {
  test('peers and addresses past them are left out, and the longest link is short enough', () => {
    const long = `/dns4/${'n'.repeat(linkAddressBytesMax - 5)}/tcp/1`
    const addresses = Array.from({ length: linkAddressesMax + 3 }, () => long)
    const many = { ...link, peers: Array.from({ length: linkPeersMax + 2 }, () => ({ peerId, addresses })) }
    const made = formatLink(many)
    assert.ok(made.length <= linkCharsMax)
    const parsed = parseLink(made)
    assert.equal(parsed.peers.length, linkPeersMax)
    assert.deepEqual(parsed.peers.at(-1)?.addresses, addresses.slice(0, linkAddressesMax))
    assert.equal(made.length, 5_289)
  })

  test('addresses that are too long or none at all are left out', () => {
    const addresses = [`/dns4/${'n'.repeat(linkAddressBytesMax)}/tcp/1`, 'nonsense', '', '/ip4/192.0.2.1/tcp/1']
    const made = formatLink({
      ...link,
      peers: [
        { peerId: 'no peer id' as PeerId, addresses },
        { peerId, addresses },
      ],
    })
    assert.deepEqual(parseLink(made).peers, [{ peerId, addresses: ['/ip4/192.0.2.1/tcp/1'] }])
  })

  test("a peer's own id at the end of its addresses is not written twice", () => {
    const made = formatLink({ ...link, peers: [{ peerId, addresses: [`/ip4/192.0.2.1/tcp/1/p2p/${peerId}`] }] })
    assert.deepEqual(parseLink(made).peers, [{ peerId, addresses: ['/ip4/192.0.2.1/tcp/1'] }])
  })

  test('too long a text is not even looked at', () => {
    assert.throws(() => parseLink(`${' '.repeat(linkCharsMax)}${text}`), { code: 'link_unknown' })
  })
})

describe('any text', () => {
  test('throws nothing but link errors', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 500 }),
          fc.string({ maxLength: 500 }).map((rest) => `peerhood:${rest}`),
          fc.uint8Array({ maxLength: 400 }).map((bytes) => `peerhood:${encodeBase32(bytes)}`),
          // Whole envelopes with any body, so that bodies are reached.
          fc.tuple(fc.integer({ min: 0, max: 5 }), fc.uint8Array({ maxLength: 400 })).map(([kind, body]) => {
            const envelope = Uint8Array.of(kind, body.length >> 8, body.length & 255, ...body)
            return `peerhood:${encodeBase32(Uint8Array.of(...envelope, ...digestOf(envelope).subarray(0, 4)))}`
          }),
        ),
        (any) => {
          assertOnlyOwnErrors(() => parseLink(any), any.length)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('base32 gives back the bytes it was given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        assert.deepEqual(decodeBase32(encodeBase32(bytes)), { bytes, exact: true })
      }),
    )
  })
})

function isLinkError(error: unknown): boolean {
  return isPeerhoodError(error) && error.code.startsWith('link_')
}
