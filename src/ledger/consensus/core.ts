// Consensus of one validator: Simplex (Chan and Pass, eprint 2023/463) with epochs. Inputs and times go in, effects come out
// (types.ts); docs/protocol/consensus.md says what validators promise each other.
//
// Here: the order of one step, writes, the change of epochs. State: state-core.ts.
//
// Must stay true: a vote is told, and counted, only after `written`; an epoch begins only when the block before it is final; records
// of epochs that have not begun here (the chain's disk was behind) are kept until they do.

import { addBlock, takeVerdict } from './blocks-core.ts'
import { isLater } from './certificate-core.ts'
import { statusOf } from './help-core.ts'
import { onMessage } from './messages-core.ts'
import { tell } from './own-core.ts'
import { settle } from './rules-core.ts'
import { recordsOf, standingOf } from './standing-core.ts'
import { epochOf, find, load, previousOf, resume } from './start-core.ts'
import { baseOf, createState, isLeader, type Setup, type State, type Step, send } from './state-core.ts'
import { nextMs, runTimers } from './time-core.ts'
import type {
  Ballot,
  Consensus,
  ConsensusOptions,
  ConsensusParts,
  Effect,
  Head,
  Input,
  Vote,
  WalRecord,
} from './types.ts'
import { rebase } from './views-core.ts'
import { voteDigest } from './vote-wire.ts'
import { addVote } from './votes-core.ts'

/** For the simulator: faults to build in, and digests that are shared among its validators. */
export interface Testing {
  readonly mutations?: ReadonlySet<string>
  readonly digestOf?: (ballot: Ballot) => Uint8Array
}

type InputOf<Kind extends Input['kind']> = Extract<Input, { kind: Kind }>
type Writing = Map<number, { readonly records: readonly WalRecord[]; readonly votes: readonly Vote[] }>

export function createConsensus(options: ConsensusOptions, testing: Testing = {}) {
  return (parts: ConsensusParts): Consensus => {
    const mutations = testing.mutations ?? new Set<string>()
    const digestOf = testing.digestOf ?? ((ballot: Ballot) => voteDigest(options.genesisHash, ballot))
    return createMachine({ ...options, ...parts, digestOf, has: (mutation) => mutations.has(mutation) })
  }
}

