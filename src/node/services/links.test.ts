import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import { formatContactLink, wordsOf } from '../../community/direct/contact-link.ts'
import { formatCommunityLink, formatRequestLink, inviteIdOf } from '../../community/invite-link.ts'
import { asAccess } from '../../community/keys.ts'
import { asShareKey, asShareSecret, deriveKeys, shareIdOf } from '../../content/format/keys.ts'
import { formatLink, toKeepLink } from '../../content/format/link.ts'
import { formatEnvelope, linkKinds } from '../../content/format/link-envelope.ts'
import { didOf } from '../../identity/core.ts'
import type { PersonKey } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerAddress } from '../../network/types.ts'
import { inspectLink } from './links.ts'

const peerId = '12D3KooWGC8EGKDMzdNvd1XqL1CjE4ZzrxgWQtqeyZcFTfGFqYFE' as PeerAddress['peerId']
const peers: PeerAddress[] = [{ peerId, addresses: [] }]
const community = 'c7'.repeat(32) as CommunityId
const bytes = (fill: number) => new Uint8Array(32).fill(fill)

test('every kind of link that exists says what it is for', () => {
  const share = asShareKey(bytes(1))
  const privateKeys = { share, visibility: 'private', secret: asShareSecret(bytes(2)) } as const
  const publicKeys = { share, visibility: 'public', secret: undefined } as const
  const read = { kind: 'read', ...privateKeys, ...deriveKeys(privateKeys), peers } as const
  const open = { kind: 'read', ...publicKeys, ...deriveKeys(publicKeys), peers } as const
  const seed = bytes(3)
  const access = asAccess(bytes(4))
  const person = didOf(ed25519.getPublicKey(bytes(5)) as PersonKey)
  const named = { name: 'Our street', peers }
  const ids = [peerId]
  const shareId = shareIdOf(share)
  const expected: Record<keyof typeof linkKinds, [text: string, says: unknown]> = {
    publicRead: [formatLink(open), { kind: 'read', visibility: 'public', shareId, peers: ids }],
    privateRead: [formatLink(read), { kind: 'read', visibility: 'private', shareId, peers: ids }],
    privateKeep: [formatLink(toKeepLink(read)), { kind: 'keep', visibility: 'private', shareId, peers: ids }],
    communityInvite: [
      formatCommunityLink({ kind: 'invite', community, seed, access, ...named }),
      { kind: 'invite', communityId: community, inviteId: inviteIdOf(seed), name: 'Our street', peers: ids },
    ],
    communityKeep: [
      formatCommunityLink({ kind: 'keep', community, access, peers }),
      { kind: 'community-keep', communityId: community, peers: ids },
    ],
    communityRequest: [
      formatRequestLink({ community, ...named }),
      { kind: 'community-request', communityId: community, name: 'Our street', peers: ids },
    ],
    contact: [
      formatContactLink({ person, token: bytes(6), name: 'Ben', peers }),
      { kind: 'contact', person, words: wordsOf(person), name: 'Ben', peers: ids },
    ],
  }
  for (const [text, says] of Object.values(expected)) assert.deepEqual(inspectLink(text), says)
})

test('a request link without a name says so; one that is cut or of an unknown kind is refused with what to do', () => {
  const link = formatRequestLink({ community, name: undefined, peers: [] })
  assert.deepEqual(inspectLink(link), { kind: 'community-request', communityId: community, name: null, peers: [] })
  assert.throws(() => inspectLink(link.slice(0, -3)), { code: 'link_cut_off' })
  for (const kind of [0, 8, 255]) {
    const newer = formatEnvelope({ kind, body: new Uint8Array(40) })
    assert.throws(
      () => inspectLink(newer),
      (error: { code?: string; hint?: string }) => error.code === 'link_newer' && (error.hint ?? '') !== '',
    )
  }
  const hollow = formatEnvelope({ kind: linkKinds.communityRequest, body: new Uint8Array(20) })
  assert.throws(() => inspectLink(hollow), { code: 'link_malformed' })
})
