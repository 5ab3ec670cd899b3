import assert from 'node:assert/strict'
import { test } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { isPeerhoodError } from '../base/errors.ts'
import {
  cleanAddresses,
  dialRank,
  parsePeerAddress,
  parsePeerId,
  rankAddresses,
  scopeOf,
  scopeOfIp,
  transportOf,
  tryMultiaddr,
} from './addresses.ts'
import { addressCharsMax, addressesPerPeerMax } from './limits.ts'
import type { PeerId } from './types.ts'

const peerId = '12D3KooWCgra1wEnoyh1WzxYEnLQJgowYtJqPcmsy9DUD7YPpgKk' as PeerId
const relayId = '12D3KooWP2GHpteLDiLRNt4dzTw9RxTSkCAiD61zUuwvjZ4KL9tW'

test('how far an address reaches', () => {
  for (const [ip, scope] of [
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['192.168.1.5', 'private'],
    ['100.64.0.1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['fe80::1', 'private'],
    ['fd00::1', 'private'],
    ['1.1.1.1', 'public'],
    ['2606:4700::1', 'public'],
  ] as const) {
    assert.equal(scopeOfIp(ip), scope, ip)
  }
  assert.equal(scopeOf(multiaddr('/dns4/example.org/tcp/1')), 'name')
  assert.equal(scopeOf(multiaddr(`/ip4/1.1.1.1/tcp/1/p2p/${relayId}/p2p-circuit`)), 'relayed')
  assert.equal(scopeOf(multiaddr('/ip6zone/eth0/ip6/fe80::1/tcp/1')), 'private')
  assert.equal(transportOf(multiaddr('/ip4/1.1.1.1/tcp/1/ws')), 'websocket')
})

test('shown best first, dialled where an answer comes soonest first, relays last', () => {
  const relayed = `/ip4/1.1.1.1/tcp/1/p2p/${relayId}/p2p-circuit`
  const texts = [
    '/ip4/127.0.0.1/tcp/1',
    relayed,
    '/ip4/192.168.0.2/tcp/1/ws',
    '/ip4/192.168.0.2/tcp/1',
    '/ip4/1.1.1.1/tcp/1',
  ]
  const addresses = texts.map((text) => multiaddr(text))
  assert.deepEqual(rankAddresses(addresses).map(String), [texts[4], texts[3], texts[2], relayed, texts[0]])
  const dialled = (isLan: boolean) =>
    [...addresses].sort((a, b) => dialRank(a, () => isLan) - dialRank(b, () => isLan)).map(String)
  assert.deepEqual(dialled(true), [texts[0], texts[3], texts[2], texts[4], relayed])
  assert.deepEqual(dialled(false), [texts[0], texts[4], texts[3], texts[2], relayed])
})

test('a peer address is taken apart, and nothing else is', () => {
  assert.deepEqual(parsePeerAddress(` /ip4/1.1.1.1/tcp/1/p2p/${peerId}\n`), {
    peerId,
    addresses: ['/ip4/1.1.1.1/tcp/1'],
  })
  assert.deepEqual(parsePeerAddress(`/p2p/${peerId}`), { peerId, addresses: [] })
  for (const text of [
    '',
    '/ip4/1.1.1.1/tcp/1',
    '/ip4/1.1.1.1/tcp/1/p2p/QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
    'x',
  ]) {
    assert.throws(() => parsePeerAddress(text), isPeerhoodError, text)
  }
})

test('a stranger’s addresses are bounded and without doubles', () => {
  const many = Array.from({ length: 100 }, (_, i) => `/ip4/1.1.1.1/tcp/${i + 1}`)
  assert.equal(cleanAddresses(peerId, many).length, addressesPerPeerMax)
  const same = ['/ip4/1.1.1.1/tcp/1', `/ip4/1.1.1.1/tcp/1/p2p/${peerId}`, 'nonsense', '']
  assert.deepEqual(cleanAddresses(peerId, same), ['/ip4/1.1.1.1/tcp/1'])
  const long = `/dns4/${'x'.repeat(addressCharsMax)}/tcp/1`
  assert.equal(tryMultiaddr(long), undefined)
})

test('whatever the text, parsing throws nothing but its own error', () => {
  const piece = fc.constantFrom(
    '/',
    'ip4',
    'ip6',
    '1.1.1.1',
    '::1',
    'tcp',
    '80',
    'p2p',
    peerId,
    'p2p-circuit',
    'ws',
    'dns4',
    '\u0000',
    'ß',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('/')),
    fc.array(piece).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, (input) => {
      tryMultiaddr(input)
      cleanAddresses(peerId, [input])
      for (const parse of [parsePeerId, parsePeerAddress]) {
        try {
          parse(input)
        } catch (error) {
          assert.ok(isPeerhoodError(error), String(error))
        }
      }
    }),
    { numRuns: 500 },
  )
})
