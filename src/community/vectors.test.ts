// The vectors of docs/protocol/community.md, which an independent implementation made.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Random } from '../base/ports.ts'
import type { PersonDid } from '../identity/types.ts'
import { idBytes } from '../log/ids.ts'
import { checkHelloProof, helloProof } from '../log/sync/proof.ts'
import type { CommunityId, DeviceId, KeyId, Lane } from '../log/types.ts'
import type { PeerAddress, PeerId } from '../network/types.ts'
import { boxSecretOf, openBoxes, openGrant, sealBoxes, sealGrant } from './boxes.ts'
import { formatCommunityLink, parseCommunityLink } from './invite-link.ts'
import {
  asAccess,
  asEpochKey,
  controlChainKey,
  discoveryKeyOf,
  keyIdOf,
  type SubKeyName,
  subKey,
  topicOf,
} from './keys.ts'
import { decodePayload, encodePayload } from './payload-wire.ts'
import { checkJoinProof, joinProof } from './proofs.ts'
import { laneKey, openContent, sealContent } from './seal.ts'
import type { InviteId } from './types.ts'

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
/** Gives these bytes, then zeros. */
const given = (...bytes: Uint8Array[]): Random => ({ bytes: (length) => bytes.shift() ?? new Uint8Array(length) })

function forEachVector<Vector extends { name: string }>(file: string, check: (vector: Vector) => void): void {
  const url = new URL(`../../test/vectors/community/${file}.json`, import.meta.url)
  const { what, cases } = JSON.parse(readFileSync(url, 'utf8')) as { what: string; cases: Vector[] }
  describe(`${file}: ${what}`, () => {
    for (const vector of cases) test(vector.name, () => check(vector))
  })
}

type KeysVector = Record<'name' | 'key' | 'keyId' | 'controlChain' | 'community' | 'gossipTopic', string> &
  Record<SubKeyName | 'access' | 'discovery' | 'requester' | 'responder' | 'proof', string>

forEachVector<KeysVector>('keys', (vector) => {
  const key = asEpochKey(fromHex(vector.key))
  assert.equal(keyIdOf(key), vector.keyId)
  for (const name of ['control', 'app', 'topic', 'chain'] as const) assert.equal(toHex(subKey(key, name)), vector[name])
  assert.equal(toHex(controlChainKey(subKey(key, 'control'))), vector.controlChain)
  assert.equal(topicOf(key, vector.community as CommunityId), vector.gossipTopic)
  const access = asAccess(fromHex(vector.access))
  assert.equal(toHex(discoveryKeyOf(access)), vector.discovery)
  const [requester, responder] = [vector.requester as PeerId, vector.responder as PeerId]
  assert.equal(toHex(helloProof(access, requester, responder)), vector.proof)
  assert.ok(checkHelloProof(access, requester, responder, fromHex(vector.proof)))
  assert.ok(!checkHelloProof(access, responder, requester, fromHex(vector.proof)))
})

interface SealedVector {
  name: string
  key: string
  lane: Lane
  community: string | null
  device: string
  seq: number
  app: string
  kind: string
  body: unknown
  content: string
  nonce: string
  sealed: string
}

forEachVector<SealedVector>('sealed', ({ key, lane, community, device, seq, app, kind, body, ...vector }) => {
  const content = encodePayload({ app, kind, body })
  assert.equal(toHex(content), vector.content)
  const place = {
    community: (community ?? undefined) as CommunityId | undefined,
    device: device as DeviceId,
    seq,
    lane,
  }
  const under = laneKey(asEpochKey(fromHex(key)), lane)
  assert.equal(toHex(sealContent(under, place, content, given(fromHex(vector.nonce)))), vector.sealed)
  assert.deepEqual(decodePayload(openContent(under, place, fromHex(vector.sealed))), { app, kind, body })
})

interface BoxesVector {
  name: string
  key: string
  ephemeralSecret: string
  recipients: { name: string; seed: string; ed25519: string; x25519: string }[]
  boxes: string
  grantKeys: string[]
  grant: string
}

forEachVector<BoxesVector>('boxes', ({ key, ephemeralSecret, recipients, boxes, grantKeys, grant }) => {
  for (const { seed, x25519 } of recipients) {
    const secret = boxSecretOf(fromHex(seed))
    assert.equal(toHex(secret.recipient), x25519)
    assert.equal(toHex(openBoxes(fromHex(boxes), secret) ?? new Uint8Array()), key)
  }
  const edKeys = recipients.map(({ ed25519 }) => fromHex(ed25519))
  const made = sealBoxes(fromHex(key), edKeys, given(fromHex(ephemeralSecret)))
  // All but the box of random bytes.
  const records = (bytes: Uint8Array) =>
    (
      toHex(bytes)
        .slice(64)
        .match(/.{112}/g) ?? []
    ).filter((one) => !/^0+$/.test(one))
  assert.ok(records(made).every((record) => records(fromHex(boxes)).includes(record)))
  const [first] = recipients
  assert.ok(first)
  assert.deepEqual(openGrant(fromHex(grant), boxSecretOf(fromHex(first.seed))).map(toHex), grantKeys)
  const again = sealGrant(grantKeys.map(fromHex), fromHex(first.ed25519), given(fromHex(ephemeralSecret)))
  assert.equal(toHex(again ?? new Uint8Array()), grant)
})

type JoinVector = Record<'name' | 'inviteSeed' | 'invite' | 'community' | 'device' | 'person' | 'proof', string>

forEachVector<JoinVector>('join-proof', ({ inviteSeed, invite, community, device, person, proof }) => {
  const joiner = { community: community as CommunityId, device: device as DeviceId, person: person as PersonDid }
  assert.equal(toHex(joinProof(fromHex(inviteSeed), joiner)), proof)
  assert.ok(checkJoinProof(invite as InviteId, joiner, fromHex(proof)))
  const other = { ...joiner, community: device as string as CommunityId }
  assert.ok(!checkJoinProof(invite as InviteId, other, fromHex(proof)))
})

interface LinkVector {
  name: string
  link: string
  code?: string
  kind?: 'invite' | 'keep'
  community?: string
  seed?: string
  invite?: string
  access?: string
  communityName?: string | null
  peers?: PeerAddress[]
}

forEachVector<LinkVector>('link', ({ link, code, kind, communityName, peers, ...vector }) => {
  if (code !== undefined) {
    assert.throws(() => parseCommunityLink(link), { code })
    return
  }
  const parsed = parseCommunityLink(link)
  assert.equal(parsed.kind, kind)
  assert.equal(parsed.community, vector.community)
  assert.equal(toHex(parsed.access), vector.access)
  assert.deepEqual(parsed.peers, peers)
  if (parsed.kind === 'invite') {
    assert.equal(toHex(parsed.seed), vector.seed)
    assert.equal(parsed.invite, vector.invite)
    assert.equal(parsed.name, communityName ?? undefined)
  }
  assert.equal(formatCommunityLink(parsed), link)
  assert.equal(idBytes(parsed.community as string as KeyId).length, 32)
})
