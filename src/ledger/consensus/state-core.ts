// What a validator knows in one epoch, and the small questions to it. Everything that changes it stands in the files beside:
//
//   core.ts ─► messages-core (what came in) ─► votes-core (counting) ─► views-core (certificates) ─► own-core (signing)
//           ├► rules-core (final, propose, vote, skip) ─► blocks-core (what is known and checked)
//           └► time-core (the one timer, repetitions) ─► help-core (asking, answering)
//
// Must stay true: `last` only grows and is on disk before the vote leaves; views at or before `base` are gone from every map;
// a certificate in `notarized`, `nullified` or `finalized` was checked; `view` is past every view with a certificate.

import type { TokenBucket } from '../../base/bounded.ts'
import type { Address, Block, Hash, ValidatorSet, Verdict } from '../types.ts'
import { faultsOf, leaderOf, quorumOf } from './certificate-core.ts'
import type {
  Ballot,
  Certificate,
  ConsensusOptions,
  Effect,
  Head,
  Message,
  Place,
  Recover,
  Sign,
  Vote,
  WalRecord,
} from './types.ts'

/** The faults that the simulator builds in to see whether it finds them (test/sim/ledger/mutations.ts). Empty everywhere else. */
export type Mutation = string

export interface Setup extends ConsensusOptions {
  readonly sign: Sign
  readonly recover: Recover
  readonly digestOf: (ballot: Ballot) => Uint8Array
  readonly has: (mutation: Mutation) => boolean
}

export interface Committee {
  readonly set: ValidatorSet
  readonly size: number
  readonly faults: number
  readonly quorum: number
  readonly placeOf: ReadonlyMap<Address, number>
}

/** A block that is not final. */
export interface Entry {
  readonly block: Block
  check: 'none' | 'running' | 'good' | 'bad'
  verdict: Verdict | undefined
  /** Stands in the write-ahead log. */
  isLogged: boolean
}

/** A vote that came after its certificate is kept unread, in case that another contradicts it. */
export interface Slot {
  readonly vote: Vote
  isRead: boolean
}

/** Votes of one view, by place in the set; of each kind the first. */
export interface Round {
  readonly notarize: (Slot | undefined)[]
  readonly nullify: (Slot | undefined)[]
  readonly finalize: (Slot | undefined)[]
  /** How many were checked; only then may there be a quorum. */
  readonly read: { notarize: number; nullify: number; finalize: number }
  /** Validators of whom any vote came. */
  readonly voices: Set<number>
}

/** What another validator says of itself. */
export interface Peer {
  epoch: number
  view: number
  height: number
  /** Highest view of this epoch of which a vote of it came. */
  heardView: number
  answeredMs: number
}

export interface Wanted {
  /** Who may have it; asked in turn. */
  readonly holders: readonly Address[]
  asked: number
}

/** What is kept of the epoch before, for those who are still in it. */
export interface Previous {
  readonly epoch: number
  readonly certificate: Certificate | undefined
  /** From the block after the one that was final before, to the certified one. */
  readonly blocks: readonly Block[]
}

export interface State {
  readonly setup: Setup
  readonly committee: Committee
  /** Undefined: not in the set. */
  readonly own: number | undefined
  /** The last final block; its view is 0 where it is of an earlier epoch. */
  base: Head
  /** Finalizes `base`. */
  baseCertificate: Certificate | undefined
  view: number
  /** Place of the last vote that was signed. */
  last: Place
  /** A quorum finalized what was found invalid here. */
  hasDisagreed: boolean
  /** False while others have to confirm what we said last, and after a disagreement. */
  maySign: boolean

  readonly rounds: Map<number, Round>
  readonly notarized: Map<number, Certificate>
  readonly nullified: Map<number, Certificate>
  /** The highest finalize certificate, while its block is not the base yet. */
  finalized: Certificate | undefined
  readonly entries: Map<Hash, Entry>
  readonly wanted: Map<Hash, Wanted>
  readonly recent: Block[]
  /** Our votes that are on disk, of views after the base. */
  ownVotes: Vote[]
  readonly previous: Previous | undefined

  /** The block of this view that its leader proposed (or we built), until the view ends. */
  proposal: Block | undefined
  /** Under way for this view. */
  build: { readonly parent: Hash; readonly mayBeEmpty: boolean } | undefined
  /** A build on this parent gave nothing, and nothing has changed since. */
  emptyParent: Hash | undefined
  /** Views that a proposal or we as leader lack certificates of. */
  lacking: readonly number[]

  hasWork: boolean
  enteredMs: number
  /** When this view began to be timed; undefined while idle. */
  armedMs: number | undefined
  isTimedOut: boolean
  /** A vote for this view came in it, or more than f are in later ones. */
  isStirred: boolean
  repeatAtMs: number | undefined
  repetitions: number
  /** Distinct validators that have answered since the start; undefined once they were enough. */
  finding: Map<number, { readonly view: number; readonly heardView: number }> | undefined
  findNeeded: number
  mustConfirm: boolean

  readonly peers: Map<Address, Peer>
  /** Bytes that each may still be answered; whoever is not in the set shares one with all such. */
  readonly allowances: Map<Address | 'others', TokenBucket>
  readonly accused: Set<number>
  readonly early: { readonly from: Address; readonly message: Message }[]
  behindMs: number | undefined
  /** Turns through the peers that are asked. */
  turn: number
}

