// Keepers of conversations in a simulated network: by agreement, without anybody naming one.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createTogetherWorld, factsOf, read, type Someone } from '../../../test/sim/together-world.ts'
import { generalChannel } from '../../apps/chat/core.ts'
import { concatBytes } from '../../base/bytes.ts'
import type { CommunityId } from '../../log/types.ts'
import { askBytesMax, conversationBytesMax } from './limits.ts'
import { encodeAsk, keepProtocol } from './wire.ts'

async function worldOf(t: TestContext) {
  const world = createTogetherWorld(t.name)
  t.after(() => world.stop())
  const [ann, ben, box] = [await world.person('Ann'), await world.person('Ben'), await world.person('Box')]
  const meet = (one: Someone, other: Someone) => {
    const address = { peerId: other.peerId, addresses: [`/sim/${other.peerId}`] }
    return world.done('meeting', one.life.network.connect(address, { source: 'link' }))
  }
  const agree = async (person: Someone, bytes = 10 * conversationBytesMax) => {
    person.agreed.keepers.push(box.peerId)
    box.agreed.persons.set(person.identity.did, bytes)
    await meet(person, box)
    person.life.keeping.changed()
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
  const say = (one: Someone, id: CommunityId, text: string) =>
    world.done('a message', one.life.chat.send(id, { channel: generalChannel, text }))
  const send = async (from: Someone, bytes: Uint8Array) => {
    const stream = await world.done('a stream', from.life.network.openStream(box.peerId, keepProtocol))
    stream.send(bytes)
    void stream.close().catch(() => {})
    const chunks: Uint8Array[] = []
    const drain = async () => {
      for await (const chunk of stream.incoming) chunks.push(Uint8Array.from(chunk))
    }
    await world.done(
      'the answer',
      drain().catch(() => {}),
    )
    return concatBytes(...chunks)
  }
  return { world, ann, ben, box, agree, talk, say, meet, send }
}

const phase = (one: Someone, id: CommunityId) => factsOf(one, id)?.phase
const keepers = (one: Someone, id: CommunityId) => factsOf(one, id)?.state?.keepers.length ?? 0
const texts = (one: Someone, id: CommunityId) =>
  factsOf(one, id)?.state === undefined ? [] : read(one, id).map(({ text }) => text)

test('two who are never online together reach each other through a keeper that one of them has by agreement', async (t) => {
  const { world, ann, ben, box, agree, talk, say } = await worldOf(t)
  await agree(ann)
  const id = await talk(ann, ben)
  await world.until('it is held', () => phase(box, id) === 'keeping', 3_600_000)
  await world.until('both know', () => keepers(ann, id) === 1 && keepers(ben, id) === 1, 3_600_000)
  assert.equal(factsOf(box, id)?.state, undefined)
  await ben.crash()
  await say(ann, id, 'Are you there?')
  const all = factsOf(ann, id)?.counts.entries ?? 0
  await world.until('the keeper has it', () => (factsOf(box, id)?.counts.entries ?? 0) >= all, 3_600_000)
  await ann.crash()
  await ben.restart()
  await world.until('Ben reads it', () => texts(ben, id).includes('Are you there?'), 3_600_000)
  await say(ben, id, 'Only at night')
  const more = factsOf(ben, id)?.counts.entries ?? 0
  await world.until('the keeper has it', () => (factsOf(box, id)?.counts.entries ?? 0) >= more, 3_600_000)
  await ben.crash()
  await ann.restart()
  await world.until('Ann reads it', () => texts(ann, id).includes('Only at night'), 3_600_000)
})

test('what there is already is held once it was agreed, and let go of when that is over', async (t) => {
  const { world, ann, ben, box, agree, talk } = await worldOf(t)
  const id = await talk(ann, ben)
  await agree(ben)
  await world.until('it is held', () => phase(box, id) === 'keeping', 3_600_000)
  await world.until('both know', () => keepers(ann, id) === 1, 3_600_000)
  await box.crash()
  await box.restart()
  assert.equal(phase(box, id), 'keeping')
  box.agreed.persons.clear()
  box.life.keeping.changed()
  await world.until('it is gone', () => phase(box, id) === undefined)
})

test('nonsense costs the connection', async (t) => {
  const { world, ann, ben, box, meet, send } = await worldOf(t)
  box.agreed.persons.set(ann.identity.did, conversationBytesMax)
  const blames = () => box.life.network.blames.map(({ blame }) => blame.code)
  const foreign = encodeAsk({ certificate: ben.identity.deviceCertificate, conversations: [] })
  for (const [bytes, code] of [
    [foreign, 'keeping_certificate_wrong'],
    [foreign.slice(1), 'keeping_malformed'],
    [new Uint8Array(askBytesMax + 1), 'keeping_too_long'],
  ] as const) {
    await world.pass(120_000)
    await meet(ann, box)
    assert.equal((await send(ann, bytes)).length, 0)
    assert.equal(blames().at(-1), code)
  }
})
