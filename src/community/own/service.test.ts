// The computers of one person in a simulated network: what one of them takes part in, all do; who is blocked on one is
// blocked on all; what was removed or deleted stays so.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createTogetherWorld, factsOf, read, type Someone } from '../../../test/sim/together-world.ts'
import { generalChannel } from '../../apps/chat/core.ts'
import type { CommunityId, DeviceId } from '../../log/types.ts'

async function worldOf(t: TestContext) {
  const world = createTogetherWorld(t.name)
  t.after(() => world.stop())
  const [laptop, ben] = [await world.person('Ann'), await world.person('Ben')]
  const desktop = await world.device(laptop, 'Ann’s desktop')

  /** As `peerhood device add` leaves them. */
  const pair = async (one: Someone, other: Someone) => {
    const { peerId } = other
    await world.done('meeting', one.life.network.connect({ peerId, addresses: [`/sim/${peerId}`] }, { source: 'link' }))
    one.life.own.remember(other.peerId)
    other.life.own.remember(one.peerId)
  }
  const talk = async (from: Someone, to: Someone, text = 'Hello') => {
    const { link } = to.life.direct.contact()
    const { community } = await world.done('an ask', from.life.direct.ask({ to: link, memberName: from.name, text }))
    await world.until('a request', () => to.life.direct.requests().length > 0)
    const [request] = to.life.direct.requests()
    assert.ok(request)
    await world.done('accepting', to.life.direct.accept(request.id, to.name))
    await world.until('both are in it', () => factsOf(from, community)?.direct?.joined === true)
    return community
  }
  const reads = (one: Someone, id: CommunityId, ...texts: string[]) =>
    world.until(`${one.name} reads ${texts}`, () => textsOf(one, id).join() === texts.join())
  const say = (one: Someone, id: CommunityId, text: string) =>
    world.done('a message', one.life.chat.send(id, { channel: generalChannel, text }))
  return { world, laptop, desktop, ben, pair, talk, reads, say }
}

function textsOf(someone: Someone, id: CommunityId): string[] {
  return factsOf(someone, id)?.state === undefined ? [] : read(someone, id).map(({ text }) => text)
}

const blockedOf = (someone: Someone) => someone.life.direct.blocked().map(({ person }) => person)
const isOpen = (someone: Someone, id: CommunityId) => factsOf(someone, id)?.phase === 'open'

test('a conversation that one computer has opened is on the other, and both write as the person', async (t) => {
  const { world, laptop, desktop, ben, pair, talk, reads, say } = await worldOf(t)
  await pair(laptop, desktop)
  const id = await talk(laptop, ben, 'Is the boat still for sale?')
  await world.until('the desktop has it', () => isOpen(desktop, id))
  assert.deepEqual(factsOf(desktop, id)?.direct, {
    ...{ with: ben.identity.did, name: 'Ben', joined: true, blocked: false },
  })
  await reads(desktop, id, 'Is the boat still for sale?')
  await say(desktop, id, 'I ask from my desktop')
  await say(ben, id, 'It is')
  for (const one of [laptop, desktop, ben]) {
    await world.until('all is there', () => textsOf(one, id).length === 3)
  }
  const [, second] = read(ben, id)
  assert.equal(second?.person, laptop.identity.did)
  assert.equal(factsOf(ben, id)?.state?.members.size, 2)
  const { devices } = factsOf(ben, id)?.state?.members.get(laptop.identity.did) ?? { devices: [] }
  assert.deepEqual(
    devices.map(({ state }) => state),
    ['active', 'active'],
  )
})

test('a computer that comes later has what there is, and one that was away hears of it when it is back', async (t) => {
  const { world, laptop, desktop, ben, pair, talk, reads } = await worldOf(t)
  const first = await talk(ben, laptop, 'before')
  await pair(laptop, desktop)
  await reads(desktop, first, 'before')
  await desktop.crash()
  const cem = await world.person('Cem')
  const second = await talk(laptop, cem, 'meanwhile')
  await world.pass(3_600_000)
  await laptop.crash()
  await laptop.restart()
  await desktop.restart()
  await reads(desktop, second, 'meanwhile')
  const group = await world.done('founding', desktop.life.communities.found({ name: 'Garden', memberName: 'Ann' }))
  await world.until('groups come, too', () => isOpen(laptop, group.id))
})

