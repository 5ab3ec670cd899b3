// What becomes of a request that came, and when one that was sent is sent again. Pure: facts and time come in.
// docs/protocol/direct.md, "Answers" and "Two who ask each other", use the same order.

import { compareBytes } from '../../base/bytes.ts'
import type { PersonDid } from '../../identity/types.ts'
import { personKeyOf } from '../fields-wire.ts'
import { askDelayMsMax, askDelayMsMin, futureMsMax, requestLifeMs, requestsWaitingMax, waitMsMax } from './limits.ts'
import type { BlockChange, Request, WhoMayAsk } from './types.ts'
import type { Refusal } from './wire.ts'

export interface RequestFacts {
  readonly self: PersonDid
  /** By the request. */
  readonly from: PersonDid
  readonly to: PersonDid
  readonly ms: number
  readonly nowMs: number
  readonly who: WhoMayAsk
  /** It has the token of this person's link. */
  readonly hasToken: boolean
  /** Its device and person take part in a community of this person. */
  readonly shares: boolean
  readonly isBlocked: boolean
  /** What became of this very request. */
  readonly known: Request['state'] | undefined
  /** This person asks the other, and has no answer. */
  readonly asksThem: boolean
  /** Until when the other is not heard after a refusal; undefined: there was none. */
  readonly refusedUntilMs: number | undefined
  /** Requests of others that wait. */
  readonly waiting: number
}

export type Verdict =
  /** A person has to decide; it is kept. */
  | { readonly kind: 'keep' }
  /** The person has blocked whoever asks: as if it waited, and some time later refused. */
  | { readonly kind: 'deny' }
  /** It is here already and waits. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'accepted' }
  /** Both ask, and theirs goes first: it is accepted without a question. */
  | { readonly kind: 'accept' }
  /** Both ask, and ours goes first. */
  | { readonly kind: 'crossed' }
  | { readonly kind: 'refuse'; readonly reason: Refusal; readonly waitMs: number }

const no = (reason: Refusal, waitMs = 0): Verdict => ({ kind: 'refuse', reason, waitMs })

/** Whoever is blocked is answered as everybody is, word by word: the order of the lines sees to that. */
export function judgeRequest(facts: RequestFacts): Verdict {
  const { nowMs, ms } = facts
  if (facts.to !== facts.self || facts.from === facts.self) return no('not_here')
  if (ms > nowMs + futureMsMax) return no('clock')
  if (ms < nowMs - requestLifeMs || facts.known === 'withdrawn') return no('over')
  if (facts.known === 'accepted') return { kind: 'accepted' }
  if (facts.known === 'refused') return no('declined')
  if (facts.known === 'pending') return { kind: 'pending' }
  // Whom one asks oneself need not prove that they were given a link.
  if (facts.asksThem) return goesFirst(facts.from, facts.self) ? { kind: 'accept' } : { kind: 'crossed' }
  if (facts.who === 'nobody') return no('closed')
  if (!facts.shares && !(facts.who === 'link' && facts.hasToken)) return no('link_needed')
  const refusedUntilMs = facts.refusedUntilMs ?? nowMs
  if (refusedUntilMs > nowMs) return no('later', Math.min(waitMsMax, Math.ceil(refusedUntilMs - nowMs)))
  if (facts.waiting >= requestsWaitingMax) return no('busy')
  return { kind: facts.isBlocked ? 'deny' : 'keep' }
}

/** Of two who ask each other, the conversation of the one with the lower key remains. */
export function goesFirst(one: PersonDid, other: PersonDid): boolean {
  return compareBytes(personKeyOf(one), personKeyOf(other)) < 0
}

/** How long to wait before the next attempt, the `rounds`-th having failed to reach anybody. */
export function backoffMs(rounds: number): number {
  return Math.min(askDelayMsMax, askDelayMsMin * 2 ** Math.min(Math.max(0, rounds - 1), 16))
}

/**
 * What of another computer's list is to be done here: of each person the last change counts; of two at the same
 * millisecond, the one that blocks. A change that lies ahead of this clock waits until it does not.
 */
export function mergeBlocks(
  known: ReadonlyMap<PersonDid, BlockChange>,
  others: readonly BlockChange[],
  nowMs: number,
): readonly BlockChange[] {
  return others.filter((change) => change.ms <= nowMs + futureMsMax && isLater(change, known.get(change.person)))
}

function isLater(change: BlockChange, known: BlockChange | undefined): boolean {
  if (known === undefined || change.ms !== known.ms) return known === undefined || change.ms > known.ms
  if (change.blocked !== known.blocked) return change.blocked
  return change.name > known.name
}
