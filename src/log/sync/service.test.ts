// Logs over the simulated network until all are equal: two and five, with splits, cuts and crashes; carried by third parties;
// forks; and what people see of it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogWorld, isEqual, type LogPeer } from '../../../test/sim/log-world.ts'
import { createRandom } from '../../../test/sim/random.ts'
import { sessionsEnough } from './limits.ts'
import { deviceOf, makeEntry } from './testing.ts'

const framesBytes = (peers: readonly LogPeer[]) => peers.reduce((sum, peer) => sum + peer.log.offered, 0)

test('two logs become equal, both ways at once, and live entries follow at once', async () => {
  const world = createLogWorld('two')
  const a = await world.peer()
  const b = await world.peer()
  a.write(300)
  b.write(200)
  await world.until('both are equal', () => isEqual([a, b]), 10_000)
  assert.equal(a.log.entries.length, 501)
  await world.until('both are live', () => [a, b].every((peer) => peer.peers()[0]?.state === 'live'), 5_000)
  const beforeMs = world.clock.monotonicMs()
  const [entry] = a.write()
  await world.until('it arrives', () => entry !== undefined && b.log.has(entry.id), 1_000)
  assert.ok(world.clock.monotonicMs() - beforeMs < 50)
  await world.pass(1_000)
  assert.deepEqual([a.blames(), b.blames()], [[], []])
  const view = a.peer(b.id)
  assert.deepEqual([view?.weLack, view?.theyLack, view?.entriesIn, view?.entriesOut], [0, 0, 200, 301])
  await world.stop()
})

test('nothing that came from a peer goes back to it, and nothing is sent twice', async () => {
  const world = createLogWorld('echo')
  const a = await world.peer()
  const b = await world.peer()
  a.write(1_000)
  await world.until('both are equal', () => isEqual([a, b]), 10_000)
  await world.pass(5_000)
  // The founding entry was there.
  assert.deepEqual([a.log.offered, b.log.offered], [1, 1 + 1_000])
  await world.stop()
})

test('a log that is cut off in the middle goes on where it was', async () => {
  const world = createLogWorld('cut')
  const a = await world.peer({ quality: { up: 200_000 } })
  const b = await world.peer({ quality: { up: 200_000 } })
  a.write(2_000)
  for (let cut = 0; cut < 4; cut++) {
    await world.pass(900)
    world.net.cut(a.id, b.id)
  }
  await world.until('both are equal', () => isEqual([a, b]), 120_000)
  assert.ok(b.log.offered < 2_500, `${b.log.offered} entries came in all`)
  await world.stop()
})

test('what goes by a relay goes on directly once it can, and hardly anything is sent twice', async () => {
  const world = createLogWorld('moves')
  const a = await world.peer({ quality: { up: 200_000 } })
  const b = await world.peer({ quality: { up: 200_000 } })
  world.net.relay(a.id, b.id, true)
  const opened: boolean[] = []
  for (const { network } of [a, b]) {
    const open = network.openStream.bind(network)
    network.openStream = async (...args: Parameters<typeof open>) => {
      const stream = await open(...args)
      opened.push(stream.isRelayed)
      return stream
    }
  }
  a.write(2_000)
  await world.until('some have come', () => b.log.entries.length > 300, 20_000)
  assert.ok(opened.length > 0 && opened.every((isRelayed) => isRelayed))
  const before = opened.length
  world.net.relay(a.id, b.id, false)
  await world.until('both are equal', () => isEqual([a, b]), 60_000)
  await world.pass(5_000)
  assert.deepEqual(opened.slice(before), [false])
  assert.deepEqual([a.peers().length, b.peers().length], [1, 1])
  assert.ok(b.log.offered < 2_300, `${b.log.offered} entries came in all`)
  assert.deepEqual([a.blames(), b.blames()], [[], []])
  await world.stop()
})

