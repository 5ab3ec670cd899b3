// Entries that count no longer, count again, or count with other rights: the view that is changed for them is the one that
// is made anew from what counts, down to what waits for what. The slow and obvious way is the rebuild.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  assertLikeRebuilt,
  type Computer,
  community,
  createWorld,
  dump,
  roleMay,
  shuffled,
  type World,
} from '../../../test/support/chat.ts'
import { live, populate } from '../../../test/support/chat-actions.ts'
import type { OpenedEntry } from '../../community/types.ts'
import type { CommunityId, EntryId } from '../../log/types.ts'
import { generalChannel } from './core.ts'
import { forgottenTogetherMax, retractedTogetherMax } from './limits.ts'
import { openView } from './view.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 })

/** As which an entry counts; undefined: it does not. */
type Verdicts = Map<number, OpenedEntry | undefined>

/** What acts upon the community may do to verdicts: of one's entries, from some number on, or of some here and there. */
function judgeOtherwise(world: World, one: Computer, verdicts: Verdicts): OpenedEntry[] {
  const { random } = world
  const device = random.pick(world.computers).device
  const own = one.entries.filter((entry) => entry.entry.device === device)
  const from = random.below(own.length + 1)
  const hit = random.below(3) === 0 ? one.entries.filter(() => random.below(8) === 0) : own.slice(from)
  const how = random.below(3)
  const role = random.pick(['guest', 'member', 'owner'])
  return hit.filter((entry) => {
    const was = verdicts.get(entry.arrival)
    const is = how === 0 ? undefined : how === 1 ? entry : { ...entry, may: (name: string) => roleMay(role, name) }
    verdicts.set(entry.arrival, is)
    return was !== is
  })
}

/** As the projection of a room does it. */
function rejudge(one: Computer, changed: readonly OpenedEntry[], before: Verdicts, after: Verdicts): void {
  const were = changed.flatMap((entry) => before.get(entry.arrival) ?? [])
  const again = one.reducer.retract(were)
  assert.ok(again !== undefined)
  const arrivals = new Set([...again, ...changed.map(({ arrival }) => arrival)])
  one.reducer.apply([...arrivals].sort((a, b) => a - b).flatMap((arrival) => after.get(arrival) ?? []))
}

const counting = (verdicts: Verdicts) => [...verdicts.values()].filter((entry) => entry !== undefined)

test('whatever counts otherwise, the view is what a rebuild makes', async () => {
  const met = { changed: 0, voided: 0, messages: 0 }
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const world = populate(createWorld(`retract ${seed}`))
      await live(world, 70)
      world.sync()
      for (const one of world.computers) {
        const verdicts: Verdicts = new Map(one.entries.map((entry) => [entry.arrival, entry]))
        for (let turn = 0; turn < 4; turn++) {
          const before = new Map(verdicts)
          const changed = judgeOtherwise(world, one, verdicts)
          met.changed += changed.length
          met.voided += changed.filter(({ arrival }) => verdicts.get(arrival) === undefined).length
          rejudge(one, changed, before, verdicts)
          assertLikeRebuilt(one.database, one.viewOf(shuffled(world.random, counting(verdicts))), `turn ${turn}`)
          met.messages += one.database.prepare('SELECT 1 FROM chat_messages').all().length
        }
        // In the end all of it counts as at first: nothing was lost on the way.
        const before = new Map(verdicts)
        for (const entry of one.entries) verdicts.set(entry.arrival, entry)
        const changed = one.entries.filter((entry) => before.get(entry.arrival) !== entry)
        rejudge(one, changed, before, verdicts)
        assertLikeRebuilt(one.database, one.viewOf(one.entries), 'in the end')
      }
    }),
    { numRuns: 20, seed: 21 },
  )
  assert.ok(met.changed > 1_000 && met.voided > 500 && met.messages > 1_500, JSON.stringify(met))
})

test('taking back what did nothing, and taking back twice, changes nothing that counts', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const world = populate(createWorld(`twice ${seed}`))
      await live(world, 50)
      world.sync()
      for (const one of world.computers) {
        const verdicts: Verdicts = new Map(one.entries.map((entry) => [entry.arrival, entry]))
        const before = new Map(verdicts)
        const changed = judgeOtherwise(world, one, verdicts)
        rejudge(one, changed, before, verdicts)
        const view = dump(one.database)
        // As after a stop in the middle: done again from the beginning.
        rejudge(one, changed, before, verdicts)
        assert.deepEqual(dump(one.database), view)
      }
    }),
    { numRuns: 10, seed: 22 },
  )
})

test('a channel with very many messages is rather made anew as a whole', async () => {
  const world = createWorld('too much')
  const ada = world.computer(world.add('ada', 'owner'))
  const message = (await ada.chat.send(community, { channel: generalChannel, text: 'root' })).id
  const target = Buffer.from(message, 'hex')
  for (let count = 0; count <= retractedTogetherMax; count++) {
    await ada.forge('react', { target, emoji: '👍', on: count % 2 === 0 })
  }
  const root = ada.entries.filter(({ entry }) => entry.id === message)
  assert.equal(ada.reducer.retract(root), undefined)
})

test('a community is forgotten in parts, and nothing else with it', async () => {
  const world = createWorld('forgotten')
  const ada = world.computer(world.add('ada', 'owner'))
  for (let count = 0; count < 2 * forgottenTogetherMax; count++) {
    await ada.forge('message', { channel: new Uint8Array(16), text: `word${count}` })
  }
  const target = Buffer.from(ada.entries[0]?.entry.id ?? '', 'hex')
  await ada.forge('react', { target, emoji: '👍', on: true })
  await ada.forge('mute', { person: ada.person, until: 1, reason: 'test' })
  const other = 'd0'.repeat(32) as CommunityId
  const elsewhere = ada.entries.map((entry): OpenedEntry => {
    const id = entry.entry.id.split('').reverse().join('') as EntryId
    return { ...entry, community: other, arrival: entry.arrival + 1_000_000, entry: { ...entry.entry, id } }
  })
  const database = new DatabaseSync(':memory:')
  const { reducer } = openView({ database, keys: { open: () => undefined }, self: () => ada.person })
  reducer.prepare?.(other)
  reducer.apply(elsewhere)
  const alone = dump(database)
  reducer.prepare?.(community)
  reducer.apply(ada.entries)
  let parts = 1
  while (!reducer.reset(community)) parts += 1
  assert.equal(parts, 3, 'two parts, and the look that finds nothing')
  assert.deepEqual(dump(database), alone)
})
