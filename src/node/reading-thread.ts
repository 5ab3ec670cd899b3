// The reading thread: opens both databases by connections of its own, and reads one log after the other for the apps.

import { parentPort, workerData } from 'node:worker_threads'
import { openKeysWith } from '../apps/chat/channel-keys.ts'
import { openView } from '../apps/chat/view.ts'
import { openLedgerView } from '../apps/ledger/view.ts'
import { toPeerhoodError } from '../base/errors.ts'
import { boxSecretOf } from '../community/boxes.ts'
import { Keyring } from '../community/keyring.ts'
import { createProgressStore } from '../community/progress-store.ts'
import { type ReadingEnd, type ReadingJob, readLog } from '../community/reading.ts'
import type { AppReducer } from '../community/types.ts'
import { openReadLog, type ReadLog } from '../log/read-log.ts'
import { systemRandom } from './adapters.ts'
import { openToRead, openViews } from './database.ts'
import { readingCacheKb, readingCheckpointEntries } from './limits.ts'
import type { FromThread, ReadingSeed, ToThread } from './reading.ts'
import { createReadingJobs } from './reading-jobs.ts'
import { freeLock, isLockWanted, takeLock } from './views-lock.ts'

const { database: path, views: viewsPath, deviceSeed, did, lock } = workerData as ReadingSeed
const database = openToRead(path)
const { database: views } = openViews({ path: viewsPath })
// Folding the journal in is done between transactions: whoever wants to write meanwhile can.
views.exec(`PRAGMA cache_size = -${readingCacheKb}; PRAGMA wal_autocheckpoint = 0`)
const store = createProgressStore(views)
const keys = openKeysWith(boxSecretOf(deviceSeed))
const chat = openView({ database: views, keys, self: () => did })
const ledger = openLedgerView({ database: views })
const apps = new Map<string, AppReducer>([chat, ledger].map(({ reducer }) => [reducer.app, reducer]))

const tell = (message: FromThread) => parentPort?.postMessage(message)

const jobs = createReadingJobs({
  run,
  onEnd(id, how, error) {
    const why = error === undefined ? {} : { why: `${toPeerhoodError(error).code}: ${String(error)}` }
    tell({ type: 'end', id, how, ...why })
  },
})

parentPort?.on('message', (message: ToThread) => {
  if (message.type === 'read') jobs.add(message.id, message.job)
  else jobs.stop(message.id)
})

async function run(id: number, job: ReadingJob, isStopped: () => boolean): Promise<ReadingEnd['how']> {
  const log = openReadLog(database, job.community)
  if (log === undefined) return 'failed'
  try {
    await exclusively(() => chat.index.gather(true))
    return (await readAll(id, job, log, isStopped)) ? 'done' : 'stopped'
  } finally {
    foldIn()
  }
}

/** Whether it came to the end. */
async function readAll(id: number, job: ReadingJob, log: ReadLog, isStopped: () => boolean): Promise<boolean> {
  const goOn = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    return !isStopped()
  }
  let foldedAt = store.progress(job.community).given
  const isDone = await readLog(job, {
    ...{ log, store, apps, goOn, exclusively },
    keyring: new Keyring({ deviceSeed, random: systemRandom }),
    isWanted: () => isLockWanted(lock),
    finish: () => chat.index.write(),
    onProgress(given) {
      chat.changes.forget()
      tell({ type: 'progress', id, given })
      if (given - foldedAt < readingCheckpointEntries) return
      foldedAt = given
      foldIn()
    },
    onUnproven: (entry) => tell({ type: 'unproven', id, entry }),
  })
  if (!isDone) return false
  await exclusively(() => chat.index.gather(false))
  while (await exclusively(() => chat.index.merge())) if (!(await goOn())) return false
  return true
}

async function exclusively<Result>(work: () => Result): Promise<Result> {
  await takeLock(lock, 'thread')
  try {
    return work()
  } finally {
    freeLock(lock, 'thread')
  }
}

/** Folds the views' journal in, as far as nobody reads it. Others may write meanwhile. */
function foldIn(): void {
  views.exec('PRAGMA wal_checkpoint(PASSIVE)')
}
