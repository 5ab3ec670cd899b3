// Seeds of the simulated ledger: npm run sim -- [--seeds N] [--from N] | --seed S | --plan JSON | --mutations |
// --validators N --latency MS --jitter MS. What fails is made smaller, and told with the command that plays it again.

import { parseArgs } from 'node:util'
import { measure } from './figures.ts'
import { focusedPlan, hunt, mutations } from './mutations.ts'
import { type Plan, planOf } from './plan.ts'
import { shrinkPlan } from './shrink.ts'
import { runWorld } from './world.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    seeds: { ...text, default: '500' },
    from: { ...text, default: '0' },
    seed: text,
    plan: text,
    mutation: text,
    mutations: { type: 'boolean', default: false },
    validators: text,
    latency: { ...text, default: '100' },
    jitter: { ...text, default: '50' },
    blocks: { ...text, default: '10' },
  },
})

const built = values.mutation === undefined ? new Set<string>() : new Set([values.mutation])
const runPlan = (plan: Plan) => runWorld(plan, { mutations: built })

function tell(plan: Plan, broken: string): void {
  console.log(`FAILED seed ${plan.seed}: ${broken}`)
  const small = shrinkPlan(plan, (smaller) => runPlan(smaller).broken !== undefined)
  console.log(`  smallest: ${small.validators} validators, ${small.faults.length} faults, ${small.liars.length} liars`)
  console.log(`  it says: ${runPlan(small).broken}`)
  const mutation = values.mutation === undefined ? '' : ` --mutation ${values.mutation}`
  console.log(`  replay: npm run sim --${mutation} --plan '${JSON.stringify(small)}'`)
}

function single(plan: Plan): number {
  const outcome = runPlan(plan)
  console.log(outcome)
  return outcome.broken === undefined ? 0 : 1
}

function sweep(seeds: number, from: number): number {
  const began = performance.now()
  let [failures, events, heights, epochs, slowest] = [0, 0, 0, 0, 0]
  let toldMs = began
  for (let at = from; at < from + seeds; at++) {
    const plan = planOf(`${at}`)
    const outcome = runPlan(plan)
    events += outcome.events
    heights += outcome.heights
    epochs += outcome.epochs
    slowest = Math.max(slowest, outcome.healDelays)
    if (outcome.broken !== undefined) {
      failures++
      tell(plan, outcome.broken)
    }
    const nowMs = performance.now()
    if (nowMs - toldMs < 10_000 && at + 1 < from + seeds) continue
    toldMs = nowMs
    const done = at + 1 - from
    const minutes = (nowMs - began) / 60_000
    console.log(
      `${done} seeds, ${Math.round(done / minutes)} a minute, ${events} messages, ${heights} blocks, ${epochs} changes of the set, ` +
        `${failures} failed; slowest to move again after healing: ${slowest.toFixed(0)} Δ`,
    )
  }
  return failures
}

function findAll(seedsMax: number): number {
  let missed = 0
  for (const mutation of mutations) {
    const began = performance.now()
    const found = hunt(mutation, seedsMax)
    const took = `${(performance.now() - began).toFixed(0)} ms`
    if (found === undefined) missed++
    const what =
      found === undefined ? 'NOT FOUND' : `found by seed ${found.seed}: ${found.outcome.broken?.slice(0, 90)}`
    console.log(`${mutation.name} (${mutation.sentence}): ${what}, ${took}`)
  }
  return missed
}

function figures(validators: number): number {
  const setting = {
    validators,
    latencyMs: Number(values.latency),
    jitterMs: Number(values.jitter),
    blocks: Number(values.blocks),
  }
  const found = measure(setting)
  console.log(
    `${validators} validators, ${setting.latencyMs} ± ${setting.jitterMs} ms one way: final after ` +
      `${found.medianDelays.toFixed(2)} δ (median), ${found.slowestDelays.toFixed(2)} δ (slowest); ` +
      `${found.messagesPerBlock.toFixed(0)} messages and ${(found.bytesPerBlock / 1_000).toFixed(1)} kB sent per validator and ` +
      `block; ${found.idleMessages} messages in ten idle minutes`,
  )
  return found.idleMessages
}

function run(): number {
  if (values.validators !== undefined) return figures(Number(values.validators))
  if (values.mutations) return findAll(Number(values.seeds))
  if (values.plan !== undefined) return single(JSON.parse(values.plan))
  const mutation = mutations.find(({ name }) => name === values.mutation)
  if (values.seed !== undefined)
    return single(mutation === undefined ? planOf(values.seed) : focusedPlan(mutation, values.seed))
  return sweep(Number(values.seeds), Number(values.from))
}

process.exitCode = run() === 0 ? 0 : 1
