// The reading thread when it can't do its work; when it can, test/e2e/reading.test.ts shows.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { ReadingJob } from '../community/reading.ts'
import type { PersonDid } from '../identity/types.ts'
import { createLogStore } from '../log/store.ts'
import { recordingLog } from '../log/testing.ts'
import type { CommunityId } from '../log/types.ts'
import { systemClock } from './adapters.ts'
import { openViews } from './database.ts'
import { createReading } from './reading.ts'

const job: ReadingJob = {
  ...{ community: 'ab'.repeat(32) as CommunityId, upTo: 10, keys: [], acts: [], forks: [] },
  past: { devices: [], vectors: new Map() },
}

function open(folder: string) {
  const log = recordingLog()
  const { database: views, close } = openViews({ path: join(folder, 'views.db') })
  const seed = {
    ...{ database: join(folder, 'peerhood.db'), views: join(folder, 'views.db') },
    ...{ deviceSeed: new Uint8Array(32).fill(1), did: 'did:key:zAda' as PersonDid },
  }
  return { log, close, reading: createReading({ clock: systemClock, log, views, seed: () => seed }) }
}

const options = () => ({ signal: new AbortController().signal, onProgress: () => {} })

test('a thread that does not start, and a log that is not there, fail; nobody waits for them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-reading-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const { log, reading, close } = open(folder)
  const failing = reading.read(job, options())
  const written = reading.exclusively(() => 'written')
  assert.equal(await Promise.race([failing, written]), 'written', 'it has not begun')
  assert.deepEqual(await failing, { how: 'failed' })
  assert.ok(log.lines.includes('reading_thread_failed'))
  assert.equal(await reading.exclusively(() => 'again'), 'again')

  const database = new DatabaseSync(join(folder, 'peerhood.db'))
  createLogStore(database)
  database.close()
  assert.deepEqual(await reading.read(job, options()), { how: 'failed' })
  await reading.stop()
  close()
})

test('whoever is stopped in the middle is told that it failed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-reading-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const { reading, close } = open(folder)
  const reads = [reading.read(job, options()), reading.read(job, options())]
  await reading.stop()
  for (const { how } of await Promise.all(reads)) assert.equal(how, 'failed')
  close()
})
