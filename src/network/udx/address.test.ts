// Multiaddrs of this transport.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { tryMultiaddr } from '../addresses.ts'
import { isPeersPlace, isUdx, plainIp, registerUdx, udxAddress, udxCode, udxPlace } from './address.ts'
import { decodeSeen, encodeSeen } from './datagram-wire.ts'

const peerId = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5'

test('an address leads to a place, and the other way round', () => {
  const places = fc.record({
    host: fc.oneof(fc.ipV4(), fc.ipV6()),
    port: fc.integer({ min: 0, max: 65_535 }),
  })
  const property = fc.property(places, ({ host, port }) => {
    const address = udxAddress({ host, port })
    const place = udxPlace(address)
    assert.equal(place?.port, port)
    assert.deepEqual(place && udxAddress(place).bytes, address.bytes)
    assert.deepEqual(multiaddr(address.bytes).toString(), address.toString())
    assert.deepEqual(multiaddr(address.toString()).bytes, address.bytes)
  })
  fc.assert(property)
})

test('IPv4 inside IPv6 is IPv4', () => {
  assert.equal(udxAddress({ host: '::ffff:192.0.2.7', port: 4001 }).toString(), '/ip4/192.0.2.7/udp/4001/udx')
  assert.equal(plainIp('::ffff:192.0.2.7'), '192.0.2.7')
  assert.equal(plainIp('::ffff:1:2'), '::ffff:1:2')
  assert.equal(plainIp('2001:db8::1'), '2001:db8::1')
})

test('its code is the private one of the page, in bytes', () => {
  // ip4, udp, then 0x300f10 as a varint of four bytes.
  const bytes = Buffer.from(udxAddress({ host: '192.0.2.7', port: 4001 }).bytes).toString('hex')
  assert.equal(bytes, '04c00002079102' + '0fa1' + '909ec001')
  assert.ok(udxCode >= 0x300000 && udxCode <= 0x3fffff)
  registerUdx() // a second time is nothing
})

test('a peer is on no address that is this computer, everybody or nobody', () => {
  for (const host of [
    '127.0.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '239.1.2.3',
    '255.255.255.255',
    '::',
    '::1',
    'ff02::1',
    'x',
  ]) {
    assert.ok(!isPeersPlace({ host, port: 1 }), host)
    if (host.includes(':')) assert.ok(!isPeersPlace(decodeSeen(encodeSeen({ host, port: 1 }))), host)
  }
  for (const host of ['192.0.2.7', '10.0.0.1', '100.64.0.1', '2001:db8::1', 'fd00::2', 'fe80::1']) {
    assert.ok(isPeersPlace({ host, port: 1 }), host)
  }
})

test('other addresses are not its own', () => {
  for (const text of [
    '/ip4/192.0.2.7/tcp/4001',
    '/ip4/192.0.2.7/udp/4001',
    '/ip4/192.0.2.7/udp/4001/quic-v1',
    '/dns4/example.org/udp/4001/udx',
    '/ip4/192.0.2.7/tcp/4001/udx',
    `/ip4/192.0.2.7/udp/4001/udx/p2p/${peerId}/p2p-circuit`,
    '/ip4/192.0.2.7/udp/4001/udx/ws',
    '/udx',
  ]) {
    const address = tryMultiaddr(text)
    assert.ok(address === undefined || !isUdx(address), text)
  }
  assert.ok(isUdx(multiaddr(`/ip6/2001:db8::1/udp/4001/udx/p2p/${peerId}`)))
})
