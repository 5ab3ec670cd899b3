// The thread of one ledger: the system's clock and randomness, a database in the ledger's folder, and messages to the main one.

import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromLedger, LedgerSeed, ToLedger } from '../ledger/thread/messages.ts'
import { runLedger } from '../ledger/thread/run.ts'
import { systemClock, systemRandom } from './adapters.ts'
import { openLedgerDatabase } from './database.ts'

const seed = workerData as LedgerSeed
const port = parentPort
if (port === null) throw new Error('assertion failed: this runs in a thread')

const { database, close } = openLedgerDatabase(join(seed.folder, 'chain.db'))
const run = runLedger(seed, {
  clock: systemClock,
  random: systemRandom,
  database,
  tell: (message: FromLedger) => port.postMessage(message),
  end() {
    close()
    port.close()
  },
})
port.on('message', (message: ToLedger) => run.take(message))
