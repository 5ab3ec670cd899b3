// The TransferService as the rest of Peerhood meets it, over the simulated network, library and disk.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Content } from '../../test/sim/holdings.ts'
import { createRawPeer, type Talk } from '../../test/sim/raw-peer.ts'
import { createWorld, type SimPeer, type World } from '../../test/sim/world.ts'
import { libraryErrors } from '../content/library/errors.ts'
import { readersMax } from './limits.ts'
import type { TransferEvent, TransferId, TransferView } from './types.ts'

const mebibyte = 1024 * 1024
const shape = { blocks: 100, blockBytes: 65_536, nodes: 2 }

interface Pair {
  readonly world: World
  readonly content: Content
  readonly seed: SimPeer
  readonly getter: SimPeer
  readonly id: TransferId
  view(): TransferView
}

async function pair(name: string, options: { readonly up?: number } = {}): Promise<Pair> {
  const world = createWorld(name)
  const content = world.content(shape)
  const seed = await world.peer({ up: options.up ?? 2 * mebibyte })
  const getter = await world.peer()
  const id = await getter.get(seed.share(content))
  return { world, content, seed, getter, id, view: () => getter.service.view(id) }
}

const until = ({ world, view }: Pair, state: TransferView['state'], limitMs = 60_000) =>
  world.until(`state ${state}`, () => view().state === state, limitMs)

/** Runs work that needs virtual time, and lets the time pass. */
async function hurry<Value>(world: World, work: Promise<Value>): Promise<Value> {
  let settled = false
  const mark = () => {
    settled = true
  }
  work.then(mark, mark)
  await world.until('work settles', () => settled, 60_000)
  return work
}

test('a get goes through its states and says so', async () => {
  const scene = await pair('states')
  const { world, getter, content, view } = scene
  const states: string[] = []
  getter.service.on((event) => {
    if (event.type === 'transfer' && states.at(-1) !== event.transfer.state) states.push(event.transfer.state)
  })
  assert.equal(view().sentence, 'Looking for someone who has it.')
  await world.until('bytes arrive', () => view().blocksDone > 20, 10_000)
  const midway = view()
  assert.equal(midway.state, 'transferring')
  assert.equal(midway.sentence, 'Fetching from one peer.')
  assert.ok(midway.bytesPerSecond > mebibyte && midway.bytesPerSecond < 3 * mebibyte, `${midway.bytesPerSecond} B/s`)
  assert.ok((midway.secondsLeft ?? 0) > 0 && (midway.secondsLeft ?? 99) < 4)
  assert.equal(midway.peers[0]?.blocksHave, 100)
  await until(scene, 'done')
  const done = view()
  assert.equal(done.sentence, 'Done.')
  assert.equal(done.bytesDone, content.record.bytes)
  assert.ok(done.seconds > 3 && done.seconds < 6)
  await world.settle()
  assert.deepEqual(
    states.filter((state) => state !== 'preparing'),
    ['searching', 'transferring', 'done'].slice(states[0] === 'searching' ? 0 : 1),
  )
  assert.equal(scene.seed.service.uploads()[0]?.bytesTotal, content.record.bytes)
  await world.stop()
})

test('what goes by a relay goes on directly once it can, and nothing is fetched twice', async () => {
  const world = createWorld('moves')
  const content = world.content(shape)
  const seed = await world.peer({ up: mebibyte })
  const getter = await world.peer()
  world.net.relay(seed.id, getter.id, true)
  let received = 0
  const count = world.net.onDelivery
  world.net.onDelivery = (from, to, bytes) => {
    count(from, to, bytes)
    if (to === getter.id) received += bytes.length
  }
  const id = await getter.get(seed.share(content))
  const view = () => getter.service.view(id)
  await world.until('some blocks', () => view().blocksDone > 20, 20_000)
  assert.deepEqual(
    view().peers.map(({ path }) => path),
    ['relayed'],
  )
  const sessions: number[] = []
  world.net.relay(seed.id, getter.id, false)
  getter.service.on(() => sessions.push(view().peers.length))
  await world.until('done', () => view().state === 'done', 60_000)
  assert.ok(sessions.includes(2), 'the old session ends what it began while the new one goes on')
  assert.ok(received < content.record.bytes + 100_000, `${received} bytes for ${content.record.bytes}`)
  assert.equal(seed.blamed().length + getter.blamed().length, 0)
  await world.stop()
})

