// Uploads behind the real API server: what becomes of those whose sender goes away.

import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { startApi, testToken } from '../../test/support/api.ts'
import { createManualClock } from '../../test/support/clock.ts'
import type { MemoryServices } from '../../test/support/services.ts'
import { until } from '../../test/support/until.ts'
import { createLog, systemRandom } from './adapters.ts'
import { createDropped } from './dropped.ts'
import { uploadQuietMs, uploadsMax } from './limits.ts'
import { temporaryHome } from './testing.ts'
import { createUploads } from './uploads.ts'

/** The real uploads on a disk and a clock of their own, behind a server on the system's clock. */
async function setup(t: TestContext) {
  const folder = temporaryHome(t).dropped
  const clock = createManualClock()
  const dropped = createDropped({ folder, database: new DatabaseSync(':memory:'), log: createLog([]) })
  const parts = { folder, clock, random: systemRandom, log: createLog([]), dropped }
  const uploads = createUploads({ ...parts, shared: () => [] })
  await uploads.start()
  let begun = 0
  let held: Promise<void> | undefined
  const wrap = (services: MemoryServices) => ({
    ...services,
    async beginUpload() {
      const upload = await uploads.begin()
      begun++
      await held
      return upload
    },
    writeUpload: uploads.write,
    cancelUpload: uploads.cancel,
  })
  const api = await startApi({ wrap })
  t.after(() => api.close())
  const unfinished = (...names: string[]) => readdirSync(join(folder, '.unfinished', ...names))
  const arrived = (...names: string[]) =>
    statSync(join(folder, '.unfinished', ...names), { throwIfNoEntry: false })?.size ?? 0
  /** Answers to `begin` wait until the given function is called. */
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    return resolve
  }
  return { api, clock, unfinished, arrived, hold, begun: () => begun }
}

type Setup = Awaited<ReturnType<typeof setup>>

/** Begins an upload, sends a whole file and half of another, and goes away without a word. */
async function leaveInTheMiddle({ api, unfinished }: Setup): Promise<string> {
  const { id } = await api.client.uploads.begin()
  await api.client.uploads.put(id, 'whole', new Uint8Array(10))
  const headers = { authorization: `Bearer ${testToken}`, 'content-length': 1_000_000 }
  const outgoing = request(`${api.url}/api/uploads/${id}/files/half`, { method: 'PUT', headers })
  outgoing.on('error', () => undefined)
  outgoing.write(new Uint8Array(1_000))
  await until(() => unfinished(id).length === 2)
  outgoing.destroy()
  await until(() => unfinished(id).length === 1)
  return id
}

test('senders that go away in the middle do not keep their places for ever', async (t) => {
  const scene = await setup(t)
  const { api, clock, unfinished } = scene
  for (let upload = 0; upload < uploadsMax; upload++) await leaveInTheMiddle(scene)
  await assert.rejects(api.client.uploads.begin(), { code: 'uploads_too_many' })
  clock.advance(uploadQuietMs)
  const { id } = await api.client.uploads.begin()
  await until(() => unfinished().length === 1)
  assert.deepEqual(unfinished(), [id])
  assert.equal((await api.client.uploads.put(id, 'a', new Uint8Array(3))).bytes, 3)
})

test('an upload whose file still arrives is kept, however long that takes', async (t) => {
  const { api, clock, arrived } = await setup(t)
  const { id } = await api.client.uploads.begin()
  const body = new TransformStream<Uint8Array, Uint8Array>()
  const writer = body.writable.getWriter()
  const sent = api.client.uploads.put(id, 'slow', body.readable)
  for (let piece = 1; piece <= 5; piece++) {
    await writer.write(new Uint8Array(1_000))
    await until(() => arrived(id, 'slow') === piece * 1_000)
    clock.advance(uploadQuietMs - 1)
  }
  await writer.close()
  assert.equal((await sent).bytes, 5_000)
})

test('an upload that was begun for a caller who is gone by then ends at once', async (t) => {
  const { api, begun, hold, unfinished } = await setup(t)
  const release = hold()
  const outgoing = request(`${api.url}/api/uploads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testToken}` },
  })
  outgoing.on('error', () => undefined)
  outgoing.end()
  await until(() => begun() === 1)
  const closed = new Promise((resolve) => outgoing.once('close', resolve))
  outgoing.destroy()
  await closed
  // What comes after it over another connection is answered after the server has seen the end of the first.
  await api.client.status()
  assert.equal(unfinished().length, 1)
  release()
  await until(() => unfinished().length === 0)
})
