// The pure sentences: reachability, DHT mode, the doctor; and the two loops that run on a clock of the test's own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerInfo } from '@libp2p/interface'
import type { Clock } from '../base/ports.ts'
import { type DoctorFacts, diagnoseNetwork } from './doctor-core.ts'
import { createLatency } from './latency.ts'
import { pingFailuresMax, pingIntervalMs, walkPauseMaxMs, walkPauseMinMs, walkPeersMax } from './limits.ts'
import { plainAgent } from './peers.ts'
import { dhtModeOf, reachabilityOf } from './reachability-core.ts'
import type { PeerId } from './types.ts'
import { createWalk } from './walk.ts'

const alone: DoctorFacts = {
  isPublic: false,
  relays: 0,
  connected: 0,
  hasRemotePeers: false,
  running: true,
  listening: [
    '/ip4/0.0.0.0/tcp/4001',
    '/ip4/10.0.0.2/tcp/4001',
    '/ip4/0.0.0.0/tcp/4002/ws',
    '/ip4/0.0.0.0/udp/4001/udx',
  ],
  ownIps: ['127.0.0.1', '10.0.0.2'],
  observedIps: [],
  routerIps: [],
  hasIpv6Address: false,
  hasPublicIpv6: false,
  mdns: true,
  lanPeers: 0,
  upnp: 'none',
  relayServer: { running: false, reservations: 0 },
  udp: undefined,
  dht: { mode: 'server', tableSize: 0 },
}

const strict: NonNullable<DoctorFacts['udp']> = {
  mapping: 'unknown',
  asked: 2,
  answered: 2,
  isOwnAddress: false,
  filtering: 'port',
  keepsPort: false,
  hairpin: false,
}

const checkOf = (facts: DoctorFacts, id: string) => diagnoseNetwork(facts).find((check) => check.id === id)

test('reachability and DHT mode follow from the facts', () => {
  const local = { ...alone, connected: 3 }
  const remote = { ...local, hasRemotePeers: true }
  assert.deepEqual(
    [alone, local, remote, { ...remote, relays: 1 }, { ...remote, isPublic: true }].map((facts) => [
      reachabilityOf(facts).kind,
      dhtModeOf(facts),
    ]),
    [
      ['unknown', 'server'],
      ['local-only', 'server'],
      ['local-only', 'client'],
      ['relayed', 'client'],
      ['public', 'server'],
    ],
  )
})

test('every finding that is wrong comes with advice', () => {
  const variants: DoctorFacts[] = [
    alone,
    { ...alone, running: false },
    { ...alone, listening: [] },
    { ...alone, connected: 2, hasRemotePeers: true, observedIps: ['1.1.1.1'] },
    { ...alone, connected: 2, hasRemotePeers: true, observedIps: ['1.1.1.1', '1.1.1.2'], upnp: 'off' },
    { ...alone, connected: 2, relays: 2, hasRemotePeers: true, dht: { mode: 'client', tableSize: 7 } },
    ...(['unknown', 'independent', 'dependent'] as const).map((mapping) => ({
      ...alone,
      udp: { ...strict, mapping },
    })),
    { ...alone, udp: { ...strict, answered: 0 } },
    { ...alone, isPublic: true, connected: 9, hasRemotePeers: true, hasPublicIpv6: true, upnp: 'mapped', lanPeers: 1 },
  ]
  for (const facts of variants) {
    const checks = diagnoseNetwork(facts)
    assert.equal(new Set(checks.map((check) => check.id)).size, 9)
    for (const { id, state, advice } of checks) if (state === 'warning' || state === 'failed') assert.ok(advice, id)
  }
})

test('the doctor says what the router does with UDP', () => {
  const look = (udp: Partial<typeof strict>) => checkOf({ ...alone, udp: { ...strict, ...udp } }, 'udp')
  assert.equal(look({ asked: 0, answered: 0 })?.state, 'skipped')
  const findings: readonly (readonly [Partial<typeof strict>, RegExp])[] = [
    [{ answered: 0 }, /not come through/],
    [{ mapping: 'independent' }, /one port .* only from ports .* do not reach each other/],
    [
      { mapping: 'independent', keepsPort: true, filtering: 'independent' },
      /the same port as here\. Packets from anybody/,
    ],
    [
      { mapping: 'dependent', filtering: 'address', hairpin: true },
      /another port.* from computers .* reach each other at/,
    ],
    [{ mapping: 'independent', isOwnAddress: true }, /^No router.*only from ports/],
    [{ filtering: undefined, hairpin: undefined }, /connected\.$/],
  ]
  for (const [udp, finding] of findings) assert.match(String(look(udp)?.finding), finding)
})

