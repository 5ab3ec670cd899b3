import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { PassThrough, Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import { until } from '../../test/support/until.ts'
import { createLog, systemRandom } from './adapters.ts'
import { createDropped } from './dropped.ts'
import { uploadDepthMax, uploadQuietMs, uploadsMax } from './limits.ts'
import { temporaryHome } from './testing.ts'
import { createUploads, type Uploads } from './uploads.ts'

const never = new AbortController().signal

function setup(t: TestContext, options: { filesMax?: number } = {}) {
  const folder = temporaryHome(t).dropped
  const shared: string[] = []
  const database = new DatabaseSync(':memory:')
  const dropped = createDropped({ folder, database, log: createLog([]) })
  const clock = createManualClock()
  const parts = { folder, clock, random: systemRandom, log: createLog([]), dropped, shared: () => shared }
  const uploads = createUploads({ ...parts, ...options })
  const put = (id: string, path: string, text: string, signal = never) =>
    uploads.write(id, path, Readable.from([Buffer.from(text)]), { signal })
  const finish = (id: string) => uploads.finish(id, async (path) => path)
  const unfinished = (...names: string[]) => readdirSync(join(folder, '.unfinished', ...names))
  return { folder, shared, database, clock, uploads, put, finish, unfinished }
}

async function droppedFile(uploads: Uploads, put: ReturnType<typeof setup>['put'], name: string, text: string) {
  const { id } = await uploads.begin()
  await put(id, name, text)
  return uploads.finish(id, async (path) => path)
}

test('one file keeps its name, and the next of that name gets a number', async (t) => {
  const { folder, uploads, put } = setup(t)
  assert.equal(await droppedFile(uploads, put, 'a.txt', 'one'), join(folder, 'a.txt'))
  assert.equal(await droppedFile(uploads, put, 'a.txt', 'two'), join(folder, 'a (2).txt'))
  assert.equal(readFileSync(join(folder, 'a.txt'), 'utf8'), 'one')
  assert.deepEqual(readdirSync(join(folder, '.unfinished')), [])
})

test('a folder keeps its shape, several things become one folder', async (t) => {
  const { folder, uploads, put, finish } = setup(t)
  const { id } = await uploads.begin()
  await put(id, 'trip/day 1/a.txt', 'one')
  assert.deepEqual(await put(id, 'trip/b.txt', 'three'), { id, bytes: 8 })
  assert.equal(await finish(id), join(folder, 'trip'))
  assert.equal(readFileSync(join(folder, 'trip', 'day 1', 'a.txt'), 'utf8'), 'one')

  const several = await uploads.begin()
  await put(several.id, 'a.txt', '1')
  await put(several.id, 'b.txt', '2')
  const path = await finish(several.id)
  assert.equal(path, join(folder, 'a.txt and 1 more'))
  assert.deepEqual(readdirSync(path).sort(), ['a.txt', 'b.txt'])
})

test('no name leaves the folder', async (t) => {
  const { folder, uploads, put, finish } = setup(t)
  const { id } = await uploads.begin()
  const bad = ['../x', 'a/../../x', '/etc/x', 'a//b', '', '.', `${'d/'.repeat(uploadDepthMax)}x`]
  for (const path of bad) await assert.rejects(put(id, path, 'x'), { code: 'upload_name_unsafe', kind: 'usage' })
  await put(id, 'con.txt', 'x')
  await put(id, 'back\\slash', 'x')
  await put(id, 'a?', 'first')
  await put(id, 'a*', 'second')
  const path = await finish(id)
  assert.equal(join(path, '..'), folder)
  assert.deepEqual(readdirSync(path).sort(), ['_con.txt', 'a_', 'a_ (2)', 'back_slash'])
})

test('a file sent again replaces itself', async (t) => {
  const { uploads, put, finish } = setup(t)
  const { id } = await uploads.begin()
  await put(id, 'a', 'long text')
  assert.equal((await put(id, 'a', 'short')).bytes, 5)
  assert.equal(readFileSync(await finish(id), 'utf8'), 'short')
})

test('a body that breaks leaves no half file', async (t) => {
  const { folder, uploads } = setup(t)
  const { id } = await uploads.begin()
  const controller = new AbortController()
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(1024))
      controller.abort()
    },
  })
  await assert.rejects(uploads.write(id, 'a', endless, { signal: controller.signal }), { name: 'AbortError' })
  assert.deepEqual(readdirSync(join(folder, '.unfinished', id)), [])
})