test('five logs become equal, through splits, cuts and crashes', async () => {
  for (const seed of ['five/1', 'five/2', 'five/3']) {
    const world = createLogWorld(seed)
    const random = createRandom(`${seed}/acts`)
    const peers: LogPeer[] = []
    for (let i = 0; i < 5; i++) peers.push(await world.peer({ quality: { delayMs: 5 + 10 * i, up: 2_000_000 } }))
    for (let act = 0; act < 30; act++) {
      const peer = random.pick(peers)
      const other = random.pick(peers)
      if (peer.up) peer.write(1 + random.below(50))
      const what = random.below(6)
      if (what === 0) {
        const cut = 1 + random.below(4)
        world.net.split([peers.slice(0, cut), peers.slice(cut)].map((group) => group.map(({ id }) => id)))
      } else if (what === 1) world.net.heal()
      else if (what === 2) world.net.cut(peer.id, other.id)
      else if (what === 3 && peer.up) await peer.stop()
      else if (what === 4 && !peer.up) await peer.restart()
      await world.pass(random.below(4_000))
    }
    world.net.heal()
    for (const peer of peers) if (!peer.up) await peer.restart()
    await world.until('all are equal', () => isEqual(peers), 600_000)
    await world.pass(30_000)
    assert.deepEqual(
      peers.flatMap((peer) => peer.warnings),
      [],
    )
    assert.deepEqual(
      peers.flatMap((peer) => peer.blames()),
      [],
    )
    await world.stop()
  }
})

test('three who are never there at once: A writes, B carries, C has it', async () => {
  const world = createLogWorld('carried')
  const a = await world.peer()
  const b = await world.peer()
  a.write(50)
  await world.until('B has it', () => isEqual([a, b]), 20_000)
  await a.stop()
  const c = await world.peer()
  await world.until('C has it', () => isEqual([b, c]), 60_000)
  c.write(7)
  await world.until('B has what C wrote', () => isEqual([b, c]), 20_000)
  await c.stop()
  await a.restart()
  await world.until('A has what C wrote', () => isEqual([a, b]), 60_000)
  await world.stop()
})

test('the bulk comes from one peer, not from each', async () => {
  const world = createLogWorld('bulk')
  const full: LogPeer[] = []
  for (let i = 0; i < 4; i++) full.push(await world.peer({ quality: { up: 1_000_000 } }))
  full[0]?.write(3_000)
  await world.until('four have it', () => isEqual(full), 120_000)
  const late = await world.peer()
  await world.until('the late one has it', () => isEqual([...full, late]), 60_000)
  assert.ok(late.log.offered < 3_001 * 1.1, `${late.log.offered} entries came for 3001`)
  assert.equal(late.peers().length, 4)
  await world.stop()
})

test('the one who sends the bulk stalls: another does', async () => {
  const world = createLogWorld('stall')
  const a = await world.peer()
  a.write(500)
  const b = await world.peer()
  await world.until('two have it', () => isEqual([a, b]), 20_000)
  const slow = world.raw()
  await slow.serve((talk) => {
    talk.hello()
    // Says that it has more than anybody, and sends nothing.
    talk.send({ kind: 'vector', last: true, places: [{ device: a.device, seq: 100_000 }] })
  })
  const late = await world.peer({ founded: true, knows: () => [{ ...a, id: slow.id }] })
  await world.until('it waits for the liar', () => late.peer(slow.id)?.weLack === 100_000, 5_000)
  await Promise.all([
    late.network.connect({ peerId: a.id, addresses: [`/sim/${a.id}`] }, { source: 'manual' }),
    world.pass(500),
  ])
  await world.until('the late one has it', () => isEqual([a, b, late]), 20_000)
  await world.stop()
})

test('in a crowd an entry comes about once to each, over several hops', async () => {
  const world = createLogWorld('crowd')
  const peers: LogPeer[] = []
  for (let i = 0; i < 12; i++) peers.push(await world.peer())
  await world.until('all know somebody', () => peers.every((peer) => peer.peers().length >= 2), 60_000)
  await world.pass(5_000)
  const before = framesBytes(peers)
  for (const peer of peers) {
    peer.write(5)
    await world.pass(600)
  }
  await world.until('all are equal', () => isEqual(peers), 60_000)
  await world.pass(1_000)
  const copies = (framesBytes(peers) - before) / (60 * 11)
  assert.ok(copies < 1.5, `${copies} copies of each entry came`)
  assert.ok(peers.every((peer) => peer.peers().length >= Math.min(sessionsEnough, 2)))
  await world.stop()
})

