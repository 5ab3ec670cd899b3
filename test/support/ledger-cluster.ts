// Clusters for tests: real nodes and chains, on simulated disks, a virtual clock and a network that delays, splits and loses. A test
// is a script:
//
//   await cluster(4).submit(3).untilHeight(1).crash(2).submit(1).untilHeight(2).restart(2).synced().run()

import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import { createFeeMarket1559Tx } from '@ethereumjs/tx'
import type { Database } from '../../src/base/database.ts'
import type { Clock, Log, Metrics } from '../../src/base/ports.ts'
import { openChain } from '../../src/ledger/chain/service.ts'
import { createSnapshots } from '../../src/ledger/chain/snapshot.ts'
import { quietLog, type TestAccount, testAccount, testGenesis } from '../../src/ledger/chain/testing.ts'
import type { Chain, Genesis, SnapshotChain } from '../../src/ledger/chain/types.ts'
import { createLedgerCommon } from '../../src/ledger/evm/common.ts'
import { recoverAddress, signDigest } from '../../src/ledger/evm/crypto.ts'
import type { Address, Hash } from '../../src/ledger/types.ts'
import { createSimulatedDisk, type SimulatedDisk } from '../../src/ledger/validator/disk-testing.ts'
import { chainRecoveryOf } from '../../src/ledger/validator/recovery.ts'
import { createLedgerNode } from '../../src/ledger/validator/service.ts'
import type { LedgerNode, LedgerNodeOptions, LedgerStatus, PeerName } from '../../src/ledger/validator/types.ts'
import { createVirtualClock, type VirtualClock } from '../sim/clock.ts'
import { createRandom, type SeededRandom } from '../sim/random.ts'

export interface ClusterOptions {
  readonly seed?: string
  /** Nodes after the validators: they follow. */
  readonly followers?: number
  readonly genesis?: Partial<Genesis>
  readonly deltaMs?: number
  /** One way, from … to. */
  readonly delayMs?: readonly [number, number]
  /** Wall clocks are off by so much, by number of node. */
  readonly skewMs?: (node: number) => number
  readonly log?: Log
  /** Blocks between two snapshots that are offered. */
  readonly snapshotEvery?: number
}

export interface Machine {
  readonly number: number
  readonly name: PeerName
  readonly account: TestAccount | undefined
  readonly disk: SimulatedDisk
  readonly database: DatabaseSync
  chain: Chain | undefined
  node: LedgerNode | undefined
  /** What the network was told of others. */
  readonly blamed: { readonly peer: PeerName; readonly code: string }[]
}

export const noMetrics: Metrics = { count() {}, gauge() {} }

/** What one step of a script may take, in virtual time. */
const stepMsMax = 300_000

/** Changes or reads a message on its way: undefined loses it. */
export type Tap = (from: number, to: number, bytes: Uint8Array) => Uint8Array | undefined

export class Cluster {
  readonly clock: VirtualClock = createVirtualClock()
  readonly machines: Machine[] = []
  readonly genesis: Genesis
  readonly random: SeededRandom
  readonly accounts = [0, 1, 2, 3].map(testAccount)
  readonly #options: ClusterOptions
  readonly #nonces = new Map<Address, number>()
  /** Groups that hear only each other. */
  #groups: readonly (readonly number[])[] | undefined
  readonly #lifeOf = new Map<number, number>()
  /** When the last message on a link arrives. */
  readonly #lastMs = new Map<string, number>()
  readonly #working = new Set<{ readonly isAlive: () => boolean }>()
  /** What is no node, under a number of its own from 1,000 on. */
  readonly others = new Map<number, Pick<LedgerNode, 'received'>>()
  tap: Tap = (_, __, bytes) => bytes
  sent = { messages: 0, bytes: 0 }

  constructor(validators: number, options: ClusterOptions = {}) {
    this.#options = options
    this.random = createRandom(options.seed ?? 'cluster')
    const accounts = Array.from({ length: validators }, (_, place) => testAccount(100 + place)).sort((a, b) =>
      a.address < b.address ? -1 : 1,
    )
    this.genesis = testGenesis({
      timestamp: 1_767_225_000,
      validators: accounts.map(({ address }) => address),
      blockTimeMs: 500,
      ...options.genesis,
    })
    for (let number = 0; number < validators + (options.followers ?? 0); number++) this.add(accounts[number])
  }

