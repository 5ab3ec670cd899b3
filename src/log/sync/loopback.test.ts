// The exchange with everything real: libp2p over loopback TCP, logs in SQLite, signatures.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import {
  join as connect,
  memoryLog,
  memoryMetrics,
  startNetwork,
  type TestNetwork,
  testClock,
  testRandom,
  until,
} from '../../network/testing.ts'
import { createLogs } from '../logs.ts'
import { authorOf, draftOf } from '../testing.ts'
import type { CommunityId, CommunityLog, Logs } from '../types.ts'
import { createLogSync } from './service.ts'
import type { JoinOptions, LogSync } from './types.ts'

interface Host {
  readonly network: TestNetwork
  readonly logs: Logs
  readonly sync: LogSync
}

const access = new Uint8Array(32).fill(1)
const discovery = new Uint8Array(32).fill(2)

async function startHost(t: TestContext, name: string): Promise<Host> {
  const network = await startNetwork(t)
  const author = authorOf(name)
  const parts = { clock: testClock, random: testRandom, log: memoryLog(network.logLines), metrics: memoryMetrics() }
  const logs = createLogs({ threads: 0 })({ ...parts, database: new DatabaseSync(':memory:'), author })
  const sync = createLogSync({})({ ...parts, network })
  await sync.start()
  t.after(async () => {
    await sync.stop()
    await logs.stop()
  })
  return { network, logs, sync }
}

function joinOf(peers: () => readonly Host[], role: JoinOptions['role'] = 'member'): JoinOptions {
  return {
    access,
    discovery,
    role,
    allows: () => true,
    peers: () => peers().map(({ network }) => ({ peerId: network.self, addresses: network.addresses() })),
  }
}

const countOf = (log: CommunityLog) => log.counts().entries

test('two hosts: what was written before and what is written now, both ways; a keeper proves', async (t) => {
  const a = await startHost(t, 'a')
  const b = await startHost(t, 'b')
  const { log: logA, entry } = await a.logs.found(draftOf('founding'))
  for (let n = 0; n < 300; n++) await logA.append(draftOf(`a ${n}`))
  const community = entry.id as string as CommunityId
  const logB = b.logs.open(community)
  a.sync.join(
    logA,
    joinOf(() => [b]),
  )
  b.sync.join(
    logB,
    joinOf(() => [], 'keeper'),
  )
  await until('B has it', () => countOf(logB) === 301)
  await logB.append(draftOf('b'))
  await until('A has what B wrote', () => countOf(logA) === 302)
  const beforeMs = testClock.monotonicMs()
  const live = await logA.append(draftOf('live'))
  await until('B has it at once', () => logB.has(live.id))
  assert.ok(testClock.monotonicMs() - beforeMs < 1_000)
  assert.deepEqual(logA.heads(), logB.heads())
  await until('both are live', () => [a, b].every(({ sync }) => sync.status(community)?.peers[0]?.state === 'live'))
  await until('the keeper has proven', () => a.sync.status(community)?.peers[0]?.provenMs !== undefined)
  const codes = [...a.network.logLines, ...b.network.logLines].map(({ code }) => code)
  assert.deepEqual(
    codes.filter((code) => /defect|peer_blamed|peer_disconnected|refused/.test(code)),
    [],
  )
})

test('a third host that knows one of two gets all, and goes on after a broken connection', async (t) => {
  const a = await startHost(t, 'a')
  const b = await startHost(t, 'b')
  const c = await startHost(t, 'c')
  const { log: logA, entry } = await a.logs.found(draftOf('founding'))
  const community = entry.id as string as CommunityId
  const [logB, logC] = [b.logs.open(community), c.logs.open(community)]
  const named = joinOf(() => [])
  a.sync.join(logA, named)
  b.sync.join(
    logB,
    joinOf(() => [a]),
  )
  c.sync.join(
    logC,
    joinOf(() => [b]),
  )
  for (let n = 0; n < 20; n++) await logA.append(draftOf(`a ${n}`))
  await until('C has it', () => countOf(logC) === 21)
  a.network.blame(b.network.self, { code: 'test', verdict: 'ignore' })
  await connect(a.network, c.network)
  await logC.append(draftOf('c'))
  await until('A has what C wrote', () => countOf(logA) === 22)
  await until('B too', () => countOf(logB) === 22)
})