test('a file that broke off is no part of the upload, and its name is free again', async (t) => {
  const { uploads, put, finish } = setup(t, { filesMax: 1 })
  const { id } = await uploads.begin()
  const broken = () => uploads.write(id, 'a', Readable.from([Buffer.from('half')]), { signal: AbortSignal.abort() })
  await assert.rejects(broken(), { name: 'AbortError' })
  await assert.rejects(finish(id), { code: 'request_malformed' })
  assert.deepEqual(await put(id, 'A', 'whole'), { id, bytes: 5 })
})

test('an upload for which nothing comes for long is dropped with its files; requests and bytes keep it', async (t) => {
  const { clock, uploads, put, finish, unfinished } = setup(t)
  const { id } = await uploads.begin()
  const asked = await uploads.begin()
  const sent = await uploads.begin()
  const body = new PassThrough()
  const writing = uploads.write(sent.id, 'large', body, { signal: never })
  await put(id, 'half/of/it', 'x')
  clock.advance(uploadQuietMs - 1)
  await assert.rejects(finish(asked.id), { code: 'request_malformed' })
  body.write('x')
  await until(() => body.readableLength === 0)
  clock.advance(1)
  await until(() => !unfinished().includes(id))
  await assert.rejects(put(id, 'b', 'x'), { code: 'upload_unknown' })
  clock.advance(uploadQuietMs - 2)
  assert.equal(unfinished().length, 2)
  body.end()
  assert.equal((await writing).bytes, 1)
  clock.advance(uploadQuietMs)
  await until(() => unfinished().length === 0)
  assert.equal(clock.waiting, 0)
})

test('dropping ends writes that are under way, and nothing of theirs is left', async (t) => {
  const { clock, uploads, unfinished } = setup(t)
  for (const drop of [(id: string) => uploads.cancel(id), async () => clock.advance(uploadQuietMs)]) {
    const { id } = await uploads.begin()
    const body = new PassThrough()
    const writing = uploads.write(id, 'a/b', body, { signal: never })
    body.write('half')
    const failed = assert.rejects(writing, { code: 'upload_unknown', kind: 'not-found' })
    await drop(id)
    await failed
    assert.equal(body.destroyed, true)
    await until(() => unfinished().length === 0)
  }
})

test('what the disk refuses takes no place', async (t) => {
  const { folder, clock, uploads, put, finish } = setup(t)
  const { id } = await uploads.begin()
  await put(id, 'a', 'x')
  rmSync(join(folder, '.unfinished'), { recursive: true })
  await assert.rejects(finish(id), { code: 'upload_failed', kind: 'local' })
  writeFileSync(join(folder, '.unfinished'), 'no folder')
  for (let upload = 0; upload <= uploadsMax; upload++) {
    await assert.rejects(uploads.begin(), { code: 'upload_failed' })
  }
  assert.equal(clock.waiting, 0)
})

test('after the stop nothing waits', async (t) => {
  const { clock, uploads } = setup(t)
  await uploads.begin()
  assert.equal(clock.waiting, 1)
  uploads.stop()
  assert.equal(clock.waiting, 0)
})

test('cancelled and abandoned uploads leave nothing', async (t) => {
  const { folder, uploads, put, finish } = setup(t)
  const { id } = await uploads.begin()
  await put(id, 'a', 'x')
  await uploads.cancel(id)
  await assert.rejects(put(id, 'b', 'x'), { code: 'upload_unknown', kind: 'not-found' })
  await assert.rejects(finish(id), { code: 'upload_unknown' })
  assert.deepEqual(readdirSync(join(folder, '.unfinished')), [])

  mkdirSync(join(folder, '.unfinished', 'old'), { recursive: true })
  writeFileSync(join(folder, '.unfinished', 'old', 'half'), 'x')
  await uploads.start()
  assert.equal(existsSync(join(folder, '.unfinished', 'old')), false)
})

test('an empty upload can not be shared', async (t) => {
  const { uploads, finish } = setup(t)
  const { id } = await uploads.begin()
  await assert.rejects(finish(id), { code: 'request_malformed' })
})

test('uploads and their files have limits', async (t) => {
  const filesMax = 3
  const { uploads } = setup(t, { filesMax })
  const { id } = await uploads.begin()
  const put = (path: string) => uploads.write(id, path, Readable.from([Buffer.from('x')]), { signal: never })
  for (let file = 0; file < filesMax; file++) await put(`f${file}`)
  await assert.rejects(put('one more'), { code: 'upload_too_large' })
  await put('f0')

  for (let upload = 1; upload < uploadsMax; upload++) await uploads.begin()
  await assert.rejects(uploads.begin(), { code: 'uploads_too_many', kind: 'conflict' })
})
