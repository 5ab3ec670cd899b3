// The rule again, slow and obvious: straight from docs/protocol/community.md, sharing nothing with the other but the
// types. Ancestors are sets of ids, every round judges everything from the beginning, no verdict is remembered. The tests
// compare the two on thousands of histories.

import type { OpenedAct } from './core.ts'
import { Facts } from './model-facts-testing.ts'
import { type Candidate, type ModelResult, Round } from './model-round-testing.ts'
import type { History } from './testing.ts'

export function modelOf(history: History, opened: readonly OpenedAct[]): ModelResult {
  const acts = [...opened].sort(
    ({ entry: a }, { entry: b }) =>
      a.time.ms - b.time.ms || a.time.count - b.time.count || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  )
  const facts = new Facts(history, acts)
  for (;;) {
    const round = new Round(facts)
    const next = nextOf(facts, round.candidates)
    if (next === undefined) return round.result()
    facts.settled.push({ at: next.at, limit: next.limit })
  }
}

function nextOf(facts: Facts, candidates: readonly Candidate[]): Candidate | undefined {
  const [earliest] = candidates
  if (earliest !== undefined && facts.isUndisputed(earliest.at)) return earliest
  const waits = (one: Candidate) =>
    candidates.some((other) => isAgainst(facts, other, one) && facts.knows(one.at, facts.act(other.at).entry.id))
  const free = candidates.filter((one) => !waits(one))
  free.sort((a, b) => {
    const place = a.precedence.findIndex((number, index) => number !== b.precedence[index])
    return (a.precedence[place] ?? 0) - (b.precedence[place] ?? 0)
  })
  return free[0]
}

function isAgainst(facts: Facts, other: Candidate, one: Candidate): boolean {
  const { act } = facts.act(other.at)
  if (act.kind === 'remove' || act.kind === 'role') return act.person === one.person
  if (act.kind === 'device-remove') return act.device === one.device
  return act.kind === 'role-define' && act.name === one.roleName
}