test('who is blocked on one computer is blocked on the other, and so is the end of it; the last word counts', async (t) => {
  const { world, laptop, desktop, ben, pair, talk, say } = await worldOf(t)
  await pair(laptop, desktop)
  const id = await talk(laptop, ben)
  await world.until('the desktop has it', () => isOpen(desktop, id))
  await world.done('blocking', desktop.life.direct.block(ben.identity.did))
  await world.until('the laptop knows', () => blockedOf(laptop).includes(ben.identity.did))
  assert.equal(laptop.life.direct.blocked()[0]?.name, 'Ben')
  assert.equal(factsOf(laptop, id)?.direct?.blocked, true)
  await say(ben, id, 'Why?')
  await world.pass(60_000)
  assert.equal(textsOf(laptop, id).includes('Why?'), false)

  // Apart, each decides: the later one counts on both.
  world.net.split([[laptop.peerId], [desktop.peerId, ben.peerId]])
  await world.pass(30_000)
  await world.done('unblocking', laptop.life.direct.unblock(ben.identity.did))
  await world.pass(1_000)
  const cem = await world.person('Cem')
  await world.done('blocking', desktop.life.direct.block(cem.identity.did))
  world.net.heal()
  await world.until('both say the same', () => blockedOf(desktop).join() === cem.identity.did, 1_800_000)
  await world.until('both say the same', () => blockedOf(laptop).join() === cem.identity.did, 1_800_000)
  for (const one of [laptop, desktop]) {
    await world.until('it goes on', () => textsOf(one, id).includes('Why?'), 1_800_000)
  }
  assert.deepEqual(laptop.life.direct.blockChanges(), desktop.life.direct.blockChanges())
})

test('what was deleted on a computer is not brought back to it', async (t) => {
  const { world, laptop, desktop, ben, pair, talk } = await worldOf(t)
  await pair(laptop, desktop)
  const id = await talk(laptop, ben)
  await world.until('the desktop has it', () => isOpen(desktop, id))
  await world.done('deleting', desktop.life.communities.forget(id))
  await desktop.crash()
  await desktop.restart()
  const other = await world.person('Cem')
  const second = await talk(laptop, other)
  await world.until('others come', () => isOpen(desktop, second), 1_800_000)
  assert.equal(factsOf(desktop, id), undefined)
  assert.ok(isOpen(laptop, id))
})

test('a computer that was removed hears nothing more', async (t) => {
  const { world, laptop, desktop, ben, pair, talk } = await worldOf(t)
  await pair(laptop, desktop)
  const id = await talk(laptop, ben)
  await world.until('the desktop has it', () => isOpen(desktop, id))
  const device = factsOf(laptop, id)?.self?.devices.find(({ peerId }) => peerId === desktop.peerId)?.device
  await world.done('removing', laptop.life.communities.removeDevice(id, device as DeviceId))
  await world.until('it knows', () => factsOf(desktop, id)?.phase === 'removed')
  const cem = await world.person('Cem')
  const second = await talk(laptop, cem)
  await world.done('blocking', laptop.life.direct.block(cem.identity.did))
  await world.pass(3_600_000)
  assert.equal(factsOf(desktop, second), undefined)
  assert.deepEqual(desktop.life.direct.blocked(), [])
})

test('nobody else is told anything, not even who claims to be a device of the person', async (t) => {
  const { world, laptop, desktop, ben, talk } = await worldOf(t)
  const id = await talk(laptop, ben)
  // The desktop has the person’s key and a good certificate, but nobody has added it.
  desktop.life.own.remember(laptop.peerId)
  ben.life.own.remember(laptop.peerId)
  laptop.life.own.remember(ben.peerId)
  await world.pass(3_600_000)
  assert.equal(factsOf(desktop, id), undefined)
  assert.equal(factsOf(laptop, id)?.self?.devices.length, 1)
  assert.deepEqual(
    laptop.life.network.blames.map(({ blame }) => blame).filter(({ verdict }) => verdict === 'reject'),
    [],
  )
})
