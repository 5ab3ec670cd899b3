// One guest with one peer that may host its code. Pure: frames and time come in, what to send and how it ended go out.
//
//   looking ── here ──► sharing ── share ──► proving ── proof ──► waiting ── sealed ──► met
//
// What must stay true: our message, with who we are, leaves only after the host proved that it knows the code; what counts
// as a guess is what a peer that only claims to be the host has seen of our proof.

import type { PeerId } from '../../network/types.ts'
import type { PeerFault } from './errors.ts'
import { isProof, type Run, type RunKeys, runKeys, runShare } from './keys.ts'
import { decideWaitMs, stepTimeoutMs } from './limits.ts'
import type { Seal } from './seal.ts'
import { type Frame, type Refusal, refuse } from './wire.ts'

/** What does not change during one conversation. */
export interface GuestFacts {
  readonly self: PeerId
  readonly host: PeerId
  readonly nameplate: number
  /** Fresh for this conversation. */
  readonly nonce: Uint8Array
  /** What goes on once the peer says that it hosts the nameplate; undefined: nothing, that was the question. */
  readonly attempt: Attempt | undefined
  readonly seal: Seal
}

export interface Attempt {
  /** `codeSecret`. */
  readonly secret: Uint8Array
  /** Fresh for this conversation. */
  readonly scalar: Uint8Array
  /** Encoded, for the host. */
  readonly message: Uint8Array
}

type Step =
  | { readonly phase: 'looking' }
  | { readonly phase: 'sharing'; readonly attempt: Attempt; readonly run: Run; readonly share: Uint8Array }
  | { readonly phase: 'proving'; readonly attempt: Attempt; readonly keys: RunKeys }
  | { readonly phase: 'waiting'; readonly keys: RunKeys }
  | { readonly phase: 'ended' }

export interface GuestState {
  readonly step: Step
  readonly dueMs: number
}

export type GuestInput =
  | { readonly type: 'frame'; readonly frame: Frame }
  | { readonly type: 'closed'; readonly fault?: PeerFault | undefined }
  | { readonly type: 'tick' }

export type GuestOutcome =
  /** Asked only, and it is here. */
  | { readonly how: 'here' }
  | { readonly how: 'not_here' }
  | { readonly how: 'over' }
  | { readonly how: 'busy' }
  | { readonly how: 'later'; readonly waitMs: number }
  /** The codes differ, or the peer only claimed to know ours. */
  | { readonly how: 'wrong' }
  | { readonly how: 'declined' }
  | { readonly how: 'other_purpose' }
  | { readonly how: 'met'; readonly bytes: Uint8Array }
  /** The conversation broke off; `guessed`: after it had seen our proof. */
  | { readonly how: 'broken'; readonly guessed: boolean }

export type GuestEffect =
  | { readonly type: 'send'; readonly frame: Frame }
  | { readonly type: 'blame'; readonly fault: PeerFault }
  /** It is over; `last` still goes to the peer. */
  | { readonly type: 'end'; readonly last: Frame | undefined; readonly outcome: GuestOutcome }

interface Stepped {
  readonly state: GuestState
  readonly effects: readonly GuestEffect[]
}

/** What refusals may come in which phase, and what they come to. */
const refusable: Readonly<Record<Exclude<Step['phase'], 'ended'>, ReadonlySet<Refusal>>> = {
  looking: new Set<Refusal>(['not_here', 'over', 'busy', 'later', 'stopping', 'violation']),
  sharing: new Set<Refusal>(['over', 'busy', 'stopping', 'violation']),
  proving: new Set<Refusal>(['over', 'busy', 'wrong', 'stopping', 'violation']),
  waiting: new Set<Refusal>(['over', 'declined', 'other_purpose', 'stopping', 'violation']),
}

export function openGuest(facts: GuestFacts, nowMs: number): Stepped {
  const { nameplate, nonce } = facts
  return move({ phase: 'looking' }, nowMs + stepTimeoutMs, { kind: 'look', nameplate, nonce })
}

/** When `tick` is due; undefined at the end. */
export function guestDueMs({ step, dueMs }: GuestState): number | undefined {
  return step.phase === 'ended' ? undefined : dueMs
}

