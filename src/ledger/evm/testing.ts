// People who sign, and a chain of blocks that only executes: for tests of evm/ and what stands on it, and for benches.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Common } from '@ethereumjs/common'
import { RLP } from '@ethereumjs/rlp'
import { createTx, type TypedTransaction, type TypedTxData } from '@ethereumjs/tx'
import { type Database, transaction } from '../../base/database.ts'
import type { Clock } from '../../base/ports.ts'
import type { Address, Hash } from '../types.ts'
import { bytesOfHex, hashOf } from './account-wire.ts'
import { createLedgerCommon } from './common.ts'
import { addressOfSecret, curve } from './crypto.ts'
import { keccak256 } from './keccak.ts'
import { finishLayer } from './layer.ts'
import { rootOfFlat } from './mend.ts'
import { bigintToBytes } from './rlp.ts'
import { LedgerState } from './state-manager.ts'
import { StateStore } from './state-store.ts'
import { BaseState, Hashes, LayeredState, type StateLayer } from './states.ts'
import { emptyRoot } from './trie.ts'
import type { BlockEnvironment, Executed, ExecuteOptions, GenesisAccount, LedgerWorld } from './types.ts'
import { createWorld, noBlock, type WorldOptions } from './world.ts'

export interface Person {
  readonly secret: Uint8Array
  readonly address: Address
}

export function personOf(index: number): Person {
  const secret = keccak256(Uint8Array.of(index >> 16, index >> 8, index))
  return { secret, address: addressOfSecret(secret) }
}

/** As a wallet makes it, but signed by the fast curve. */
export function signedBy({ secret }: Person, common: Common, data: TypedTxData): TypedTransaction {
  const unsigned = createTx(data, { common, freeze: false })
  const { signature64, recovery } = curve.sign(unsigned.getHashedMessageToSign(), secret)
  const chainId = common.chainId()
  const v = unsigned.type === 0 ? chainId * 2n + 35n + BigInt(recovery) : BigInt(recovery)
  return unsigned.addSignature(v, signature64.slice(0, 32), signature64.slice(32), false)
}

/** EIP-7702: that the code of `to` is to run for this person. */
export function authorizationBy({ secret }: Person, chainId: bigint, to: Address, nonce: bigint) {
  const content = RLP.encode([bigintToBytes(chainId), bytesOfHex(to), bigintToBytes(nonce)])
  const digest = keccak256(Uint8Array.from([5, ...content]))
  const { signature64, recovery } = curve.sign(digest, secret)
  const hex = (value: bigint) => `0x${value.toString(16)}` as const
  const number = (bytes: Uint8Array) => hex(BigInt(hashOf(bytes)))
  return {
    chainId: hex(chainId),
    address: to,
    nonce: hex(nonce),
    yParity: hex(BigInt(recovery)),
    r: number(signature64.slice(0, 32)),
    s: number(signature64.slice(32)),
  }
}

export interface Subject {
  readonly abi: readonly object[]
  readonly bytecode: `0x${string}`
}

/** The contracts of test/vectors/evm/Subjects.sol. */
export function subjects(): { readonly Token: Subject; readonly Subject: Subject; readonly Doomed: Subject } {
  const file = join(import.meta.dirname, '../../../test/vectors/evm/Subjects.json')
  return JSON.parse(readFileSync(file, 'utf8'))
}

export const stillClock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => undefined }

/** The hash that stands for a block in these tests; there are no headers. */
export function blockName(height: number, fork = 0): Hash {
  return height < 0 ? noBlock : hashOf(keccak256(Uint8Array.of(fork, height >> 24, height >> 16, height >> 8, height)))
}

export interface TestChain {
  readonly world: LedgerWorld
  readonly common: Common
  readonly database: Database
  height: number
  environment(height?: number): BlockEnvironment
  /** The next block: executed, kept and settled. */
  run(transactions: readonly TypedTransaction[], options?: ExecuteOptions): Promise<Executed>
}