test('progress comes at most four times a second, changes of state at once', async () => {
  const scene = await pair('events', { up: mebibyte })
  const times: number[] = []
  scene.getter.service.on((event) => {
    if (event.type === 'transfer' && event.transfer.state === 'transferring')
      times.push(scene.world.clock.monotonicMs())
  })
  await until(scene, 'done')
  const seconds = (times.at(-1) ?? 0) / 1000
  assert.ok(times.length >= 2 * seconds && times.length <= 4 * seconds + 5, `${times.length} events in ${seconds} s`)
  await scene.world.stop()
})

test('nobody reachable: it says so after a while, goes on looking, and finds who comes', async () => {
  const world = createWorld('lonely')
  const content = world.content(shape)
  const getter = await world.peer()
  const id = await getter.get(content.link)
  await world.pass(11_000)
  assert.equal(getter.service.view(id).state, 'searching')
  assert.equal(getter.service.view(id).sentence, 'Nobody who has it is reachable; still looking.')
  const late = await world.peer()
  late.share(content)
  await world.until('done', () => getter.service.view(id).state === 'done', 200_000)
  await world.stop()
})

test('paused, nothing moves; resumed, it goes on from there', async () => {
  const scene = await pair('pause')
  const { world, getter, seed, id, view, content } = scene
  await world.until('some', () => view().blocksDone > 20, 10_000)
  assert.equal((await getter.service.pause(id)).state, 'paused')
  const { blocksDone } = view()
  await world.pass(20_000)
  assert.ok(view().blocksDone <= blocksDone + 1)
  assert.equal(view().sentence, 'Paused.')
  assert.ok(view().seconds < 3)
  await getter.service.resume(id)
  await until(scene, 'done')
  const sent = seed.service.uploads()[0]?.bytesTotal ?? 0
  assert.ok(sent < 1.3 * content.record.bytes, 'hardly anything was sent twice')
  await assert.rejects(getter.service.pause(id), { code: 'transfer_state_wrong' })
  await world.stop()
})

test('a restart goes on without asking for anything twice, also when it was paused', async () => {
  const scene = await pair('restart')
  const { world, getter, id, view, content } = scene
  await world.until('half', () => view().blocksDone > 50, 10_000)
  getter.crash()
  await world.pass(5_000)
  await getter.restart()
  assert.equal(view().id, id)
  await world.pass(50)
  assert.ok(view().bytesReused >= 50 * 65_536, `${view().bytesReused} reused`)
  await getter.service.pause(id)
  await getter.stop()
  await getter.restart()
  assert.equal(view().state, 'paused')
  await getter.service.resume(id)
  await until(scene, 'done')
  await getter.stop()
  await getter.restart()
  assert.equal(view().state, 'done')
  assert.equal(view().bytesDone, content.record.bytes)
  await world.stop()
})

test('cancelled, it stops, and what was not finished is deleted', async () => {
  const scene = await pair('cancel')
  const { world, getter, id, view } = scene
  await world.until('some', () => view().blocksDone > 20, 10_000)
  await assert.rejects(getter.service.remove(id), { code: 'transfer_state_wrong' })
  const cancelled = await hurry(world, getter.service.cancel(id))
  assert.equal(cancelled.state, 'cancelled')
  assert.equal(getter.disk.blocks.size, 0)
  await assert.rejects(getter.service.resume(id), { code: 'transfer_state_wrong' })
  const events: TransferEvent[] = []
  getter.service.on((event) => events.push(event))
  await getter.service.remove(id)
  assert.deepEqual(events, [{ type: 'removed', id }])
  assert.throws(() => getter.service.view(id), { code: 'transfer_unknown' })
  await world.stop()
})

test('a cancelled keep takes what it had kept with it, unless another needs it', async () => {
  const world = createWorld('cancelled keep')
  const content = world.content(shape)
  const seed = await world.peer({ up: mebibyte })
  const keeper = await world.peer()
  const link = seed.share(content)
  const keep = (to: string) =>
    keeper.service.add({ link, linkText: 'peerhood:x', mode: 'keep', to, only: undefined }).then(({ id }) => id)
  const first = await keep('/a')
  const blocksOf = (id: TransferId) => keeper.service.view(id).blocksDone
  await world.until('some', () => blocksOf(first) > 20, 10_000)
  keeper.disk.freeBytes = 0
  await world.until('failed', () => keeper.service.view(first).state === 'failed', 10_000)
  keeper.disk.freeBytes = 1e9

  // The first may go on one day, so its copy outlives the second.
  const second = await keep('/b')
  await world.until('more', () => blocksOf(second) > 40, 10_000)
  await hurry(world, keeper.service.cancel(second))
  assert.ok(keeper.disk.blocks.size > 40)
  await hurry(world, keeper.service.cancel(first))
  assert.equal(keeper.disk.blocks.size, 0)
  assert.deepEqual(keeper.library.holdings(), [])

  const third = await keep('/c')
  await world.until('done', () => keeper.service.view(third).state === 'done', 60_000)
  assert.equal(keeper.library.holdings().length, 1)
  await world.stop()
})

