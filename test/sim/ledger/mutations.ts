// Faults that are built into every honest validator on purpose: a simulator that does not find them proves nothing. Some show only when
// rare things meet; for those the plans are drawn with more of them.

import { createRandom } from '../random.ts'
import { type Fault, type Plan, planOf } from './plan.ts'
import { type Outcome, runWorld } from './world.ts'

export interface Mutation {
  readonly name: string
  readonly sentence: string
  readonly focus?: (plan: Plan, below: (below: number) => number) => Partial<Plan>
}

const four = { validators: 4, spares: 1 } as const

/** A liar that builds on what it must not, while finality takes its time. */
function staleLeaders(plan: Plan, below: (below: number) => number): Partial<Plan> {
  const slow: Fault = { kind: 'slow', atMs: 0, forMs: plan.chaosMs, extraMs: 20 + below(60) }
  return {
    ...four,
    liars: [{ who: below(4), lies: ['stale'] }],
    faults: [slow],
    loss: 0,
    everyMs: 60,
    blockTimeMs: 0,
    gossip: 1,
  }
}

/** The same, where votes get lost: some hear late that the block before is final. */
function staleAndLossy(plan: Plan, below: (below: number) => number): Partial<Plan> {
  return { ...staleLeaders(plan, below), loss: 0.2 + below(20) / 100, faults: [] }
}

/** The least number at which f+2 is less than a quorum, and liars that use it. */
const seven = (): Partial<Plan> => ({
  validators: 7,
  liars: [1, 4].map((who) => ({ who, lies: ['equivocate', 'vote-all'] as const })),
})

/** Disks that take long, and validators that are back at once. */
function slowDisks(plan: Plan, below: (below: number) => number): Partial<Plan> {
  const { chaosMs } = plan
  const disks = [0, 1, 2, 3].map((who): Fault => ({ kind: 'slow-disk', atMs: 0, forMs: chaosMs, who, extraMs: 60 }))
  const crashes = Array.from(
    { length: 12 },
    (): Fault => ({ kind: 'crash', atMs: below(chaosMs), who: below(4), effects: below(20), forMs: 5 + below(40) }),
  )
  return { ...four, liars: [], faults: [...disks, ...crashes], loss: 0, everyMs: 60 }
}

/** Sets that change, blocks that take long to be on disk, and validators that fall in between. */
function fallsAtEnds(plan: Plan, below: (below: number) => number): Partial<Plan> {
  const { chaosMs } = plan
  const changes = Array.from(
    { length: 8 },
    (): Fault => ({ kind: 'change-set', atMs: below(chaosMs), drop: below(6), add: below(6) }),
  )
  const crashes = Array.from(
    { length: 16 },
    (): Fault => ({
      kind: 'crash-at-end',
      atMs: below(chaosMs),
      who: below(6),
      effects: below(40),
      forMs: 5 + below(30),
    }),
  )
  return { validators: 4, spares: 2, liars: [], faults: [...changes, ...crashes], chainMs: 400, everyMs: 60, loss: 0 }
}

export const mutations: readonly Mutation[] = [
  { name: 'quorum-f+1', sentence: 'f+1 votes are taken for a quorum' },
  { name: 'quorum-f+2', sentence: 'f+2 votes are taken for a quorum', focus: seven },
  { name: 'double-vote', sentence: 'a second proposal of a view is voted for as well' },
  { name: 'no-log', sentence: 'nothing is read from the write-ahead log after a restart' },
  { name: 'no-proofs', sentence: 'views may be skipped without proof', focus: staleLeaders },
  { name: 'finalize-after-nullify', sentence: 'a view that was given up is finalized all the same' },
  { name: 'no-resend', sentence: 'votes that the log holds are not said again after a restart' },
  { name: 'nullify-after-finalize', sentence: 'a view that was finalized is given up when the next one times out' },
  { name: 'unwritten', sentence: 'votes leave before they are on disk', focus: slowDisks },
  { name: 'count-twice', sentence: 'a vote that comes twice counts twice' },
  { name: 'no-signatures', sentence: 'nobody looks at signatures' },
  { name: 'any-epoch', sentence: 'votes and certificates of another epoch count in this one' },
  { name: 'any-parent', sentence: 'a block may stand on one that has no certificate', focus: staleAndLossy },
  { name: 'epoch-goes-on', sentence: 'the old set goes on after the block that changed it' },
  {
    name: 'forget-later',
    sentence: 'votes of an epoch that the disk has not come to are forgotten at a restart',
    focus: fallsAtEnds,
  },
  { name: 'no-help', sentence: 'those who are behind get no certificates' },
]

export function focusedPlan({ name, focus }: Mutation, seed: string): Plan {
  const plan = planOf(seed)
  return focus === undefined ? plan : { ...plan, ...focus(plan, createRandom(`focus/${name}/${seed}`).below) }
}

/** The first seed that finds it, of at most so many. */
export function hunt(
  mutation: Mutation,
  seedsMax: number,
): { readonly seed: string; readonly outcome: Outcome } | undefined {
  for (let at = 0; at < seedsMax; at++) {
    const seed = `${at}`
    const outcome = runWorld(focusedPlan(mutation, seed), { mutations: new Set([mutation.name]) })
    if (outcome.broken !== undefined) return { seed, outcome }
  }
  return undefined
}
