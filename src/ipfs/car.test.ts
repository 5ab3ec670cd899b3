// CAR files: out and in again, and all that can be wrong with one that came from somewhere.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CarReader } from '@ipld/car/reader'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import fc from 'fast-check'
import type { CID } from 'multiformats/cid'
import { concatBytes, utf8 } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { seededBytes, tempFolder } from '../content/library/testing.ts'
import { carBytes, openCarFile, readCar } from './car.ts'
import { parseCid } from './cid.ts'
import { dagBlocks, resolvePath, wholeDag } from './dag.ts'
import { carBlocksMax, carHeaderBytesMax, dagEntriesMax, ipfsBlockBytesMax } from './limits.ts'
import { varintBytes } from './protobuf-wire.ts'
import { cidOfLink, MemoryBlocks } from './testing.ts'

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code
const signal = new AbortController().signal

const blocks = new MemoryBlocks()
const folder = blocks.folder([
  { name: 'a.txt', link: blocks.file(utf8('hello')) },
  { name: 'film.bin', link: blocks.file(seededBytes(7, 3_000), 500, 4) },
])
const root = cidOfLink(folder)

async function carOf(): Promise<Uint8Array> {
  const resolved = await resolvePath(blocks.get, root, [], {})
  const chunks: Uint8Array[] = []
  for await (const chunk of carBytes(root, dagBlocks(blocks.get, resolved, wholeDag, {}))) chunks.push(chunk)
  return concatBytes(...chunks)
}

const section = (cid: CID, bytes: Uint8Array) =>
  concatBytes(varintBytes(cid.bytes.length + bytes.length), cid.bytes, bytes)
const header = (value: unknown) => {
  const bytes = encodeCbor(value)
  return concatBytes(varintBytes(bytes.length), bytes)
}
const read = (car: Uint8Array, blocksMax?: number) =>
  readCar(
    {
      async read(buffer, offset, length, position) {
        const bytes = car.subarray(position, position + length)
        buffer.set(bytes, offset)
        return { bytesRead: bytes.length }
      },
    },
    car.length,
    signal,
    blocksMax,
  )

test('what is written is what other readers read, and what we read', async (t) => {
  const car = await carOf()
  const reader = await CarReader.fromBytes(car)
  assert.deepEqual((await reader.getRoots()).map(String), [root.toString()])
  for (const { cid, bytes } of blocks.blocks.values()) assert.deepEqual((await reader.get(cid))?.bytes, bytes)

  const path = join(tempFolder(t), 'x.car')
  writeFileSync(path, car)
  const file = await openCarFile(path, signal)
  assert.ok(file.root.equals(root))
  assert.equal(file.blocks, blocks.blocks.size)
  for (const { cid, bytes } of blocks.blocks.values()) assert.deepEqual(await file.get(cid), bytes)
  assert.deepEqual(await file.get(parseCid('bafkqaaa')), new Uint8Array())
  await file.close()
  await assert.rejects(openCarFile(join(tempFolder(t), 'none.car'), signal), withCode('car_unreadable'))
})

test('a source that fails ends the CAR with its failure', async () => {
  async function* failing() {
    yield { cid: root, bytes: await blocks.get(root) }
    throw new Error('gone')
  }
  await assert.rejects(async () => {
    for await (const _ of carBytes(root, failing()));
  }, /gone/)
})

test('headers, roots, lengths and limits that are wrong are refused with their codes', async () => {
  const leaf = blocks.put(utf8('leaf'))
  const good = header({ version: 1, roots: [leaf] })
  const cases: [string, Uint8Array][] = [
    ['car_malformed', new Uint8Array()],
    ['car_malformed', utf8('{"version":1}')],
    ['car_malformed', header({ version: 1 })],
    ['car_malformed', header({ version: 3, roots: [leaf] })],
    ['car_malformed', concatBytes(varintBytes(carHeaderBytesMax + 1), new Uint8Array(carHeaderBytesMax + 1))],
    ['car_roots_many', header({ version: 1, roots: [leaf, root] })],
    ['car_roots_many', header({ version: 1, roots: [] })],
    ['car_malformed', concatBytes(good, section(leaf, utf8('leaf')).subarray(0, 20))],
    ['car_malformed', concatBytes(good, section(leaf, utf8('leaf')).subarray(0, 39))],
    ['car_malformed', concatBytes(good, Uint8Array.of(0))],
    ['car_malformed', concatBytes(good, varintBytes(2), leaf.bytes)],
    ['ipfs_block_too_large', concatBytes(good, section(leaf, new Uint8Array(ipfsBlockBytesMax + 1)))],
  ]
  for (const [code, car] of cases) await assert.rejects(read(car), withCode(code), `${code} ${car.length}`)
  const empty = await read(good)
  await assert.rejects(empty.get(leaf), withCode('car_incomplete'))
  const wrong = await read(concatBytes(good, section(leaf, utf8('lead'))))
  await assert.rejects(wrong.get(leaf), withCode('ipfs_block_wrong'))
})

test('carBlocksMax is met', async () => {
  const car = await carOf()
  const { blocks: count } = await read(car)
  assert.equal((await read(car, count)).blocks, count)
  await assert.rejects(read(car, count - 1), withCode('car_too_large'))
  assert.ok(carBlocksMax >= dagEntriesMax * 8, 'what can be written can be read')
})

test('a CAR that was changed anywhere gives what its CIDs name, or a code', async () => {
  const car = await carOf()
  const codes = ['car_malformed', 'car_version_unknown', 'car_roots_many', 'ipfs_block_too_large', 'cid_unsupported']
  const later = ['car_incomplete', 'ipfs_block_wrong']
  await fc.assert(
    fc.asyncProperty(fc.nat(car.length - 1), fc.nat(255), fc.nat(car.length), async (at, byte, length) => {
      const changed = car.slice(0, Math.max(length, 1))
      if (at < changed.length) changed[at] = byte
      try {
        const file = await read(changed)
        const bytes = await file.get(file.root)
        if (file.root.equals(root)) assert.deepEqual(bytes, await blocks.get(root))
      } catch (error) {
        assert.ok(isPeerhoodError(error) && [...codes, ...later].includes(error.code), String(error))
      }
    }),
    { seed: 11, numRuns: 1_000 },
  )
})
