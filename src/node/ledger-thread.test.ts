// The thread of a ledger whose database is no database: it says so with the code and the hint, not as a defect.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { testGenesis } from '../ledger/chain/testing.ts'
import type { FromLedger } from '../ledger/thread/messages.ts'

test('a database that can’t be read is told as damage, with what to do', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-ledger-thread-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'chain.db'), new Uint8Array(8_192).fill(1))
  const workerData = { genesis: testGenesis(), folder, self: 'peer', keyIsNew: true, mode: 'full' }
  const worker = new Worker(new URL('./ledger-thread.ts', import.meta.url), { workerData })
  // Its error may come before what it says, and `once` of node:events would end with that.
  worker.on('error', () => {})
  const message = await new Promise<FromLedger>((resolve) => worker.once('message', resolve))
  assert.ok(message.type === 'failed')
  assert.equal(message.error.code, 'chain_damaged')
  assert.match(message.error.hint, /Move the ledger’s database away/)
  await worker.terminate()
})
