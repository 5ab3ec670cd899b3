// The search for peers against a network that is a handful of functions: how many, how often, whom it forgets.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import { silentLog } from '../content/library/testing.ts'
import type { DiscoveryKey } from '../content/types.ts'
import { networkErrors } from '../network/errors.ts'
import type { Network, PeerAddress, PeerId } from '../network/types.ts'
import {
  addressesPerPeerMax,
  candidateRetryMaxMs,
  candidateRetryMs,
  candidatesMax,
  dialsMax,
  dialTimeoutMs,
  providersPerSearchMax,
  searchEveryMaxMs,
  searchEveryMs,
  searchTimeoutMs,
  sessionsEnough,
} from './limits.ts'
import { createSearch } from './search.ts'

const peer = (name: string, ...addresses: string[]): PeerAddress => ({ peerId: name as PeerId, addresses })
const many = (name: string, count: number) => Array.from({ length: count }, (_, at) => peer(`${name}${at}`, '/memory'))

interface Fakes {
  connect?(peer: PeerAddress, signal: AbortSignal): Promise<void>
  findProviders?(signal: AbortSignal, nowMs: number): AsyncIterable<PeerAddress>
  sessions?: number
}

/** A running search, with every dial that it made. */
function startSearch(context: TestContext, fakes: Fakes = {}) {
  const clock = createManualClock()
  const dialled: { readonly peerId: string; readonly addresses: readonly string[]; readonly atMs: number }[] = []
  const network = {
    self: 'self',
    peers: () => [],
    on: () => () => {},
    async connect({ peerId, addresses }: PeerAddress, { signal }: { signal: AbortSignal }) {
      dialled.push({ peerId, addresses, atMs: clock.monotonicMs() })
      await (fakes.connect ?? unreachable)({ peerId, addresses }, signal)
    },
    async *findProviders(_key: Uint8Array, { signal }: { signal: AbortSignal }) {
      if (fakes.findProviders !== undefined) yield* fakes.findProviders(signal, clock.monotonicMs())
    },
  } as unknown as Network
  const search = createSearch({
    network,
    clock,
    random: { bytes: (length) => new Uint8Array(length).fill(128) },
    log: silentLog,
    discovery: new Uint8Array(32) as DiscoveryKey,
    hasSession: () => false,
    sessions: () => fakes.sessions ?? 0,
    open: async () => {},
  })
  context.after(() => search.stop())
  search.start()
  return { search, clock, dialled }
}

async function unreachable(): Promise<void> {
  throw networkErrors.peer_unreachable('Nobody is there.')
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

/** Lets work that needs no time get done. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

/** Lets time pass in steps, with all that follows from each. */
async function pass(clock: { advance(ms: number): void }, ms: number, stepMs = 500): Promise<void> {
  await settle()
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(stepMs)
    await settle()
  }
}

test('only so many are dialled at once, and none for longer than a while', async (context) => {
  const { search, clock, dialled } = startSearch(context, { connect: (_peer, signal) => untilAborted(signal) })
  search.add(many('peer', 50), 'exchange')
  await settle()
  assert.equal(dialled.length, dialsMax)
  await pass(clock, dialTimeoutMs)
  assert.equal(dialled.length, 2 * dialsMax)
  assert.equal(new Set(dialled.map(({ peerId }) => peerId)).size, 2 * dialsMax)
})

test('with sessions enough nobody is dialled', async (context) => {
  const { search, clock, dialled } = startSearch(context, { sessions: sessionsEnough })
  search.add(many('peer', 50), 'link')
  await pass(clock, 10_000)
  assert.deepEqual(dialled, [])
})

test('so many candidates are remembered; what strangers tell never pushes out the peers of the link', async (context) => {
  const { search, clock, dialled } = startSearch(context)
  search.add([peer('author', '/ip4/192.0.2.1/tcp/1')], 'link')
  for (let round = 0; round < 4; round++) search.add(many(`rumour${round}/`, candidatesMax / 2), 'exchange')
  await pass(clock, candidateRetryMaxMs * 1.2, 2_000)
  const recent = dialled.filter(({ atMs }) => atMs > 2_000)
  assert.equal(new Set(recent.map(({ peerId }) => peerId)).size, candidatesMax)
  assert.ok(recent.some(({ peerId }) => peerId === 'author'))
  assert.ok(
    recent.some(({ peerId }) => peerId.startsWith('rumour3')),
    'of the others the newest stay',
  )
})

test('what strangers say of a peer’s addresses is tried beside those of the link, not instead', async (context) => {
  const { search, clock, dialled } = startSearch(context)
  const real = '/ip4/192.0.2.1/tcp/1'
  search.add([peer('author', real)], 'link')
  for (let at = 0; at < 40; at++) search.add([peer('author', `/ip4/198.51.100.${at}/tcp/1`)], 'exchange')
  search.add([peer('author')], 'dht')
  await pass(clock, candidateRetryMs * 2)
  const last = dialled.at(-1)
  assert.equal(last?.addresses[0], real)
  assert.ok(last?.addresses.includes('/ip4/198.51.100.39/tcp/1'), 'the newest rumour may be true')
  assert.equal(last?.addresses.length, addressesPerPeerMax)
  assert.equal(new Set(last?.addresses).size, addressesPerPeerMax)
})

test('a peer that cannot be reached is tried ever more seldom, and again and again', async (context) => {
  const { search, clock, dialled } = startSearch(context)
  search.add([peer('gone', '/memory')], 'link')
  await pass(clock, 4 * candidateRetryMaxMs)
  const pauses = dialled.slice(1).map(({ atMs }, at) => atMs - (dialled[at]?.atMs ?? 0))
  const near = (ms: number) => (pause: number | undefined) => Math.abs((pause ?? 0) - ms) <= ms * 0.11 + 500
  for (const [at, ms] of [2_000, 4_000, 8_000, 16_000].entries()) assert.ok(near(ms)(pauses[at]), `${pauses}`)
  assert.ok(pauses.length > 8 && near(candidateRetryMaxMs)(pauses.at(-1)), `${pauses}`)
  assert.equal(candidateRetryMs, 2_000)
})

test('a look-up takes so many providers and so much time, and repeats ever more seldom', async (context) => {
  const lookedAtMs: number[] = []
  const { clock, dialled } = startSearch(context, {
    async *findProviders(_signal, nowMs) {
      lookedAtMs.push(nowMs)
      for (let at = 0; ; at++) yield peer(`look${lookedAtMs.length}/${at}`, '/memory')
    },
  })
  const distinct = () => new Set(dialled.map(({ peerId }) => peerId)).size
  await pass(clock, 1_000)
  assert.equal(distinct(), providersPerSearchMax)
  await pass(clock, 3 * searchEveryMaxMs, 1_000)
  const pauses = lookedAtMs.slice(1).map((ms, at) => ms - (lookedAtMs[at] ?? 0))
  assert.deepEqual(pauses.slice(0, 3), [searchEveryMs, 2 * searchEveryMs, 4 * searchEveryMs])
  assert.equal(pauses.at(-1), searchEveryMaxMs)
})

test('a look-up that finds nothing and does not end is ended', async (context) => {
  let looks = 0
  const { clock } = startSearch(context, {
    // biome-ignore lint/correctness/useYield: it never gets there
    async *findProviders(signal) {
      looks++
      await untilAborted(signal)
    },
  })
  await pass(clock, searchTimeoutMs + searchEveryMs)
  assert.equal(looks, 2)
})
