// Drives the core of consensus: what happened goes in, in the order in which it happened; effects are performed in the order in
// which they came. The chain works beside it, one thing after the other, and never holds up a vote.
//
//   peers ─► message ─┐                        ┌─► write ─► votes.ts ─► written ─┐
//   chain ─► work ────┼─► consensus.step ──────┼─► send                          │
//   timer ─► wake ────┘        ▲               ├─► build, check, final ─► chain ─┤
//                              └───────────────┴─────────────────────────────────┘
//
// Must stay true: `written` is fed only when log and guard are on disk; blocks become final in order; after `disagree`, or when the
// key is found to be used elsewhere, nothing is signed.

import { assert } from '../../base/errors.ts'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import { sleep } from '../../base/ports.ts'
import { decodeRlp, encodeRlp } from '../chain/rlp-wire.ts'
import type { Chain, Header } from '../chain/types.ts'
import { createConsensus } from '../consensus/core.ts'
import type {
  Certificate,
  Consensus,
  Effect,
  Evidence,
  Head,
  Input,
  Message,
  Recover,
  Standing,
  WalRecord,
} from '../consensus/types.ts'
import { encodeMessage } from '../consensus/wire.ts'
import type { Address, Block, Hash, Verdict } from '../types.ts'
import { decodeFinality, encodeFinality } from './finality.ts'
import { clockRetryMs, diskRetryMs } from './limits.ts'
import { SeenBlocks } from './seen-blocks.ts'
import type { ValidatorSigner } from './types.ts'
import type { Votes } from './votes.ts'

export interface DriverParts {
  readonly chain: Chain
  readonly votes: Votes
  readonly clock: Clock
  readonly log: Log
  readonly signer: ValidatorSigner
  readonly recover: Recover
  send(to: readonly Address[], bytes: Uint8Array): void
  blame(peer: Address, code: string): void
  /** Others have final blocks that have to be fetched. */
  behind(height: number, peers: readonly Address[]): void
  evidence(evidence: Evidence, validator: Address): void
  /** A quorum finalized what is invalid here. */
  disagrees(verdict: Verdict): void
  /** The chain's disk began, or ceased, to refuse. */
  failing(isFailing: boolean): void
}

export interface Driver {
  /** With `mustConfirm` nothing is signed before others have said what this key said last. */
  start(mustConfirm: boolean): void
  stop(): Promise<void>
  message(from: Address, message: Message): void
  met(peer: Address): void
  /** The chain got further by other means. */
  synced(): void
  /** Signs nothing before others have said what this key said last. */
  confirm(): void
  /** Signs nothing any more. */
  mute(): void
  standing(): Standing
}

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>

export function createDriver(options: { readonly deltaMs: number }) {
  return (parts: DriverParts): Driver => new NodeDriver(options.deltaMs, parts)
}

/** What this computer can't say yet. */
const unsaid: ReadonlySet<string> = new Set(['block_from_future', 'block_quota_unknown'])

class NodeDriver implements Driver {
  readonly #parts: DriverParts
  readonly #deltaMs: number
  #core: Consensus
  /** Of the core; what an earlier one asked for is not answered to this one. */
  #life = 0
  readonly #inputs: Input[] = []
  #isFeeding = false
  #isStopped = false
  #isMuted = false
  #wake: Cancel = () => {}
  #building: AbortController | undefined
  readonly #seen = new SeenBlocks()
  /** Blocks go to disk one effect after the other. */
  #finals: Promise<void> = Promise.resolve()
  #finalsWaiting = 0
  #offChain: Cancel = () => {}

  constructor(deltaMs: number, parts: DriverParts) {
    this.#deltaMs = deltaMs
    this.#parts = parts
    this.#core = this.#create()
  }

