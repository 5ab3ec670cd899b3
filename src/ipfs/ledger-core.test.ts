// Want-lists of one peer: what is due, what is remembered, and that nothing that a peer says makes them grow past a bound.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cidOf } from '../content/format/cid.ts'
import { digestOf } from '../content/format/keys.ts'
import type { WantEntry } from './bitswap-wire.ts'
import { answerTo, emptyLedger, hasWork, lookAgain, nextWant, takeWants } from './ledger-core.ts'
import { blockInsteadOfHaveBytesMax, wantEntriesMax, wantsPerPeerMax } from './limits.ts'

const cidNumber = (number: number) => cidOf(0x55, digestOf(Uint8Array.of(number >> 8, number & 255)))
const want = (number: number, change: Partial<WantEntry> = {}): WantEntry => {
  return { cid: cidNumber(number), type: 'block', priority: 1, cancel: false, sendDontHave: true, ...change }
}

test('a want is due once, and settled by a block', () => {
  const ledger = emptyLedger()
  takeWants(ledger, { wants: [want(1), want(1), want(2, { type: 'have' })], full: false })
  const first = nextWant(ledger)
  assert.ok(first !== undefined)
  assert.ok(first.cid.equals(cidNumber(1)))
  assert.equal(answerTo(ledger, first, 5), 'block')
  const second = nextWant(ledger)
  assert.ok(second !== undefined)
  assert.equal(answerTo(ledger, second, blockInsteadOfHaveBytesMax + 1), 'have')
  assert.equal(nextWant(ledger), undefined)
  assert.equal(ledger.wants.size, 0)
  takeWants(ledger, { wants: [want(2, { type: 'have' })], full: false })
  const small = nextWant(ledger)
  assert.equal(small && answerTo(ledger, small, blockInsteadOfHaveBytesMax), 'block')
})

test('what is not here is answered once, and given when it comes', () => {
  const ledger = emptyLedger()
  takeWants(ledger, { wants: [want(1), want(2, { sendDontHave: false })], full: false })
  for (const expected of ['dont-have', 'nothing']) {
    const due = nextWant(ledger)
    assert.equal(due && answerTo(ledger, due, undefined), expected)
  }
  assert.ok(!hasWork(ledger))
  lookAgain(ledger)
  const again = nextWant(ledger)
  assert.equal(again && answerTo(ledger, again, undefined), 'nothing')
  lookAgain(ledger)
  const come = nextWant(ledger)
  assert.equal(come && answerTo(ledger, come, 9), 'block')
})

test('a block may be asked for after its presence, and a cancel or a full list takes wants back', () => {
  const ledger = emptyLedger()
  takeWants(ledger, { wants: [want(1, { type: 'have' }), want(1), want(1, { type: 'have' })], full: false })
  assert.equal(nextWant(ledger)?.type, 'block')
  takeWants(ledger, { wants: [want(1, { cancel: true })], full: false })
  assert.equal(nextWant(ledger), undefined)
  takeWants(ledger, { wants: [want(2), want(3)], full: false })
  takeWants(ledger, { wants: [want(4)], full: true })
  assert.ok(nextWant(ledger)?.cid.equals(cidNumber(4)))
  assert.equal(ledger.wants.size, 1)
})

test('wantsPerPeerMax is met: what waits makes room, what is due does not', () => {
  const ledger = emptyLedger()
  const many = Array.from({ length: wantsPerPeerMax }, (_, number) => want(number))
  assert.equal(takeWants(ledger, { wants: many, full: false }), 0)
  assert.equal(takeWants(ledger, { wants: [want(5_000), want(5_001, { sendDontHave: false })], full: false }), 2)
  assert.deepEqual(ledger.refused.map(String), [cidNumber(5_000).toString()])
  const due = nextWant(ledger)
  assert.ok(due !== undefined)
  answerTo(ledger, due, undefined)
  assert.equal(takeWants(ledger, { wants: [want(5_002)], full: false }), 0)
  assert.equal(ledger.wants.size, wantsPerPeerMax)
})

test('whatever comes, a ledger stays within its bounds', () => {
  const entries = fc.record({
    number: fc.nat(3_000),
    type: fc.constantFrom('block' as const, 'have' as const),
    cancel: fc.boolean(),
    sendDontHave: fc.boolean(),
  })
  const steps = fc.oneof(
    { weight: 4, arbitrary: fc.record({ wants: fc.array(entries, { maxLength: 900 }), full: fc.boolean() }) },
    fc.record({ answers: fc.nat(300), length: fc.option(fc.nat(3_000), { nil: undefined }) }),
    fc.constant('again' as const),
  )
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 12 }), (all) => {
      const ledger = emptyLedger()
      for (const step of all) {
        if (step === 'again') lookAgain(ledger)
        else if ('wants' in step) {
          const wants = step.wants.map(({ number, ...rest }) => want(number, rest))
          takeWants(ledger, { wants, full: step.full })
        } else {
          for (let count = 0; count < step.answers; count++) {
            const next = nextWant(ledger)
            if (next !== undefined) answerTo(ledger, next, step.length)
          }
        }
        assert.ok(ledger.wants.size <= wantsPerPeerMax && ledger.refused.length <= wantEntriesMax)
        for (const key of ledger.due) assert.ok(ledger.wants.has(key))
      }
    }),
    { seed: 9, numRuns: 30 },
  )
})
