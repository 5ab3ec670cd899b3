// The block worker with its real thread and a real disk.

import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { PeerhoodError } from '../../base/errors.ts'
import type { Clock } from '../../base/ports.ts'
import { digestOf, generateShareKeys, generateShareSecret, type ShareKeys } from '../format/keys.ts'
import { createSealer } from '../format/seal.ts'
import type { FileHash, LargerFile } from '../library/hash-file.ts'
import { smallFileBytesMax } from '../library/limits.ts'
import { stampOf } from '../library/stamps.ts'
import { seededBytes, silentLog, testClock, testRandom, until } from '../library/testing.ts'
import { jobsMax, placesPerJobMax, workerIdleMs } from './limits.ts'
import { type BlockWorker, createBlockWorker, type ReadRequest, type StoreRequest } from './worker.ts'

const leaf = 1_048_576

function tempFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-worker-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function keysOf(visibility: 'public' | 'private'): ShareKeys {
  const { share } = generateShareKeys(testRandom)
  return { share, visibility, secret: visibility === 'private' ? generateShareSecret(testRandom) : undefined }
}

/** A worker whose thread runs. */
async function startWorker(context: TestContext, clock: Clock = testClock): Promise<BlockWorker> {
  const worker = createBlockWorker({ clock, log: silentLog })
  context.after(() => worker.stop())
  await untilReady(worker)
  return worker
}

async function untilReady(worker: BlockWorker): Promise<void> {
  let first: Promise<unknown> | undefined
  await until(() => {
    first = worker.read(readRequest(keysOf('public'), new Uint8Array(1), '/nowhere'))
    return first !== undefined
  }, 'the thread')
  assert.equal(await first, undefined)
}

/** Asks for all of a file that should hold `plain`. */
function readRequest(keys: ShareKeys, plain: Uint8Array, path: string, change: Partial<ReadRequest> = {}): ReadRequest {
  const { wire, seal } = sealed(keys, plain)
  const request = { keys, digest: digestOf(wire), length: wire.length, path, start: 0, bytes: plain.length, seal }
  return { ...request, ...change }
}

function storeRequest(keys: ShareKeys, plain: Uint8Array, paths: readonly string[], start = 0): StoreRequest {
  const { wire } = sealed(keys, plain)
  const whole = start === 0 && plain.length < leaf
  return { keys, digest: digestOf(wire), wire, places: paths.map((path) => ({ path, start, whole })) }
}

function sealed(keys: ShareKeys, plain: Uint8Array) {
  const wire = createSealer(keys).seal(plain)
  return { wire, seal: keys.visibility === 'private' ? wire.slice(0, 32) : undefined }
}

for (const visibility of ['public', 'private'] as const) {
  test(`a leaf is read from its file as the wire bytes that its digest says (${visibility})`, async (context) => {
    const worker = await startWorker(context)
    const [folder, keys] = [tempFolder(context), keysOf(visibility)]
    const path = join(folder, 'file')
    for (const [number, length] of [0, 5, 70_000, leaf].entries()) {
      const plain = seededBytes(number, length)
      writeFileSync(path, Buffer.concat([Buffer.alloc(17), plain]))
      for (const seal of [undefined, sealed(keys, plain).seal]) {
        const bytes = await worker.read(readRequest(keys, plain, path, { start: 17, seal }))
        assert.ok(bytes !== undefined)
        assert.deepEqual(Buffer.from(bytes), Buffer.from(sealed(keys, plain).wire))
        worker.buffers.give(bytes)
      }
    }
  })

  test(`a leaf is checked, opened and written to all its places (${visibility})`, async (context) => {
    const worker = await startWorker(context)
    const [folder, keys] = [tempFolder(context), keysOf(visibility)]
    const first = seededBytes(1, leaf)
    const last = seededBytes(2, 12_345)
    const paths = [join(folder, 'a', 'b', 'big'), join(folder, 'other')]
    await worker.store(storeRequest(keys, last, paths, leaf))
    await worker.store(storeRequest(keys, first, paths))
    for (const path of paths) assert.deepEqual(readFileSync(path), Buffer.concat([first, last]))
    const small = join(folder, 'deep', 'small')
    await worker.store(storeRequest(keys, last, [small]))
    assert.deepEqual(readFileSync(small), Buffer.from(last))
    await worker.closeBelow(folder)
    // What stood there before is gone, however long it was.
    await worker.store(storeRequest(keys, seededBytes(3, 10), [small]))
    assert.equal(readFileSync(small).length, 10)
  })

  test(`a block in a buffer of the worker needs no copy (${visibility})`, async (context) => {
    const worker = await startWorker(context)
    const [path, keys] = [join(tempFolder(context), 'big'), keysOf(visibility)]
    const plain = seededBytes(4, leaf)
    const request = storeRequest(keys, plain, [path])
    const gathered = worker.buffers.take(request.wire.length)
    gathered.set(request.wire)
    await worker.store({ ...request, wire: gathered })
    worker.buffers.give(gathered)
    assert.deepEqual(readFileSync(path), Buffer.from(plain))
  })
}

