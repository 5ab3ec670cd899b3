// Whether this node votes, and what keeps it from it: lock, vote log, guard, a key that is used elsewhere, a full disk.
//
// Must stay true: without the lock, with files that can't be read, or once the key was seen to sign elsewhere, nothing is signed
// until a person has looked; all of it is said in `state`.

import { isPeerhoodError } from '../../base/errors.ts'
import { checkVote, faultsOf, quorumOf } from '../consensus/certificate-core.ts'
import type { Evidence, Message, Recover, Standing, Vote } from '../consensus/types.ts'
import type { Address } from '../types.ts'
import { createDriver, type Driver } from './driver.ts'
import type { Peers } from './peers.ts'
import type { LedgerNodeParts, PeerName, VotingState, VotingStop } from './types.ts'
import { openVotes, type Votes } from './votes.ts'

export interface VoterParts extends LedgerNodeParts {
  readonly recover: Recover
  send(to: readonly Address[], bytes: Uint8Array): void
  blame(peer: Address, code: string): void
  behind(): void
  evidence(evidence: Evidence): void
  changed(): void
}

export interface VoterOptions {
  readonly deltaMs: number
  readonly keyIsNew: boolean
  /** The head is the block after which people went on by a recovery: as at block 0, nobody has voted in this epoch, or not here. */
  readonly isRecovered: boolean
}

export interface Voter {
  /** In the set, and nothing keeps it from voting. */
  readonly isVoting: boolean
  readonly isDiskFailing: boolean
  start(): Promise<void>
  stop(): Promise<void>
  /** From a validator (its connection is authenticated). */
  message(from: Address, message: Message): void
  met(peer: Address): void
  /** A peer said how far it is. */
  looked(peers: Peers): void
  /** Another computer announced this key; ours, if it is ours. */
  announcedBy(peer: PeerName, address: Address, votes: boolean): void
  /** Votes that this node did not give carry our key. */
  usedElsewhere(): void
  synced(): void
  disagrees(code: string, sentence: string): void
  standing(): Standing | undefined
  state(peers: Peers): VotingState
}

const lockName = 'lock'

const sentences: Readonly<Record<VotingStop, string>> = {
  folder_in_use: 'Another program has this ledger open, so this one does not vote. Stop one of them, then start again.',
  key_in_use_elsewhere:
    'Another computer votes with this validator’s key, so this one does not any more. Stop one of them for good, then start again.',
  disk_failing: 'The disk takes nothing, so no vote is given. Make room: it goes on by itself.',
  files_damaged:
    'The vote log or the signer guard can’t be read. Move both away and start again: the others are asked what this validator said last.',
  disagrees:
    'A quorum made a block final that is invalid here: more validators lie than may, or the programs differ. Compare versions with the others.',
}

export function createVoter(options: VoterOptions, parts: VoterParts): Voter {
  return new NodeVoter(options, parts)
}

class NodeVoter implements Voter {
  readonly #options: VoterOptions
  readonly #parts: VoterParts
  #driver: Driver | undefined
  #votes: Votes | undefined
  #release: (() => Promise<void>) | undefined
  #stopped: VotingStop | undefined
  #hasConfirmed = false
  #hasBegun = false
  /** Of the head at the start. */
  #firstHeight = 0
  /** Before it began. */
  readonly #met = new Set<Address>()
  #isLogFailing = false
  #isChainFailing = false

  constructor(options: VoterOptions, parts: VoterParts) {
    this.#options = options
    this.#parts = parts
  }

  get isDiskFailing(): boolean {
    return this.#isLogFailing || this.#isChainFailing
  }

  get isVoting(): boolean {
    const { signer, chain } = this.#parts
    const isIn = signer !== undefined && chain.validators().validators.includes(signer.address)
    return isIn && this.#stopped === undefined && this.standing()?.maySign === true
  }

