import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PeerId } from '../../network/types.ts'
import { type FinderEffect, type FinderInput, finderDueMs, openFinder, stepFinder } from './finder-core.ts'
import type { GuestOutcome } from './guest-core.ts'
import { busyRetriesMax, busyRetryMs, candidatesMax, findMs, guessesMax, looksAtOnceMax } from './limits.ts'

const peer = (n: number) => `peer ${n}` as PeerId
const peers = (count: number) => Array.from({ length: count }, (_, n) => peer(n))

function search() {
  let state = openFinder(0)
  const bench = {
    nowMs: 0,
    effects: [] as FinderEffect[],
    step(input: FinderInput) {
      const stepped = stepFinder(state, input, bench.nowMs)
      state = stepped.state
      bench.effects.push(...stepped.effects)
      return stepped.effects
    },
    meet: (...candidates: readonly PeerId[]) => bench.step({ type: 'candidates', peers: candidates }),
    asked: (n: number, outcome: GuestOutcome) => bench.step({ type: 'asked', peer: peer(n), outcome }),
    tried: (n: number, outcome: GuestOutcome) => bench.step({ type: 'tried', peer: peer(n), outcome }),
    dueMs: () => finderDueMs(state, bench.nowMs) ?? Number.POSITIVE_INFINITY,
  }
  return bench
}

const end = (effects: readonly FinderEffect[]) => effects.find((effect) => effect.type === 'end')?.end
const named = (effects: readonly FinderEffect[], type: 'ask' | 'try') =>
  effects.flatMap((effect) => (effect.type === type ? [effect.peer] : []))
const broken: GuestOutcome = { how: 'broken', guessed: false }

test('asks some at once, tries the host, and is done', () => {
  const bench = search()
  assert.deepEqual(named(bench.meet(...peers(20)), 'ask'), peers(looksAtOnceMax))
  assert.deepEqual(named(bench.asked(0, { how: 'not_here' }), 'ask'), [peer(looksAtOnceMax)])
  assert.deepEqual(named(bench.asked(1, { how: 'here' }), 'try'), [peer(1)])
  assert.deepEqual(named(bench.asked(2, { how: 'here' }), 'try'), [], 'one at a time')
  assert.deepEqual(end(bench.tried(1, { how: 'met', bytes: Uint8Array.of(1) })), {
    how: 'met',
    host: peer(1),
    bytes: Uint8Array.of(1),
  })
})

test('asks each peer once, and so many', () => {
  const bench = search()
  bench.meet(peer(1), peer(1), peer(2))
  bench.meet(peer(2), ...peers(candidatesMax + 50))
  for (let i = 0; i < candidatesMax + 60; i++) bench.asked(i, { how: 'not_here' })
  const asked = named(bench.effects, 'ask')
  assert.equal(asked.length, candidatesMax)
  assert.equal(new Set(asked).size, candidatesMax)
})

test('waits for peers that turn up, then says how many were asked', () => {
  const bench = search()
  bench.meet(peer(0), peer(1))
  bench.asked(0, { how: 'not_here' })
  bench.asked(1, broken)
  bench.nowMs = findMs - 1
  assert.equal(end(bench.step({ type: 'tick' })), undefined)
  assert.deepEqual(named(bench.meet(peer(2)), 'ask'), [peer(2)])
  bench.nowMs = findMs
  assert.equal(bench.dueMs(), Number.POSITIVE_INFINITY)
  assert.equal(end(bench.step({ type: 'tick' })), undefined, 'somebody is still being asked')
  assert.deepEqual(end(bench.asked(2, { how: 'not_here' })), { how: 'nobody', asked: 2 })
  const alone = search()
  alone.meet()
  alone.nowMs = findMs
  assert.deepEqual(end(alone.step({ type: 'tick' })), { how: 'nobody', asked: 0 })
})

test('a wrong code at one host does not stop the search, and is told in the end', () => {
  const bench = search()
  bench.meet(...peers(3))
  bench.asked(0, { how: 'here' })
  bench.asked(1, { how: 'here' })
  assert.deepEqual(named(bench.tried(0, { how: 'wrong' }), 'try'), [peer(1)])
  assert.equal(end(bench.tried(1, { how: 'over' })), undefined, 'one is still being asked')
  assert.deepEqual(end(bench.asked(2, { how: 'not_here' })), { how: 'wrong' })
})

