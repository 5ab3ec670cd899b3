// One simulated validator: what validator/ is to the real core. It performs effects over a disk that tears and a toy chain, and
// dies between any two effects when told to.

import { concatBytes } from '../../../src/base/bytes.ts'
import { createConsensus } from '../../../src/ledger/consensus/core.ts'
import type {
  Consensus,
  ConsensusOptions,
  Effect,
  Input,
  Message,
  Sign,
  WalRecord,
} from '../../../src/ledger/consensus/types.ts'
import { decodeRecord, encodeRecord } from '../../../src/ledger/consensus/wire.ts'
import type { Address, Block, Hash, ValidatorSet } from '../../../src/ledger/types.ts'
import { frameRecord, readRecords } from '../../../src/ledger/validator/wal-wire.ts'
import type { SeededRandom } from '../random.ts'
import type { Journal } from './journal.ts'
import { decodeBlock, type FinalBlock, genesis, ToyChain } from './toy-chain.ts'

/** What survives. Records are kept as values, or as bytes where the world is one of bytes. */
export interface Disk {
  readonly log: readonly WalRecord[]
  readonly finals: readonly FinalBlock[]
}

type OnDisk = Uint8Array | WalRecord

export interface NodeWorld {
  readonly journal: Journal
  readonly random: SeededRandom
  readonly mutations: ReadonlySet<string>
  readonly options: Omit<ConsensusOptions, 'address'>
  readonly testing: Parameters<typeof createConsensus>[1]
  readonly recover: Parameters<ReturnType<typeof createConsensus>>[0]['recover']
  readonly firstSet: ValidatorSet
  readonly isWire: boolean
  readonly chainMs: number
  nowMs(): number
  /** Runs later, whatever happens meanwhile. */
  after(delayMs: number, run: () => void): void
  send(from: SimNode, to: Address, message: Message): void
  /** Blocks that this peer would give to one who catches up. */
  finalsOf(peer: Address): readonly FinalBlock[]
}

/** Changes what a liar says; undefined for an honest validator. */
export interface Tongue {
  /** Messages that leave instead. */
  speak(message: Message, to: readonly Address[]): readonly { readonly to: Address; readonly message: Message }[]
  /** Instead of the block that was built. */
  build(block: Block | undefined, place: { parent: Hash; epoch: number; view: number }): Block | undefined
}

export class SimNode {
  readonly address: Address
  readonly #world: NodeWorld
  readonly #sign: Sign
  tongue: Tongue | undefined
  /** Clock: runs faster or slower, and shows something else. */
  readonly #rate: number
  readonly #offsetMs: number
  diskMs = 1

  core: Consensus | undefined
  chain = new ToyChain([])
  /** Grows with each life: what an earlier one has begun does nothing any more. */
  life = 0
  /** On disk for good, and what is being written. */
  #log: OnDisk[] = []
  #writing: { readonly id: number; readonly records: readonly OnDisk[] }[] = []
  #durable: FinalBlock[] = []
  #finalizing: (readonly FinalBlock[])[] = []
  readonly pool = new Set<string>()
  #hasWork = false
  /** Effects left to perform before it dies. */
  crashAfter: number | undefined
  /** The same, from the end of an epoch on. */
  crashAtEnd: number | undefined
  onCrash = () => {}
  #wakeAtMs: number | undefined
  readonly backups: Disk[] = []
  #isSyncing = false
  /** Of the last block that was final for consensus; on disk a moment later. */
  heightOfCore = 0

  constructor(world: NodeWorld, address: Address, sign: Sign) {
    this.#world = world
    this.address = address
    this.#sign = sign
    this.#rate = 0.95 + world.random.uniform() * 0.1
    this.#offsetMs = world.random.below(60_000) - 30_000
  }

  get isUp(): boolean {
    return this.core !== undefined
  }

  get hasTimer(): boolean {
    return this.#wakeAtMs !== undefined
  }