function createMachine(setup: Setup): Consensus {
  let started: State | undefined
  let writes = 0
  let wakeMs: number | undefined
  const writing: Writing = new Map()
  /** Of epochs that have not begun here. */
  let later: readonly WalRecord[] = []

  function current(): State {
    if (started === undefined) throw new Error('assertion failed: the first input is start')
    return started
  }

  function stepOf(nowMs: number, effects: Effect[]): Step {
    const write: Step['write'] = (records, votes) => {
      const id = ++writes
      effects.push({ kind: 'write', id, records })
      if (votes.length > 0) writing.set(id, { records, votes })
    }
    return { state: current(), nowMs, effects, write, ended: undefined }
  }

  function start(nowMs: number, effects: Effect[], input: InputOf<'start'>): void {
    const { head, set, records, certificate, signedTo } = input
    const state = createState(setup, head, set, previousOf(set.epoch - 1, records))
    started = state
    later = setup.has('forget-later') ? [] : records.filter((record) => epochOf(record) > set.epoch)
    if (certificate?.epoch === set.epoch && certificate.block === head.hash) state.baseCertificate = certificate
    load(state, records)
    if (signedTo !== undefined && isLater(signedTo, state.last)) state.last = signedTo
    const step = stepOf(nowMs, effects)
    find(step, input)
    resume(step)
  }

  function endEpoch(nowMs: number, effects: Effect[], ended: NonNullable<Step['ended']>): void {
    const before = current()
    const state = createState(setup, ended.head, ended.set, ended.previous)
    started = state
    load(state, later)
    later = later.filter((record) => epochOf(record) > ended.set.epoch)
    if (isLater(before.last, state.last)) state.last = before.last
    state.hasWork = before.hasWork
    state.hasDisagreed = before.hasDisagreed
    state.maySign = before.maySign
    state.repeatAtMs = before.repeatAtMs
    const step = stepOf(nowMs, effects)
    // Also one that asked nobody yet: it was in no set, and comes into one now.
    if (before.finding !== undefined || before.mustConfirm) find(step, before)
    resume(step)
    for (const { from, message } of before.early) onMessage(stepOf(nowMs, effects), from, message)
  }

  function release(step: Step, upTo: number): void {
    for (const [id, { votes }] of writing) {
      if (id > upTo) break
      writing.delete(id)
      for (const vote of votes) {
        const { committee, base, ownVotes } = step.state
        if (vote.epoch !== committee.set.epoch || vote.view <= base.view) continue
        ownVotes.push(vote)
        tell(step, vote)
        addVote(step, vote)
      }
    }
  }

  function take(step: Step, input: Exclude<Input, { kind: 'start' }>): void {
    const { state } = step
    switch (input.kind) {
      case 'message':
        onMessage(step, input.from, input.message)
        break
      case 'written':
        release(step, input.id)
        break
      case 'work':
        state.hasWork = input.isWaiting
        state.emptyParent = undefined
        break
      case 'built':
        built(state, input)
        break
      case 'checked':
        takeVerdict(state, input.block, input.verdict)
        break
      case 'synced':
        synced(step, input)
        break
      case 'met':
        send(step, [input.peer], statusOf(state, false))
        break
      case 'wake':
    }
  }

  /** Every rule until none has anything to do in the view and epoch where we are. */
  function settleAll(nowMs: number, effects: Effect[]): void {
    for (;;) {
      const step = stepOf(nowMs, effects)
      const { view, base } = step.state
      settle(step)
      if (step.ended !== undefined) {
        endEpoch(nowMs, effects, step.ended)
        continue
      }
      runTimers(step)
      if (step.state.view === view && step.state.base === base) return
    }
  }

  return {
    step(input, nowMs) {
      const effects: Effect[] = []
      if (input.kind === 'start') start(nowMs, effects, input)
      else {
        const step = stepOf(nowMs, effects)
        take(step, input)
        if (step.ended !== undefined) endEpoch(nowMs, effects, step.ended)
      }
      settleAll(nowMs, effects)
      const atMs = nextMs(stepOf(nowMs, effects))
      // A driver whose timer rang has none any more.
      if (atMs !== wakeMs || (input.kind === 'wake' && atMs !== undefined)) effects.push({ kind: 'wake', atMs })
      wakeMs = atMs
      return effects
    },
    records: () => recordsOf(current(), [...[...writing.values()].flatMap(({ records }) => records), ...later]),
    standing: () => standingOf(current()),
  }
}

function built(state: State, { epoch, view, parent, block }: InputOf<'built'>): void {
  if (epoch !== state.committee.set.epoch || view !== state.view || state.build?.parent !== parent) return
  if (state.proposal !== undefined || !isLeader(state)) return
  if (block === undefined) {
    // One that may be empty failed: the view is left to its timer.
    if (state.build.mayBeEmpty) return
    state.build = undefined
    state.emptyParent = parent
    return
  }
  if (block.epoch !== epoch || block.view !== view || block.parent !== parent) return
  const entry = addBlock(state, block)
  if (entry === undefined) return
  // Making it was executing it; only the set that it leaves behind has to be asked for.
  if (block.nextSetHash === undefined) entry.check = 'good'
  state.proposal = block
}

function synced(step: Step, { head, set, certificate }: InputOf<'synced'>): void {
  const { committee, base } = step.state
  if (set.epoch > committee.set.epoch) {
    step.ended = { head, set, previous: { epoch: set.epoch - 1, certificate: undefined, blocks: [] } }
  } else if (set.epoch === committee.set.epoch && head.height > base.height) {
    const moved: Head = baseOf(head, set)
    rebase(step, moved, certificate?.block === head.hash ? certificate : undefined)
  }
}
