import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection, PeerId as Libp2pPeerId, MultiaddrConnection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { createBlames } from './blame.ts'
import { createGater } from './gater.ts'
import {
  connectionRatesMax,
  connectionsPerHostBurst,
  connectionsPerHostMax,
  connectionsPerLoopbackBurst,
  connectionsPerPeerMax,
} from './limits.ts'
import { memoryMetrics, peerIdOf, testClock } from './testing.ts'

const from = (ip: string) => ({ remoteAddr: multiaddr(`/ip4/${ip}/tcp/1`) }) as MultiaddrConnection & Connection

function gater(open: readonly Connection[] = []) {
  const blames = createBlames()
  const counts = new Map<string, number>()
  const clock = { ...testClock, monotonicMs: () => 0 }
  const connections = () => open
  return { blames, counts, gater: createGater({ clock, metrics: memoryMetrics(counts), blames, connections }) }
}

/** How many of `count` inbound connections from `ip` are let in. */
async function admitted(of: ReturnType<typeof gater>, ip: string, count: number): Promise<number> {
  let admittedCount = 0
  for (let i = 0; i < count; i++) if (!(await of.gater.denyInboundConnection?.(from(ip)))) admittedCount++
  return admittedCount
}

test('one host may come so often, this computer more often, and nobody takes another’s turn', async () => {
  const network = gater()
  assert.equal(await admitted(network, '1.1.1.1', 1_000), connectionsPerHostBurst)
  assert.equal(await admitted(network, '1.1.1.2', 5), 5)
  assert.equal(await admitted(network, '127.0.0.1', 1_000), connectionsPerLoopbackBurst)
  assert.equal(network.counts.get('network_connections_refused{host_rate}'), 2_000 - 20 - connectionsPerLoopbackBurst)
})

test('the pace of so many hosts is remembered, those seen last', async () => {
  const network = gater()
  assert.equal(await admitted(network, '9.9.9.9', 1_000), connectionsPerHostBurst)
  for (let host = 1; host < connectionRatesMax; host++) {
    await admitted(network, `1.2.${host >> 8}.${host & 255}`, 1)
  }
  assert.equal(await admitted(network, '9.9.9.9', 1), 0, 'still remembered, and by that seen last')
  for (let host = 0; host < connectionRatesMax; host++) await admitted(network, `1.3.${host >> 8}.${host & 255}`, 1)
  assert.equal(await admitted(network, '9.9.9.9', 1), 1)
})

test('one host holds so many connections, one peer so many', async () => {
  const full = gater(Array.from({ length: connectionsPerHostMax }, () => from('1.1.1.1')))
  assert.equal(await admitted(full, '1.1.1.1', 1), 0)
  assert.equal(await admitted(full, '1.1.1.2', 1), 1)
  const peerId = peerIdFromString(await peerIdOf(1)) as Libp2pPeerId
  const deny = (open: number) =>
    gater(Array.from({ length: open }, () => from('1.1.1.1'))).gater.denyInboundUpgradedConnection?.(
      peerId,
      from('1.1.1.1'),
    )
  assert.equal(await deny(connectionsPerPeerMax - 1), false)
  assert.equal(await deny(connectionsPerPeerMax), true)
})

test('a blamed peer is refused at every door', async () => {
  const network = gater()
  const id = await peerIdOf(1)
  const peerId = peerIdFromString(id) as Libp2pPeerId
  const doors = async () => [
    await network.gater.denyDialPeer?.(peerId),
    await network.gater.denyInboundEncryptedConnection?.(peerId, from('1.1.1.1')),
    await network.gater.denyOutboundEncryptedConnection?.(peerId, from('1.1.1.1')),
    await network.gater.denyInboundRelayReservation?.(peerId),
    await network.gater.denyOutboundRelayedConnection?.(peerId, peerId),
    await network.gater.denyInboundRelayedConnection?.(peerId, peerId),
  ]
  assert.deepEqual(await doors(), Array(6).fill(false))
  network.blames.add(id, 'reject', 0)
  assert.deepEqual(await doors(), Array(6).fill(true))
})