  async start(): Promise<void> {
    const { signer, disk } = this.#parts
    if (signer === undefined) return
    this.#release = await disk.lock(lockName)
    if (this.#release === undefined) return this.#stopVoting('folder_in_use')
    try {
      this.#votes = await this.#openVotes()
    } catch (error) {
      this.#parts.log.error('ledger_votes_damaged', { error })
      if (!isPeerhoodError(error)) throw error
      return this.#stopVoting('files_damaged')
    }
    const { chain, clock, log, recover } = this.#parts
    this.#driver = createDriver({ deltaMs: this.#options.deltaMs })({
      ...{ chain, clock, log, signer, recover, votes: this.#votes },
      send: (to, bytes) => this.#parts.send(to, bytes),
      blame: (peer, code) => this.#parts.blame(peer, code),
      behind: () => this.#parts.behind(),
      evidence: (evidence) => this.#parts.evidence(evidence),
      disagrees: () => this.#stopVoting('disagrees'),
      failing: (isFailing) => {
        if (this.#isChainFailing !== isFailing) this.#fails(() => (this.#isChainFailing = isFailing))
      },
    })
    const { mustConfirm, last } = this.#votes
    const { epoch, validators } = chain.validators()
    const hasSaidNothing = last === undefined || last.epoch < epoch
    const begins = hasSaidNothing && (this.#options.isRecovered || chain.head().height === 0)
    this.#firstHeight = chain.head().height
    if (mustConfirm && begins && validators.length > 1) return
    this.#begin(mustConfirm)
  }

  #begin(mustConfirm: boolean): void {
    this.#hasBegun = true
    this.#driver?.start(mustConfirm)
    for (const address of this.#met) this.#driver?.met(address)
  }

  /**
   * Nothing is on this disk and nothing in its chain, or nothing since a recovery: either the ledger, or the recovery's epoch, begins, or
   * this computer lost all it had. Others know which.
   * If all asked others, whose ledger begins as well, none would ever speak in the first views; so as many as a quorum needs beside us
   * have to be where we are, and at most f of them, who may lie, further.
   */
  looked(peers: Peers): void {
    const { chain, signer } = this.#parts
    if (this.#hasBegun || this.#driver === undefined) return
    if (chain.head().height > this.#firstHeight) {
      this.#begin(true)
      return
    }
    const { validators } = chain.validators()
    const told = validators.flatMap((address) => {
      const name = address === signer?.address ? undefined : peers.nameOf(address)
      const progress = name === undefined ? undefined : peers.get(name)?.progress
      return progress === undefined ? [] : [progress.height]
    })
    const further = told.filter((height) => height > this.#firstHeight).length
    if (further > faultsOf(validators.length)) this.#begin(true)
    else if (told.length >= quorumOf(validators.length) - 1) this.#begin(false)
  }

  #openVotes(): Promise<Votes> {
    const { chain, disk, clock, log } = this.#parts
    const keyIsNew = this.#options.keyIsNew || chain.validators().validators.length === 1
    return openVotes(
      { keyIsNew },
      {
        ...{ disk, clock, log },
        decodeBlock: (bytes) => chain.decode(bytes),
        failing: (isFailing) => this.#fails(() => (this.#isLogFailing = isFailing)),
      },
    )
  }

  #fails(set: () => void): void {
    set()
    this.#parts.metrics.gauge('ledger_disk_failing', this.isDiskFailing ? 1 : 0)
    this.#parts.changed()
  }

  #stopVoting(why: VotingStop): void {
    if (this.#stopped !== undefined) return
    this.#stopped = why
    this.#driver?.mute()
    this.#parts.log.error('ledger_voting_stopped', { why })
    this.#parts.changed()
  }

  async stop(): Promise<void> {
    await this.#driver?.stop()
    await this.#votes?.close()
    await this.#release?.()
  }

  message(from: Address, message: Message): void {
    const { signer } = this.#parts
    if (message.kind === 'vote' || message.kind === 'proposal') this.#lookFor(message.vote)
    if (message.kind === 'status' && message.isAnswer) this.#compare(message.epoch, message.heardView)
    if (from !== signer?.address && this.#hasBegun) this.#driver?.message(from, message)
  }

  /** A vote of our key that we did not give. */
  #lookFor(vote: Vote): void {
    const { signer, chain, recover } = this.#parts
    const set = chain.validators()
    if (signer === undefined || set.validators[vote.validator] !== signer.address || vote.epoch !== set.epoch) return
    if (this.#votes === undefined || this.#votes.isKnown(vote) || !checkVote(vote, set, chain.genesisHash, recover))
      return
    this.usedElsewhere()
  }

  /** Somebody heard more of us than we know of having said: this is an old copy. Once, since it is a mere word. */
  #compare(epoch: number, heardView: number): void {
    const last = this.#votes?.last
    if (
      this.#hasConfirmed ||
      this.#driver === undefined ||
      !this.#hasBegun ||
      epoch !== this.#parts.chain.validators().epoch
    )
      return
    if (last !== undefined && (last.epoch > epoch || (last.epoch === epoch && last.view >= heardView))) return
    if (heardView === 0) return
    this.#hasConfirmed = true
    this.#parts.log.warn('ledger_said_more_than_known', { epoch, heardView })
    this.#driver.confirm()
  }

  met(peer: Address): void {
    if (peer === this.#parts.signer?.address) return
    if (this.#hasBegun) this.#driver?.met(peer)
    else this.#met.add(peer)
  }

  announcedBy(peer: PeerName, address: Address, votes: boolean): void {
    const { signer, network, log } = this.#parts
    if (address !== signer?.address) return
    const doWe = this.isVoting
    log.warn('ledger_key_announced_elsewhere', { peer, votes, doWe })
    // Both sides see this: whoever does not vote yet refuses, else the one with the greater name; so one of them stops for certain.
    if (votes === doWe ? network.self > peer : votes) this.#stopVoting('key_in_use_elsewhere')
  }

  usedElsewhere(): void {
    this.#stopVoting('key_in_use_elsewhere')
  }

  synced(): void {
    if (this.#hasBegun) this.#driver?.synced()
    else if (this.#driver !== undefined) this.#begin(true)
  }

  disagrees(code: string, sentence: string): void {
    this.#parts.log.error('ledger_disagrees', { code, sentence })
    this.#stopVoting('disagrees')
  }

  standing(): Standing | undefined {
    return this.#hasBegun ? this.#driver?.standing() : undefined
  }

  state(peers: Peers): VotingState {
    const { signer, chain } = this.#parts
    const { validators } = chain.validators()
    if (this.#stopped !== undefined) return { kind: 'stopped', code: this.#stopped, sentence: sentences[this.#stopped] }
    if (signer === undefined || !validators.includes(signer.address)) return { kind: 'follower' }
    if (this.isDiskFailing) return { kind: 'stopped', code: 'disk_failing', sentence: sentences.disk_failing }
    if (this.#driver === undefined) return { kind: 'follower' }
    if (this.standing()?.maySign === true) return { kind: 'voting' }
    const asking = this.standing()?.asking
    if (asking !== undefined) {
      const { answered, needed, silent } = asking
      return { kind: 'asking', answered, needed, missing: silent }
    }
    // Before it began: those who are there are looked at.
    const missing = validators.filter((address) => address !== signer.address && peers.nameOf(address) === undefined)
    const answered = validators.length - 1 - missing.length
    return { kind: 'asking', answered, needed: Math.min(quorumOf(validators.length), validators.length - 1), missing }
  }
}