  #clockMs(): number {
    return this.#offsetMs + this.#world.nowMs() * this.#rate
  }

  // ---- life and death

  start(mustConfirm = false): void {
    const { options, testing, recover, firstSet, journal } = this.#world
    this.life++
    this.#writing = []
    this.#finalizing = []
    this.#hasWork = false
    this.#wakeAtMs = undefined
    this.#isSyncing = false
    this.chain = new ToyChain([...this.#durable])
    this.core = createConsensus({ ...options, address: this.address }, testing)({ sign: this.#sign, recover })
    for (const name of this.pool) if (this.chain.isSettled(name)) this.pool.delete(name)
    const records = this.#world.mutations.has('no-log') ? [] : this.#log.map((one) => read(one))
    const set = this.chain.set(firstSet)
    const { head } = this.chain
    if (this.tongue === undefined) journal.started(this.address, records, set, head)
    this.input({ kind: 'start', head, set, records, signedTo: undefined, mustConfirm, certificate: undefined })
    // One that is alone has nobody to tell.
    if (this.tongue === undefined && this.isUp && !mustConfirm && set.validators.length > 1)
      journal.resumed(this.address)
    this.tellWork()
  }

  crash(): void {
    this.life++
    this.core = undefined
    this.crashAfter = undefined
    this.crashAtEnd = undefined
    this.#wakeAtMs = undefined
    this.pool.clear()
    this.#tear()
    this.onCrash()
  }

  /** Of what was being written, a part is there, cut at any byte; a record that is not whole is none. */
  #tear(): void {
    const pending = this.#writing.flatMap(({ records }) => records)
    this.#writing = []
    const bytes = pending.filter((one) => one instanceof Uint8Array)
    if (bytes.length === 0) this.#log.push(...pending.slice(0, this.#world.random.below(pending.length + 1)))
    else {
      const written = concatBytes(...bytes.map(frameRecord))
      this.#log.push(...readRecords(written.subarray(0, this.#world.random.below(written.length + 1))).records)
    }
  }

  backup(): void {
    this.backups.push({ log: this.#log.map((one) => read(one)), finals: [...this.#durable] })
  }

  /** Only while it is down. */
  restore(disk: Disk): void {
    this.#log = disk.log.map((record) => this.#put(record))
    this.#durable = [...disk.finals]
  }

  #put(record: WalRecord): OnDisk {
    return this.#world.isWire ? encodeRecord(record) : record
  }

  get finals(): readonly FinalBlock[] {
    return this.#durable
  }

  // ---- inputs

  input(input: Input): void {
    if (this.core === undefined) return
    const effects = this.core.step(input, this.#clockMs())
    const { life } = this
    for (const effect of effects) {
      if (this.crashAfter !== undefined && this.crashAfter-- <= 0) this.crash()
      if (this.life !== life) return
      this.#perform(effect)
    }
  }

  #later(delayMs: number, run: () => void): void {
    const { life } = this
    this.#world.after(delayMs, () => {
      if (this.life === life) run()
    })
  }

  take(name: string): void {
    if (!this.isUp || this.chain.isSettled(name)) return
    this.pool.add(name)
    this.tellWork()
  }

  tellWork(): void {
    for (const name of this.pool) if (this.chain.isSettled(name)) this.pool.delete(name)
    const hasWork = this.pool.size > 0
    if (hasWork === this.#hasWork && !hasWork) return
    this.#hasWork = hasWork
    this.input({ kind: 'work', isWaiting: hasWork })
  }

  // ---- effects

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'write':
        this.#write(effect.id, effect.records)
        break
      case 'send':
        this.#send(effect.to, effect.message)
        break
      case 'wake':
        this.#wake(effect.atMs)
        break
      case 'build':
        this.#build(effect)
        break
      case 'check':
        this.#check(effect.block)
        break
      case 'final':
        this.#final(effect)
        break
      case 'evidence':
        this.#world.journal.evidence(effect, this.tongue === undefined)
        break
      case 'behind':
        this.#behind(effect.peers)
        break
      case 'blame':
        if (this.tongue === undefined) this.#world.journal.blamed(effect.peer, effect.code)
        break
      case 'disagree':
        if (this.tongue === undefined) this.#world.journal.fail(`${this.address} disagrees with a quorum`)
    }
  }

  #write(id: number, records: readonly WalRecord[]): void {
    if (this.tongue === undefined) this.#world.journal.wrote()
    this.#writing.push({ id, records: records.map((record) => this.#put(record)) })
    if (this.#world.mutations.has('unwritten')) this.#later(0, () => this.input({ kind: 'written', id }))
    this.#later(this.diskMs * (0.5 + this.#world.random.uniform()), () => this.#flush(id))
  }

  #flush(upTo: number): void {
    const done = this.#writing.filter(({ id }) => id <= upTo)
    if (done.length === 0) return
    this.#writing = this.#writing.filter(({ id }) => id > upTo)
    for (const { records } of done) this.#log.push(...records)
    this.input({ kind: 'written', id: upTo })
  }

  #send(to: readonly Address[], message: Message): void {
    if (this.tongue === undefined) {
      this.#world.journal.said(this.address, message)
      for (const address of to) this.#world.send(this, address, message)
    } else for (const one of this.tongue.speak(message, to)) this.#world.send(this, one.to, one.message)
  }

  #wake(atMs: number | undefined): void {
    this.#wakeAtMs = atMs
    if (atMs === undefined) return
    const delayMs = Math.max(0, (atMs - this.#clockMs()) / this.#rate)
    this.#later(delayMs + 0.01, () => {
      if (this.#wakeAtMs !== atMs) return
      this.#wakeAtMs = undefined
      this.input({ kind: 'wake' })
    })
  }

  #build(place: Extract<Effect, { kind: 'build' }>): void {
    const { random, options } = this.#world
    const delayMs = (place.mayBeEmpty ? 0 : options.blockTimeMs) + random.uniform() * 3
    this.#later(delayMs, () => {
      const { epoch, view, parent } = place
      if (this.tongue !== undefined && !this.chain.has(parent)) return
      const honest = this.chain.build(place, [...this.pool])
      const block = this.tongue === undefined ? honest : this.tongue.build(honest, place)
      this.input({ kind: 'built', epoch, view, parent, block })
    })
  }

  #check(block: Block): void {
    this.#later(this.#world.random.uniform() * 5, () => {
      const isOwnLie = this.tongue !== undefined && !this.chain.has(block.parent)
      const verdict = isOwnLie ? { ok: false as const, code: 'lie', sentence: 'lie' } : this.chain.check(block)
      this.input({ kind: 'checked', block: block.hash, verdict })
    })
  }

  #final({ blocks, certificate, trail, nextSet }: Extract<Effect, { kind: 'final' }>): void {
    this.heightOfCore = blocks.at(-1)?.height ?? 0
    if (this.tongue === undefined) this.#world.journal.final(this.address, { blocks, certificate, trail, nextSet })
    this.#finalizing.push(
      blocks.map((block, at) => ({ block, nextSet: at === blocks.length - 1 ? nextSet : undefined })),
    )
    if (nextSet !== undefined) this.crashAfter ??= this.crashAtEnd
    // One after the other, whichever timer rings first.
    this.#later(this.diskMs + this.#world.chainMs * this.#world.random.uniform(), () => {
      for (const one of this.#finalizing.shift() ?? []) this.#keep(one)
      this.tellWork()
      this.#compact()
    })
  }

  #keep(final: FinalBlock): void {
    const { height } = final.block
    if (height <= this.#durable.length) {
      const known = this.#durable[height - 1]?.block.hash
      if (known !== final.block.hash) this.#world.journal.fail(`${this.address} has two blocks at ${height}`)
      return
    }
    if (height !== this.#durable.length + 1)
      throw new Error(
        `CHECK final blocks come without gaps: ${this.address.slice(-2)} ${height} after ${this.#durable.length}`,
      )
    this.#durable.push(final)
    this.chain.finalize(final)
  }

  #compact(): void {
    if (this.#finalizing.length > 0 || this.#writing.length > 0 || this.core === undefined) return
    if (this.#world.random.uniform() < 0.3) this.#log = this.core.records().map((record) => this.#put(record))
    if (this.backups.length < 4 && this.#world.random.uniform() < 0.1) this.backup()
  }

  /** As catching up does it: blocks with proofs, executed one by one; the journal stands for the proofs. */
  #behind(peers: readonly Address[]): void {
    if (this.#isSyncing) return
    this.#isSyncing = true
    this.#later(20 + this.#world.random.uniform() * 100, () => {
      this.#isSyncing = false
      const peer = this.#world.random.pick(peers)
      const news = this.#world.finalsOf(peer).slice(this.#durable.length)
      if (news.length === 0 || this.#finalizing.length > 0) return
      for (const final of news) {
        if (this.tongue === undefined) this.#world.journal.fetched(final)
        this.#keep(final)
      }
      const head = this.#durable.at(-1)?.block ?? genesis
      this.input({ kind: 'synced', head, set: this.chain.set(this.#world.firstSet), certificate: undefined })
      this.tellWork()
    })
  }
}

function read(one: OnDisk): WalRecord {
  return one instanceof Uint8Array ? decodeRecord(one, decodeBlock) : one
}
