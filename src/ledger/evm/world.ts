// All states that there are here (types.ts, `World`): one on disk, older ones as far as they are kept, layers in memory over it.
// Holds them by block and gives each question the right one; how things are done stands in execute.ts, call.ts and states.ts.

import type { TypedTransaction } from '@ethereumjs/tx'
import { type Database, transaction } from '../../base/database.ts'
import type { Clock } from '../../base/ports.ts'
import type { Address, Hash } from '../types.ts'
import { bytesOfHex, emptyCodeHash, hashOf, keyOf, keyOfHex } from './account-wire.ts'
import { accessListOf, callOn } from './call.ts'
import { evmErrors } from './errors.ts'
import { type ExecutionParts, executeBlock, stateOn } from './execute.ts'
import { finishLayer } from './layer.ts'
import { pruneRowsPerStepMax } from './limits.ts'
import type { MachineOptions } from './machine.ts'
import { flatFromTries, hasTries, rootOfFlat } from './mend.ts'
import { proofOf } from './proof.ts'
import { bytesToBigint } from './rlp.ts'
import { simulationOn } from './simulate.ts'
import { snapshotPart } from './snapshot.ts'
import { importSnapshot } from './snapshot-import.ts'
import { StateStore, type StoredRoot } from './state-store.ts'
import { BaseState, Hashes, LayeredState, OldState, type StateLayer, type StateView } from './states.ts'
import { traceStepsOn } from './step-trace.ts'
import { traceOn } from './trace.ts'
import { emptyRoot } from './trie.ts'
import type {
  BlockEnvironment,
  CallFrame,
  CallOptions,
  CallRequest,
  CallResult,
  Executed,
  ExecuteOptions,
  GenesisAccount,
  Layer,
  LedgerWorld,
  Mended,
  SimulateOptions,
  Simulation,
  SnapshotImport,
  SnapshotPart,
  StateReader,
  StepOptions,
  StepTrace,
} from './types.ts'

export interface WorldOptions extends MachineOptions {
  /** How many states before the base stay readable, or all of them. */
  readonly keepBlocks: number | 'archive'
}

export interface WorldParts {
  readonly database: Database
  readonly clock: Clock
}

/** Before block 0 there is nothing. */
export const noBlock = `0x${'00'.repeat(32)}` as Hash

export function createWorld(options: WorldOptions): (parts: WorldParts) => LedgerWorld {
  return (parts) => new Worlds(options, parts)
}

class Worlds implements LedgerWorld {
  readonly #options: WorldOptions
  readonly #clock: Clock
  readonly #store: StateStore
  readonly #hashes = new Hashes()
  readonly #execution: ExecutionParts
  readonly #layers = new Map<Hash, StateLayer>()
  #base: BaseState
  #settled: { readonly block: Hash; readonly layer: StateLayer } | undefined

  constructor(options: WorldOptions, { database, clock }: WorldParts) {
    this.#options = options
    this.#clock = clock
    this.#store = new StateStore(database)
    this.#execution = { machine: options, store: this.#store, hashes: this.#hashes }
    this.#base = this.#readBase()
  }

  #readBase(): BaseState {
    const at = this.#store.base() ?? { height: -1, block: bytesOfHex(noBlock), root: emptyRoot }
    return new BaseState(this.#store, this.#hashes, at)
  }

  base(): { readonly block: Hash; readonly height: number; readonly root: Hash } {
    const { block, height, root } = this.#base.at
    return { block: hashOf(block), height, root: hashOf(root) }
  }

  oldest(): number {
    return this.#store.oldest()?.height ?? this.#base.height
  }

