// One code at its host, with everybody who talks about it. Pure: frames, verdicts and time come in, what to do goes out.
//
//   each guest:  looked ── share ──► shared ── right proof ──► proven ── sealed ──► deciding ──► answered ── done ──► over
//   the code:    open ──► over: met, declined, undecided, tries, expired, cancelled
//
// What must stay true: a wrong proof costs the code a try, whoever sent it, and with the last one the code is over; a proof
// is looked at by nobody while a guest is being let in; our own proof leaves only after the guest's was right; the handler
// is asked at most once a code, and after it was asked the code is spent.

import { isPeerhoodError } from '../../base/errors.ts'
import type { PeerId } from '../../network/types.ts'
import type { PeerFault } from './errors.ts'
import { isProof, type Run, type RunKeys, runKeys, runShare } from './keys.ts'
import {
  codeLifeMs,
  decideTimeoutMs,
  messageBytesMax,
  sealBytes,
  stepTimeoutMs,
  talksPerCodeMax,
  triesMax,
} from './limits.ts'
import { decodeGuestMessage } from './message-wire.ts'
import type { Seal } from './seal.ts'
import type { Guest, PurposeKind } from './types.ts'
import { type Frame, type Refusal, refuse } from './wire.ts'

/** Numbers the conversations of one host. */
export type TalkId = number

/** What does not change while the code is open. */
export interface HostFacts {
  readonly self: PeerId
  /** `codeSecret`. */
  readonly secret: Uint8Array
  readonly kind: PurposeKind
  readonly seal: Seal
}

type Step =
  | { readonly phase: 'looked'; readonly run: Run; readonly scalar: Uint8Array }
  | { readonly phase: 'shared'; readonly keys: RunKeys }
  | { readonly phase: 'proven'; readonly keys: RunKeys }
  /** `gone`: the guest has left meanwhile. */
  | { readonly phase: 'deciding'; readonly keys: RunKeys; readonly gone: boolean }
  | { readonly phase: 'answered' }

interface Talk {
  readonly peer: PeerId
  readonly dueMs: number
  readonly step: Step
}

export interface HostState {
  readonly over: boolean
  readonly triesLeft: number
  readonly expiresMs: number
  readonly talks: ReadonlyMap<TalkId, Talk>
}

export type HostInput =
  /** A peer asks for this nameplate, with its nonce; nonce and scalar of ours are fresh. */
  | {
      readonly type: 'looked'
      readonly talk: TalkId
      readonly peer: PeerId
      readonly guestNonce: Uint8Array
      readonly hostNonce: Uint8Array
      readonly scalar: Uint8Array
    }
  | { readonly type: 'frame'; readonly talk: TalkId; readonly frame: Frame }
  /** The stream is over, or broke a rule of frames. */
  | { readonly type: 'closed'; readonly talk: TalkId; readonly fault?: PeerFault | undefined }
  /** The handler's answer, and its refusal. */
  | { readonly type: 'answered'; readonly talk: TalkId; readonly bytes: Uint8Array }
  | { readonly type: 'declined'; readonly talk: TalkId }
  | { readonly type: 'cancel'; readonly stopping: boolean }
  | { readonly type: 'tick' }

/** Why the code is over. */
export type HostEnd = 'delivered' | 'sent' | 'declined' | 'undecided' | 'tries' | 'expired' | 'cancelled' | 'stopped'

export type HostEffect =
  | { readonly type: 'send'; readonly talk: TalkId; readonly frame: Frame }
  /** Nothing more comes from us; `last` tells the peer why. */
  | { readonly type: 'end'; readonly talk: TalkId; readonly last: Frame | undefined }
  /** The peer broke the protocol. */
  | { readonly type: 'blame'; readonly peer: PeerId; readonly fault: PeerFault }
  /** A wrong guess: the peer has to wait before its next one. */
  | { readonly type: 'guessed'; readonly peer: PeerId; readonly triesLeft: number }
  /** Ask the handler. */
  | { readonly type: 'decide'; readonly talk: TalkId; readonly guest: Guest }
  /** The handler need not go on. */
  | { readonly type: 'undecide' }
  | { readonly type: 'over'; readonly end: HostEnd }

export function openHost(nowMs: number): HostState {
  return { over: false, triesLeft: triesMax, expiresMs: nowMs + codeLifeMs, talks: new Map() }
}

/** When `tick` is due; undefined when the code is over. */
export function hostDueMs(state: HostState): number | undefined {
  if (state.over) return undefined
  const dues = [...state.talks.values()].map(({ dueMs }) => dueMs)
  // While a guest is being let in, the code's own end waits.
  return Math.min(...dues, isClaimed(state) ? Number.POSITIVE_INFINITY : state.expiresMs)
}

