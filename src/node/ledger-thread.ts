// The thread of one ledger: the system's clock and randomness, a database in the ledger's folder, and messages to the main one.

import { join } from 'node:path'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { chainErrors } from '../ledger/chain/errors.ts'
import type { FromLedger, LedgerSeed, ToLedger } from '../ledger/thread/messages.ts'
import { runLedger } from '../ledger/thread/run.ts'
import { messageOf } from '../ledger/thread/thrown.ts'
import { systemClock, systemRandom } from './adapters.ts'
import { isDamage, openLedgerDatabase } from './database.ts'

const seed = workerData as LedgerSeed
const port = parentPort
if (port === null) throw new Error('assertion failed: this runs in a thread')

const { database, close } = openOrTell(port)
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

/** Of an error that is thrown here, only the words would arrive: neither its code nor what a person can do. */
function openOrTell(main: MessagePort): ReturnType<typeof openLedgerDatabase> {
  try {
    return openLedgerDatabase(join(seed.folder, 'chain.db'))
  } catch (cause) {
    const isUnreadable = isDamage(cause)
    const error = isUnreadable ? chainErrors.chain_damaged('The ledger’s database can’t be read.', { cause }) : cause
    main.postMessage({ type: 'failed', error: messageOf(error) } satisfies FromLedger)
    throw error
  }
}