test('what a file no longer holds is not handed out: changed, shorter, gone, a link', async (context) => {
  const worker = await startWorker(context)
  const [folder, keys] = [tempFolder(context), keysOf('private')]
  const plain = seededBytes(1, 5000)
  const path = join(folder, 'file')
  writeFileSync(path, plain)
  symlinkSync(path, join(folder, 'link'))
  mkdirSync(join(folder, 'folder'))
  const good = readRequest(keys, plain, path)
  assert.ok((await worker.read(good)) !== undefined)
  for (const name of ['link', 'folder', 'missing']) {
    assert.equal(await worker.read({ ...good, path: join(folder, name) }), undefined, name)
  }
  assert.equal(await worker.read({ ...good, start: 1 }), undefined)
  writeFileSync(path, plain.with(4999, 1 + (plain[4999] ?? 0)))
  assert.equal(await worker.read(good), undefined)
})

test('wrong bytes are written nowhere, and each refusal has its code', async (context) => {
  const worker = await startWorker(context)
  const [folder, keys] = [tempFolder(context), keysOf('private')]
  const plain = seededBytes(1, 5000)
  const path = join(folder, 'file')
  const request = storeRequest(keys, plain, [path])
  const wrong = { ...request, wire: request.wire.with(40, 1 + (request.wire[40] ?? 0)) }
  await assert.rejects(worker.store(wrong) ?? Promise.resolve(), { code: 'block_hash_wrong' })
  const stranger = { ...request, keys: keysOf('private') }
  await assert.rejects(worker.store(stranger) ?? Promise.resolve(), { code: 'block_seal_wrong' })
  assert.throws(() => readFileSync(path), { code: 'ENOENT' })
  writeFileSync(path, 'a file, not a folder')
  const below = storeRequest(keys, plain, [join(path, 'below')])
  await assert.rejects(worker.store(below) ?? Promise.resolve(), (error: PeerhoodError) => {
    assert.equal(error.code, 'disk_failed')
    return error.details?.code === 'ENOTDIR'
  })
  const through = join(folder, 'link')
  symlinkSync(join(folder, 'elsewhere'), through)
  await assert.rejects(worker.store(storeRequest(keys, plain, [through])) ?? Promise.resolve(), { code: 'disk_failed' })
})

