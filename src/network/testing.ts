// What the tests of this folder share: networks on loopback with everything real but the log, and waiting without sleeping.

import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { clearTimeout, setTimeout } from 'node:timers'
import { setTimeout as pause } from 'node:timers/promises'
import type { ConnectionGater, PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Database } from '../base/database.ts'
import type { Clock, Log, Metrics, Random } from '../base/ports.ts'
import { createHost, type Host, privateKeyOfSeed } from './host.ts'
import { createNetwork, type NetworkOptions } from './service.ts'
import type { Network, PeerId, PeerStream } from './types.ts'

export const testClock: Clock = {
  nowMs: () => Math.floor(performance.timeOrigin + performance.now()),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

export const testRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) }

export interface LogLine {
  readonly code: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that keeps its lines. */
export function memoryLog(lines: LogLine[] = []): Log {
  const write = (code: string, fields: Readonly<Record<string, unknown>> = {}) => void lines.push({ code, fields })
  return { debug: write, info: write, warn: write, error: write, child: () => memoryLog(lines) }
}

/** Metrics as sums by `name{label,…}`. */
export function memoryMetrics(sums: Map<string, number> = new Map()): Metrics {
  const key = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    `${name}{${Object.values(labels).join(',')}}`
  return {
    count: (name, by = 1, labels) => void sums.set(key(name, labels), (sums.get(key(name, labels)) ?? 0) + by),
    gauge: (name, value, labels) => void sums.set(key(name, labels), value),
  }
}

export interface TestNetwork extends Network {
  readonly database: Database
  readonly logLines: LogLine[]
  readonly counts: Map<string, number>
}

export interface TestOptions extends Partial<NetworkOptions> {
  readonly database?: Database
  readonly clock?: Clock
}

/** A started network on loopback TCP that the test's end stops. */
export async function startNetwork(t: TestContext, options: TestOptions = {}): Promise<TestNetwork> {
  const { database = new DatabaseSync(':memory:'), clock = testClock, ...rest } = options
  const logLines: LogLine[] = []
  const counts = new Map<string, number>()
  const network = await createNetwork({
    deviceSeed: testRandom.bytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [],
    mdns: false,
    upnp: false,
    relay: false,
    agent: 'peerhood/test',
    ...rest,
  })({
    clock,
    random: testRandom,
    log: memoryLog(logLines),
    metrics: memoryMetrics(counts),
    database,
  })
  await network.start()
  t.after(() => network.stop())
  return Object.assign(network, { database, logLines, counts })
}

interface StrangerOptions {
  readonly listen?: readonly string[]
  readonly privateKey?: PrivateKey
  readonly gater?: ConnectionGater
}

/** A bare libp2p node that plays by no rules of ours. */
export async function startStranger(t: TestContext, options: StrangerOptions = {}): Promise<Host> {
  const { listen = ['/ip4/127.0.0.1/tcp/0'], privateKey, gater = {} } = options
  const host = await createHost(
    {
      privateKey: privateKey ?? (await privateKeyOfSeed(testRandom.bytes(32))),
      listen,
      agent: 'stranger',
      mdns: false,
      mdnsService: undefined,
      upnp: false,
      encryption: ['tls'],
    },
    { clock: testClock, random: testRandom, metrics: memoryMetrics(), gater, onLanPeer: () => {} },
  )
  await host.start()
  t.after(() => host.stop())
  return host
}

/** Connects `from` to `to` by its own addresses. */
export async function join(from: Network, to: Network): Promise<void> {
  await from.connect({ peerId: to.self, addresses: to.addresses() }, { source: 'manual' })
}

/** Sends back what comes, until it ends. */
export async function sendBack(stream: PeerStream): Promise<void> {
  for await (const chunk of stream.incoming) if (!stream.send(chunk)) await stream.drained()
}

/** The TCP port of a multiaddr. */
export function tcpPortOf(address: { toString(): string } | undefined): number {
  return Number(/tcp\/(\d+)/.exec(String(address))?.[1])
}

export const lanesOf = ({ counts }: TestNetwork): number => counts.get('network_lanes{}') ?? 0
export const lanesOpenedBy = ({ counts }: TestNetwork): number => counts.get('network_lanes_opened{}') ?? 0
export const lanesFailedOf = ({ counts }: TestNetwork, step: string): number =>
  counts.get(`network_lanes_failed{${step}}`) ?? 0

/** TCP connections that this process has open. */
export const socketsOpen = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

/** Polls until `condition` holds; fails with `what` after `timeoutMs`. */
export async function until(what: string, condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`)
    await pause(10)
  }
}

export function viewOf(network: Network, peerId: PeerId) {
  return network.peers().find((peer) => peer.peerId === peerId)
}

/** Sends as the peer takes it. */
export async function sendAll(stream: PeerStream, chunks: Iterable<Uint8Array>): Promise<void> {
  for (const chunk of chunks) if (!stream.send(chunk)) await stream.drained()
}

/** Reads to the end; how many bytes came. */
export async function readAll(stream: PeerStream): Promise<number> {
  let bytes = 0
  for await (const chunk of stream.incoming) bytes += chunk.length
  return bytes
}

/** The peer id that follows from the seed `n`. */
export async function peerIdOf(n: number): Promise<PeerId> {
  const seed = new Uint8Array(32)
  new DataView(seed.buffer).setUint32(0, n)
  return peerIdFromPrivateKey(await privateKeyOfSeed(seed)).toString() as PeerId
}
