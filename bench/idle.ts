// What an idle peer costs: the whole daemon, as a person starts it, with 50 connected peers, each of those a full Peerhood
// network in one of a few other processes that ping, look after their DHT tables and announce themselves as they always do.
// `node bench/idle.ts [--peers 50] [--seconds 60]` prints the daemon's share of one core over the window and its
// resident memory, and fails when a budget is broken. mDNS is off, so that other peers of this computer stay out of it.

import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Log, Metrics } from '../src/base/ports.ts'
import { createNetwork } from '../src/network/service.ts'
import { systemClock, systemRandom } from '../src/node/adapters.ts'
import { lines, start, stop } from './processes.ts'

const cpuBudgetPercent = 1
const memoryBudgetMegabytes = 150
const peersPerProcess = 10
/**
 * Connecting, identify, the first pings and the first DHT queries are no idling. Nor is the one collection that gives memory
 * back 20 s after the last of it (src/node/rest.ts): a daemon that waits for days makes it once, not once a minute.
 */
const settleMs = 45_000
const connectTimeoutMs = 60_000
const ticksPerSecond = 100 // USER_HZ, which Linux fixes for /proc/<pid>/stat

const silent = () => {}
const log: Log = { debug: silent, info: silent, warn: silent, error: silent, child: () => log }
const metrics: Metrics = { count: silent, gauge: silent }

interface Daemon {
  readonly process: ChildProcess
  readonly address: string
  connectedPeers(): Promise<number>
}

async function startDaemon(home: string): Promise<Daemon> {
  const bin = join(import.meta.dirname, '../bin/peerhood.mjs')
  const flags = ['--json', '--port', '0', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
  const child = start(process.execPath, [bin, 'start', ...flags], { env: { ...process.env, PEERHOOD_HOME: home } })
  const { value } = await lines(child).next()
  child.stdout?.resume()
  const ready = JSON.parse(String(value)) as { api: string; token: string; addresses: string[] }
  return {
    process: child,
    address: String(ready.addresses[0]),
    async connectedPeers() {
      const headers = { authorization: `Bearer ${ready.token}` }
      const response = await fetch(new URL('/api/peers', ready.api), { headers })
      const { peers } = (await response.json()) as { peers: { state: string }[] }
      return peers.filter((peer) => peer.state === 'connected').length
    },
  }
}

async function startPeer(bootstrap: string): Promise<void> {
  const network = await createNetwork({
    deviceSeed: new Uint8Array(randomBytes(32)),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [bootstrap],
    mdns: false,
    upnp: false,
    relay: true,
    agent: 'peerhood/bench',
  })({ clock: systemClock, random: systemRandom, log, metrics, database: new DatabaseSync(':memory:') })
  await network.start()
}

/** Runs this file again as `count` peers; resolves once they have started. */
async function forkPeers(count: number, bootstrap: string): Promise<ChildProcess> {
  const child = fork(import.meta.filename, ['--role', 'peers', '--peers', String(count), '--bootstrap', bootstrap])
  await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`the peers ended with ${code}`)))
  })
  return child
}

async function runPeers(count: number, bootstrap: string): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => startPeer(bootstrap)))
  process.send?.('ready')
  process.on('disconnect', () => process.exit())
}

function measure(pid: number): { cpuSeconds: number; residentMegabytes: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return {
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / ticksPerSecond,
    residentMegabytes: (Number(resident?.[1]) * 1024) / 1e6,
  }
}

async function untilConnected(daemon: Daemon, peers: number): Promise<void> {
  const endMs = systemClock.monotonicMs() + connectTimeoutMs
  while ((await daemon.connectedPeers()) < peers) {
    if (systemClock.monotonicMs() > endMs) throw new Error(`not all of ${peers} peers connected`)
    // Seldom: every answer costs the daemon what it would not spend idle.
    await wait(2_000)
  }
}

/** Whether the daemon kept its budgets. */
async function watch(daemon: Daemon, seconds: number): Promise<boolean> {
  const pid = daemon.process.pid ?? 0
  const connected = await daemon.connectedPeers()
  const before = measure(pid)
  await wait(seconds * 1000)
  const after = measure(pid)
  const cpuPercent = ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100
  console.log(`idle daemon, ${connected} connected peers, ${seconds} s`)
  console.log(`  CPU       ${cpuPercent.toFixed(2)} % of one core (budget ${cpuBudgetPercent} %)`)
  console.log(`  resident  ${after.residentMegabytes.toFixed(0)} MB (budget ${memoryBudgetMegabytes} MB)`)
  return cpuPercent < cpuBudgetPercent && after.residentMegabytes < memoryBudgetMegabytes
}

async function bench(peers: number, seconds: number): Promise<boolean> {
  const home = mkdtempSync(join(tmpdir(), 'peerhood-idle-'))
  const children: ChildProcess[] = []
  try {
    // A first start fills the compile cache, which every later one finds.
    await stop((await startDaemon(home)).process)
    const daemon = await startDaemon(home)
    children.push(daemon.process)
    for (let started = 0; started < peers; started += peersPerProcess) {
      children.push(await forkPeers(Math.min(peersPerProcess, peers - started), daemon.address))
    }
    await untilConnected(daemon, peers)
    await wait(settleMs)
    return await watch(daemon, seconds)
  } finally {
    await Promise.all(children.map(stop))
    rmSync(home, { recursive: true, force: true })
  }
}

const { values } = parseArgs({
  options: {
    role: { type: 'string', default: 'bench' },
    peers: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '60' },
    bootstrap: { type: 'string', default: '' },
  },
})
if (values.role === 'peers') await runPeers(Number(values.peers), values.bootstrap)
else process.exitCode = (await bench(Number(values.peers), Number(values.seconds))) ? 0 : 1