test('a simultaneous open leaves one session', async () => {
  const world = createLogWorld('simultaneous')
  const a = await world.peer({ knows: () => [], discover: false })
  const b = await world.peer({ knows: () => [], discover: false })
  // Both notice the connection in the same moment, and open.
  await Promise.all([
    a.network.connect({ peerId: b.id, addresses: [`/sim/${b.id}`] }, { source: 'manual' }),
    world.pass(500),
  ])
  a.write(3)
  await world.until('both are equal', () => isEqual([a, b]), 5_000)
  await world.pass(10_000)
  assert.deepEqual([a.peers().length, b.peers().length], [1, 1])
  assert.deepEqual([...a.warnings, ...b.warnings, ...a.blames(), ...b.blames()], [])
  await world.stop()
})

test('one that stops while sessions are being greeted leaves none behind', async () => {
  const world = createLogWorld('stops')
  const raw = world.raw()
  await raw.serve(() => {})
  const a = await world.peer({ knows: () => [{ id: raw.id } as LogPeer], discover: false })
  await world.until('it waits for a hello', () => a.network.peers().length > 0, 5_000)
  await world.pass(20)
  await a.stop()
  assert.deepEqual(a.blames(), [])
})

test('a peer that is removed meanwhile loses its session; one that is let in meanwhile gets one', async () => {
  const world = createLogWorld('removed')
  let isIn = false
  const a = await world.peer({ allows: () => isIn })
  const b = await world.peer()
  a.write(5)
  await world.pass(70_000)
  assert.equal(b.log.entries.length, 1)
  isIn = true
  await world.until('it has it', () => isEqual([a, b]), 120_000)
  isIn = false
  await world.until('it is alone', () => a.peers().length === 0, 2_000)
  a.write()
  await world.pass(10_000)
  assert.equal(b.log.entries.length, 6)
  await world.stop()
})

test('a community that is left is exchanged no more, and may be joined again', async () => {
  const world = createLogWorld('left')
  const a = await world.peer()
  const b = await world.peer()
  await world.until('they are live', () => a.peers()[0]?.state === 'live', 10_000)
  b.leave()
  await world.pass(100)
  assert.deepEqual([a.peers().length, b.peers().length], [0, 0])
  a.write()
  await world.pass(30_000)
  assert.equal(b.log.entries.length, 1)
  b.rejoin()
  await world.until('both are equal', () => isEqual([a, b]), 120_000)
  await world.stop()
})

test('who is not allowed, or has another key, is told the same and gets nothing', async () => {
  const world = createLogWorld('refused')
  const a = await world.peer({ allows: (peerId) => peerId !== banned.id })
  a.write(5)
  const banned = await world.peer()
  const stranger = await world.peer({ access: new Uint8Array(32) })
  await world.pass(30_000)
  assert.deepEqual([banned.log.entries.length, stranger.log.entries.length], [1, 1])
  // Two who trust nobody else's key still talk to nobody.
  assert.deepEqual(a.peers(), [])
  await world.stop()
})

test('peers that only the DHT knows find each other', async () => {
  const world = createLogWorld('dht')
  const a = await world.peer({ knows: () => [] })
  const b = await world.peer({ knows: () => [] })
  a.write(5)
  await world.until('both are equal', () => isEqual([a, b]), 120_000)
  await world.stop()
})

test('a keeper proves that it holds what it says; one that lost entries is found out', async () => {
  const world = createLogWorld('keeper')
  const keeper = await world.peer({ role: 'keeper' })
  const member = await world.peer()
  member.write(40)
  await world.until('the keeper has it', () => isEqual([keeper, member]), 10_000)
  await world.until('it is proven', () => member.peer(keeper.id)?.provenMs !== undefined, 60_000)
  assert.equal(keeper.peer(member.id)?.provenMs, undefined, 'keepers ask nobody')
  assert.equal(member.peer(keeper.id)?.role, 'keeper')
  // The disk lost the entries, the vector still names them.
  Object.assign(keeper.log, { at: () => undefined })
  await world.until('it is found out', () => member.peer(keeper.id)?.failed === 'keeper_withholds', 700_000)
  assert.ok(member.blames(keeper.id).includes('keeper_withholds'))
  await world.stop()
})