test('upload totals are written now and then, and a restart goes on from there', async () => {
  const scene = await pair('totals')
  const { world, seed, content } = scene
  await until(scene, 'done')
  const total = () => seed.service.upload(content.shareId)?.bytesTotal
  assert.equal(total(), content.record.bytes)
  await scene.getter.stop()
  await seed.stop()
  await seed.restart()
  assert.equal(total(), content.record.bytes)
  const third = await world.peer()
  const id = await third.get(world.linkTo(content, seed))
  await world.until('done', () => third.service.view(id).state === 'done', 60_000)
  assert.equal(total(), 2 * content.record.bytes)
  await world.stop()
})

test('a full disk fails the transfer with its code and blames nobody; with room again it goes on', async () => {
  const scene = await pair('full')
  const { world, getter, id, view } = scene
  getter.disk.freeBytes = 40 * 65_536
  await until(scene, 'failed')
  assert.equal(view().problem?.code, 'disk_full')
  assert.equal(view().sentence, 'The disk is full.')
  assert.deepEqual(getter.network.blames, [])
  getter.disk.freeBytes = 1e9
  await getter.service.resume(id)
  await until(scene, 'done')
  assert.equal(view().problem, undefined)
  await world.stop()
})

test('a get whose folder is refused leaves no session behind that would stand in the way of the next', async () => {
  const world = createWorld('refused folder')
  const content = world.content(shape)
  const [seed, getter] = [await world.peer(), await world.peer()]
  const slow = createRawPeer(world, content)
  const talks: Talk[] = []
  await slow.serve((talk) => void talks.push(talk))
  const { peers } = seed.share(content)
  const link = { ...content.link, peers: [...peers, { peerId: slow.id, addresses: [`/sim/${slow.id}`] }] }
  const { openFetched } = getter.library
  getter.library.openFetched = () => Promise.reject(libraryErrors.folder_missing('It is gone.'))
  const first = await getter.get(link)
  await world.until('failed', () => getter.service.view(first).state === 'failed', 10_000)
  talks[0]?.greet()
  await world.until('who greets too late is told', () => talks[0]?.ended === true, 1_000)
  getter.library.openFetched = openFetched
  await hurry(world, getter.service.cancel(first))
  await getter.service.remove(first)
  const second = await getter.get(link)
  await world.until('done', () => getter.service.view(second).state === 'done', 10_000)
  await world.stop()
})

test('a get whose folder was refused goes on when it is asked for again and the folder is there', async () => {
  const world = createWorld('refused folder, again')
  const content = world.content(shape)
  const [seed, getter] = [await world.peer(), await world.peer()]
  const link = seed.share(content)
  const { openFetched } = getter.library
  getter.library.openFetched = () => Promise.reject(libraryErrors.folder_missing('It is gone.'))
  const id = await getter.get(link)
  await world.until('failed', () => getter.service.view(id).state === 'failed', 10_000)
  getter.library.openFetched = openFetched
  await getter.service.resume(id)
  await world.until('done', () => getter.service.view(id).state === 'done', 60_000)
  await world.stop()
})

test('the same share into the same folder is one transfer, into another a conflict', async () => {
  const { world, getter, seed, content, id } = await pair('same')
  assert.equal(await getter.get(world.linkTo(content, seed)), id)
  const request = {
    link: content.link,
    linkText: 'peerhood:x',
    mode: 'get',
    to: '/elsewhere',
    only: undefined,
  } as const
  await assert.rejects(getter.service.add(request), { code: 'transfer_share_busy' })
  assert.equal(getter.service.list().length, 1)
  await world.stop()
})

