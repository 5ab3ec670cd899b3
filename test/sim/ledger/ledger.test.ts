// Hundreds of seeded worlds of validators, faults that must be found, and what a block costs. `npm run sim` does the same for as long as
// one likes.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { measure } from './figures.ts'
import { hunt, mutations } from './mutations.ts'
import { type Fault, type Plan, planOf } from './plan.ts'
import { realKeys } from './real-keys.ts'
import { shrinkPlan } from './shrink.ts'
import { runWorld } from './world.ts'

const seeds = 500

function assertHolds(plan: Plan): void {
  const { broken } = runWorld(plan)
  assert.equal(broken, undefined, `${broken}\nreplay: npm run sim -- --plan '${JSON.stringify(plan)}'`)
}

const calm = {
  liars: [],
  loss: 0,
  duplicate: 0,
  gossip: 1,
  spares: 0,
  everyMs: 200,
  blockTimeMs: 0,
  chainMs: 2,
} as const
const four = (faults: readonly Fault[], chaosMs: number): Plan => ({
  ...planOf('four'),
  ...calm,
  validators: 4,
  isWire: false,
  faults,
  chaosMs,
})
const away = (who: number, forMs: number): Fault => ({ kind: 'crash', atMs: 300, who, effects: 0, forMs })

describe('worlds', () => {
  for (let from = 0; from < seeds; from += 100) {
    test(`seeds ${from} to ${from + 99}`, () => {
      for (let at = from; at < from + 100; at++) assertHolds(planOf(`${at}`))
    })
  }

  test('with real signatures, and with all messages and records as bytes', () => {
    for (let at = 0; at < 3; at++) {
      const plan = { ...planOf(`real${at}`, { validatorsMax: 4 }), chaosMs: 1_200, isWire: true }
      assert.equal(runWorld(plan, { keys: realKeys }).broken, undefined)
    }
  })

  test('a leader that says two things is shown to have', () => {
    for (let at = 0; at < 5; at++) {
      const plan = { ...four([], 4_000), seed: `twice${at}`, liars: [{ who: 1, lies: ['equivocate'] as const }] }
      const { broken, evidences } = runWorld(plan)
      assert.equal(broken, undefined)
      assert.ok(evidences > 0)
    }
  })

  test('the same seed gives the same world', () => {
    const plan = planOf('same')
    assert.deepEqual(runWorld(plan), runWorld(plan))
  })
})

describe('what people do', () => {
  test('f of four gone for an hour: the others go on', () => {
    const plan = { ...four([away(1, 3_600_000)], 3_600_000), everyMs: 60_000 }
    const { broken, heights } = runWorld(plan)
    assert.equal(broken, undefined)
    assert.ok(heights > 40, `${heights} blocks`)
  })

  test('two of seven gone for an hour, and back: the others go on, they catch up', () => {
    const plan = { ...four([away(1, 3_600_000), away(4, 3_500_000)], 3_600_000), validators: 7, everyMs: 120_000 }
    const { broken, heights } = runWorld(plan)
    assert.equal(broken, undefined)
    assert.ok(heights > 20, `${heights} blocks`)
  })

  test('leaders that propose what is invalid, or nothing', () => {
    const lies = [['invalid'], ['withhold'], ['silent'], ['invalid', 'stale']] as const
    for (const [at, said] of lies.entries()) {
      const plan = { ...four([], 4_000), seed: `leader${at}`, isWire: true, liars: [{ who: at % 4, lies: said }] }
      assertHolds(plan)
      assert.ok(runWorld(plan).heights > 5)
    }
  })

  test('old backups of one are borne; of so many that no quorum remembers, the chain stops and does not fork', () => {
    for (const count of [1, 2, 3, 4]) {
      for (let at = 0; at < 3; at++) {
        const faults: readonly Fault[] = [{ kind: 'restore-many', atMs: 3_000, count, forMs: 200 }]
        const { broken } = runWorld({ ...four(faults, 5_000), seed: `backups${at}`, everyMs: 60 })
        if (count === 1) assert.equal(broken, undefined)
        else assert.match(broken ?? 'no progress after healing', /^no progress after healing/)
      }
    }
  })

  test('f+1 gone: the chain stops, and goes on within 10 Δ of their return', () => {
    for (let at = 0; at < 20; at++) {
      const plan = { ...four([away(1, 1e9), away(2, 1e9)], 60_000), seed: `gone${at}`, everyMs: 5_000 }
      const { broken, healDelays } = runWorld(plan)
      assert.equal(broken, undefined)
      assert.ok(healDelays < 10, `${healDelays} Δ`)
    }
  })

  test('all gone at once, and back in any order, again and again', () => {
    const faults = Array.from({ length: 20 }, (_, at): Fault => ({ kind: 'crash-all', atMs: 400 * at, forMs: 300 }))
    for (let at = 0; at < 10; at++) assertHolds({ ...four(faults, 8_000), seed: `all${at}` })
  })

  test('two halves that do not hear each other', () => {
    for (let at = 0; at < 10; at++) {
      assertHolds({ ...four([{ kind: 'split', atMs: 500, forMs: 20_000, side: 3 }], 21_000), seed: `halves${at}` })
    }
  })
})

describe('built-in faults are found', () => {
  for (const mutation of mutations) {
    test(mutation.name, () => {
      assert.ok(hunt(mutation, 400) !== undefined, mutation.sentence)
    })
  }

  test('a failure is made smaller', () => {
    const built = new Set(['finalize-after-nullify'])
    const isFailing = (plan: Plan) => runWorld(plan, { mutations: built }).broken !== undefined
    const found = hunt({ name: 'finalize-after-nullify', sentence: '' }, 50)
    assert.ok(found !== undefined)
    const plan = planOf(found.seed)
    const small = shrinkPlan(plan, isFailing, 60)
    assert.ok(isFailing(small))
    assert.ok(
      small.validators + small.faults.length + small.liars.length <=
        plan.validators + plan.faults.length + plan.liars.length,
    )
  })
})

test('25 validators at 100 ± 50 ms: final in under 4 δ, silent when idle', () => {
  const figures = measure({ validators: 25, latencyMs: 100, jitterMs: 50, blocks: 3 })
  assert.ok(figures.slowestDelays < 4, `${figures.slowestDelays} δ`)
  assert.equal(figures.idleMessages, 0)
  // A notarize and a finalize vote to each other validator, and one proposal.
  assert.ok(figures.messagesPerBlock < 2.1 * 24, `${figures.messagesPerBlock}`)
})
