// How peers find out who can reach them, and reach those who cannot be: AutoNAT, circuit relay and DCUtR among real
// daemons, on a little internet of network namespaces. Where this user may not have such namespaces it is skipped.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { DoctorReport, Peer as PeerView, Status } from '../../src/sdk/types.ts'
import { isAlone, runAlone } from '../support/alone.ts'
import type { Peer } from '../support/daemon.ts'
import { answersDropped, type Lab, labSetUp, networkLab } from '../support/network-lab.ts'
import { fileHash, get, onlyObject, share, until, writeFiles } from './support.ts'

const timeoutMs = 60_000

const statusOf = async (peer: Peer) => onlyObject<Status>(await peer.run('status', '--json'))
const peersOf = async (peer: Peer) => onlyObject<PeerView[]>(await peer.run('peers', '--json'))

async function findingOf(peer: Peer, id: string): Promise<string> {
  const report: DoctorReport = JSON.parse((await peer.run('doctor', '--json')).stdout)
  return report.checks.find((check) => check.id === id)?.finding ?? ''
}

const reaches = (peer: Peer, kind: string) =>
  until(`${kind} to be known`, async () => (await peer.client.status()).reachability.kind === kind)

const startingFrom = (other: Peer) => other.addresses.flatMap((address) => ['--bootstrap', address])

/** A first peer on the internet, which names its address though nobody has checked it. */
async function firstPeer(lab: Lab): Promise<Peer> {
  const first = await lab.start(lab.onInternet('first', '11.0.0.1'))
  assert.deepEqual(first.addresses, [`/ip4/11.0.0.1/tcp/4001/p2p/${first.peerId}`])
  return first
}

/** A peer behind a router that has a share of one file, and whom others reach through the first peer. */
async function hiddenPeer(lab: Lab, first: Peer, megabytes: number, delayMs = 0) {
  const hidden = await lab.start(lab.atHome('hidden', '11.0.0.2', delayMs), startingFrom(first))
  await reaches(hidden, 'relayed')
  const folder = writeFiles(lab.folder(), { 'a.bin': megabytes * 1_000_000 })
  const file = join(folder, 'a.bin')
  return { hidden, file, link: (await share(hidden, file)).link }
}

async function publicPeer(t: TestContext): Promise<void> {
  const lab = networkLab(t)
  const first = await firstPeer(lab)
  const peer = await lab.start(lab.onInternet('peer', '11.0.0.3'), startingFrom(first))
  const own = `/ip4/11.0.0.3/tcp/4001/p2p/${peer.peerId}`
  await reaches(peer, 'public')
  await until('its address to be checked', async () => (await statusOf(peer)).addresses[0] === own)
  assert.match(await findingOf(peer, 'reachability'), /directly from anywhere/)
  const connected = (await peersOf(first)).filter(({ state }) => state === 'connected')
  assert.deepEqual([connected.length, connected[0]?.peerId], [1, peer.peerId], 'the check costs no connection')

  const hidden = await lab.start(lab.atHome('hidden', '11.0.0.2'), ['--bootstrap', own])
  await reaches(hidden, 'relayed')
  assert.ok((await statusOf(hidden)).addresses.includes(`${own}/p2p-circuit/p2p/${hidden.peerId}`))
  assert.match(await findingOf(peer, 'relays'), /relays for [12] others?\./)
}

async function firewalledPeer(t: TestContext): Promise<void> {
  const lab = networkLab(t)
  const first = await firstPeer(lab)
  const peer = await lab.start(lab.firewalled('peer', '11.0.0.4'), startingFrom(first))
  await reaches(peer, 'relayed')
  await until('the other to have tried', () => answersDropped('peer') > 0)
  const { reachability, addresses } = await statusOf(peer)
  assert.equal(reachability.kind, 'relayed')
  assert.deepEqual(addresses, [`/ip4/11.0.0.1/tcp/4001/p2p/${first.peerId}/p2p-circuit/p2p/${peer.peerId}`])
}

async function relayedPeers(t: TestContext): Promise<void> {
  const lab = networkLab(t)
  const first = await firstPeer(lab)
  const { hidden, file, link } = await hiddenPeer(lab, first, 5)
  assert.match(await findingOf(hidden, 'nat'), /sees this computer as 11\.0\.0\.2/)
  assert.match(await findingOf(hidden, 'relays'), /through 1 relay/)
  const other = await lab.start(lab.atHome('other', '11.0.0.5'))
  const done = await get(other, link, lab.folder())
  assert.equal(fileHash(done.path), fileHash(file))
  const view = (await peersOf(other)).find(({ peerId }) => peerId === hidden.peerId)
  assert.equal(view?.path, 'relayed')
  assert.ok((view?.bytesIn ?? 0) >= 5_000_000)
}

async function upgradedPeers(t: TestContext): Promise<void> {
  const lab = networkLab(t)
  const first = await firstPeer(lab)
  const { hidden, file, link } = await hiddenPeer(lab, first, 20, 40)
  const other = await lab.start(lab.onInternet('other', '11.0.0.3'), startingFrom(first))
  await reaches(other, 'public')
  const viewed = async () => (await other.client.peers.list()).find(({ peerId }) => peerId === hidden.peerId)
  const getting = get(other, link, lab.folder())
  await until('the relay to carry it', async () => {
    const view = await viewed()
    return view?.path === 'relayed' && view.bytesIn > 0
  })
  const direct = await until('a direct connection', async () => {
    const view = await viewed()
    return view?.path === 'direct' && view
  })
  assert.ok(direct.bytesIn < 20_000_000, 'the transfer is still under way')
  const done = await getting
  assert.equal(fileHash(done.path), fileHash(file))
  assert.equal((await peersOf(other)).find(({ peerId }) => peerId === hidden.peerId)?.path, 'direct')
}

if (!isAlone) {
  test('reach, on a network of its own', (t) => runAlone(t, labSetUp, fileURLToPath(import.meta.url)))
} else {
  const options = { timeout: timeoutMs }
  test('a peer with a public address learns that others reach it, and relays for them', options, publicPeer)
  test('a peer behind a firewall learns that its public address is of no use', options, firewalledPeer)
  test('two peers behind routers meet through a relay and fetch through it', options, relayedPeers)
  test(
    'a relayed connection becomes direct where one side can be dialled, and a transfer goes on',
    options,
    upgradedPeers,
  )
}
