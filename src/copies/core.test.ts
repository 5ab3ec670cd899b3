// The author's decisions against keepers of which the truth is known: what is wanted comes to be, nothing is dropped too
// soon, a loss is made good within a minute.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ShareId } from '../content/types.ts'
import type { PeerId } from '../network/types.ts'
import { step } from './core.ts'
import { distrustMs, forgetAfterMs, keepersMax, lostAfterMs, proofEveryMs, refusedPauseMs, stallMs } from './limits.ts'
import { type Standing, standingOf } from './plan-core.ts'
import { createCopiesState, restoreCopy, restoreKeeper } from './state-core.ts'
import { CoreWorld, type CoreWorldOptions } from './testing.ts'

const minuteMs = 60_000

function worldOf(options: Partial<CoreWorldOptions> = {}): CoreWorld {
  return new CoreWorld({ answerMs: () => 20, fillMs: 3_000, ...options })
}

function standings(world: CoreWorld, share: string): Record<string, Standing> {
  const held = world.state.copies.get(share as ShareId) ?? new Map()
  return Object.fromEntries([...held.values()].map((copy) => [copy.peer, standingOf(world.state, copy, world.nowMs)]))
}

const aliveOf = (world: CoreWorld, share: string) =>
  Object.values(standings(world, share)).filter((standing) => standing === 'alive').length

test('two of three keepers get a copy, show it, and count as alive', () => {
  const world = worldOf()
  for (const peer of ['a', 'b', 'c']) world.keeper(peer)
  world.share('photos', 2)
  world.pass(1_000)
  assert.deepEqual(standings(world, 'photos'), { a: 'arriving', b: 'arriving' })
  world.pass(10_000)
  assert.deepEqual(standings(world, 'photos'), { a: 'alive', b: 'alive' })
  assert.deepEqual(world.holders('photos'), ['a', 'b'])
})

test('a copy that is lost without a word is made good within a minute, whenever it happens', () => {
  const property = fc.property(fc.nat(40_000), fc.nat(2_000), (atMs, answerMs) => {
    const world = worldOf({ answerMs: () => answerMs })
    const [first] = ['a', 'b', 'c'].map((peer) => world.keeper(peer))
    assert.ok(first !== undefined)
    world.share('photos', 2)
    world.pass(30_000 + atMs)
    assert.equal(aliveOf(world, 'photos'), 2)
    first.up = false
    world.pass(minuteMs)
    assert.ok(world.keepers.get('c' as PeerId)?.held.has('photos' as ShareId), 'the third has been asked')
  })
  fc.assert(property, { numRuns: 60, seed: 1 })
})

test('a restart of a keeper is no loss', () => {
  const world = worldOf()
  const [first] = ['a', 'b', 'c'].map((peer) => world.keeper(peer))
  world.share('photos', 2)
  world.pass(minuteMs)
  assert.ok(first !== undefined)
  first.up = false
  world.happened({ type: 'disconnected', peer: 'a' as PeerId })
  world.pass(lostAfterMs - 6_000)
  first.up = true
  world.happened({ type: 'connected', peer: 'a' as PeerId })
  world.pass(minuteMs)
  assert.deepEqual(world.holders('photos'), ['a', 'b'])
})

test('when the lost one comes back, the steadier ones stay and the surplus goes', () => {
  const world = worldOf()
  const [first] = ['a', 'b', 'c'].map((peer) => world.keeper(peer))
  world.share('photos', 2)
  world.pass(minuteMs)
  assert.ok(first !== undefined)
  first.up = false
  world.pass(2 * minuteMs)
  assert.deepEqual(standings(world, 'photos'), { a: 'lost', b: 'alive', c: 'alive' })
  first.up = true
  world.happened({ type: 'connected', peer: 'a' as PeerId })
  world.pass(minuteMs)
  assert.deepEqual(standings(world, 'photos'), { b: 'alive', c: 'alive' })
  assert.deepEqual(world.holders('photos'), ['b', 'c'])
})

test('a new version is followed, and shows as behind until it is whole', () => {
  const world = worldOf({ fillMs: 10_000 })
  for (const peer of ['a', 'b']) world.keeper(peer)
  world.share('photos', 2)
  world.pass(minuteMs)
  world.share('photos', 2, 2)
  assert.deepEqual(standings(world, 'photos'), { a: 'behind', b: 'behind' })
  world.pass(minuteMs)
  assert.deepEqual(standings(world, 'photos'), { a: 'alive', b: 'alive' })
  assert.deepEqual(world.holders('photos'), ['a', 'b'])
})

test('who says that it has what it has not is not counted, and another is asked', () => {
  const world = worldOf()
  const liar = world.keeper('a')
  liar.lies = true
  world.keeper('b')
  world.share('photos', 1)
  world.pass(minuteMs)
  assert.deepEqual(world.holders('photos'), ['b'])
  assert.deepEqual(standings(world, 'photos'), { b: 'alive' })
  world.pass(distrustMs / 2)
  world.share('more', 2)
  world.pass(minuteMs)
  assert.deepEqual(world.holders('more'), ['b'], 'the liar is left alone for a day')
})