  #find(block: Hash): StateView | undefined {
    const layers: StateLayer[] = []
    const blocks: Hash[] = []
    let at = block
    for (let layer = this.#layers.get(at); layer !== undefined; layer = this.#layers.get(at)) {
      layers.push(layer)
      blocks.push(at)
      at = layer.parent
    }
    if (at === hashOf(this.#base.at.block)) return new LayeredState(this.#base, layers, blocks)
    if (layers.length > 0) return undefined
    const old = this.#store.rootOf(bytesOfHex(block))
    return old === undefined ? undefined : new OldState(this.#store, this.#hashes, old)
  }

  #view(block: Hash): StateView {
    const view = this.#find(block)
    if (view === undefined)
      throw evmErrors.state_pruned('The state after this block is not here.', { details: { block } })
    return view
  }

  at(block: Hash): StateReader | undefined {
    const view = this.#find(block)
    if (view === undefined) return undefined
    const root = hashOf(view.root)
    // Each question finds the state anew: it may have become the base meanwhile, or gone.
    const accountOf = (address: Address) => this.#view(block).account(keyOfHex(address))
    return {
      root,
      account: async (address) => {
        const account = accountOf(address)
        if (account === undefined) return undefined
        return { nonce: account.nonce, balance: account.balance, codeHash: hashOf(account.codeHash) }
      },
      code: async (address) => {
        const account = accountOf(address)
        if (account === undefined || keyOf(account.codeHash) === keyOf(emptyCodeHash)) return new Uint8Array(0)
        return this.#view(block).code(account.codeHash)
      },
      slot: async (address, key) => bytesToBigint(this.#view(block).slot(keyOfHex(address), keyOfHex(key))),
      proof: async (address, keys) => proofOf(this.#execution, this.#view(block), address, keys),
    }
  }

  execute(
    environment: BlockEnvironment,
    transactions: readonly TypedTransaction[],
    options: ExecuteOptions = {},
  ): Promise<Executed> {
    return executeBlock(this.#execution, this.#view(environment.parent), environment, transactions, options)
  }

  genesis(accounts: readonly GenesisAccount[]): { readonly root: Hash; readonly layer: Layer } {
    const state = stateOn(this.#execution, this.#view(noBlock))
    for (const { address, balance, nonce, code, slots } of accounts) {
      const key = keyOfHex(address)
      state.setAccount(key, { nonce: nonce ?? 0n, balance, storageRoot: emptyRoot, codeHash: emptyCodeHash })
      if (code !== undefined && code.length > 0) state.setCode(key, code)
      for (const [slot, value] of slots ?? []) state.setSlot(key, keyOfHex(slot), trimmed(bytesOfHex(value)))
    }
    const layer = finishLayer(this.#execution, state, noBlock, 0)
    return { root: hashOf(layer.root), layer }
  }

  keep(block: Hash, layer: Layer): void {
    if (this.#find(layer.parent) === undefined) {
      throw evmErrors.block_unknown('The parent of this block is not here.', { details: { block } })
    }
    this.#layers.set(block, layer as StateLayer)
  }

  forget(block: Hash): void {
    this.#layers.delete(block)
  }

  settle(block: Hash, height: number, database: Database): void {
    const layer = this.#layers.get(block)
    if (database !== this.#store.database) throw new Error('assertion failed: one database holds all of a ledger')
    if (layer === undefined || layer.parent !== hashOf(this.#base.at.block) || layer.height !== height) {
      throw evmErrors.block_unknown('This block does not follow the last final one, or was not executed here.', {
        details: { block, height },
      })
    }
    const at = { height, block: bytesOfHex(block), root: layer.root }
    const keepBlocks = this.#options.keepBlocks
    this.#store.write(at, layer.changes, { keepAll: keepBlocks === 'archive' })
    this.#base.advance(at, layer)
    this.#settled = { block, layer }
    this.#layers.delete(block)
    this.#dropOthers()
    if (keepBlocks === 'archive') return
    // Twice of what came in, so that a backlog shrinks.
    this.#store.prune(height - keepBlocks, Math.max(pruneRowsPerStepMax, 2 * layer.changes.stale.length))
  }

  /** Those that do not stand on the base any more. */
  #dropOthers(): void {
    for (let dropped = true; dropped; ) {
      dropped = false
      for (const [block, layer] of this.#layers) {
        if (layer.parent === hashOf(this.#base.at.block) || this.#layers.has(layer.parent)) continue
        this.#layers.delete(block)
        dropped = true
      }
    }
  }

  rolledBack(): void {
    const settled = this.#settled
    this.#base = this.#readBase()
    if (settled?.layer.parent === hashOf(this.#base.at.block)) this.#layers.set(settled.block, settled.layer)
    this.#settled = undefined
    this.#dropOthers()
  }

  mend({ thorough }: { readonly thorough: boolean }): Mended {
    const { at } = this.#base
    if (at.height < 0) return { kind: 'whole' }
    const flatIsRight = !thorough || sameRoot(rootOfFlat(this.#store, at, false), at.root)
    if (flatIsRight && hasTries(this.#store, at)) return { kind: 'whole' }
    try {
      return transaction(this.#store.database, () => this.#rebuild(at, flatIsRight))
    } finally {
      this.#base = this.#readBase()
    }
  }

  #rebuild(at: StoredRoot, flatIsRight: boolean): Mended {
    if (!flatIsRight) return { kind: 'flat_rebuilt', accounts: flatFromTries(this.#store, at) }
    this.#store.dropTries()
    if (!sameRoot(rootOfFlat(this.#store, at, true), at.root)) {
      throw evmErrors.state_damaged('The state of the ledger is damaged beyond what can be made anew here.')
    }
    this.#store.putRoot(at)
    return { kind: 'tries_rebuilt' }
  }

  snapshotPart(block: Hash, after: Uint8Array | undefined, bytesMax: number): SnapshotPart {
    const at = this.#store.rootOf(bytesOfHex(block))
    if (at === undefined)
      throw evmErrors.state_pruned('The state after this block is not here.', { details: { block } })
    return snapshotPart(this.#store, at, after, bytesMax)
  }

  importSnapshot({
    block,
    height,
    root,
    replaces = false,
  }: Parameters<LedgerWorld['importSnapshot']>[0]): SnapshotImport {
    const target = { block: bytesOfHex(block), height, root: bytesOfHex(root) }
    const takeUp = () => {
      this.#layers.clear()
      this.#base = this.#readBase()
    }
    const importing = importSnapshot(this.#store, target, { replaces, onDone: takeUp })
    takeUp()
    return importing
  }

  call(block: Hash, environment: BlockEnvironment, request: CallRequest, options?: CallOptions): Promise<CallResult> {
    return callOn(this.#execution, this.#clock, this.#view(block), environment, request, options)
  }

  trace(
    environment: BlockEnvironment,
    transactions: readonly TypedTransaction[],
    options?: CallOptions,
  ): Promise<CallFrame> {
    return traceOn(this.#execution, this.#clock, this.#view(environment.parent), environment, transactions, options)
  }

  traceSteps(
    environment: BlockEnvironment,
    transactions: readonly TypedTransaction[],
    first: number,
    options: StepOptions,
  ): Promise<readonly StepTrace[]> {
    const view = this.#view(environment.parent)
    return traceStepsOn(this.#execution, this.#clock, view, environment, transactions, first, options)
  }

  simulation(block: Hash, options: SimulateOptions): Simulation {
    return simulationOn(this.#execution, this.#clock, this.#view(block), options)
  }

  createAccessList(block: Hash, environment: BlockEnvironment, request: CallRequest) {
    return accessListOf(this.#execution, this.#clock, this.#view(block), environment, request)
  }
}

function sameRoot(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && keyOf(a) === keyOf(b)
}

function trimmed(bytes: Uint8Array): Uint8Array {
  let zeros = 0
  while (zeros < bytes.length && bytes[zeros] === 0) zeros++
  return bytes.slice(zeros)
}
