import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerId } from '../../network/types.ts'
import { mergeBlocks } from '../direct/core.ts'
import { futureMsMax, unblockedMax } from '../direct/limits.ts'
import { createDirectStore } from '../direct/store.ts'
import type { BlockChange } from '../direct/types.ts'
import type { CommunityFacts, Device } from '../types.ts'
import { companionsOf, isOffered } from './core.ts'
import { devicesRememberedMax, putAwayMax } from './limits.ts'
import { createOwnStore } from './store.ts'

const here = 'here' as PeerId
const ann = 'did:key:ann' as PersonDid

/** A community in which this person has these devices. */
function house(devices: Readonly<Record<string, Device['state']>>, more: object = {}): CommunityFacts {
  const listed = Object.entries(devices).map(([peerId, state]) => ({ peerId, state }))
  const self = { state: 'active', devices: listed }
  return { phase: 'open', self, state: { purpose: 'group' }, ...more } as unknown as CommunityFacts
}

const conversation = { state: { purpose: 'direct' }, direct: { with: ann, joined: true } }
const companions = (facts: CommunityFacts[], ...remembered: string[]) =>
  [...companionsOf(facts, new Set(remembered as PeerId[]), here)].sort()

test('a computer is the person’s where a community says so, or where it was added and none says otherwise', () => {
  assert.deepEqual(companions([]), [])
  assert.deepEqual(companions([], 'desktop', here), ['desktop'])
  assert.deepEqual(companions([house({ here: 'active', desktop: 'active' })]), ['desktop'])
  assert.deepEqual(companions([house({ desktop: 'removed' })], 'desktop'), [])
  assert.deepEqual(companions([house({ desktop: 'forked' })], 'desktop'), [])
  // An admin of a group may have removed it there alone …
  assert.deepEqual(companions([house({ desktop: 'removed' }), house({ desktop: 'active' })]), ['desktop'])
  // … in a conversation of two only the person can.
  assert.deepEqual(companions([house({ desktop: 'removed' }, conversation), house({ desktop: 'active' })]), [])
  // What one has left, or another person takes part in, says nothing.
  assert.deepEqual(companions([house({ desktop: 'active' }, { phase: 'left' })]), [])
  assert.deepEqual(companions([house({ desktop: 'active' }, { otherPerson: true })]), [])
})

test('only what this person takes part in is offered, a conversation once the other has come', () => {
  assert.ok(isOffered(house({})))
  assert.ok(isOffered(house({}, conversation)))
  assert.ok(!isOffered(house({}, { direct: { with: ann, joined: false } })))
  for (const more of [{ phase: 'joining' }, { phase: 'keeping' }, { phase: 'left' }, { otherPerson: true }]) {
    assert.ok(!isOffered(house({}, more)))
  }
})

const person = (at: number) => `did:key:${at}` as PersonDid
const change: fc.Arbitrary<BlockChange> = fc.record(
  {
    person: fc.nat({ max: 3 }).map(person),
    name: fc.constantFrom('', 'Ben', 'Benjamin'),
    ms: fc.nat({ max: 6 }),
    blocked: fc.boolean(),
  },
  { noNullPrototype: true },
)

test('however changes reach computers, in whatever order and how often, all come to the same', () => {
  const take = (known: ReadonlyMap<PersonDid, BlockChange>, others: readonly BlockChange[]) => {
    const merged = new Map(known)
    // One after another: a list names each person once.
    for (const one of others) for (const later of mergeBlocks(merged, [one], 100)) merged.set(later.person, later)
    return merged
  }
  const sorted = (map: ReadonlyMap<PersonDid, BlockChange>) =>
    [...map.values()].sort((a, b) => (a.person < b.person ? -1 : 1))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), fc.array(change, { maxLength: 12 }), (one, other) => {
      const a = take(new Map(), one)
      const b = take(new Map(), other)
      const both = sorted(take(a, [...b.values()]))
      assert.deepEqual(sorted(take(b, [...a.values()])), both)
      assert.deepEqual(sorted(take(new Map(), [...other, ...one, ...other])), both)
      assert.deepEqual(mergeBlocks(new Map(both.map((row) => [row.person, row])), both, 100), [])
    }),
    { seed: 5, numRuns: 300 },
  )
})

test('the last word counts; of two at once the one that blocks; one that lies ahead waits', () => {
  const row = { person: person(1), name: '', ms: 10, blocked: false }
  const known = new Map([[row.person, row]])
  const block = { ...row, blocked: true }
  assert.deepEqual(mergeBlocks(known, [{ ...block, ms: 9 }], 100), [])
  assert.deepEqual(mergeBlocks(known, [block], 100), [block])
  const ahead = { ...block, ms: 101 + futureMsMax }
  assert.deepEqual(mergeBlocks(known, [ahead], 100), [])
  assert.deepEqual(mergeBlocks(known, [ahead], 101), [ahead])
})

test('what is remembered is bounded, the oldest goes first; of who is blocked none goes', () => {
  const database = new DatabaseSync(':memory:')
  const store = createOwnStore(database)
  for (let at = 0; at <= devicesRememberedMax; at++) store.remember(ann, `peer ${at}` as PeerId, at)
  assert.equal(store.devices(ann).size, devicesRememberedMax)
  assert.ok(!store.devices(ann).has('peer 0' as PeerId))
  assert.equal(store.devices(person(1)).size, 0)
  const id = (at: number) => `community ${at}` as CommunityId
  for (let at = 0; at <= putAwayMax; at++) store.putAway(ann, id(at), at)
  assert.ok(!store.isPutAway(ann, id(0)) && store.isPutAway(ann, id(1)) && !store.isPutAway(person(1), id(1)))
  store.takeUp(ann, id(1))
  assert.ok(!store.isPutAway(ann, id(1)))

  const direct = createDirectStore(database)
  direct.putBlockChange(ann, { person: person(-1), name: '', ms: 0, blocked: true })
  database.exec(`WITH RECURSIVE counted (at) AS (SELECT 0 UNION ALL SELECT at + 1 FROM counted WHERE at < ${unblockedMax - 1})
    INSERT INTO direct_blocks (self, person, name, since_ms, blocked)
    SELECT '${ann}', 'did:key:' || at, '', at, 0 FROM counted`)
  direct.putBlockChange(ann, { person: person(unblockedMax), name: '', ms: unblockedMax, blocked: false })
  assert.equal(direct.blockChanges(ann).length, unblockedMax + 1)
  assert.equal(direct.blockChange(ann, person(0)), undefined)
  assert.deepEqual(direct.blocks(ann), [{ person: person(-1), name: '', sinceMs: 0 }])
  database.close()
})