test('a keeper that loses its copy later is found out by a proof', () => {
  const world = worldOf()
  const first = world.keeper('a')
  world.keeper('b')
  world.share('photos', 1)
  world.pass(minuteMs)
  assert.deepEqual(world.holders('photos'), ['a'])
  first.lies = true
  first.held.clear()
  world.pass(proofEveryMs + minuteMs)
  assert.deepEqual(world.holders('photos'), ['b'])
})

test('who has no room refuses, and is left alone for a while', () => {
  let keeps = 0
  const world = worldOf({ check: ({ type }) => (keeps += Number(type === 'keep')) })
  const small = world.keeper('a', 1_000)
  world.share('photos', 1, 1, 2_000)
  world.pass(minuteMs)
  assert.equal(keeps, 0, 'it said how much is free')
  small.bytesMax = 5_000
  world.pass(minuteMs)
  assert.deepEqual(world.holders('photos'), ['a'])
  small.bytesMax = 0
  world.share('photos', 1, 2, 6_000)
  world.pass(refusedPauseMs / 2)
  assert.deepEqual(standings(world, 'photos'), { a: 'refused' })
  world.keeper('b')
  world.pass(minuteMs)
  assert.deepEqual(world.holders('photos'), ['b'])
  assert.equal(small.held.size, 0, 'the old version is dropped once the new one is safe')
})

test('a copy that stands still does not count, and is asked for again now and then', () => {
  let keeps = 0
  const check: CoreWorldOptions['check'] = ({ type, peer }) => {
    keeps += Number(type === 'keep' && peer === 'a')
  }
  const world = worldOf({ fillMs: 1e9, check })
  world.keeper('a')
  world.share('photos', 1)
  world.pass(minuteMs)
  world.keeper('b')
  world.pass(minuteMs)
  assert.deepEqual(standings(world, 'photos'), { a: 'arriving' })
  world.pass(stallMs)
  assert.deepEqual(Object.keys(standings(world, 'photos')).sort(), ['a', 'b'])
  world.pass(60 * minuteMs)
  assert.ok(keeps >= 4 && keeps <= 8, `${keeps} times`)
})

test('fewer copies, none, or no share: what is not wanted goes, also from who was away', () => {
  const world = worldOf()
  const all = ['a', 'b', 'c'].map((peer) => world.keeper(peer))
  world.share('photos', 3)
  world.share('notes', 1)
  world.pass(minuteMs)
  const [, , third] = all
  assert.ok(third !== undefined)
  third.up = false
  world.share('photos', 1)
  world.unshare('notes')
  world.pass(minuteMs)
  assert.deepEqual(world.holders('notes'), [])
  assert.equal(all.filter((keeper) => keeper.up && keeper.held.has('photos' as ShareId)).length, 1)
  third.up = true
  world.happened({ type: 'connected', peer: 'c' as PeerId })
  world.pass(minuteMs)
  assert.equal(world.holders('photos').length, 1)
})

test('who agrees no longer is forgotten, and replaced', () => {
  const world = worldOf()
  const first = world.keeper('a')
  world.keeper('b')
  world.share('photos', 1)
  world.pass(minuteMs)
  first.agreed = false
  world.pass(minuteMs)
  assert.deepEqual([...world.state.keepers.keys()], ['b'])
  assert.deepEqual(standings(world, 'photos'), { b: 'alive' })
})

test('keepers are bounded: strangers make room, who is there does not', () => {
  const world = worldOf()
  for (let at = 0; at < keepersMax; at++) world.keeper(`there ${at}`)
  world.pass(1_000)
  world.keeper('one more')
  assert.equal(world.state.keepers.size, keepersMax)
  assert.ok(!world.state.keepers.has('one more' as PeerId))
})

test('whoever holds a copy makes room for nobody, however long it is away', () => {
  const world = worldOf()
  const first = world.keeper('a')
  world.share('photos', 1)
  world.pass(minuteMs)
  first.up = false
  for (let at = 1; at < keepersMax; at++) world.keeper(`there ${at}`)
  world.pass(minuteMs)
  world.keeper('one more')
  assert.ok(world.state.keepers.has('a' as PeerId))
  assert.equal(world.state.keepers.size, keepersMax)
})

test('a keeper that was lost for a month is forgotten with what it held', () => {
  const world = worldOf()
  const first = world.keeper('a')
  world.share('photos', 1)
  world.pass(minuteMs)
  first.up = false
  world.pass(forgetAfterMs - minuteMs)
  assert.equal(world.state.keepers.size, 1)
  world.pass(20 * minuteMs)
  assert.equal(world.state.keepers.size, 0)
  assert.equal(world.state.copies.size, 0)
})

