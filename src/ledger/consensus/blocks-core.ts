// Blocks that are not final: which are known, which were executed, which are looked for. Parents are checked before children.

import type { Address, Block, Hash, Verdict } from '../types.ts'
import { wantedMax } from './limits.ts'
import { type Entry, type State, type Step, send } from './state-core.ts'
import { setHash } from './vote-wire.ts'

/** Keeps a block that was proposed in this view, or looked for. */
export function addBlock(state: State, block: Block): Entry | undefined {
  const known = state.entries.get(block.hash)
  if (known !== undefined) return known
  state.wanted.delete(block.hash)
  if (block.height <= state.base.height || block.epoch !== state.committee.set.epoch) return undefined
  const entry: Entry = { block, check: 'none', verdict: undefined, isLogged: false }
  state.entries.set(block.hash, entry)
  return entry
}

/** Asks one of those who must have it; the next one at the next repetition. */
export function want(step: Step, hash: Hash, holders: readonly Address[]): void {
  const { state } = step
  if (state.wanted.has(hash) || state.wanted.size >= wantedMax || holders.length === 0) return
  const wanted = { holders, asked: 0 }
  state.wanted.set(hash, wanted)
  askNext(step, hash)
}

export function askNext(step: Step, hash: Hash): void {
  const { state } = step
  const wanted = state.wanted.get(hash)
  if (wanted === undefined) return
  const holder = wanted.holders[(state.turn + wanted.asked++) % wanted.holders.length]
  if (holder === undefined) return
  send(step, [holder], { kind: 'ask', epoch: state.committee.set.epoch, views: [], blocks: [hash] })
}

/**
 * Whether the block and all before it up to the base were executed and found valid. What is missing is asked for, what can be
 * executed now is given to the chain.
 */
export function checkUpTo(step: Step, hash: Hash, holders: readonly Address[]): 'good' | 'bad' | 'waiting' {
  const { state } = step
  let first: Entry | undefined
  for (let at = hash; at !== state.base.hash; ) {
    const entry = state.entries.get(at)
    if (entry === undefined) {
      want(step, at, holders)
      return 'waiting'
    }
    if (entry.check !== 'good') {
      if (!isLinked(state, entry.block)) entry.check = 'bad'
      if (entry.check === 'bad') return 'bad'
      first = entry
    }
    at = entry.block.parent
  }
  if (first === undefined) return 'good'
  if (first.check === 'none') {
    first.check = 'running'
    step.effects.push({ kind: 'check', block: first.block })
  }
  return 'waiting'
}

/** Height and view follow from the parent's, where that is known. */
function isLinked(state: State, { parent, height, view }: Block): boolean {
  const before = parent === state.base.hash ? state.base : state.entries.get(parent)?.block
  if (before === undefined) return height > state.base.height + 1
  return height === before.height + 1 && view > before.view
}

export function takeVerdict(state: State, hash: Hash, verdict: Verdict): void {
  const entry = state.entries.get(hash)
  if (entry === undefined || entry.check === 'good' || entry.check === 'bad') return
  entry.verdict = verdict
  const isGood = verdict.ok && (verdict.nextSet && setHash(verdict.nextSet)) === entry.block.nextSetHash
  entry.check = isGood ? 'good' : 'bad'
}

/** From the block after the base to this one. All must be known. */
export function pathTo(state: State, hash: Hash): readonly Entry[] {
  const path: Entry[] = []
  for (let entry = state.entries.get(hash); entry !== undefined; entry = state.entries.get(entry.block.parent)) {
    path.push(entry)
  }
  return path.reverse()
}