for (const visibility of ['public', 'private'] as const) {
  test(`small files are hashed as the digests that they are served by; of others it is said why not (${visibility})`, async (context) => {
    const worker = await startWorker(context)
    const [folder, keys] = [tempFolder(context), keysOf(visibility)]
    const [small, empty, larger, link] = ['small', 'empty', 'larger', 'link'].map((name) => join(folder, name))
    const contents = new Map([
      [small, seededBytes(1, smallFileBytesMax)],
      [empty, new Uint8Array(0)],
      [larger, seededBytes(2, smallFileBytesMax + 1)],
    ])
    for (const [path, content] of contents) writeFileSync(path ?? '', content)
    symlinkSync(small ?? '', link ?? '')
    const paths = [small, empty, larger, link, folder, join(folder, 'gone')].map(String)
    const hashes = await worker.hashFiles({ keys, paths })
    assert.deepEqual(
      hashes?.map((hash) => (hash.kind === 'failed' ? hash.code : hash.kind)),
      ['hashed', 'hashed', 'larger', 'changing', 'special_file', 'vanished'],
    )
    for (const path of [small, empty].map(String)) {
      const hash: FileHash | LargerFile | undefined = hashes?.[paths.indexOf(path)]
      assert.ok(hash?.kind === 'hashed')
      const plain = contents.get(path) ?? new Uint8Array(1)
      const { wire, seal } = sealed(keys, plain)
      assert.deepEqual(hash.leaves, [{ digest: digestOf(wire), start: 0, bytes: plain.length, seal }])
      assert.equal(stampOf(hash.stats), stampOf(lstatSync(path, { bigint: true })))
    }
  })
}

test('files that the thread did not come to hash before it was stopped are said to be not hashed', async (context) => {
  const worker = await startWorker(context)
  const path = join(tempFolder(context), 'file')
  writeFileSync(path, 'content')
  const hashing = worker.hashFiles({ keys: keysOf('public'), paths: Array.from({ length: 20_000 }, () => path) })
  assert.ok(hashing !== undefined)
  await worker.stop()
  assert.equal(await hashing, undefined)
})

test('what is too much for the worker is left to the caller, and all memory comes back', async (context) => {
  const worker = await startWorker(context)
  const [folder, keys] = [tempFolder(context), keysOf('public')]
  const plain = seededBytes(1, 100)
  const many = Array.from({ length: placesPerJobMax + 1 }, (_, number) => join(folder, `${number}`))
  assert.equal(worker.store(storeRequest(keys, plain, many)), undefined)
  const path = join(folder, 'file')
  writeFileSync(path, plain)
  const reads = Array.from({ length: jobsMax }, () => worker.read(readRequest(keys, plain, path)))
  assert.ok(reads.every((read) => read !== undefined))
  assert.equal(worker.read(readRequest(keys, plain, path)), undefined)
  for (const bytes of await Promise.all(reads)) worker.buffers.give(bytes ?? new Uint8Array())
  assert.ok((await worker.read(readRequest(keys, plain, path))) !== undefined)
})

test('a worker without work ends, and the next block starts another', async (context) => {
  let idle: (() => void) | undefined
  const clock: Clock = {
    ...testClock,
    after(delayMs, run) {
      if (delayMs !== workerIdleMs) return testClock.after(delayMs, run)
      idle = run
      return () => {
        idle = undefined
      }
    },
  }
  const worker = await startWorker(context, clock)
  const [path, keys] = [join(tempFolder(context), 'file'), keysOf('public')]
  await until(() => idle !== undefined, 'the idle timer')
  idle?.()
  await until(() => worker.store(storeRequest(keys, seededBytes(1, 10), [path])) === undefined, 'its end')
  await untilReady(worker)
  await worker.store(storeRequest(keys, seededBytes(2, 10), [path]))
  assert.deepEqual(readFileSync(path), Buffer.from(seededBytes(2, 10)))
})

test('stopped in the middle, no promise is left open', async (context) => {
  const worker = await startWorker(context)
  const [folder, keys] = [tempFolder(context), keysOf('private')]
  const stores = Array.from({ length: 10 }, (_, number) =>
    worker.store(storeRequest(keys, seededBytes(number, leaf), [join(folder, `${number}`)])),
  )
  const settled = Promise.allSettled(stores)
  await worker.stop()
  for (const result of await settled) {
    if (result.status === 'rejected') assert.equal(result.reason.code, 'disk_failed')
  }
})