test('after a restart nothing counts, and nothing is dropped, before keepers were asked anew', () => {
  const state = createCopiesState()
  const discovery = new Uint8Array(32) as never
  const [share, peer] = ['photos' as ShareId, 'a' as PeerId]
  restoreKeeper(state, { peer, label: 'nas', losses: 0, seenMs: 0 }, 1_000)
  const times = { placedMs: 0, agreedSequence: 3, provenSequence: 3, provenMs: 0 }
  restoreCopy(state, { share, discovery, peer, ...times }, 1_000)
  state.shares.set(share, { id: share, discovery, copies: 1, sequence: 3, bytes: 10 })
  const [action, ...more] = step(state, { type: 'tick' }, 1_000)
  assert.equal(action?.type, 'ask')
  assert.deepEqual(more, [])
  const copy = state.copies.get(share)?.get(peer)
  assert.ok(copy !== undefined)
  assert.equal(standingOf(state, copy, 1_000), 'checking')
  const states = new Map([[share, { has: 'complete', sequence: 3, blocks: 5 } as const]])
  step(state, { type: 'offered', peer, free: 10, label: 'nas', states }, 1_100)
  assert.equal(standingOf(state, copy, 1_100), 'alive')
  assert.equal(standingOf(state, copy, 1_100 + lostAfterMs), 'alive')
})

// ---- any history

type Move =
  | { readonly do: 'up' | 'down' | 'agree' | 'disagree' | 'wipe'; readonly keeper: number }
  | { readonly do: 'share'; readonly share: number; readonly copies: number }
  | { readonly do: 'version' | 'unshare'; readonly share: number }

const keeperNames = ['a', 'b', 'c', 'd', 'e']
const shareNames = ['s', 't', 'u']
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    do: fc.constantFrom('up' as const, 'down' as const, 'agree' as const, 'disagree' as const, 'wipe' as const),
    keeper: fc.nat(keeperNames.length - 1),
  }),
  fc.record({ do: fc.constant('share' as const), share: fc.nat(2), copies: fc.nat(4) }),
  fc.record({ do: fc.constantFrom('version' as const, 'unshare' as const), share: fc.nat(2) }),
)

test('whatever happens, nothing goes too soon, and in the end there is what is wanted', () => {
  const property = fc.property(
    fc.array(fc.tuple(move, fc.nat(90_000)), { maxLength: 25 }),
    fc.nat(3_000),
    (moves, answerMs) => {
      const world = worldOf({ answerMs: () => answerMs, check: noneTooSoon })
      for (const name of keeperNames) world.keeper(name)
      for (const [one, pauseMs] of moves) {
        make(world, one)
        world.pass(pauseMs)
      }
      // Peace: everybody who agreed is there.
      for (const [peer, keeper] of world.keepers) {
        keeper.up = true
        world.happened({ type: 'connected', peer })
        if (keeper.agreed) world.happened({ type: 'met', peer })
      }
      world.pass(3 * 60 * minuteMs)
      asWanted(world)
    },
  )
  fc.assert(property, { numRuns: 150, seed: 7 })
})

/** A copy goes only when as many others as are wanted are whole, as a matter of fact. */
function noneTooSoon(action: { type: string; copy?: { share: ShareId }; peer: PeerId }, world: CoreWorld): void {
  if (action.type !== 'drop' || action.copy === undefined) return
  const { share } = action.copy
  const wanted = world.shares.get(share)?.copies ?? 0
  const others = world.holders(share).filter((peer) => peer !== action.peer)
  // What a keeper lost meanwhile without saying so is found by the next question.
  if (wanted > 0 && !wiped.has(world)) assert.ok(others.length >= wanted, `${share} was dropped from ${action.peer}`)
}

const wiped = new WeakSet<CoreWorld>()

function make(world: CoreWorld, one: Move): void {
  if ('keeper' in one) {
    const peer = (keeperNames[one.keeper] ?? '') as PeerId
    const keeper = world.keepers.get(peer)
    if (keeper === undefined) return
    if (one.do === 'up' || one.do === 'down') {
      const isUp = one.do === 'up'
      if (keeper.up !== isUp) world.happened({ type: isUp ? 'connected' : 'disconnected', peer })
      keeper.up = isUp
    } else if (one.do === 'wipe') {
      keeper.held.clear()
      wiped.add(world)
    } else {
      keeper.agreed = one.do === 'agree'
      // Whoever agrees no longer deletes what was held, and whoever agrees says so.
      if (!keeper.agreed) {
        keeper.held.clear()
        wiped.add(world)
      } else if (keeper.up) world.happened({ type: 'met', peer })
    }
    return
  }
  const name = shareNames[one.share] ?? ''
  const present = world.shares.get(name as ShareId)
  if (one.do === 'share') world.share(name, one.copies, present?.sequence ?? 1)
  else if (one.do === 'version' && present !== undefined) world.share(name, present.copies, present.sequence + 1)
  else if (one.do === 'unshare') world.unshare(name)
}

/** The slow and obvious answer: as many as are wanted, or all who agreed. */
function asWanted(world: CoreWorld): void {
  const agreed = [...world.keepers.values()].filter((keeper) => keeper.agreed).length
  for (const name of shareNames) {
    const share = world.shares.get(name as ShareId)
    const wanted = Math.min(agreed, share?.copies ?? 0)
    if (share !== undefined) assert.equal(aliveOf(world, name), wanted, `copies of ${name} that are alive`)
    assert.equal(world.holders(name).length, wanted, `copies of ${name} that there are`)
  }
}
