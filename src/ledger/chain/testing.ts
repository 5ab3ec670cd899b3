// For tests of whatever stands on a chain: one in memory, with accounts that own something, and one step that makes what waits
// final.

import { DatabaseSync } from 'node:sqlite'
import { privateKeyToAccount } from 'viem/accounts'
import type { Clock, Log } from '../../base/ports.ts'
import { addressOfSecret } from '../evm/crypto.ts'
import type { Address, Block } from '../types.ts'
import { openChain } from './service.ts'
import type { Chain, Genesis } from './types.ts'

export interface TestAccount {
  readonly secret: Uint8Array
  /** As viem and ethers take it. */
  readonly privateKey: `0x${string}`
  readonly address: Address
}

export interface TestChain {
  readonly chain: Chain
  readonly genesis: Genesis
  /** Members with 1,000 coins each: 0 to 3; 4 has coins and is no member; 5 has nothing. */
  readonly accounts: readonly TestAccount[]
  readonly validators: readonly TestAccount[]
  readonly clock: TestClock
  readonly database: DatabaseSync
  /** Builds a block of what waits and makes it final. */
  mine(): Promise<Block>
  /** Mines until nothing waits that could be put into a block. */
  mineAll(): Promise<readonly Block[]>
}

/** A clock that a test sets; timers never run. */
export interface TestClock extends Clock {
  advance(ms: number): void
}

export function createTestClock(startMs = 1_800_000_000_000): TestClock {
  let ms = 0
  return {
    nowMs: () => startMs + ms,
    monotonicMs: () => ms,
    after: () => () => {},
    advance(by) {
      ms += by
    },
  }
}

export const quietLog: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quietLog }

/** The same key for the same name, whatever the test. */
export function testAccount(number: number): TestAccount {
  const secret = new Uint8Array(32)
  secret[0] = 0x70
  new DataView(secret.buffer).setUint32(28, number)
  return { secret, privateKey: `0x${Buffer.from(secret).toString('hex')}`, address: addressOfSecret(secret) }
}

const ether = 10n ** 18n

export interface TestTransaction {
  readonly chainId: number
  /** Default 2. */
  readonly type?: 0 | 1 | 2 | 4
  readonly nonce?: number
  /** Null: makes a contract of `data`. Default: account 5. */
  readonly to?: Address | null
  readonly value?: bigint
  readonly data?: `0x${string}`
  readonly gas?: bigint
  /** Wei per gas, all of it for the proposer. Default 0. */
  readonly fee?: bigint
}

/** Its bytes, signed. */
export async function signed(from: TestAccount, transaction: TestTransaction): Promise<Uint8Array> {
  const { chainId, type = 2, nonce = 0, to, value = 0n, data, gas = 21_000n, fee = 0n } = transaction
  const account = privateKeyToAccount(from.privateKey)
  const common = {
    chainId,
    nonce,
    to: to === null ? undefined : (to ?? testAccount(5).address),
    value,
    gas,
    ...(data === undefined ? {} : { data }),
  }
  const fees = { maxFeePerGas: fee, maxPriorityFeePerGas: fee }
  const raw =
    type === 0
      ? await account.signTransaction({ ...common, type: 'legacy', gasPrice: fee })
      : type === 1
        ? await account.signTransaction({ ...common, type: 'eip2930', gasPrice: fee, accessList: [] })
        : type === 2
          ? await account.signTransaction({ ...common, ...fees, type: 'eip1559' })
          : await account.signTransaction({
              ...common,
              ...fees,
              type: 'eip7702',
              authorizationList: [await handOver()],
            })
  return Uint8Array.from(Buffer.from(raw.slice(2), 'hex'))

  async function handOver() {
    return await account.signAuthorization({ chainId, nonce: nonce + 1, contractAddress: testAccount(7).address })
  }
}

export function testGenesis(change: Partial<Genesis> = {}): Genesis {
  const accounts = [0, 1, 2, 3, 4].map(testAccount)
  return {
    chainId: 1_234_567,
    name: 'test ledger',
    timestamp: 1_700_000_000,
    validators: [100].map((number) => testAccount(number).address),
    members: accounts.slice(0, 4).map(({ address }) => address),
    balances: accounts.map(({ address }) => ({ address, wei: 1_000n * ether })),
    coin: { name: 'Test coin', symbol: 'TEST' },
    blockGasLimit: 30_000_000n,
    blockTimeMs: 1_000,
    quota: { gas: 1_000_000_000n, blocks: 100 },
    strangerFee: 1_000_000_000n,
    ...change,
  }
}

export interface TestChainOptions {
  readonly genesis?: Partial<Genesis>
  readonly database?: DatabaseSync
  readonly keep?: 'archive' | { readonly blocks: number }
}

/** Without options: one validator, four members within a large quota, a stranger's fee of 1 gwei, everything kept. */
export async function createTestChain(options: TestChainOptions = {}): Promise<TestChain> {
  const clock = createTestClock()
  const genesis = testGenesis(options.genesis)
  const database = options.database ?? new DatabaseSync(':memory:')
  const keep = options.keep ?? 'archive'
  const chain = await openChain({ genesis, keep })({ database, clock, log: quietLog })
  const validators = Array.from({ length: 100 }, (_, place) => testAccount(100 + place)).filter(({ address }) =>
    genesis.validators.includes(address),
  )
  const mine = () => mineOn(chain)
  const mineAll = async () => {
    const blocks: Block[] = []
    while (chain.pool.hasWork) blocks.push(await mine())
    return blocks
  }
  const accounts = Array.from({ length: 6 }, (_, number) => testAccount(number))
  return { chain, genesis, accounts, validators, clock, database, mine, mineAll }
}

/** A block in the view after the head's, or in the first of a new epoch. */
export async function mineOn(chain: Chain): Promise<Block> {
  const head = chain.head()
  const { epoch } = chain.validators()
  const view = head.place?.epoch === epoch ? head.place.view + 1 : 1
  const block = await chain.build(head.hash, { epoch, view })
  await chain.finalize(block.hash, new Uint8Array([1]))
  return block
}
