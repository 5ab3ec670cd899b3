// What catching up costs: a peer that has nothing gets a log of `--entries` (100,000) from one that has it, two processes
// over loopback, everything real (libp2p, signatures, SQLite on disk), until the last entry is stored.
//
//   node bench/sync.ts [--entries 100000] [--devices 5] [--rounds 3]

import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Log, Metrics } from '../src/base/ports.ts'
import { createLogs } from '../src/log/logs.ts'
import { createLogSync } from '../src/log/sync/service.ts'
import { authorOf } from '../src/log/testing.ts'
import { createNetwork } from '../src/network/service.ts'
import type { PeerAddress } from '../src/network/types.ts'
import { systemClock, systemRandom } from '../src/node/adapters.ts'
import { openDatabase } from '../src/node/database.ts'
import { community, makeEntries, pagesOf } from './entries.ts'
import { median, table } from './table.ts'

type Report =
  | { readonly kind: 'ready'; readonly peer: PeerAddress }
  | { readonly kind: 'done'; readonly seconds: number; readonly cpuSeconds: number }

const silent = () => {}
const log: Log = { debug: silent, info: silent, warn: silent, error: silent, child: () => log }
const metrics: Metrics = { count: silent, gauge: silent }
const access = new Uint8Array(32).fill(1)
const discovery = new Uint8Array(32).fill(2)

/** One of the two: says when it is ready; `from` is whom to get the log from. */
async function peer(entries: number, devices: number, home: string, from: PeerAddress | undefined): Promise<void> {
  const parts = { clock: systemClock, random: systemRandom, log, metrics }
  const { database, close } = openDatabase({ path: join(home, 'peerhood.db'), clock: systemClock })
  const listen = ['/ip4/127.0.0.1/tcp/0']
  const options = { listen, bootstrap: [], mdns: false, upnp: false, relay: false, agent: 'peerhood/bench' }
  const network = await createNetwork({ ...options, deviceSeed: systemRandom.bytes(32) })({ ...parts, database })
  const logs = createLogs({})({ ...parts, database, author: authorOf(home) })
  const sync = createLogSync({ discover: false })({ ...parts, network })
  const communityLog = logs.open(community)
  if (from === undefined)
    for (const page of pagesOf(makeEntries(entries, devices, 156))) await communityLog.receive(page)
  await network.start()
  await sync.start()
  const peers = () => (from === undefined ? [] : [from])
  const start = performance.now()
  const cpu = process.cpuUsage()
  const told = new Promise<void>((resolve) => {
    communityLog.on(() => communityLog.counts().entries === entries && resolve())
  })
  sync.join(communityLog, { access, discovery, role: 'member', allows: () => true, peers })
  const ready: Report = { kind: 'ready', peer: { peerId: network.self, addresses: network.addresses() } }
  process.send?.(ready)
  if (from === undefined) return
  await told
  const { user, system } = process.cpuUsage(cpu)
  const done: Report = { kind: 'done', seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 }
  process.send?.(done)
  await sync.stop()
  await network.stop()
  await logs.stop()
  close()
}

function startPeer(args: readonly string[]): { child: ChildProcess; next(kind: Report['kind']): Promise<Report> } {
  const child = fork(fileURLToPath(import.meta.url), args, { execArgv: ['--disable-warning=ExperimentalWarning'] })
  process.once('exit', () => child.kill('SIGKILL'))
  const next = (kind: Report['kind']) =>
    new Promise<Report>((resolve, reject) => {
      child.on('message', (report: Report) => report.kind === kind && resolve(report))
      child.once('exit', (code) => reject(new Error(`a peer ended with ${code}`)))
    })
  return { child, next }
}

async function run(entries: string, devices: string): Promise<{ seconds: number; cpuSeconds: number }> {
  const [homeA, homeB] = [
    mkdtempSync(join(tmpdir(), 'peerhood-bench-')),
    mkdtempSync(join(tmpdir(), 'peerhood-bench-')),
  ]
  const common = ['--entries', entries, '--devices', devices]
  const holder = startPeer([...common, '--home', homeA])
  try {
    const ready = await holder.next('ready')
    if (ready.kind !== 'ready') throw new Error('not ready')
    const newcomer = startPeer([...common, '--home', homeB, '--from', JSON.stringify(ready.peer)])
    const done = await newcomer.next('done')
    if (done.kind !== 'done') throw new Error('not done')
    newcomer.child.kill()
    return done
  } finally {
    holder.child.kill()
    for (const home of [homeA, homeB]) rmSync(home, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000' },
    devices: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    home: { type: 'string' },
    from: { type: 'string' },
  },
})
if (values.home !== undefined) {
  const from = values.from === undefined ? undefined : (JSON.parse(values.from) as PeerAddress)
  await peer(Number(values.entries), Number(values.devices), values.home, from)
} else {
  const runs: { seconds: number; cpuSeconds: number }[] = []
  for (let round = 0; round < Number(values.rounds); round++) runs.push(await run(values.entries, values.devices))
  const seconds = median(runs.map((one) => one.seconds))
  const cpu = median(runs.map((one) => one.cpuSeconds))
  console.log(`\n## ${values.entries} entries of ${values.devices} devices to a newcomer (goal: 100,000 under 10 s)`)
  const rate = Math.round(Number(values.entries) / seconds).toLocaleString('en')
  console.log(table(['seconds', 'entries /s', 'CPU s of the newcomer'], [[seconds.toFixed(2), rate, cpu.toFixed(1)]]))
}
