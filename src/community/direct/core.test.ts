import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../../../test/sim/random.ts'
import { backoffMs, goesFirst, judgeRequest, type RequestFacts, type Verdict } from './core.ts'
import {
  askDelayMsMax,
  askDelayMsMin,
  futureMsMax,
  refusedPauseMs,
  requestLifeMs,
  requestsWaitingMax,
  waitMsMax,
} from './limits.ts'
import { deviceFrom } from './testing.ts'

const random = createRandom('direct core')
const persons = [deviceFrom(random).person, deviceFrom(random).person]
const [first, second] = persons.toSorted((a, b) => (goesFirst(a, b) ? -1 : 1)) as [
  (typeof persons)[0],
  (typeof persons)[0],
]
const nowMs = 1_800_000_000_000

/** Somebody with the link asks, and nothing speaks against it. */
const facts = (change: Partial<RequestFacts> = {}): RequestFacts => ({
  ...{ self: second, from: first, to: second, ms: nowMs, nowMs, who: 'link', hasToken: true, shares: false },
  ...{ isBlocked: false, known: undefined, asksThem: false, refusedUntilMs: undefined, waiting: 0 },
  ...change,
})
const said = (change: Partial<RequestFacts>): string => {
  const verdict: Verdict = judgeRequest(facts(change))
  return verdict.kind === 'refuse' ? verdict.reason : verdict.kind
}

test('who has the link, or shares a community, is heard', () => {
  assert.equal(said({}), 'keep')
  assert.equal(said({ hasToken: false }), 'link_needed')
  assert.equal(said({ hasToken: false, shares: true }), 'keep')
  assert.equal(said({ who: 'community' }), 'link_needed')
  assert.equal(said({ who: 'community', shares: true }), 'keep')
  assert.equal(said({ who: 'nobody', shares: true }), 'closed')
})

test('who asks for somebody else, or oneself, is told so', () => {
  assert.equal(said({ to: first }), 'not_here')
  assert.equal(said({ from: second }), 'not_here')
})

test('a clock may be a little ahead, and a request is good for a month', () => {
  assert.equal(said({ ms: nowMs + futureMsMax }), 'keep')
  assert.equal(said({ ms: nowMs + futureMsMax + 1 }), 'clock')
  assert.equal(said({ ms: nowMs - requestLifeMs }), 'keep')
  assert.equal(said({ ms: nowMs - requestLifeMs - 1 }), 'over')
  assert.equal(said({ known: 'withdrawn' }), 'over')
})

test('the same request has the same answer, however often it comes', () => {
  assert.equal(said({ known: 'pending' }), 'pending')
  assert.equal(said({ known: 'accepted' }), 'accepted')
  assert.equal(said({ known: 'refused' }), 'declined')
  // Also when the person has made a new link since, or wants no requests any more.
  assert.equal(said({ known: 'accepted', hasToken: false, who: 'nobody' }), 'accepted')
})

test('who was refused is not heard for a while, and is told how long', () => {
  const verdict = judgeRequest(facts({ refusedUntilMs: nowMs + 1_000 }))
  assert.deepEqual(verdict, { kind: 'refuse', reason: 'later', waitMs: 1_000 })
  assert.equal(said({ refusedUntilMs: nowMs }), 'keep')
  assert.ok(refusedPauseMs <= waitMsMax)
})

test('too many that wait keep others out', () => {
  assert.equal(said({ waiting: requestsWaitingMax - 1 }), 'keep')
  assert.equal(said({ waiting: requestsWaitingMax }), 'busy')
})

test('of two who ask each other one goes first, for both the same', () => {
  assert.equal(said({ asksThem: true }), 'accept')
  assert.equal(said({ self: first, to: first, from: second, asksThem: true }), 'crossed')
  // Whom one asks oneself needs no link.
  assert.equal(said({ asksThem: true, hasToken: false, who: 'nobody' }), 'accept')
  assert.ok(goesFirst(first, second) && !goesFirst(second, first) && !goesFirst(first, first))
})

test('nobody can tell that they are blocked: the answer is one that others get, too', () => {
  const fact = fc.record({
    who: fc.constantFrom<RequestFacts['who']>('link', 'community', 'nobody'),
    hasToken: fc.boolean(),
    shares: fc.boolean(),
    ms: fc.constantFrom(nowMs, nowMs + futureMsMax + 1, nowMs - requestLifeMs - 1),
    waiting: fc.constantFrom(0, requestsWaitingMax),
    refusedUntilMs: fc.constantFrom(undefined, nowMs + 5),
  })
  fc.assert(
    fc.property(fact, (change) => {
      const blocked = judgeRequest(facts({ ...change, isBlocked: true }))
      const open = judgeRequest(facts(change))
      // `deny` and `keep` are answered alike.
      assert.deepEqual(blocked.kind === 'deny' ? { kind: 'keep' } : blocked, open)
      assert.notEqual(blocked.kind, 'keep')
    }),
    { numRuns: 200, seed: 1 },
  )
})

test('pauses grow up to the longest', () => {
  assert.deepEqual([0, 1, 2, 3].map(backoffMs), [askDelayMsMin, askDelayMsMin, 2 * askDelayMsMin, 4 * askDelayMsMin])
  assert.equal(backoffMs(1_000), askDelayMsMax)
})
