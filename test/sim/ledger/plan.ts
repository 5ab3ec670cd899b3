// What happens in one seeded world, as data: so that a failure can be made smaller and told.

import type { SeededRandom } from '../random.ts'
import { createRandom } from '../random.ts'

export type Lie =
  | 'silent'
  | 'partial'
  | 'equivocate'
  | 'vote-all'
  | 'replay'
  | 'invalid'
  | 'claims'
  | 'forge'
  | 'withhold'
  | 'stale'
export const lies: readonly Lie[] = [
  'silent',
  'partial',
  'equivocate',
  'vote-all',
  'replay',
  'invalid',
  'claims',
  'forge',
  'withhold',
  'stale',
]

export type Fault =
  /** Down at `atMs` (of the phase), after `effects` more effects; back after `forMs`. */
  | {
      readonly kind: 'crash'
      readonly atMs: number
      readonly who: number
      readonly effects: number
      readonly forMs: number
    }
  /** The next time that it sees an epoch end, after so many more effects. */
  | {
      readonly kind: 'crash-at-end'
      readonly atMs: number
      readonly who: number
      readonly effects: number
      readonly forMs: number
    }
  | { readonly kind: 'crash-all'; readonly atMs: number; readonly forMs: number }
  /** The disk comes back as it was at some earlier moment. */
  | { readonly kind: 'restore'; readonly atMs: number; readonly who: number; readonly forMs: number }
  /** So many at once; nobody draws it. They may well stop for ever, and must not fork. */
  | { readonly kind: 'restore-many'; readonly atMs: number; readonly count: number; readonly forMs: number }
  /** Bits of `side` say who is on which side. */
  | { readonly kind: 'split'; readonly atMs: number; readonly forMs: number; readonly side: number }
  | { readonly kind: 'lossy'; readonly atMs: number; readonly forMs: number; readonly loss: number }
  /** Messages take up to so much longer. */
  | { readonly kind: 'slow'; readonly atMs: number; readonly forMs: number; readonly extraMs: number }
  | {
      readonly kind: 'slow-disk'
      readonly atMs: number
      readonly forMs: number
      readonly who: number
      readonly extraMs: number
    }
  /** Nobody wants anything. */
  | { readonly kind: 'quiet'; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'change-set'; readonly atMs: number; readonly drop: number; readonly add: number }

export interface Plan {
  readonly seed: string
  /** Validators at the start; `spares` may join by changes of the set. */
  readonly validators: number
  readonly spares: number
  readonly liars: readonly { readonly who: number; readonly lies: readonly Lie[] }[]
  readonly chaosMs: number
  readonly delayMs: number
  readonly blockTimeMs: number
  readonly duplicate: number
  readonly loss: number
  readonly faults: readonly Fault[]
  /** Between two transactions, on average. */
  readonly everyMs: number
  /** A transaction reaches each validator with this chance at first. */
  readonly gossip: number
  /** Blocks take so long to be on disk after they are final. */
  readonly chainMs: number
  readonly isWire: boolean
}

export const faultsBorne = (validators: number) => Math.floor((validators - 1) / 3)

export function planOf(seed: string, limits: { readonly validatorsMax?: number } = {}): Plan {
  const random = createRandom(`ledger/${seed}`)
  const validatorsMax = limits.validatorsMax ?? 10
  const validators = Math.min(validatorsMax, random.pick([1, 2, 3, 4, 4, 4, 4, 4, 5, 6, 7, 7, 7, 10]))
  const spares = random.below(3)
  const chaosMs = 3_000 + random.below(5_000)
  const liarCount = random.uniform() < 0.25 ? 0 : faultsBorne(validators)
  const liars = pickSome(random, validators, liarCount).map((who) => ({ who, lies: someLies(random) }))
  const count = random.below(8)
  return {
    seed,
    validators,
    spares,
    liars,
    chaosMs,
    delayMs: 100,
    blockTimeMs: random.pick([0, 0, 50]),
    duplicate: random.pick([0, 0, 0.05, 0.2]),
    loss: random.pick([0, 0, 0.02, 0.1]),
    faults: Array.from({ length: count }, () => faultOf(random, chaosMs, validators + spares)),
    everyMs: random.pick([60, 200, 600]),
    gossip: random.pick([1, 1, 0.5]),
    chainMs: random.pick([2, 2, 20, 200]),
    isWire: random.below(8) === 0,
  }
}

function someLies(random: SeededRandom): Lie[] {
  const count = random.pick([1, 1, 2, 3, lies.length])
  return pickSome(random, lies.length, count).map((at) => lies[at] ?? 'silent')
}

function pickSome(random: SeededRandom, below: number, count: number): number[] {
  const all = Array.from({ length: below }, (_, at) => at)
  for (let at = all.length - 1; at > 0; at--) {
    const other = random.below(at + 1)
    ;[all[at], all[other]] = [all[other] ?? 0, all[at] ?? 0]
  }
  return all.slice(0, count)
}

function faultOf(random: SeededRandom, chaosMs: number, nodes: number): Fault {
  const atMs = random.below(chaosMs)
  const forMs = 50 + random.below(1_500)
  const who = random.below(nodes)
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { kind: 'crash', atMs, who, effects: random.below(40), forMs }
    case 4:
      return { kind: 'crash-all', atMs, forMs }
    case 5:
      return { kind: 'restore', atMs, who, forMs }
    case 6:
    case 7:
      return { kind: 'split', atMs, forMs, side: random.below(2 ** nodes) }
    case 8:
      return { kind: 'lossy', atMs, forMs, loss: random.pick([0.3, 0.6, 0.9]) }
    case 9:
      return { kind: 'slow', atMs, forMs, extraMs: random.pick([100, 400, 1_000]) }
    case 10:
      return { kind: 'slow-disk', atMs, forMs, who, extraMs: random.pick([50, 200, 500]) }
    case 11:
      return { kind: 'quiet', atMs, forMs }
    case 12:
      return { kind: 'crash-at-end', atMs, who, effects: random.below(60), forMs: forMs / 4 }
    default:
      return { kind: 'change-set', atMs, drop: random.below(nodes), add: random.below(nodes) }
  }
}
