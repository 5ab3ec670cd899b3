// The vectors of docs/protocol/log.md, which an independent implementation made.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { toHex } from '../base/bytes.ts'
import { entryCid, entryIdOf } from './ids.ts'
import { futureMsMax } from './limits.ts'
import { createSignatureChecker } from './signature.ts'
import { authorOfSeed, openLogs, startMs, wordOf } from './testing.ts'
import type { CommunityId, DeviceId, EntryId, KeyId, Lane } from './types.ts'
import { decodeEntry, encodeEntry, encodeHeader, partsOf, signedBytes } from './wire.ts'

interface EntryVector {
  readonly name: string
  readonly seed: string
  readonly fields: {
    readonly community: CommunityId | null
    readonly device: DeviceId
    readonly seq: number
    readonly prev: EntryId | null
    readonly heads: EntryId[]
    readonly ms: number
    readonly count: number
    readonly epoch: number
    readonly key: KeyId
    readonly lane: Lane
    readonly boxes: string
    readonly sealed: string
  }
  readonly header: string
  readonly signature: string
  readonly bytes: string
  readonly id: EntryId
  readonly cid: string
}

interface RefusedVector {
  readonly name: string
  readonly code: string
  readonly bytes: string
}

function read<Vector>(file: string): readonly Vector[] {
  const url = new URL(`../../test/vectors/log/${file}.json`, import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { cases: Vector[] }).cases
}

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const entries = read<EntryVector>('entries')
const refused = read<RefusedVector>('refused')

describe('entries', () => {
  for (const { name, seed, fields, header, signature, bytes, id, cid } of entries) {
    test(name, () => {
      const { ms, count, community, prev, boxes, sealed, ...rest } = fields
      const expected = {
        ...rest,
        community: community ?? undefined,
        prev: prev ?? undefined,
        time: { ms, count },
        boxes: fromHex(boxes),
        sealed: fromHex(sealed),
      }
      assert.equal(toHex(encodeHeader(expected)), header)
      assert.equal(toHex(encodeEntry(fromHex(header), fromHex(signature))), bytes)
      assert.equal(entryIdOf(fromHex(bytes)), id)
      assert.equal(entryCid(id), cid)
      const decoded = decodeEntry(fromHex(bytes), id)
      assert.deepEqual({ ...decoded }, { ...expected, id, bytes: fromHex(bytes) })
      // Ed25519 is deterministic: the same key signs the same header the same way.
      const author = authorOfSeed(fromHex(seed))
      assert.equal(author.device, fields.device)
      assert.equal(toHex(author.sign(signedBytes(fromHex(header)))), signature)
      const parts = partsOf(decoded.bytes)
      assert.ok(
        createSignatureChecker()({
          key: fromHex(fields.device),
          message: signedBytes(parts.header),
          signature: parts.signature,
        }),
      )
    })
  }
})

test('all of them in a log', async (t) => {
  const { logs, clock } = openLogs(t)
  clock.set(Number.MAX_SAFE_INTEGER - futureMsMax)
  const log = logs.open(entries[0]?.id as string as CommunityId)
  const words = await Promise.all(entries.map(async ({ bytes }) => (await log.receive([fromHex(bytes)])).map(wordOf)))
  assert.deepEqual(words.flat(), ['stored', 'stored', 'stored', 'stored', 'stored', 'stored', 'forked', 'waiting'])
})

describe('refused', () => {
  for (const { name, code, bytes } of refused) {
    test(`${name}: ${code}`, async (t) => {
      const { logs, clock } = openLogs(t)
      clock.set(startMs + 60_000)
      const log = logs.open(entries[0]?.id as string as CommunityId)
      await log.receive(entries.slice(0, 3).map((entry) => fromHex(entry.bytes)))
      assert.deepEqual((await log.receive([fromHex(bytes)])).map(wordOf), [code])
    })
  }
})
