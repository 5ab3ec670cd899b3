// The vectors of docs/protocol/share.md, which an independent implementation made.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { PeerAddress, PeerId } from '../../network/types.ts'
import type { VersionMeta, Visibility } from '../types.ts'
import { accessProof, checkAccessProof } from './access.ts'
import { createInventory, encodeInventory } from './inventory.ts'
import {
  asAccessKey,
  asDigest,
  asShareKey,
  asShareSecret,
  deriveKeys,
  digestOf,
  parseShareId,
  shareIdOf,
  shareKeyOf,
} from './keys.ts'
import { formatLink, parseLink, toKeepLink } from './link.ts'
import { encodeMeta, openMeta, sealMeta } from './meta.ts'
import { openRecord, signRecord } from './record.ts'
import { createSealer } from './seal.ts'

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const toHex = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : Buffer.from(bytes).toString('hex'))
const secretFrom = (hex: string | null) => (hex === null ? undefined : asShareSecret(fromHex(hex)))

function forEachVector<Vector extends { name: string }>(file: string, check: (vector: Vector) => void): void {
  const url = new URL(`../../../test/vectors/share/${file}.json`, import.meta.url)
  const { what, cases } = JSON.parse(readFileSync(url, 'utf8')) as { what: string; cases: Vector[] }
  describe(`${file}: ${what}`, () => {
    for (const vector of cases) test(vector.name, () => check(vector))
  })
}

interface KeysVector {
  name: string
  signingSeed: string
  share: string
  shareId: string
  visibility: Visibility
  secret: string | null
  discovery: string
  access: string
}

forEachVector<KeysVector>('keys', (vector) => {
  const share = asShareKey(fromHex(vector.share))
  assert.deepEqual(shareKeyOf(fromHex(vector.signingSeed)), share)
  assert.equal(shareIdOf(share), vector.shareId)
  assert.deepEqual(parseShareId(vector.shareId), share)
  const keys = deriveKeys({ share, visibility: vector.visibility, secret: secretFrom(vector.secret) })
  assert.equal(toHex(keys.discovery), vector.discovery)
  assert.equal(toHex(keys.access), vector.access)
})

interface SealVector {
  name: string
  share: string
  secret: string
  plain?: string
  wire?: string
  plainByte?: string
  plainStep?: number
  plainBytes?: number
  wireStart?: string
  wireTag?: string
  digest: string
}

function plainOf({ plain, plainByte, plainStep, plainBytes = 0 }: SealVector): Uint8Array {
  if (plain !== undefined) return fromHex(plain)
  if (plainStep !== undefined) return Uint8Array.from({ length: plainBytes }, (_, place) => place * plainStep)
  return new Uint8Array(plainBytes).fill(Number.parseInt(plainByte ?? '', 16))
}

forEachVector<SealVector>('seal', (vector) => {
  const share = asShareKey(fromHex(vector.share))
  const sealer = createSealer({ share, visibility: 'private', secret: secretFrom(vector.secret) })
  const plain = plainOf(vector)
  const wire = sealer.seal(plain)
  if (vector.wire !== undefined) assert.equal(toHex(wire), vector.wire)
  if (vector.wireStart !== undefined) assert.equal(toHex(wire.subarray(0, 64)), vector.wireStart)
  if (vector.wireTag !== undefined) assert.equal(toHex(wire.subarray(-16)), vector.wireTag)
  assert.equal(toHex(digestOf(wire)), vector.digest)
  assert.deepEqual(sealer.open(wire), plain)
})

interface InventoryVector {
  name: string
  entries?: { digest: string; length: number }[]
  count?: number
  pages?: string[]
  pageBytes?: number[]
  digests: string[]
}

forEachVector<InventoryVector>('inventory', (vector) => {
  const entries =
    vector.entries?.map(({ digest, length }) => ({ digest: asDigest(fromHex(digest)), length })) ??
    Array.from({ length: vector.count ?? 0 }, (_, index) => ({
      digest: digestOf(Buffer.from(`block ${index}`)),
      length: index + 1,
    }))
  const { pages, digests } = encodeInventory(entries)
  if (vector.pages !== undefined) assert.deepEqual(pages.map(toHex), vector.pages)
  if (vector.pageBytes !== undefined)
    assert.deepEqual(
      pages.map((page) => page.length),
      vector.pageBytes,
    )
  assert.deepEqual(digests.map(toHex), vector.digests)
  const inventory = createInventory(pages)
  assert.equal(inventory.count, entries.length)
  entries.forEach(({ digest, length }, index) => {
    assert.deepEqual(inventory.digest(index), digest)
    assert.equal(inventory.length(index), length)
    assert.equal(inventory.find(digest), index)
  })
})

interface RecordVector {
  name: string
  signingSeed: string
  secret: string | null
  meta: VersionMeta
  metaBytes: string
  record: {
    share: string
    visibility: Visibility
    sequence: number
    pages: string[]
    blocks: number
    bytes: number
    createdMs: number
  }
  recordBytes: string
}

forEachVector<RecordVector>('record', (vector) => {
  const share = asShareKey(fromHex(vector.record.share))
  const sealer = createSealer({ share, visibility: vector.record.visibility, secret: secretFrom(vector.secret) })
  const meta = sealMeta(vector.meta, sealer)
  assert.equal(toHex(meta), vector.metaBytes)
  assert.deepEqual(openMeta(meta, sealer), vector.meta)
  const pages = vector.record.pages.map((page) => asDigest(fromHex(page)))
  const record = { ...vector.record, share, pages, meta }
  const bytes = signRecord(record, fromHex(vector.signingSeed))
  assert.equal(toHex(bytes), vector.recordBytes)
  assert.deepEqual(openRecord(bytes, share), record)
  assert.ok(encodeMeta(vector.meta).length <= meta.length)
})

interface LinkVector {
  name: string
  text: string
  error?: string
  kind: 'read' | 'keep'
  visibility: Visibility
  share: string
  secret: string | null
  access: string
  discovery: string
  peers: PeerAddress[]
}

forEachVector<LinkVector>('link', (vector) => {
  if (vector.error !== undefined) {
    assert.throws(() => parseLink(vector.text), { name: 'PeerhoodError', code: vector.error })
    return
  }
  const link = parseLink(vector.text)
  assert.equal(link.kind, vector.kind)
  assert.equal(link.visibility, vector.visibility)
  assert.equal(toHex(link.share), vector.share)
  assert.equal(toHex(link.secret), vector.secret)
  assert.equal(toHex(link.access), vector.access)
  assert.equal(toHex(link.discovery), vector.discovery)
  assert.deepEqual(link.peers, vector.peers)
  assert.equal(formatLink(link), vector.text)
  assert.deepEqual(parseLink(formatLink(toKeepLink(link))), toKeepLink(link))
})

interface ProofVector {
  name: string
  access: string
  requester: PeerId
  responder: PeerId
  proof: string
}

forEachVector<ProofVector>('access-proof', ({ access, requester, responder, proof }) => {
  const key = asAccessKey(fromHex(access))
  assert.equal(toHex(accessProof(key, requester, responder)), proof)
  assert.ok(checkAccessProof(key, requester, responder, fromHex(proof)))
  assert.ok(!checkAccessProof(key, responder, requester, fromHex(proof)))
  assert.ok(!checkAccessProof(key, requester, responder, fromHex(proof).subarray(1)))
})
