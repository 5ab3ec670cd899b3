// The public DHT beside our own: three nodes of it on loopback, of which two are peers of ours. What is told to one must
// never reach the other.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { startPublicDhtServer } from '../../test/support/public-dht.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { startNetwork, testRandom, until } from './testing.ts'
import type { PeerAddress, PublicDht } from './types.ts'

const cidOf = (byte: number) => CID.createV1(0x70, create(0x12, new Uint8Array(32).fill(byte)))

async function allOf(found: AsyncIterable<PeerAddress>): Promise<string[]> {
  const peers: string[] = []
  for await (const peer of found) peers.push(peer.peerId)
  return peers
}

test('a root that one provides is found by the other, and nothing of our own DHT gets there', async (t) => {
  const server = await startPublicDhtServer(t)
  const [address] = server.getMultiaddrs().map(String)
  assert.ok(address)
  const options = { publicDht: { bootstrap: [address] } }
  const [provider, finder] = await Promise.all([startNetwork(t, options), startNetwork(t, options)])
  const dhtOf = (network: { publicDht?: PublicDht | undefined }): PublicDht => {
    assert.ok(network.publicDht)
    return network.publicDht
  }
  await until('both know the server', () => dhtOf(provider).peers > 0 && dhtOf(finder).peers > 0)
  const signal = AbortSignal.timeout(20_000)
  const [open, closed] = [cidOf(1), cidOf(2)]
  await dhtOf(provider).provide(open, { signal })
  assert.deepEqual(await allOf(dhtOf(finder).findProviders(open, { signal })), [provider.self])

  // Our own announcement goes to our own DHT alone, and a public one is not found there.
  await provider.provide(closed.multihash.digest, { signal })
  assert.deepEqual(await allOf(dhtOf(finder).findProviders(closed, { signal })), [])
  assert.deepEqual(
    await allOf(finder.findProviders(open.multihash.digest, { signal: AbortSignal.timeout(3_000) })).catch(() => []),
    [],
  )
  await dhtOf(provider).keepOnly([])
  // As a client it answers nobody: a server's routing table stays without it.
  const { dht } = server.services
  assert.equal((dht as unknown as { routingTable: { size: number } }).routingTable.size, 0)
})

test('without being asked for there is none, and addresses to start from are checked', async (t) => {
  assert.equal((await startNetwork(t)).publicDht, undefined)
  const wrong = startNetwork(t, { deviceSeed: testRandom.bytes(32), publicDht: { bootstrap: ['/ip4/1.2.3.4/tcp/1'] } })
  await assert.rejects(wrong, (error: unknown) => isPeerhoodError(error) && error.code === 'address_malformed')
})