test('the doctor knows a carrier’s router by the address of the first one', () => {
  const nat = (facts: Partial<DoctorFacts>) =>
    checkOf({ ...alone, observedIps: ['1.1.1.1'], ...facts }, 'nat')?.finding ?? ''
  for (const facts of [{ ownIps: ['100.64.0.7'] }, { ownIps: ['100.127.255.1'] }, { routerIps: ['192.168.1.7'] }])
    assert.match(nat(facts), /carrier-grade NAT/)
  for (const facts of [{ ownIps: ['100.63.0.7'] }, { ownIps: ['100.128.0.1'] }, { routerIps: ['1.1.1.1'] }])
    assert.doesNotMatch(nat(facts), /carrier-grade/)
})

test('the doctor tells ports, NAT and UPnP apart', () => {
  assert.equal(checkOf(alone, 'ports')?.finding, 'Listening on 4001 (TCP), 4001 (UDP), 4002 (WebSocket).')
  assert.equal(checkOf({ ...alone, listening: [] }, 'ports')?.state, 'failed')
  assert.equal(checkOf(alone, 'nat')?.state, 'skipped')
  assert.equal(checkOf({ ...alone, observedIps: ['10.0.0.2'] }, 'nat')?.state, 'ok')
  assert.match(
    checkOf({ ...alone, observedIps: ['1.1.1.1'] }, 'nat')?.finding ?? '',
    /sees this computer as 1\.1\.1\.1/,
  )
  assert.match(checkOf({ ...alone, observedIps: ['1.1.1.1', '1.1.1.2'] }, 'nat')?.finding ?? '', /changing/)
  assert.equal(checkOf({ ...alone, upnp: 'mapped' }, 'upnp')?.state, 'ok')
})

test('an agent is plain text of bounded length', () => {
  assert.equal(plainAgent('peerhood/0.1.0'), 'peerhood/0.1.0')
  assert.equal(plainAgent('\u001b[2J\u202e\n'), '[2J')
  assert.equal(plainAgent('x'.repeat(1_000))?.length, 64)
  assert.equal(plainAgent('\n'), undefined)
})

/** Time passes only when `pass` says so. */
function handClock(): Clock & { pass(ms: number): Promise<void> } {
  let nowMs = 0
  let timers: { atMs: number; run: () => void }[] = []
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    async pass(ms) {
      const endMs = nowMs + ms
      for (await settle(); ; await settle()) {
        const next = timers.filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
        if (next === undefined) break
        timers = timers.filter((timer) => timer !== next)
        nowMs = next.atMs
        next.run()
      }
      nowMs = endMs
    },
  }
}

test('each peer is pinged once a minute; one that stays silent counts as dead, one that is merely busy does not', async () => {
  const clock = handClock()
  const pings: string[] = []
  const dead: string[] = []
  const answers: Record<string, () => Promise<number | undefined>> = {
    fine: () => Promise.resolve(7),
    busy: () => Promise.resolve(undefined),
    gone: () => Promise.reject(new Error('no answer')),
  }
  const latencies = new Map<string, number>()
  const latency = createLatency({
    clock,
    ping: (peerId) => {
      pings.push(peerId)
      return (answers[peerId] as () => Promise<number | undefined>)()
    },
    onLatency: (peerId, latencyMs) => latencies.set(peerId, latencyMs),
    onDead: (peerId) => {
      dead.push(peerId)
      latency.disconnected(peerId)
    },
  })
  for (const peerId of Object.keys(answers)) latency.connected(peerId as PeerId)
  await clock.pass(5_000)
  assert.deepEqual(pings, ['fine', 'busy', 'gone'])
  await clock.pass(pingIntervalMs * 3)
  assert.deepEqual(dead, ['gone'])
  assert.equal(pings.filter((peerId) => peerId === 'gone').length, pingFailuresMax)
  assert.equal(pings.filter((peerId) => peerId === 'fine').length, 4)
  assert.deepEqual([...latencies], [['fine', 7]])
  latency.stop()
  await clock.pass(pingIntervalMs * 3)
  assert.equal(pings.filter((peerId) => peerId === 'fine').length, 4)
})

test('random walks pause longer and longer, and rest while nobody needs them', async () => {
  const clock = handClock()
  const atMs: number[] = []
  let isWanted = false
  const walk = createWalk({
    clock,
    isWanted: () => isWanted,
    query: async function* () {
      atMs.push(clock.monotonicMs())
      for (let i = 0; i < 100; i++) yield {} as PeerInfo
    },
  })
  const abort = new AbortController()
  let found = 0
  const walking = (async () => {
    for await (const _ of walk({ signal: abort.signal })) found++
  })()
  await clock.pass(walkPauseMinMs * 5)
  assert.deepEqual(atMs, [])
  isWanted = true
  await clock.pass(24 * 60 * 60_000)
  const pauses = atMs.slice(1).map((ms, i) => ms - (atMs[i] ?? 0))
  assert.deepEqual(pauses.slice(0, 3), [walkPauseMinMs * 2, walkPauseMinMs * 4, walkPauseMinMs * 8])
  assert.equal(pauses.at(-1), walkPauseMaxMs)
  assert.equal(found, atMs.length * walkPeersMax)
  abort.abort(new Error('over'))
  await assert.rejects(walking, /over/)
})