export function stepHost(
  facts: HostFacts,
  state: HostState,
  input: HostInput,
  nowMs: number,
): { readonly state: HostState; readonly effects: readonly HostEffect[] } {
  const turn = new Turn(facts, state, nowMs)
  switch (input.type) {
    case 'looked':
      turn.looked(input)
      break
    case 'frame':
      turn.frame(input.talk, input.frame)
      break
    case 'closed':
      turn.closed(input.talk, input.fault)
      break
    case 'answered':
      turn.answered(input.talk, input.bytes)
      break
    case 'declined':
      turn.declined(input.talk)
      break
    case 'cancel':
      turn.cancel(input.stopping)
      break
    case 'tick':
      turn.tick()
      break
  }
  return { state: turn.state, effects: turn.effects }
}

const claiming: ReadonlySet<Step['phase']> = new Set<Step['phase']>(['proven', 'deciding', 'answered'])

/** Whether a guest has proven that it knows the code, and is still at it. */
function isClaimed(state: HostState): boolean {
  return [...state.talks.values()].some(({ step }) => claiming.has(step.phase))
}

/** One step: collects the new state and the effects. */
class Turn {
  readonly #facts: HostFacts
  readonly #nowMs: number
  readonly #talks: Map<TalkId, Talk>
  #over: boolean
  #triesLeft: number
  readonly #expiresMs: number
  readonly effects: HostEffect[] = []

  constructor(facts: HostFacts, state: HostState, nowMs: number) {
    this.#facts = facts
    this.#nowMs = nowMs
    this.#talks = new Map(state.talks)
    this.#over = state.over
    this.#triesLeft = state.triesLeft
    this.#expiresMs = state.expiresMs
  }