export interface TestChainOptions extends Partial<WorldOptions> {
  readonly accounts: readonly GenesisAccount[]
  readonly database?: Database
  readonly clock?: Clock
  readonly coinbase?: Address
  readonly baseFeePerGas?: bigint
  readonly gasLimit?: bigint
}

export function testChain(options: TestChainOptions): TestChain {
  const common = options.common ?? createLedgerCommon(31337)
  const database = options.database ?? new DatabaseSync(':memory:')
  const world = createWorld({ scheduled: false, keepBlocks: 16, ...options, common })({
    database,
    clock: options.clock ?? stillClock,
  })
  const chain: TestChain = {
    world,
    common,
    database,
    height: world.base().height,
    environment: (height = chain.height + 1) => ({
      height,
      parent: blockName(height - 1),
      timestamp: 1_800_000_000n + BigInt(height),
      gasLimit: options.gasLimit ?? 100_000_000n,
      baseFeePerGas: options.baseFeePerGas ?? 0n,
      coinbase: options.coinbase ?? personOf(65_535).address,
      prevRandao: blockName(height, 1),
      excessBlobGas: 0n,
      parentBeaconBlockRoot: noBlock,
      withdrawals: undefined,
      blockHash: async (at) => (at < height && at >= height - 256 ? blockName(at) : undefined),
    }),
    run: async (transactions, executeOptions) => {
      const executed = await world.execute(chain.environment(), transactions, executeOptions)
      chain.height += 1
      world.keep(blockName(chain.height), executed.layer)
      transaction(database, () => world.settle(blockName(chain.height), chain.height, database))
      return executed
    },
  }
  if (chain.height < 0) {
    world.keep(blockName(0), world.genesis(options.accounts).layer)
    transaction(database, () => world.settle(blockName(0), 0, database))
    chain.height = 0
  }
  return chain
}

/** A state to change by hand, block after block, without the EVM. */
export interface LayerWorkshop {
  readonly state: LedgerState
  /** The root after it; the next block begins. */
  endBlock(): Hash
  /** Everything up to the last block is on disk. */
  settle(): void
  /** Throws when the tries on disk are not those of the flat state. */
  mendedIsWhole(): void
}

export function layerWorkshop(): LayerWorkshop {
  const database = new DatabaseSync(':memory:')
  const store = new StateStore(database)
  const parts = { store, hashes: new Hashes() }
  const base = new BaseState(store, parts.hashes, { height: -1, block: bytesOfHex(noBlock), root: emptyRoot })
  const layers: StateLayer[] = []
  const blocks: Hash[] = []
  const view = () => new LayeredState(base, [...layers], [...blocks])
  const fresh = () => new LedgerState(view(), () => emptyRoot)
  let height = -1
  const shop = {
    state: fresh(),
    endBlock: () => {
      height += 1
      const layer = finishLayer(parts, shop.state, blockName(height - 1), height)
      layers.unshift(layer)
      blocks.unshift(blockName(height))
      shop.state = fresh()
      return hashOf(layer.root)
    },
    settle: () => {
      for (let layer = layers.pop(); layer !== undefined; layer = layers.pop()) {
        const at = { height: layer.height, block: bytesOfHex(blocks.pop() ?? noBlock), root: layer.root }
        const { changes } = layer
        transaction(database, () => store.write(at, changes, { keepAll: false }))
        base.advance(at, layer)
        transaction(database, () => store.prune(at.height))
      }
      shop.state = fresh()
    },
    mendedIsWhole: () => {
      const flat = rootOfFlat(store, base.at, false)
      if (flat === undefined || hashOf(flat) !== hashOf(base.root)) throw new Error('the flat state has another root')
      // What pruning left is what a fresh trie has, and no more.
      const count = () => Number(database.prepare('SELECT count(*) AS nodes FROM state_nodes').get()?.nodes)
      const before = count()
      store.dropTries()
      rootOfFlat(store, base.at, true)
      if (count() !== before) throw new Error(`${before} nodes are on disk, ${count()} are needed`)
    },
  }
  return shop
}
