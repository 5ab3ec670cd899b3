// What no table of single faults shows: entries that a community's programs can't make anything of, and a member whose entries
// are wrong in every way, while the others go on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceIdOf } from '../../src/log/ids.ts'
import { authorOfSeed, handOf } from '../../src/log/testing.ts'
import type { CommunityId, CommunityLog, KeyId } from '../../src/log/types.ts'
import { createTogetherWorld, factsOf, type Someone, type TogetherWorld } from './together-world.ts'

function logOf(someone: Someone, id: CommunityId): CommunityLog {
  const log = someone.life.logs.get(id)
  assert.ok(log !== undefined)
  return log
}

async function join(world: TogetherWorld, host: Someone, id: CommunityId, name: string): Promise<Someone> {
  const someone = await world.person(name)
  const { link } = await world.done('an invitation', host.life.communities.invite(id, {}))
  await world.done(`${name} joins`, someone.life.communities.join(link, { memberName: name }))
  return someone
}

async function village(seed: string) {
  const world = createTogetherWorld(seed)
  const ada = await world.person('Ada')
  const { id } = await world.done('a founding', ada.life.communities.found({ name: 'Us', memberName: 'Ada' }))
  return { world, id, ada, ben: await join(world, ada, id, 'Ben') }
}

/** Two who understand each other say something and hear it. */
async function talk(world: TogetherWorld, id: CommunityId, from: Someone, to: Someone, text: string): Promise<void> {
  const heard: unknown[] = []
  const off = to.life.communities.on((event) => {
    if (event.type === 'entries') heard.push(...event.entries.map(({ body }) => body))
  })
  await world.done('a note', from.life.communities.append(id, 'notes', 'note', text))
  await world.until(`“${text}” arrives`, () => heard.includes(text), 60_000)
  off()
}

test('entries of an app and of kinds that nobody here knows are kept, ignored and passed on', async () => {
  const { world, id, ada, ben } = await village('unknown')
  const { entry } = await world.done('an entry', ben.life.communities.append(id, 'later', 'thing', { any: [1, 'x'] }))
  const chat = await world.done('an entry', ben.life.communities.append(id, 'chat', 'hologram', { of: 'a cat' }))
  await world.until('Ada has them', () => logOf(ada, id).has(entry.id) && logOf(ada, id).has(chat.entry.id))
  await ben.crash()

  // Whoever comes later has them from Ada, whose program knows nothing of them.
  const cem = await join(world, ada, id, 'Cem')
  await world.until('Cem has them', () => logOf(cem, id).has(entry.id) && logOf(cem, id).has(chat.entry.id), 60_000)
  await talk(world, id, ada, cem, 'and we go on')
  const said: unknown[] = []
  const list = async () => {
    for await (const audited of cem.life.communities.entries(id, { signal: new AbortController().signal })) {
      if (audited.stored.entry.id === entry.id) said.push(audited.said, audited.voided)
    }
  }
  await world.done('the export', list())
  assert.deepEqual(
    said,
    [{ app: 'later', kind: 'thing', body: { any: [1, 'x'] } }, undefined],
    'a later program reads it',
  )
  await world.stop()
})

test('a member whose program writes what opens nowhere, under a key that nobody made, with a far time: others go on', async () => {
  const { world, id, ada, ben } = await village('nonsense')
  const cem = await join(world, ada, id, 'Cem')
  const log = logOf(ben, id)
  const device = deviceIdOf(ben.identity.deviceKey)
  await world.until('Ada has Ben’s', () => (logOf(ada, id).vector().get(device) ?? 0) === log.vector().get(device))
  const founding = log.entriesAfter(0, 1)[0]?.entry
  const last = log.at(device, log.vector().get(device) ?? 0)
  assert.ok(founding !== undefined && last !== undefined)
  const hand = handOf(authorOfSeed(ben.identity.deviceSeed), founding, last)
  const nowMs = world.clock.nowMs()
  const epoch = last.epoch
  // Everything that the log can't tell from something sensible.
  const written = [
    hand.write([], { nowMs, fields: { sealed: new Uint8Array(0), epoch } }),
    hand.write([], { nowMs, fields: { key: 'ee'.repeat(16) as KeyId, epoch } }),
    hand.write([], {
      nowMs,
      fields: { lane: 0, boxes: new Uint8Array(57), sealed: new Uint8Array(5), epoch: epoch + 1 },
    }),
    hand.write([], { nowMs, fields: { boxes: new Uint8Array(20_000).fill(7), epoch: epoch + 1 } }),
    hand.write([], { nowMs: nowMs + 200_000, fields: { sealed: new Uint8Array(60_000), epoch: epoch + 1 } }),
  ]
  const results = await world.done('storing', log.receive(written.map(({ bytes }) => bytes)))
  assert.ok(results.every(({ how }) => how === 'stored'))
  const held = () => [ada, cem].every((one) => logOf(one, id).vector().get(device) === hand.last?.seq)
  await world.until('the others have it all', held, 60_000)
  await talk(world, id, ada, cem, 'never mind')
  await talk(world, id, cem, ada, 'quite')
  await world.done('a removal', ada.life.communities.removeMember(id, ben.identity.did))
  const isOut = () => factsOf(cem, id)?.state?.members.get(ben.identity.did)?.state === 'removed'
  await world.until('Cem knows', isOut, 60_000)
  await talk(world, id, cem, ada, 'without Ben')
  for (const someone of [ada, cem]) assert.ok(!someone.warnings.some((code) => code.endsWith('_defect')))
  await world.stop()
})
