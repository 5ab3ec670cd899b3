// Makes a plan that fails smaller while it still fails: fewer faults, fewer liars, fewer validators, a shorter time.

import { faultsBorne, type Plan } from './plan.ts'

/** Tries each smaller plan in turn, and goes on from the first that still fails. */
export function shrinkPlan(plan: Plan, isFailing: (plan: Plan) => boolean, triesMax = 400): Plan {
  let tries = 0
  let smallest = plan
  for (;;) {
    const next = smaller(smallest).find((candidate) => tries++ < triesMax && isFailing(candidate))
    if (next === undefined) return smallest
    smallest = next
  }
}

function smaller(plan: Plan): Plan[] {
  const { faults, liars, validators, spares, chaosMs } = plan
  const without = <Item>(items: readonly Item[], at: number) => items.filter((_, place) => place !== at)
  const found: Plan[] = []
  if (faults.length > 3) found.push({ ...plan, faults: faults.slice(0, faults.length >> 1) })
  faults.forEach((_, at) => {
    found.push({ ...plan, faults: without(faults, at) })
  })
  liars.forEach((liar, at) => {
    found.push({ ...plan, liars: without(liars, at) })
    if (liar.lies.length < 2) return
    liar.lies.forEach((_, lie) => {
      const fewer = { ...liar, lies: without(liar.lies, lie) }
      found.push({ ...plan, liars: liars.map((other) => (other === liar ? fewer : other)) })
    })
  })
  if (spares > 0) found.push({ ...plan, spares: spares - 1 })
  if (validators > 1) found.push(fewerValidators(plan))
  if (chaosMs > 200) found.push({ ...plan, chaosMs: chaosMs >> 1 }, { ...plan, chaosMs: Math.floor(chaosMs * 0.8) })
  const simple = { loss: 0, duplicate: 0, blockTimeMs: 0, gossip: 1, chainMs: 2, isWire: false, everyMs: 600 } as const
  for (const [name, value] of Object.entries(simple)) {
    if (plan[name as keyof typeof simple] !== value) found.push({ ...plan, [name]: value })
  }
  return found
}

function fewerValidators(plan: Plan): Plan {
  const validators = plan.validators - 1
  const liars = plan.liars.filter(({ who }) => who < validators).slice(0, faultsBorne(validators))
  return { ...plan, validators, liars }
}