  get state(): HostState {
    return { over: this.#over, triesLeft: this.#triesLeft, expiresMs: this.#expiresMs, talks: this.#talks }
  }

  looked(input: Extract<HostInput, { type: 'looked' }>): void {
    const { talk, peer, guestNonce, hostNonce, scalar } = input
    const reason = this.#turnsAway(peer)
    if (reason !== undefined) {
      this.effects.push({ type: 'end', talk, last: refuse(reason) })
      return
    }
    const run = { secret: this.#facts.secret, guest: peer, host: this.#facts.self, guestNonce, hostNonce }
    this.#talks.set(talk, { peer, dueMs: this.#nowMs + stepTimeoutMs, step: { phase: 'looked', run, scalar } })
    this.#send(talk, { kind: 'here', nonce: hostNonce })
  }

  frame(id: TalkId, frame: Frame): void {
    const talk = this.#heard(id)
    if (talk === undefined) return
    const { step } = talk
    if (frame.kind === 'refuse') this.closed(id)
    else if (step.phase === 'looked' && frame.kind === 'share') this.#share(id, talk, step, frame.share)
    else if (step.phase === 'shared' && frame.kind === 'proof') this.#proof(id, talk, step.keys, frame.proof)
    else if (step.phase === 'proven' && frame.kind === 'sealed') this.#message(id, talk, step.keys, frame.bytes)
    else if (step.phase === 'answered' && frame.kind === 'done') this.#delivered(id)
    else this.closed(id, 'meet_frame_out_of_order')
  }

  /** A guest has left, or is made to leave. */
  closed(id: TalkId, fault?: PeerFault): void {
    const talk = this.#heard(id)
    if (talk === undefined) return
    const { step, peer } = talk
    this.#end(id, fault === undefined ? undefined : refuse('violation'))
    if (fault !== undefined) this.effects.push({ type: 'blame', peer, fault })
    if (step.phase === 'deciding') {
      // The handler may have let the guest in already: what it says still counts.
      this.#talks.set(id, { ...talk, step: { ...step, gone: true } })
      this.effects.push({ type: 'undecide' })
    } else if (step.phase === 'answered') this.finish('sent')
    // Who lies after the shares were exchanged pays as for a wrong guess; a line that broke does not.
    else if (step.phase !== 'looked' && fault !== undefined && fault !== 'meet_silent' && fault !== 'meet_frame_cut') {
      this.#guessed(peer)
    }
  }

  answered(id: TalkId, bytes: Uint8Array): void {
    const talk = this.#talks.get(id)
    if (talk === undefined || talk.step.phase !== 'deciding') return
    const { keys, gone } = talk.step
    if (gone) {
      this.#talks.delete(id)
      this.finish('sent')
    } else {
      this.#send(id, { kind: 'sealed', bytes: this.#facts.seal.seal(keys.hostSeal, bytes) })
      this.#move(id, talk, { phase: 'answered' }, stepTimeoutMs)
    }
  }

  declined(id: TalkId): void {
    const talk = this.#talks.get(id)
    if (talk === undefined || talk.step.phase !== 'deciding') return
    if (!talk.step.gone) this.#end(id, refuse('declined'))
    this.#talks.delete(id)
    this.finish('declined')
  }

  tick(): void {
    for (const [id, talk] of [...this.#talks]) {
      if (this.#over || this.#nowMs < talk.dueMs) continue
      if (talk.step.phase === 'deciding') {
        if (!talk.step.gone) this.#end(id, refuse('declined'))
        this.effects.push({ type: 'undecide' })
        this.#talks.delete(id)
        this.finish('undecided')
      } else this.closed(id, 'meet_silent')
    }
    if (this.#nowMs >= this.#expiresMs && !isClaimed(this.state)) this.finish('expired')
  }

  cancel(stopping: boolean): void {
    // An answer that is on its way can't be called back.
    const isSent = [...this.#talks.values()].some(({ step }) => step.phase === 'answered')
    const end = stopping ? 'stopped' : 'cancelled'
    this.finish(isSent ? 'sent' : end, stopping ? 'stopping' : 'over')
  }

  /** The code is over; everybody who still talks about it is told. */
  finish(end: HostEnd, reason: Refusal = 'over'): void {
    if (this.#over) return
    this.#over = true
    for (const [id, { step }] of [...this.#talks]) {
      if (step.phase === 'deciding') this.effects.push({ type: 'undecide' })
      if (step.phase !== 'deciding' || !step.gone) this.#end(id, refuse(reason))
    }
    this.#talks.clear()
    this.effects.push({ type: 'over', end })
  }

  /** Why a peer can't talk about the code now. */
  #turnsAway(peer: PeerId): Refusal | undefined {
    if (this.#over || this.#nowMs >= this.#expiresMs) return 'over'
    const talks = [...this.#talks.values()]
    const isFull = talks.length >= talksPerCodeMax || talks.some((other) => other.peer === peer)
    return isFull || isClaimed(this.state) ? 'busy' : undefined
  }

  // ---- what a guest sends

  #share(id: TalkId, talk: Talk, step: Extract<Step, { phase: 'looked' }>, theirs: Uint8Array): void {
    const ours = runShare(step.run, step.scalar)
    const keys = runKeys(step.run, step.scalar, { ours, theirs, role: 'host' })
    if (keys === undefined) this.closed(id, 'meet_share_invalid')
    else {
      this.#send(id, { kind: 'share', share: ours })
      this.#move(id, talk, { phase: 'shared', keys }, stepTimeoutMs)
    }
  }

  #proof(id: TalkId, talk: Talk, keys: RunKeys, proof: Uint8Array): void {
    // Not looked at, right or wrong: while a guest is being let in, nobody learns or loses anything.
    if (isClaimed(this.state)) this.#end(id, refuse('busy'))
    else if (isProof(keys.guestProof, proof)) {
      this.#send(id, { kind: 'proof', proof: keys.hostProof })
      this.#move(id, talk, { phase: 'proven', keys }, stepTimeoutMs)
    } else {
      this.#end(id, refuse('wrong'))
      this.#guessed(talk.peer)
    }
  }

  #message(id: TalkId, talk: Talk, keys: RunKeys, sealed: Uint8Array): void {
    const message = this.#open(keys, sealed, talk.peer)
    if (typeof message === 'string') this.closed(id, message)
    // A person's mistake: the code stays what it was.
    else if (message.kind !== this.#facts.kind) this.#end(id, refuse('other_purpose'))
    else {
      this.#move(id, talk, { phase: 'deciding', keys, gone: false }, decideTimeoutMs)
      this.effects.push({ type: 'decide', talk: id, guest: message.guest })
    }
  }

  #open(keys: RunKeys, sealed: Uint8Array, from: PeerId): ReturnType<typeof decodeGuestMessage> | PeerFault {
    if (sealed.length > messageBytesMax + sealBytes) return 'meet_frame_too_long'
    const plain = this.#facts.seal.open(keys.guestSeal, sealed)
    return plain === undefined ? 'meet_seal_wrong' : readMessage(plain, from)
  }

  #delivered(id: TalkId): void {
    this.#end(id, undefined)
    this.finish('delivered')
  }

  #guessed(peer: PeerId): void {
    this.#triesLeft--
    this.effects.push({ type: 'guessed', peer, triesLeft: this.#triesLeft })
    if (this.#triesLeft <= 0) this.finish('tries')
  }

  // ---- talks

  /** A conversation that goes on; nothing is heard of a guest that has left. */
  #heard(id: TalkId): Talk | undefined {
    const talk = this.#talks.get(id)
    return talk?.step.phase === 'deciding' && talk.step.gone ? undefined : talk
  }

  #send(talk: TalkId, frame: Frame): void {
    this.effects.push({ type: 'send', talk, frame })
  }

  #move(id: TalkId, { peer }: Talk, step: Step, waitMs: number): void {
    this.#talks.set(id, { peer, dueMs: this.#nowMs + waitMs, step })
  }

  #end(id: TalkId, last: Frame | undefined): void {
    this.#talks.delete(id)
    this.effects.push({ type: 'end', talk: id, last })
  }
}

function readMessage(plain: Uint8Array, from: PeerId): ReturnType<typeof decodeGuestMessage> | PeerFault {
  try {
    return decodeGuestMessage(plain, from)
  } catch (error) {
    if (!isPeerhoodError(error)) throw error
    return error.code as PeerFault
  }
}
