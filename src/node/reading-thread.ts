// The reading thread: opens both databases by connections of its own, and reads one log after the other for the apps.

import { parentPort, workerData } from 'node:worker_threads'
import { openKeysWith } from '../apps/chat/channel-keys.ts'
import { openView } from '../apps/chat/view.ts'
import { toPeerhoodError } from '../base/errors.ts'
import { boxSecretOf } from '../community/boxes.ts'
import { Keyring } from '../community/keyring.ts'
import { createProgressStore } from '../community/progress-store.ts'
import { type ReadingEnd, type ReadingJob, readLog } from '../community/reading.ts'
import type { AppReducer } from '../community/types.ts'
import { openReadLog } from '../log/read-log.ts'
import { systemRandom } from './adapters.ts'
import { openToRead, openViews } from './database.ts'
import { readingCacheKb, readingWalPagesMax } from './limits.ts'
import type { FromThread, ReadingSeed, ToThread } from './reading.ts'

const { database: path, views: viewsPath, deviceSeed, did, wanted } = workerData as ReadingSeed
const database = openToRead(path)
const { database: views } = openViews({ path: viewsPath })
views.exec(`PRAGMA cache_size = -${readingCacheKb}; PRAGMA wal_autocheckpoint = ${readingWalPagesMax}`)
const store = createProgressStore(views)
const keys = openKeysWith(boxSecretOf(deviceSeed))
const chat = openView({ database: views, keys, self: () => did })
const apps = new Map<string, AppReducer>([[chat.reducer.app, chat.reducer]])

const jobs: { readonly id: number; readonly job: ReadingJob }[] = []
const stopped = new Set<number>()
let isRunning = false
let holding: { readonly hold: number; readonly over: PromiseWithResolvers<void> } | undefined

const tell = (message: FromThread) => parentPort?.postMessage(message)

parentPort?.on('message', (message: ToThread) => {
  if (message.type === 'read') jobs.push(message)
  else if (message.type === 'stop') stopped.add(message.id)
  else if (message.type === 'hold') {
    holding = { hold: message.hold, over: Promise.withResolvers() }
    if (!isRunning) tell({ type: 'held', hold: message.hold })
  } else {
    holding?.over.resolve()
    holding = undefined
  }
  if (!isRunning) void runAll()
})

async function runAll(): Promise<void> {
  isRunning = true
  for (let next = jobs.shift(); next !== undefined; next = jobs.shift()) {
    const { id, job } = next
    try {
      tell({ type: 'end', id, how: await run(id, job) })
    } catch (error) {
      tell({ type: 'end', id, how: 'failed', why: `${toPeerhoodError(error).code}: ${String(error)}` })
    }
    stopped.delete(id)
  }
  isRunning = false
  if (holding !== undefined) tell({ type: 'held', hold: holding.hold })
}

async function run(id: number, job: ReadingJob): Promise<ReadingEnd['how']> {
  const log = openReadLog(database, job.community)
  if (log === undefined) return 'failed'
  chat.index.gather(true)
  const isDone = await readLog(job, {
    ...{ log, store, apps },
    keyring: new Keyring({ deviceSeed, random: systemRandom }),
    goOn: () => goOn(id),
    isWanted: () => Atomics.load(wanted, 0) !== 0,
    finish: () => chat.index.write(),
    onProgress(given) {
      chat.changes.forget()
      tell({ type: 'progress', id, given })
    },
    onUnproven: (entry) => tell({ type: 'unproven', id, entry }),
  })
  if (!isDone) return 'stopped'
  chat.index.gather(false)
  while (chat.index.merge()) if (!(await goOn(id))) return 'stopped'
  views.exec('PRAGMA wal_checkpoint(PASSIVE)')
  return 'done'
}

/** Hears what the main thread has to say, and holds still as long as it wants. */
async function goOn(id: number): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve))
  while (holding !== undefined) {
    tell({ type: 'held', hold: holding.hold })
    await holding.over.promise
  }
  return !stopped.has(id)
}
