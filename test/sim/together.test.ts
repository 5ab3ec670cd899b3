// Communities as a whole, in seeded worlds: random acts by random people on a network that splits and heals, with crashes;
// afterwards all who are members agree on everything, and whoever was removed reads nothing that came after.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generalChannel } from '../../src/apps/chat/core.ts'
import { isPeerhoodError } from '../../src/base/errors.ts'
import type { CommunityId } from '../../src/log/types.ts'
import { assertLikeRebuilt } from '../support/chat.ts'
import {
  agreement,
  createTogetherWorld,
  factsOf,
  read,
  type Someone,
  type TogetherWorld,
  viewMadeAnew,
} from './together-world.ts'

const seeds = Number(process.env.SIM_SEEDS ?? 12)
const firstSeed = Number(process.env.SIM_FIRST ?? 1)

interface Story {
  readonly world: TogetherWorld
  readonly id: CommunityId
  /** Texts, with who had been removed when they were written, as their authors saw it. */
  readonly written: { readonly text: string; readonly without: ReadonlySet<string> }[]
}

/** What a person tries; refusals in words are part of life, defects are not. */
async function attempt(world: TogetherWorld, what: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await world.done(what, work())
    return true
  } catch (error) {
    if (isPeerhoodError(error) && error.kind !== 'internal') return false
    throw error
  }
}

function removedIn(someone: Someone, id: CommunityId): Set<string> {
  const members = factsOf(someone, id)?.state?.members.values() ?? []
  return new Set([...members].filter(({ state }) => state === 'removed').map(({ person }) => person))
}

async function send({ world, id, written }: Story, someone: Someone, text: string): Promise<void> {
  const without = removedIn(someone, id)
  const sent = await attempt(world, text, () => someone.life.chat.send(id, { channel: generalChannel, text }))
  if (sent) written.push({ text, without })
}

const isMember = (someone: Someone, id: CommunityId) => factsOf(someone, id)?.self?.state === 'active'

/** One random thing that one of them does. */
async function act(story: Story, number: number): Promise<void> {
  const { world, id } = story
  const { random, net, people } = world
  const up = people.filter((someone) => someone.up)
  const someone = random.pick(up)
  const { communities } = someone.life
  const members = [...(factsOf(someone, id)?.state?.members.values() ?? [])].filter(({ state }) => state === 'active')
  const target = members.length === 0 ? undefined : random.pick(members)
  const dice = random.below(100)
  if (dice < 50) return send(story, someone, `${someone.name} ${number}`)
  if (dice < 60 && target !== undefined && target.person !== someone.identity.did) {
    const role = random.pick(['admin', 'member', 'guest'])
    await attempt(world, 'a role', () => communities.setRole(id, target.person, role))
  } else if (dice < 66 && target !== undefined && target.person !== someone.identity.did) {
    await attempt(world, 'a removal', () => communities.removeMember(id, target.person))
  } else if (dice < 67 && someone !== people[0]) {
    await attempt(world, 'a leave', () => communities.leave(id))
  } else if (dice < 72) {
    await attempt(world, 'a rename', () => communities.rename(id, `${someone.name} ${number}`))
  } else if (dice < 80) {
    const half = people.filter(() => random.below(2) === 0).map(({ peerId }) => peerId)
    net.split([half, people.map(({ peerId }) => peerId).filter((peerId) => !half.includes(peerId))])
  } else if (dice < 88) net.heal()
  else if (dice < 94 && up.length > 1) await someone.crash()
  else for (const one of people) if (!one.up) await one.restart()
  await world.pass(random.below(20_000))
}

async function begin(seed: string): Promise<Story> {
  const world = createTogetherWorld(seed)
  const ada = await world.person('Ada')
  const { communities } = ada.life
  const { id } = await world.done('a founding', communities.found({ name: 'All of us', memberName: 'Ada' }))
  for (const name of ['Ben', 'Cem', 'Dor', 'Eve']) {
    const someone = await world.person(name)
    const { link } = await world.done(
      'an invitation',
      communities.invite(id, { role: name === 'Ben' ? 'admin' : 'member' }),
    )
    await world.done(`${name} joins`, someone.life.communities.join(link, { memberName: name }))
  }
  return { world, id, written: [] }
}

/** Everybody is there and can reach everybody; who is a member has to come to the same. */
async function healAndSettle({ world, id }: Story): Promise<Someone[]> {
  world.net.heal()
  for (const someone of world.people) if (!someone.up) await someone.restart()
  for (const someone of world.people) someone.life.sync.nudge(id)
  // Who was removed while away may not know it yet; the others do.
  const isOut = (someone: Someone) => world.people.some((other) => removedIn(other, id).has(someone.identity.did))
  const members = () => world.people.filter((someone) => isMember(someone, id) && !isOut(someone))
  const agree = () => {
    const [first, ...others] = members().map((someone) => JSON.stringify(agreement(someone, id)))
    return first !== undefined && others.every((other) => other === first)
  }
  const counts = () => new Set(members().map((someone) => factsOf(someone, id)?.counts.entries)).size
  try {
    await world.until('all members have and say the same', () => counts() === 1 && agree(), 3_600_000)
  } catch (error) {
    for (const someone of world.people) {
      const facts = factsOf(someone, id)
      console.log(
        someone.name,
        facts?.phase,
        facts?.counts,
        isMember(someone, id),
        isOut(someone),
        someone.warnings.slice(-5),
        someone.life.sync.status(id)?.peers.map((p) => [p.peerId.slice(-4), p.state, p.weLack, p.theyLack, p.failed]),
        [...(facts?.state?.members.values() ?? [])].map((m) => `${m.name}:${m.state}:${m.role}`),
        someone.peerId.slice(-4),
      )
    }
    throw error
  }
  // Keys that are owed are handed on after a while.
  await world.pass(60_000)
  await world.until('it stays so', () => counts() === 1 && agree(), 3_600_000)
  return members()
}

for (let number = firstSeed; number < firstSeed + seeds; number++) {
  test(`seed ${number}: all members agree, and read the same (SIM_FIRST=${number} SIM_SEEDS=1)`, async () => {
    const story = await begin(`together-${number}`)
    const { world, id, written } = story
    for (let step = 0; step < 60; step++) await act(story, step)
    const members = await healAndSettle(story)
    assert.ok(members.length > 0, 'somebody is left')
    const texts = members.map((someone) => read(someone, id).map(({ id, text, person }) => ({ id, text, person })))
    for (const other of texts) assert.deepEqual(other, texts[0])
    // Whatever counted no longer on the way was taken back as if it had never been.
    for (const someone of members) {
      assertLikeRebuilt(someone.database, await viewMadeAnew(world, someone), someone.name)
    }
    for (const { text, without } of written) {
      for (const someone of world.people) {
        if (!without.has(someone.identity.did) || isMember(someone, id)) continue
        const seen = read(someone, id).some((message) => message.text === text)
        assert.equal(seen, false, `${someone.name}, removed before, reads “${text}”`)
      }
    }
    await world.stop()
  })
}