test(`no more than ${guessesMax} peers see what the guess is worth`, () => {
  const bench = search()
  bench.meet(...peers(8))
  for (let n = 0; n < 8; n++) bench.asked(n, { how: 'here' })
  bench.tried(0, { how: 'wrong' })
  bench.tried(1, { how: 'broken', guessed: true })
  bench.tried(2, broken)
  assert.deepEqual(end(bench.tried(3, { how: 'broken', guessed: true })), { how: 'wrong' })
  assert.equal(named(bench.effects, 'try').length, guessesMax + 1)
})

test('a busy host is tried again, for a while', () => {
  const bench = search()
  bench.meet(peer(0))
  bench.asked(0, { how: 'busy' })
  for (let n = 0; n < busyRetriesMax; n++) {
    assert.deepEqual(named(bench.tried(0, { how: 'busy' }), 'try'), [])
    assert.ok(bench.dueMs() <= bench.nowMs + busyRetryMs)
    bench.nowMs += busyRetryMs
    assert.deepEqual(named(bench.step({ type: 'tick' }), 'try'), [peer(0)])
  }
  assert.deepEqual(end(bench.tried(0, { how: 'busy' })), { how: 'busy' })
})

test('what ends the search, and what is told when nothing else came of it', () => {
  const trials: readonly [GuestOutcome, object][] = [
    [{ how: 'declined' }, { how: 'declined' }],
    [{ how: 'other_purpose' }, { how: 'other_purpose' }],
    [{ how: 'wrong' }, { how: 'wrong' }],
    [{ how: 'over' }, { how: 'over' }],
    [broken, { how: 'broken' }],
    [
      { how: 'later', waitMs: 9 },
      { how: 'later', waitMs: 9 },
    ],
  ]
  for (const [outcome, expected] of trials) {
    const bench = search()
    bench.meet(peer(0))
    bench.asked(0, { how: 'here' })
    assert.deepEqual(end(bench.tried(0, outcome)), expected)
  }
  const questions: readonly [GuestOutcome, object | undefined][] = [
    [{ how: 'over' }, { how: 'over' }],
    [
      { how: 'later', waitMs: 5 },
      { how: 'later', waitMs: 5 },
    ],
    [{ how: 'not_here' }, undefined],
    [broken, undefined],
  ]
  for (const [outcome, expected] of questions) {
    const bench = search()
    bench.meet(peer(0))
    assert.deepEqual(end(bench.asked(0, outcome)), expected)
  }
})

test('whatever peers answer, the search ends, with bounded guesses and one try at a time', () => {
  const outcome: fc.Arbitrary<GuestOutcome> = fc.constantFrom<GuestOutcome>(
    { how: 'here' },
    { how: 'not_here' },
    { how: 'over' },
    { how: 'busy' },
    { how: 'later', waitMs: 7 },
    { how: 'wrong' },
    broken,
    { how: 'broken', guessed: true },
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.array(outcome, { minLength: 1, maxLength: 60 }),
      (count, answers) => {
        const bench = search()
        bench.meet(...peers(count))
        let [at, guesses, done, steps] = [0, 0, false, 0]
        for (let next = 0; !done && steps < 2_000; steps++) {
          const open = bench.effects[next]
          if (open === undefined) {
            bench.nowMs = bench.dueMs()
            assert.ok(bench.nowMs < 10 * findMs, 'it waits for something')
            bench.step({ type: 'tick' })
            continue
          }
          next++
          if (open.type === 'end') {
            done = true
            continue
          }
          const answer = answers[at++ % answers.length] as GuestOutcome
          if (open.type === 'try' && (answer.how === 'wrong' || (answer.how === 'broken' && answer.guessed))) guesses++
          bench.step({ type: open.type === 'ask' ? 'asked' : 'tried', peer: open.peer, outcome: answer })
        }
        assert.ok(done, 'it ends')
        assert.ok(guesses <= guessesMax)
      },
    ),
    { numRuns: 300, seed: 1 },
  )
})