test('a fork is told to everybody, and the evidence comes along', async () => {
  const world = createLogWorld('fork')
  const a = await world.peer()
  const b = await world.peer()
  const c = await world.peer()
  const evil = deviceOf(666)
  const base = a.log.write(evil)
  await world.until('all have the first', () => isEqual([a, b, c]), 10_000)
  // Split, so that each side sees another second entry, and honest entries name them.
  world.net.split([[a.id], [b.id, c.id]])
  const second = (n: number) =>
    makeEntry({
      community: world.community,
      device: evil,
      seq: 2,
      prev: base.id,
      time: { ms: base.time.ms + n, count: 0 },
    })
  a.log.take([second(1).bytes])
  b.log.take([second(2).bytes])
  for (let n = 0; n < 80; n++) a.log.write(evil)
  a.write(3)
  b.write(3)
  await world.pass(20_000)
  world.net.heal()
  await world.until('all have the fork', () => [a, b, c].every(({ log }) => log.forks().length === 1), 120_000)
  await world.until('all are equal', () => isEqual([a, b, c]), 120_000)
  assert.deepEqual([...a.warnings, ...b.warnings, ...c.warnings], [])
  const late = await world.peer()
  await world.until('one who comes later has it all', () => isEqual([a, b, c, late]), 120_000)
  assert.deepEqual(late.warnings, [])
  await world.stop()
})

test('entries from the future come when their time has', async () => {
  const world = createLogWorld('early')
  const a = await world.peer()
  const b = await world.peer()
  await world.until('they are live', () => b.peers()[0]?.state === 'live', 10_000)
  // A's clock is ahead: it takes its own.
  const early = { ms: world.clock.nowMs() + 400_000, count: 0 }
  const entry = makeEntry({
    community: world.community,
    device: a.device,
    seq: 1,
    heads: [world.founding.id],
    time: early,
  })
  const { nowMs } = world.clock
  Object.assign(world.clock, { nowMs: () => early.ms })
  a.log.take([entry.bytes])
  Object.assign(world.clock, { nowMs })
  await world.pass(20_000)
  assert.equal(b.log.has(entry.id), false)
  await world.until('it is taken', () => b.log.has(entry.id), 700_000)
  assert.deepEqual(b.blames(a.id), ['entry_early'])
  await world.stop()
})

test('a full log says stop, and goes on when there is room', async () => {
  const world = createLogWorld('full')
  const a = await world.peer({ quality: { up: 20_000 } })
  const b = await world.peer()
  b.log.entriesMax = 50
  // More than what is under way when it says so.
  a.write(4_000)
  await world.until('it is full', () => b.log.entries.length === 50, 20_000)
  await world.pass(10_000)
  const offered = b.log.offered
  assert.ok(offered < 4_000, 'the rest is not sent')
  assert.deepEqual(b.blames(a.id), [], 'that is no fault of the peer')
  b.log.entriesMax = 10_000
  await world.until('it has all', () => isEqual([a, b]), 700_000)
  await world.stop()
})

test('nudge asks again at once, and status events come at most four times a second', async () => {
  const world = createLogWorld('nudge')
  const a = await world.peer({ discover: false })
  const b = await world.peer({ knows: () => [], discover: false })
  await a.stop()
  let events = 0
  b.sync.on(() => events++)
  b.write(400)
  await world.pass(30_000)
  await a.restart()
  a.sync.nudge(world.community)
  await world.until('both are equal', () => isEqual([a, b]), 5_000)
  const before = events
  for (let i = 0; i < 100; i++) {
    b.write()
    await world.pass(10)
  }
  assert.ok(events - before <= 6, `${events - before} events in a second`)
  b.sync.nudge(world.community)
  await world.until('both are equal', () => isEqual([a, b]), 5_000)
  assert.equal(b.sync.status('00'.repeat(32) as never), undefined)
  await world.stop()
})