  /** One more computer, not started. */
  add(account?: TestAccount, disk = createSimulatedDisk(this.clock)): Machine {
    const number = this.machines.length
    const name = `peer-${number}` as PeerName
    const database = new DatabaseSync(':memory:')
    const machine: Machine = { number, name, account, disk, database, chain: undefined, node: undefined, blamed: [] }
    this.machines.push(machine)
    return machine
  }

  machine(number: number): Machine {
    const machine = this.machines[number]
    if (machine === undefined) throw new Error(`assertion failed: there is no machine ${number}`)
    return machine
  }

  node(number: number): LedgerNode {
    const { node } = this.machine(number)
    if (node === undefined) throw new Error(`assertion failed: machine ${number} does not run`)
    return node
  }

  chain(number: number): Chain {
    const { chain } = this.machine(number)
    if (chain === undefined) throw new Error(`assertion failed: machine ${number} does not run`)
    return chain
  }

  status(number: number): LedgerStatus {
    return this.node(number).status()
  }

  async start(number: number, options: LedgerNodeOptions = {}): Promise<void> {
    const machine = this.machine(number)
    const life = (this.#lifeOf.get(number) ?? 0) + 1
    this.#lifeOf.set(number, life)
    const isAlive = () => this.#lifeOf.get(number) === life
    const clock = this.#clockOf(number, isAlive)
    const log = this.#options.log ?? quietLog
    const database = guarded(machine.database, isAlive)
    const recoveries = (options.recoveries ?? []).map((one) => chainRecoveryOf(one, recoverAddress))
    const opened = await openChain({ genesis: this.genesis, recoveries })({ database, clock, log })
    const chain = this.#watched(opened, isAlive)
    const { account } = machine
    const snapshots = createSnapshots({ everyBlocks: this.#options.snapshotEvery ?? 1_000 })({ chain, clock, log })
    const node = createLedgerNode({ deltaMs: this.#options.deltaMs ?? 500, keyIsNew: life === 1, ...options })({
      ...{
        chain,
        snapshots,
        disk: machine.disk,
        clock,
        log,
        metrics: noMetrics,
        random: this.random.fork(`${number}/${life}`),
      },
      network: {
        self: machine.name,
        send: (to, bytes) => isAlive() && this.#send(number, Number(to.slice(5)), bytes),
        broadcast: (bytes) => isAlive() && this.#broadcast(number, bytes),
        blame: (peer, code) => void machine.blamed.push({ peer, code }),
      },
      signer:
        account === undefined
          ? undefined
          : { address: account.address, sign: (digest) => signDigest(account.secret, digest) },
    })
    machine.chain = chain
    machine.node = node
    await node.start()
    for (const other of this.machines) {
      if (other === machine || other.node === undefined || !this.#hears(number, other.number)) continue
      node.connected(other.name)
      other.node.connected(machine.name)
    }
  }

  /** Power is lost, or it is killed. */
  crash(number: number): void {
    const machine = this.machine(number)
    this.#lifeOf.set(number, (this.#lifeOf.get(number) ?? 0) + 1)
    machine.node = undefined
    machine.chain = undefined
    machine.disk.crash((unflushed) => this.random.below(unflushed + 1))
    for (const other of this.machines) other.node?.disconnected(machine.name)
  }

  /** Only those of one group hear each other; none: everyone does. */
  split(...groups: readonly (readonly number[])[]): void {
    const before = this.#groups
    const hearBefore = (a: number, b: number) => hears(before, a, b)
    this.#groups = groups.length === 0 ? undefined : groups
    for (const a of this.machines) {
      for (const b of this.machines) {
        if (a === b || a.node === undefined || b.node === undefined) continue
        const [now, was] = [this.#hears(a.number, b.number), hearBefore(a.number, b.number)]
        if (was && !now) a.node.disconnected(b.name)
        if (now && !was) a.node.connected(b.name)
      }
    }
  }

  #hears(a: number, b: number): boolean {
    return hears(this.#groups, a, b)
  }

  #send(from: number, to: number, bytes: Uint8Array): void {
    // A stream keeps its order.
    const link = `${from}/${to}`
    const dueMs = Math.max(this.#lastMs.get(link) ?? 0, this.clock.monotonicMs() + this.#delay())
    this.#lastMs.set(link, dueMs)
    this.#deliver({ from, to, bytes, dueMs }, (node, name, received) => node.received(name, received))
  }

  /** For what is in `others`. */
  sendAs(from: number, to: PeerName, bytes: Uint8Array): void {
    this.#send(from, Number(to.slice(5)), bytes)
  }

  #broadcast(from: number, bytes: Uint8Array): void {
    for (const { number } of this.machines) {
      if (number === from) continue
      const dueMs = this.clock.monotonicMs() + this.#delay()
      this.#deliver({ from, to: number, bytes, dueMs }, (node, name, received) => void node.heard(name, received))
    }
  }

  #delay(): number {
    const [min, max] = this.#options.delayMs ?? [5, 30]
    return min + this.random.uniform() * (max - min)
  }

  #deliver(
    { from, to, bytes, dueMs }: { from: number; to: number; bytes: Uint8Array; dueMs: number },
    give: (node: LedgerNode, name: PeerName, bytes: Uint8Array) => void,
  ): void {
    const changed = this.tap(from, to, bytes.slice())
    if (changed === undefined) return
    this.sent = { messages: this.sent.messages + 1, bytes: this.sent.bytes + changed.length }
    const life = this.#lifeOf.get(from)
    this.clock.after(dueMs - this.clock.monotonicMs(), () => {
      const other = this.others.get(to)
      if (other !== undefined) other.received(`peer-${from}` as PeerName, changed)
      const node = this.machines[to]?.node
      const isThere = node !== undefined && this.#hears(from, to) && this.#lifeOf.get(from) === life
      if (isThere) give(node, `peer-${from}` as PeerName, changed)
    })
  }

  #clockOf(number: number, isAlive: () => boolean): Clock {
    const skewMs = this.#options.skewMs?.(number) ?? 0
    return {
      nowMs: () => this.clock.nowMs() + skewMs,
      monotonicMs: () => this.clock.monotonicMs(),
      after: (delayMs, run) => this.clock.after(delayMs, () => isAlive() && run()),
    }
  }

  /** Counts what a chain is doing, so that virtual time waits for real work. */
  #watched(chain: SnapshotChain, isAlive: () => boolean): SnapshotChain {
    const count = <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) => {
      return (...args: Args): Promise<Result> => {
        const job = { isAlive }
        this.#working.add(job)
        return work(...args).finally(() => this.#working.delete(job))
      }
    }
    const counted: Record<string, unknown> = {
      build: count(chain.build.bind(chain)),
      check: count(chain.check.bind(chain)),
      finalize: count(chain.finalize.bind(chain)),
      install: count(chain.install.bind(chain)),
    }
    const pool = new Proxy(chain.pool, {
      get: (target, key) => {
        if (key === 'add') return count(target.add.bind(target))
        const value = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return new Proxy(chain, {
      get: (target, key) => {
        if (key === 'pool') return pool
        if (typeof key === 'string' && key in counted) return counted[key]
        const value = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  async #drain(): Promise<void> {
    do await turn()
    while ([...this.#working].some(({ isAlive }) => isAlive()))
    await turn()
  }

  /** Runs until `isDone`, or fails after some minutes of virtual time. */
  async until(what: string, isDone: () => boolean, limitMs = stepMsMax): Promise<void> {
    const endMs = this.clock.monotonicMs() + limitMs
    for (;;) {
      await this.#drain()
      if (isDone()) return
      if (!this.clock.advance(endMs)) {
        throw new Error(`gave up waiting: ${what}\n${this.describe()}`)
      }
    }
  }

  /** Lets virtual time pass. */
  async pass(ms: number): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms
    for (;;) {
      await this.#drain()
      if (this.clock.advance(endMs)) continue
      this.clock.moveTo(endMs)
      return
    }
  }

  describe(): string {
    return this.running()
      .map(({ number, node }) => {
        const status = node?.status()
        return `${number}: height ${status?.height} epoch ${status?.epoch} view ${status?.view} ${JSON.stringify(status?.voting)} ${JSON.stringify(status?.sync)} ${status?.stuck?.sentence ?? ''}`
      })
      .join('\n')
  }

  running(): Machine[] {
    return this.machines.filter(({ node }) => node !== undefined)
  }

  /** A transfer of a member, by a node that runs. */
  async submit(count = 1, by = this.running()[0]?.number ?? 0): Promise<Hash[]> {
    const hashes: Hash[] = []
    for (let at = 0; at < count; at++) hashes.push(await this.node(by).submit(this.transfer()))
    return hashes
  }

  transfer(): Uint8Array {
    const account = this.accounts[this.random.below(this.accounts.length)] ?? testAccount(0)
    return this.transaction(account, { to: testAccount(5).address, value: 1n, gasLimit: 21_000n })
  }

  transaction(
    account: TestAccount,
    fields: { to: Address; value?: bigint; data?: Uint8Array; gasLimit: bigint },
  ): Uint8Array {
    const nonce = this.#nonces.get(account.address) ?? 0
    this.#nonces.set(account.address, nonce + 1)
    const { to, value = 0n, data = new Uint8Array(0), gasLimit } = fields
    const common = createLedgerCommon(this.genesis.chainId)
    const unsigned = { nonce, to, value, data, gasLimit, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n }
    return createFeeMarket1559Tx(unsigned, { common }).sign(account.secret).serialize()
  }

  heights(): number[] {
    return this.running().map(({ chain }) => chain?.head().height ?? 0)
  }

  /** All chains that run have one block at every height. Throws where not. */
  agree(): void {
    const chains = this.running().map(({ number }) => this.chain(number))
    if (chains.length === 0) return
    for (let height = 0; height <= Math.min(...this.heights()); height++) {
      const hashes = new Set(chains.map((chain) => chain.header(height)?.hash))
      if (hashes.size > 1) throw new Error(`the chain forked at height ${height}: ${[...hashes].join(', ')}`)
    }
  }
}

function hears(groups: readonly (readonly number[])[] | undefined, a: number, b: number): boolean {
  return groups === undefined || groups.some((group) => group.includes(a) && group.includes(b))
}

/** A dead process writes nothing more. */
function guarded(database: DatabaseSync, isAlive: () => boolean): Database {
  const check = () => {
    if (!isAlive()) throw new Error('this process was killed')
  }
  return {
    exec(sql) {
      check()
      database.exec(sql)
    },
    prepare(sql) {
      check()
      const statement = database.prepare(sql)
      return {
        run: (...values) => {
          check()
          return statement.run(...values)
        },
        get: (...values) => statement.get(...values) as ReturnType<ReturnType<Database['prepare']>['get']>,
        all: (...values) => statement.all(...values) as ReturnType<ReturnType<Database['prepare']>['all']>,
        iterate: (...values) => statement.iterate(...values) as ReturnType<ReturnType<Database['prepare']>['iterate']>,
      }
    },
  }
}

/** Steps that run in their order; `run` runs them, and checks that no chain forked. */
export class Script {
  readonly #steps: (() => Promise<void>)[] = []
  readonly cluster: Cluster

  constructor(built: Cluster) {
    this.cluster = built
    this.do(async () => {
      for (const { number } of built.machines) await built.start(number)
    })
  }

  do(step: (cluster: Cluster) => Promise<unknown> | unknown): this {
    this.#steps.push(async () => void (await step(this.cluster)))
    return this
  }

  submit(count = 1, by?: number): this {
    return this.do((all) => all.submit(count, by))
  }

  /** All that run have it; something is submitted while blocks are lacking. */
  untilHeight(height: number): this {
    return this.do(async (all) => {
      while (Math.min(...all.heights()) < height) {
        const [first] = all.running()
        if (first?.chain?.pool.hasWork === false) await all.submit(1)
        const reached = Math.min(...all.heights()) + 1
        await all.until(`height ${reached}`, () => Math.min(...all.heights()) >= reached)
      }
    })
  }

  crash(...numbers: readonly number[]): this {
    return this.do((all) => {
      for (const number of numbers) all.crash(number)
    })
  }

  restart(...numbers: readonly number[]): this {
    return this.do(async (all) => {
      for (const number of numbers) await all.start(number)
    })
  }

  split(...groups: readonly (readonly number[])[]): this {
    return this.do((all) => all.split(...groups))
  }

  pass(ms: number): this {
    return this.do((all) => all.pass(ms))
  }

  /** Everyone who runs is where the furthest is, and nothing waits. */
  synced(): this {
    return this.do((all) =>
      all.until('all are level', () => {
        const heights = all.heights()
        const isLevel = Math.max(...heights) === Math.min(...heights)
        return (
          isLevel &&
          all.running().every(({ chain, node }) => !chain?.pool.hasWork && node?.status().sync.kind === 'level')
        )
      }),
    )
  }

  check(check: (cluster: Cluster) => void): this {
    return this.do(check)
  }

  async run(): Promise<Cluster> {
    for (const step of this.#steps) {
      await step()
      this.cluster.agree()
    }
    return this.cluster
  }
}

export function cluster(validators: number, options: ClusterOptions = {}): Script {
  return new Script(new Cluster(validators, options))
}