test('a file is read while it arrives, in order and from anywhere, what is read first', async () => {
  const scene = await pair('read', { up: 500_000 })
  const { world, getter, id, content } = scene
  await world.until('the layout', () => getter.service.files(id).length > 0, 20_000)
  const [file] = getter.service.files(id)
  assert.ok(file !== undefined)
  const range = { start: 50 * 65_536 + 100, end: 54 * 65_536 + 7 }
  const read = async () => {
    const chunks: Uint8Array[] = []
    for await (const chunk of getter.service.read(id, file.entry, range, { signal: new AbortController().signal })) {
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }
  const began = world.clock.monotonicMs()
  const bytes = await hurry(world, read())
  const plain = Buffer.concat(content.blocks.slice(2))
  assert.ok(bytes.equals(plain.subarray(range.start, range.end)))
  assert.ok(world.clock.monotonicMs() - began < 3_000, 'it did not wait for the whole')
  assert.notEqual(scene.view().state, 'done')
  const bad = getter.service.read(id, file.entry, { start: 0, end: 1e12 }, { signal: new AbortController().signal })
  await assert.rejects(bad[Symbol.asyncIterator]().next(), { code: 'range_wrong' })
  await world.stop()
})

test('a reader that goes away ends its wait at once', async () => {
  const { world, getter, id, seed } = await pair('reader', { up: 200_000 })
  await world.until('the layout', () => getter.service.files(id).length > 0, 20_000)
  seed.crash()
  const [file] = getter.service.files(id)
  assert.ok(file !== undefined)
  const aborter = new AbortController()
  const chunks = getter.service.read(
    id,
    file.entry,
    { start: 90 * 65_536, end: 91 * 65_536 },
    { signal: aborter.signal },
  )
  const next = chunks[Symbol.asyncIterator]().next()
  await world.settle()
  aborter.abort(new Error('gone'))
  await assert.rejects(next, /gone/)
  await world.stop()
})

test('only so many readers at a time', async () => {
  const { world, getter, id, seed } = await pair('readers', { up: 200_000 })
  await world.until('the layout', () => getter.service.files(id).length > 0, 20_000)
  seed.crash()
  const [file] = getter.service.files(id)
  assert.ok(file !== undefined)
  const aborter = new AbortController()
  const begin = () => {
    const range = { start: 90 * 65_536, end: 91 * 65_536 }
    return getter.service.read(id, file.entry, range, { signal: aborter.signal })[Symbol.asyncIterator]().next()
  }
  const waiting = Array.from({ length: readersMax }, begin)
  await assert.rejects(begin(), { code: 'readers_too_many' })
  aborter.abort(new Error('gone'))
  for (const next of waiting) await assert.rejects(next, /gone/)
  await world.stop()
})

test('whoever has it serves it on, also when the author has left', async () => {
  const scene = await pair('on')
  const { world, seed, getter, content } = scene
  await until(scene, 'done')
  seed.crash()
  const third = await world.peer()
  const id = await third.get(world.linkTo(content, getter))
  await world.until('done', () => third.service.view(id).state === 'done', 60_000)
  await world.stop()
})

test('what is unshared is served no more', async () => {
  const scene = await pair('unshare')
  const { world, seed, content, view } = scene
  await world.until('some', () => view().blocksDone > 10, 10_000)
  seed.library.unshare(content.shareId)
  await world.pass(2_000)
  const { blocksDone } = view()
  await world.pass(20_000)
  assert.ok(view().blocksDone <= blocksDone + 1 && blocksDone < 100)
  assert.equal(view().peers.length, 0)
  await world.stop()
})

test('what is here no more is announced no more: what others were told of it runs out', async () => {
  const scene = await pair('announced')
  const { world, seed, getter, content } = scene
  await until(scene, 'done')
  const other = seed.share(world.content(shape))
  const announcers = async (discovery: Uint8Array) => {
    const found: string[] = []
    for await (const { peerId } of (await world.peer()).network.findProviders(discovery)) found.push(peerId)
    return found.sort()
  }
  const hours = (count: number) => world.pass(count * 3_600_000)
  await hours(50)
  assert.deepEqual(await hurry(world, announcers(content.link.discovery)), [seed.id, getter.id].sort())
  getter.library.unshare(content.shareId)
  await hours(1)
  seed.library.unshare(content.shareId)
  await hours(36)
  assert.deepEqual(await hurry(world, announcers(content.link.discovery)), [seed.id, getter.id].sort())
  await hours(12)
  assert.deepEqual(await hurry(world, announcers(content.link.discovery)), [])
  assert.deepEqual(await hurry(world, announcers(other.discovery)), [seed.id])

  // While nobody has been told, there is nothing to run out.
  const lonely = await world.peer()
  const alone = world.content(shape)
  lonely.share(alone)
  await world.pass(1_000)
  assert.deepEqual(await hurry(world, announcers(alone.link.discovery)), [lonely.id])
  lonely.library.unshare(alone.shareId)
  assert.deepEqual(await hurry(world, announcers(alone.link.discovery)), [])
  await world.stop()
})

test('a stopped service leaves no timer, no stream and no transfer behind', async () => {
  const scene = await pair('stop')
  await scene.world.until('some', () => scene.view().blocksDone > 10, 10_000)
  await scene.world.stop()
  await scene.world.pass(10_000)
  assert.equal(scene.world.clock.pending, 0)
})
