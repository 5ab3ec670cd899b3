// Links to communities survive what people and programs do to them, or say what happened; and never lead astray.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../test/support/hostile.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { encodeBase32 } from '../content/format/base32.ts'
import { digestOf } from '../content/format/keys.ts'
import { linkCharsMax } from '../content/format/limits.ts'
import { parseLink } from '../content/format/link.ts'
import type { CommunityId } from '../log/types.ts'
import type { PeerAddress, PeerId } from '../network/types.ts'
import { formatCommunityLink, type InviteLink, inviteIdOf, parseCommunityLink } from './invite-link.ts'
import { asAccess } from './keys.ts'
import { linkNameBytesMax } from './limits.ts'

const peerId = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN' as PeerId
const peers: PeerAddress[] = [{ peerId, addresses: ['/ip4/192.0.2.1/tcp/4001', '/ip6/2001:db8::7/tcp/4002/ws'] }]
const seed = new Uint8Array(32).fill(9)
const link: InviteLink = {
  ...{ kind: 'invite', community: 'ab'.repeat(32) as CommunityId, seed, invite: inviteIdOf(seed) },
  ...{ access: asAccess(new Uint8Array(32).fill(5)), name: 'Village', peers },
}
const text = formatCommunityLink(link)

function isLinkError(error: unknown): boolean {
  return isPeerhoodError(error) && error.code.startsWith('link_')
}

describe('a link to a community', () => {
  test('says again what it was made of', () => {
    assert.deepEqual(parseCommunityLink(text), link)
    const keep = { kind: 'keep', community: link.community, access: link.access, peers } as const
    assert.deepEqual(parseCommunityLink(formatCommunityLink(keep)), keep)
  })

  test('bears white space and upper case', () => {
    for (const variant of [` ${text}\n`, text.toUpperCase(), text.replace(/(.{20})/g, '$1\r\n ')]) {
      assert.deepEqual(parseCommunityLink(variant), link)
    }
  })

  test('to keep holds no secret of an invitation', () => {
    const keep = formatCommunityLink({ kind: 'keep', community: link.community, access: link.access, peers })
    assert.ok(!keep.includes(encodeBase32(seed).slice(2, -2)))
  })

  test('cut anywhere says that it was cut', () => {
    for (let length = 1; length < text.length; length++) {
      assert.throws(() => parseCommunityLink(text.slice(0, length)), { code: 'link_cut_off' }, `${length} characters`)
    }
  })

  test('with another character anywhere is refused, and never shows its secret', () => {
    for (let place = 'peerhood:'.length; place < text.length; place++) {
      const other = text[place] === 'a' ? 'b' : 'a'
      assert.throws(
        () => parseCommunityLink(text.slice(0, place) + other + text.slice(place + 1)),
        (error) => isLinkError(error) && !JSON.stringify(error).includes(text.slice(60, 80)),
      )
    }
  })

  test('and one to a share are told apart, both ways', () => {
    assert.throws(() => parseLink(text), { code: 'link_elsewhere', hint: /peerhood community join/ })
    const body = new Uint8Array(33)
    const envelope = Uint8Array.of(1, 0, 33, ...body)
    const share = `peerhood:${encodeBase32(Uint8Array.of(...envelope, ...digestOf(envelope).subarray(0, 4)))}`
    assert.ok(parseLink(share))
    assert.throws(() => parseCommunityLink(share), { code: 'link_elsewhere', hint: /peerhood get/ })
  })

  test('leaves out a name that is too long, or can’t be shown', () => {
    const nameOf = (name: string | undefined) => {
      const parsed = parseCommunityLink(formatCommunityLink({ ...link, name }))
      return parsed.kind === 'invite' ? parsed.name : 'none'
    }
    assert.equal(nameOf('ü'.repeat(linkNameBytesMax / 2)), 'ü'.repeat(linkNameBytesMax / 2))
    assert.equal(nameOf('ü'.repeat(linkNameBytesMax / 2 + 1)), undefined)
    assert.equal(nameOf('a\u202eb'), undefined)
    assert.equal(nameOf(undefined), undefined)
  })

  test('with all that fits is short enough', () => {
    const addresses = Array.from({ length: 9 }, () => `/dns4/${'n'.repeat(120)}/tcp/1`)
    const many = Array.from({ length: 9 }, () => ({ peerId, addresses }))
    assert.ok(formatCommunityLink({ ...link, name: 'n'.repeat(linkNameBytesMax), peers: many }).length <= linkCharsMax)
  })

  test('of any bytes throws nothing but link errors', () => {
    const kinds = fc.integer({ min: 0, max: 7 })
    fc.assert(
      fc.property(kinds, fc.uint8Array({ maxLength: 300 }), (kind, body) => {
        const envelope = Uint8Array.of(kind, body.length >> 8, body.length & 255, ...body)
        const any = `peerhood:${encodeBase32(Uint8Array.of(...envelope, ...digestOf(envelope).subarray(0, 4)))}`
        assertOnlyOwnErrors(() => parseCommunityLink(any), any.length)
      }),
      { numRuns: 1_000 },
    )
  })
})
