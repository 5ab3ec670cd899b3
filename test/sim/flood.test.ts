// One member floods a community as fast as it can: the others go on as if nothing were, hold no more of it than its role
// allows, and can remove it. Whole logs, rooms and exchange in seeded worlds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adminAllowance, guestAllowance, memberAllowance } from '../../src/community/limits.ts'
import { deviceIdOf } from '../../src/log/ids.ts'
import type { Allowance, CommunityId, CommunityLog, Entry } from '../../src/log/types.ts'
import { createTogetherWorld, factsOf, type Someone, type TogetherWorld } from './together-world.ts'

const everything: Allowance = { perMinute: 1e9, burst: 1e9, share: 1, group: undefined }

function logOf(someone: Someone, id: CommunityId): CommunityLog {
  const log = someone.life.logs.get(id)
  assert.ok(log !== undefined)
  return log
}

const heldOf = (holder: Someone, author: Someone, id: CommunityId) =>
  logOf(holder, id).vector().get(deviceIdOf(author.identity.deviceKey)) ?? 0

/** A program that keeps no pace of its own. */
function letLoose(someone: Someone, id: CommunityId): CommunityLog {
  const log = logOf(someone, id)
  log.allow({ devices: new Map(), others: everything })
  log.allow = () => {}
  return log
}

/** Entries that open nowhere, under the key in use, as fast as they can be written. */
async function flood(world: TogetherWorld, someone: Someone, id: CommunityId, count: number): Promise<void> {
  const log = logOf(someone, id)
  const key = factsOf(someone, id)?.state?.keys.at(-1)
  assert.ok(key !== undefined)
  const draft = {
    epoch: key.epoch,
    key: key.key,
    lane: 1,
    boxes: new Uint8Array(0),
    seal: () => new Uint8Array(100),
  } as const
  const write = async () => {
    for (let left = count; left > 0; left -= 500) {
      const part = Array.from({ length: Math.min(500, left) }, () => log.append(draft))
      await Promise.all<Entry>(part)
    }
  }
  await world.done('a flood', write(), 3_600_000)
}

async function village(seed: string, roles: Readonly<Record<string, string>>) {
  const world = createTogetherWorld(seed)
  const ada = await world.person('Ada')
  const { communities } = ada.life
  const { id } = await world.done('a founding', communities.found({ name: 'Us', memberName: 'Ada' }))
  const people: Record<string, Someone> = { Ada: ada }
  for (const [name, role] of Object.entries(roles)) {
    const someone = await world.person(name)
    const { link } = await world.done('an invitation', communities.invite(id, { role }))
    await world.done(`${name} joins`, someone.life.communities.join(link, { memberName: name }))
    people[name] = someone
  }
  await world.until('all know all', () =>
    Object.values(people).every((someone) => {
      const state = factsOf(someone, id)?.state
      return state?.members.size === Object.keys(people).length
    }),
  )
  for (const someone of Object.values(people)) readAlong(someone)
  const person = (name: string) => people[name] ?? assert.fail(`there is no ${name}`)
  return { world, id, person }
}

/** What each has read: entries of an app that nobody here has. */
const notes = new WeakMap<Someone, string[]>()

const say = (someone: Someone, id: CommunityId, text: string) =>
  someone.life.communities.append(id, 'notes', 'note', text)

const reads = (someone: Someone, text: string) => notes.get(someone)?.includes(text) === true

function readAlong(someone: Someone): void {
  const read: string[] = []
  notes.set(someone, read)
  someone.life.communities.on((event) => {
    if (event.type !== 'entries') return
    for (const { app, body } of event.entries) if (app === 'notes') read.push(String(body))
  })
}

for (const [role, allowance] of [
  ['guest', guestAllowance],
  ['member', memberAllowance],
] as const) {
  test(`a ${role} floods: the others talk on, and hold no more of it than a ${role} may write`, async () => {
    const { world, id, person } = await village(`flood ${role}`, { Ben: role, Cem: 'member', Dor: 'member' })
    const [ada, ben, cem, dor] = [person('Ada'), person('Ben'), person('Cem'), person('Dor')]
    letLoose(ben, id)
    const startedMs = world.clock.monotonicMs()
    const written = allowance.burst + 2_000
    await flood(world, ben, id, written)

    for (const [number, [author, reader]] of [
      [cem, dor],
      [dor, ada],
      [ada, cem],
    ].entries()) {
      assert.ok(author !== undefined && reader !== undefined)
      await world.done('a message', say(author, id, `message ${number}`))
      const sentMs = world.clock.monotonicMs()
      await world.until('it arrives', () => reads(reader, `message ${number}`), 60_000)
      assert.ok(world.clock.monotonicMs() - sentMs < 2_000, 'in time')
      await flood(world, ben, id, 200)
    }
    await world.pass(120_000)
    const minutes = (world.clock.monotonicMs() - startedMs) / 60_000
    for (const someone of [ada, cem, dor]) {
      const held = heldOf(someone, ben, id)
      // What wrote itself before, and a minute of clocks.
      assert.ok(held <= allowance.burst + (minutes + 1) * allowance.perMinute + 10, `${someone.name} holds ${held}`)
      assert.ok(held >= allowance.burst - 50, 'and what he may write, they have')
      assert.ok(someone.warnings.includes('device_too_fast'))
    }
    // He is not cut off: as time passes more of it comes.
    const before = heldOf(cem, ben, id)
    await world.pass(30 * 60_000)
    assert.ok(heldOf(cem, ben, id) > before, 'deferred, not refused for ever')

    // And can be removed; what he floods with afterwards goes nowhere.
    await world.done('a removal', ada.life.communities.removeMember(id, ben.identity.did))
    await world.until('Ben is out', () => factsOf(dor, id)?.state?.members.get(ben.identity.did)?.state === 'removed')
    await world.done('a message', say(cem, id, 'quiet again'))
    await world.until('it arrives', () => reads(dor, 'quiet again') && reads(ada, 'quiet again'), 60_000)
    await world.stop()
  })
}

test('a guest’s pace is lower than a member’s, and that lower than an admin’s', () => {
  assert.ok(guestAllowance.perMinute < memberAllowance.perMinute && guestAllowance.burst < memberAllowance.burst)
  assert.ok(memberAllowance.perMinute < adminAllowance.perMinute && memberAllowance.share < adminAllowance.share)
})

test('who wrote 500 messages in a day without anybody comes back with all of them at once', async () => {
  const { world, id, person } = await village('offline', { Ben: 'guest', Cem: 'member' })
  const [ada, ben, cem] = [person('Ada'), person('Ben'), person('Cem')]
  world.net.split([[ben.peerId], [ada.peerId, cem.peerId]])
  for (let hour = 0; hour < 20; hour++) {
    const said = Array.from({ length: 25 }, (_, number) => say(ben, id, `offline ${hour * 25 + number}`))
    await world.done('messages', Promise.all(said))
    await world.pass(60 * 60_000)
  }
  world.net.heal()
  ben.life.sync.nudge(id)
  await world.until('all arrive', () => reads(ada, 'offline 499') && reads(cem, 'offline 499'), 120_000)
  assert.equal(notes.get(cem)?.length, 500)
  assert.ok(!cem.warnings.includes('device_too_fast'))
  await world.stop()
})
