// What a connection from outside says about this computer, and for how long.

import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { test } from 'node:test'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createReach, type ReachParts } from './reach.ts'
import { memoryLog } from './testing.ts'

function entry(address: string, family: 'IPv4' | 'IPv6', internal = false): NetworkInterfaceInfo {
  const common = { address, netmask: '255.255.255.0', mac: '00:00:00:00:00:00', internal, cidr: null }
  return family === 'IPv4' ? { ...common, family } : { ...common, family, scopeid: 0 }
}

/** A host without connections or addresses of its own: nothing else says that it can be reached. */
function reachOf(interfaces: () => readonly NetworkInterfaceInfo[]) {
  const host = { getConnections: () => [], getMultiaddrs: () => [] }
  const parts = { host, interfaces, relay: true, log: memoryLog(), tell: () => {} }
  return createReach(parts as unknown as ReachParts)
}

function connection(direction: 'inbound' | 'outbound', from: string): Connection {
  return { direction, direct: true, remoteAddr: multiaddr(from) } as Connection
}

test('who is reached from outside is public as long as it stays on that network', () => {
  let interfaces = [entry('127.0.0.1', 'IPv4', true), entry('192.168.1.5', 'IPv4'), entry('2001:db8:1:2:aa::1', 'IPv6')]
  const reach = reachOf(() => interfaces)
  assert.equal(reach.facts().isPublic, false)
  reach.met(connection('outbound', '/ip4/93.184.216.34/tcp/4001'))
  reach.met(connection('inbound', '/ip4/192.168.1.9/tcp/4001'))
  assert.equal(reach.facts().isPublic, false, 'we dialled it, and a neighbour came')
  reach.met(connection('inbound', '/ip4/93.184.216.34/tcp/4001'))
  assert.equal(reach.facts().isPublic, true)
  assert.equal(reach.reachability().kind, 'public')
  interfaces = [entry('192.168.1.5', 'IPv4'), entry('2001:db8:1:2::99', 'IPv6')]
  assert.equal(reach.facts().isPublic, true, 'only its own half of the IPv6 address has changed')
  interfaces = [entry('10.20.0.7', 'IPv4')]
  assert.equal(reach.facts().isPublic, false, 'it has moved')
  interfaces = []
  assert.equal(reach.facts().isPublic, false, 'it is nowhere')
})