export function stepGuest(facts: GuestFacts, state: GuestState, input: GuestInput, nowMs: number): Stepped {
  const { step } = state
  if (step.phase === 'ended') return { state, effects: [] }
  switch (input.type) {
    case 'frame':
      return onFrame(facts, step, input.frame, nowMs)
    case 'closed':
      return input.fault === undefined ? end({ how: 'broken', guessed: isGuessed(step) }) : fail(step, input.fault)
    case 'tick':
      return nowMs < state.dueMs ? { state, effects: [] } : fail(step, 'meet_silent')
  }
}

type Going = Exclude<Step, { phase: 'ended' }>

function onFrame(facts: GuestFacts, step: Going, frame: Frame, nowMs: number): Stepped {
  if (frame.kind === 'refuse') return onRefuse(step, frame.reason, frame.waitMs)
  if (step.phase === 'looking' && frame.kind === 'here') return onHere(facts, frame.nonce, nowMs)
  if (step.phase === 'sharing' && frame.kind === 'share') return onShare(step, frame.share, nowMs)
  if (step.phase === 'proving' && frame.kind === 'proof') return onProof(facts, step, frame.proof, nowMs)
  if (step.phase === 'waiting' && frame.kind === 'sealed') return onSealed(facts, step, frame.bytes)
  return fail(step, 'meet_frame_out_of_order')
}

function onRefuse(step: Going, reason: Refusal, waitMs: number): Stepped {
  if (!refusable[step.phase].has(reason)) return fail(step, 'meet_frame_out_of_order')
  switch (reason) {
    case 'stopping':
    case 'violation':
      return end({ how: 'broken', guessed: isGuessed(step) })
    case 'later':
      return end({ how: 'later', waitMs })
    default:
      return end({ how: reason })
  }
}

function onHere(facts: GuestFacts, hostNonce: Uint8Array, nowMs: number): Stepped {
  const { self, host, nonce, attempt } = facts
  if (attempt === undefined) return end({ how: 'here' })
  const run = { secret: attempt.secret, guest: self, host, guestNonce: nonce, hostNonce }
  const share = runShare(run, attempt.scalar)
  return move({ phase: 'sharing', attempt, run, share }, nowMs + stepTimeoutMs, { kind: 'share', share })
}

type At<Phase extends Step['phase']> = Extract<Step, { phase: Phase }>

function onShare(step: At<'sharing'>, theirs: Uint8Array, nowMs: number): Stepped {
  const { attempt, run, share } = step
  const keys = runKeys(run, attempt.scalar, { ours: share, theirs, role: 'guest' })
  if (keys === undefined) return fail(step, 'meet_share_invalid')
  const proof = { kind: 'proof', proof: keys.guestProof } as const
  return move({ phase: 'proving', attempt, keys }, nowMs + stepTimeoutMs, proof)
}

function onProof(facts: GuestFacts, step: At<'proving'>, proof: Uint8Array, nowMs: number): Stepped {
  const { attempt, keys } = step
  if (!isProof(keys.hostProof, proof)) return fail(step, 'meet_proof_wrong')
  const bytes = facts.seal.seal(keys.guestSeal, attempt.message)
  return move({ phase: 'waiting', keys }, nowMs + decideWaitMs, { kind: 'sealed', bytes })
}

function onSealed(facts: GuestFacts, step: At<'waiting'>, sealed: Uint8Array): Stepped {
  const bytes = facts.seal.open(step.keys.hostSeal, sealed)
  if (bytes === undefined) return fail(step, 'meet_seal_wrong')
  return end({ how: 'met', bytes }, { kind: 'done' })
}

// ---- steps

function isGuessed(step: Going): boolean {
  return step.phase === 'proving'
}

function move(step: Going, dueMs: number, frame: Frame): Stepped {
  return { state: { step, dueMs }, effects: [{ type: 'send', frame }] }
}

function end(outcome: GuestOutcome, last?: Frame): Stepped {
  const state: GuestState = { step: { phase: 'ended' }, dueMs: Number.POSITIVE_INFINITY }
  return { state, effects: [{ type: 'end', last, outcome }] }
}

/** The peer broke the protocol. One whose proof is wrong only claimed to know the code: for the guest, the codes differ. */
function fail(step: Going, fault: PeerFault): Stepped {
  const outcome: GuestOutcome =
    fault === 'meet_proof_wrong' ? { how: 'wrong' } : { how: 'broken', guessed: isGuessed(step) }
  const { state, effects } = end(outcome, refuse('violation'))
  return { state, effects: [...effects, { type: 'blame', fault }] }
}