/** One step: what it works on, and what it has to say. */
export interface Step {
  readonly state: State
  readonly nowMs: number
  readonly effects: Effect[]
  /** To the write-ahead log; `votes` are told, and counted, when that is done. */
  readonly write: (records: readonly WalRecord[], votes: readonly Vote[]) => void
  /** Set when the epoch is over: nothing more is done in this state. */
  ended: { readonly head: Head; readonly set: ValidatorSet; readonly previous: Previous } | undefined
}

export function committeeOf(set: ValidatorSet, has: Setup['has']): Committee {
  const size = set.validators.length
  const faults = faultsOf(size)
  const quorum = has('quorum-f+1') ? faults + 1 : has('quorum-f+2') ? Math.min(size, faults + 2) : quorumOf(size)
  return { set, size, faults, quorum, placeOf: new Map(set.validators.map((address, at) => [address, at])) }
}

/** The head as the base of an epoch: blocks of earlier epochs stand at view 0. */
export function baseOf(head: Head, set: ValidatorSet): Head {
  const { hash, height, epoch } = head
  return { hash, height, epoch, view: epoch === set.epoch ? head.view : 0 }
}

export function createState(setup: Setup, head: Head, set: ValidatorSet, previous: Previous | undefined): State {
  const committee = committeeOf(set, setup.has)
  const base = baseOf(head, set)
  return {
    setup,
    committee,
    own: committee.placeOf.get(setup.address),
    base,
    baseCertificate: undefined,
    view: base.view + 1,
    last: { epoch: set.epoch, view: base.view, rank: 2 },
    hasDisagreed: false,
    maySign: true,
    rounds: new Map(),
    notarized: new Map(),
    nullified: new Map(),
    finalized: undefined,
    entries: new Map(),
    wanted: new Map(),
    recent: [],
    ownVotes: [],
    previous,
    proposal: undefined,
    build: undefined,
    emptyParent: undefined,
    lacking: [],
    hasWork: false,
    enteredMs: 0,
    armedMs: undefined,
    isTimedOut: false,
    isStirred: false,
    repeatAtMs: undefined,
    repetitions: 0,
    finding: undefined,
    findNeeded: 0,
    mustConfirm: false,
    peers: new Map(),
    allowances: new Map(),
    accused: new Set(),
    early: [],
    behindMs: undefined,
    turn: 0,
  }
}

export function leaderPlace(state: State, view = state.view): number {
  return leaderOf(state.committee.set, view)
}

export function isLeader(state: State): boolean {
  return state.own === leaderPlace(state)
}

export function addressAt(state: State, place: number): Address {
  const address = state.committee.set.validators[place]
  if (address === undefined) throw new Error('assertion failed: the place is in the set')
  return address
}

/** All validators but ourselves. */
export function others(state: State): readonly Address[] {
  return state.committee.set.validators.filter((address) => address !== state.setup.address)
}

export function peerOf(state: State, address: Address): Peer {
  const known = state.peers.get(address)
  if (known !== undefined) return known
  const peer = { epoch: 0, view: 0, height: 0, heardView: 0, answeredMs: Number.NEGATIVE_INFINITY }
  // Only validators of this set are remembered: at most 100.
  if (state.committee.placeOf.has(address)) state.peers.set(address, peer)
  return peer
}

/** The certificate that makes this block one that can be built on; undefined for the base and for unknown ones. */
export function certificateOn(state: State, block: Hash): Certificate | undefined {
  if (state.finalized?.block === block) return state.finalized
  for (const certificate of state.notarized.values()) if (certificate.block === block) return certificate
  return undefined
}

/** The view of a block that can be built on: the base, or one with a certificate. */
export function viewOf(state: State, block: Hash): number | undefined {
  return block === state.base.hash ? state.base.view : certificateOn(state, block)?.view
}

/** Views after `parentView` and before `view` that are not shown to be skipped, lowest first, at most `max`. */
export function unskipped(state: State, parentView: number, view: number, max: number): number[] {
  const missing: number[] = []
  for (let at = parentView + 1; at < view && missing.length < max; at++) if (!state.nullified.has(at)) missing.push(at)
  return missing
}

/** Of this block or one before it that is not final, the execution changed the set: what follows carries nothing. */
export function endsEpoch(state: State, hash: Hash): boolean {
  for (let entry = state.entries.get(hash); entry !== undefined; entry = state.entries.get(entry.block.parent)) {
    if (entry.block.nextSetHash !== undefined) return true
  }
  return false
}

/** There is something that is not settled: the base is not all that validators have agreed to, or somebody has begun. */
export function isUnsettled({ notarized, finalized, proposal, isStirred }: State): boolean {
  return notarized.size > 0 || finalized !== undefined || proposal !== undefined || isStirred
}

/** A certificate's signers, to ask for what they must have. */
export function signersOf(state: State, certificate: Certificate): readonly Address[] {
  return certificate.signatures
    .map(({ validator }) => addressAt(state, validator))
    .filter((address) => address !== state.setup.address)
}

export function send(step: Step, to: readonly Address[], message: Message): void {
  if (to.length > 0) step.effects.push({ kind: 'send', to, message })
}