  #create(): Consensus {
    const { chain, signer, recover } = this.#parts
    return createConsensus({
      genesisHash: chain.genesisHash,
      address: signer.address,
      delayMs: this.#deltaMs,
      blockTimeMs: chain.genesis.blockTimeMs,
    })({ sign: (digest) => signer.sign(digest), recover })
  }

  start(mustConfirm: boolean): void {
    const { chain, votes } = this.#parts
    this.#begin(votes.records, mustConfirm)
    this.#offChain = chain.on((event) => {
      if (event.kind === 'work') this.#feed({ kind: 'work', isWaiting: event.waiting })
    })
    if (chain.pool.hasWork) this.#feed({ kind: 'work', isWaiting: true })
  }

  #begin(records: readonly WalRecord[], mustConfirm: boolean): void {
    const { chain, votes } = this.#parts
    const head = headOf(chain.head())
    const certificate = certificateOf(chain)
    const signedTo = votes.last
    this.#feed({ kind: 'start', head, set: chain.validators(), records, signedTo, mustConfirm, certificate })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#life += 1
    this.#wake()
    this.#offChain()
    this.#building?.abort()
    await this.#finals
  }

  message(from: Address, message: Message): void {
    this.#feed({ kind: 'message', from, message })
  }

  met(peer: Address): void {
    this.#feed({ kind: 'met', peer })
  }

  synced(): void {
    const { chain } = this.#parts
    this.#feed({
      kind: 'synced',
      head: headOf(chain.head()),
      set: chain.validators(),
      certificate: certificateOf(chain),
    })
  }

  confirm(): void {
    const records = this.#core.records()
    this.#life += 1
    this.#inputs.length = 0
    this.#core = this.#create()
    this.#begin(records, true)
    if (this.#parts.chain.pool.hasWork) this.#feed({ kind: 'work', isWaiting: true })
  }

  mute(): void {
    this.#isMuted = true
  }

  standing(): Standing {
    return this.#core.standing()
  }

  #feed(input: Input): void {
    if (this.#isStopped) return
    this.#inputs.push(input)
    if (this.#isFeeding) return
    this.#isFeeding = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const effect of this.#core.step(next, this.#parts.clock.monotonicMs())) this.#perform(effect)
      }
    } finally {
      this.#isFeeding = false
    }
  }

  /** Answers to what this life of the core asked for. */
  #answer(life: number, input: Input): void {
    if (life === this.#life) this.#feed(input)
  }

  #perform(effect: Effect): void {
    const parts = this.#parts
    switch (effect.kind) {
      case 'write':
        this.#write(effect)
        break
      case 'send':
        if (!this.#isMuted || !holdsVote(effect.message)) parts.send(effect.to, encodeMessage(effect.message))
        break
      case 'wake':
        this.#setWake(effect.atMs)
        break
      case 'build':
        void this.#build(effect, this.#life)
        break
      case 'check':
        void this.#check(effect.block, this.#life)
        break
      case 'final':
        this.#final(effect)
        break
      case 'evidence':
        parts.evidence(effect.evidence, effect.validator)
        break
      case 'behind':
        parts.behind(effect.height, effect.peers)
        break
      case 'blame':
        parts.blame(effect.peer, effect.code)
        break
      case 'disagree':
        parts.log.error('ledger_disagrees', { block: effect.block.hash, verdict: effect.verdict })
        parts.disagrees(effect.verdict)
    }
  }

  #setWake(atMs: number | undefined): void {
    this.#wake()
    this.#wake = () => {}
    if (atMs === undefined) return
    const { clock } = this.#parts
    this.#wake = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => this.#feed({ kind: 'wake' }))
  }

  #write({ id, records }: EffectOf<'write'>): void {
    const life = this.#life
    if (this.#isMuted && records.some(({ kind }) => kind === 'vote')) return
    this.#parts.votes.write(records).then(
      (isGiven) => {
        if (isGiven) this.#answer(life, { kind: 'written', id })
        else if (life === this.#life) this.confirm()
      },
      (error: unknown) => this.#parts.log.error('ledger_vote_not_written', { error }),
    )
  }

  async #check(block: Block, life: number): Promise<void> {
    const { log, clock } = this.#parts
    const startMs = clock.monotonicMs()
    this.#seen.saw(block.hash, startMs)
    const verdict = await this.#verdict(block, life)
    if (verdict === undefined) return
    if (!verdict.ok) log.warn('ledger_block_refused', { block: block.hash, code: verdict.code })
    const { height, view, bytes } = block
    log.debug('ledger_block_checked', { height, view, bytes: bytes.length, ms: clock.monotonicMs() - startMs })
    this.#answer(life, { kind: 'checked', block: block.hash, verdict })
  }

  /** The core waits for it, so what this computer can't say now is asked again. Undefined once nobody waits any more. */
  async #verdict(block: Block, life: number): Promise<Verdict | undefined> {
    const { chain, log, clock } = this.#parts
    while (!this.#isStopped && life === this.#life) {
      let waitMs = diskRetryMs
      try {
        const verdict = await chain.check(block)
        // It may be our clock that is wrong, or too little that is known here: no verdict then. Where a quorum signs meanwhile, catching up has it.
        if (verdict.ok || !unsaid.has(verdict.code)) return verdict
        log.warn(`ledger_${verdict.code}`, { block: block.hash, sentence: verdict.sentence })
        waitMs = clockRetryMs
      } catch (error) {
        if (this.#isStopped) return undefined
        log.error('ledger_check_failed', { block: block.hash, error })
      }
      await sleep(clock, waitMs)
    }
    return undefined
  }

  async #build({ epoch, view, parent, mayBeEmpty }: EffectOf<'build'>, life: number): Promise<void> {
    const { log } = this.#parts
    this.#building?.abort()
    const controller = new AbortController()
    this.#building = controller
    let block: Block | undefined
    try {
      block = await this.#propose(parent, { epoch, view }, mayBeEmpty, controller.signal)
    } catch (error) {
      if (controller.signal.aborted || this.#isStopped) return
      log.error('ledger_build_failed', { parent, epoch, view, error })
    }
    if (controller.signal.aborted) return
    this.#answer(life, { kind: 'built', epoch, view, parent, block })
  }

  async #propose(
    parent: Hash,
    place: { readonly epoch: number; readonly view: number },
    mayBeEmpty: boolean,
    signal: AbortSignal,
  ): Promise<Block | undefined> {
    const { chain, clock } = this.#parts
    if (chain.pool.hasWork) {
      const waitMs = this.#seen.waitMs(parent, chain.genesis.blockTimeMs, clock.monotonicMs())
      if (waitMs > 0) await sleep(clock, waitMs, { signal })
    } else if (!mayBeEmpty) return undefined
    const startMs = clock.monotonicMs()
    const block = await chain.build(parent, place, signal)
    const endMs = clock.monotonicMs()
    this.#seen.saw(block.hash, endMs)
    const { height, view, bytes } = block
    this.#parts.log.debug('ledger_block_built', { height, view, bytes: bytes.length, ms: endMs - startMs })
    return mayBeEmpty || !isEmpty(block) ? block : undefined
  }

  #final({ blocks, certificate, trail }: EffectOf<'final'>): void {
    const last = blocks.at(-1)
    if (last === undefined) return
    const trailHeaders = trail.map(({ bytes }) => headerBytesOf(bytes))
    const bytes = encodeFinality({ certificate, trail: trailHeaders })
    this.#finalsWaiting += 1
    this.#finals = this.#finals.then(async () => {
      await this.#finalize(last, bytes)
      this.#finalsWaiting -= 1
      if (this.#finalsWaiting === 0 && !this.#isStopped) await this.#parts.votes.settle(() => this.#core.records())
    })
  }

  /** Until the disk takes it: what a quorum finalized is final. */
  async #finalize(block: Block, finality: Uint8Array): Promise<void> {
    const { chain, clock, log, failing } = this.#parts
    while (!this.#isStopped && chain.head().height < block.height) {
      try {
        await chain.finalize(block.hash, finality)
        failing(false)
        return
      } catch (error) {
        if (this.#isStopped) return
        log.error('ledger_finalize_failed', { block: block.hash, height: block.height, error })
        failing(true)
      }
      await sleep(clock, diskRetryMs)
    }
  }
}

export function headOf({ hash, height, place }: Header): Head {
  return { hash, height, epoch: place?.epoch ?? 0, view: place?.view ?? 0 }
}

/** A finalize certificate on the head itself, to show to those who are behind. */
function certificateOf(chain: Chain): Certificate | undefined {
  const { height } = chain.head()
  const bytes = height === 0 ? undefined : chain.certificate(height)
  if (bytes === undefined || bytes.length === 0) return undefined
  const { certificate, trail } = decodeFinality(bytes)
  return trail.length === 0 ? certificate : undefined
}

function holdsVote({ kind }: Message): boolean {
  return kind === 'vote' || kind === 'proposal'
}

/** The first item of a block's list. */
function headerBytesOf(block: Uint8Array): Uint8Array {
  const items = decodeRlp(block)
  const header = Array.isArray(items) ? items[0] : undefined
  assert(header !== undefined, 'a block that was checked is a list')
  return encodeRlp(header)
}

function isEmpty(block: Block): boolean {
  const items = decodeRlp(block.bytes)
  const transactions = Array.isArray(items) ? items[1] : undefined
  return Array.isArray(transactions) && transactions.length === 0
}
