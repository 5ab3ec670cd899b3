import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createLog, systemRandom } from './adapters.ts'
import { createDropped } from './dropped.ts'
import { uploadDepthMax, uploadsMax } from './limits.ts'
import { temporaryHome } from './testing.ts'
import { createUploads, type Uploads } from './uploads.ts'

const never = new AbortController().signal

function setup(t: TestContext, options: { filesMax?: number } = {}) {
  const folder = temporaryHome(t).dropped
  const shared: string[] = []
  const database = new DatabaseSync(':memory:')
  const dropped = createDropped({ folder, database, log: createLog([]) })
  const uploads = createUploads({ folder, random: systemRandom, dropped, shared: () => shared, ...options })
  const put = (id: string, path: string, text: string, signal = never) =>
    uploads.write(id, path, Readable.from([Buffer.from(text)]), { signal })
  const finish = (id: string) => uploads.finish(id, async (path) => path)
  return { folder, shared, database, uploads, put, finish }
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
