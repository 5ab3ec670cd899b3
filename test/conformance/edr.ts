// A chain in EDR (what Hardhat runs: Rust, in this process), as second witness: it takes signed transactions, mines them, and says
// what came out.

import {
  type AccountOverride,
  ContractDecoder,
  EdrContext,
  GENERIC_CHAIN_TYPE,
  genericChainProviderFactory,
  MineOrdering,
  type Provider,
} from '@nomicfoundation/edr'
import { bytesOfHex } from '../../src/ledger/evm/account-wire.ts'
import type { BlockEnvironment, GenesisAccount } from '../../src/ledger/evm/types.ts'
import type { Address, Hash } from '../../src/ledger/types.ts'

export interface EdrBlock {
  readonly hash: Hash
  readonly number: `0x${string}`
  readonly parentHash: Hash
  readonly stateRoot: Hash
  readonly receiptsRoot: Hash
  readonly logsBloom: `0x${string}`
  readonly gasUsed: `0x${string}`
  readonly gasLimit: `0x${string}`
  readonly timestamp: `0x${string}`
  readonly baseFeePerGas: `0x${string}`
  readonly miner: Address
  readonly mixHash: Hash
  readonly parentBeaconBlockRoot?: Hash
  readonly requestsHash?: Hash
  readonly excessBlobGas?: `0x${string}`
  readonly transactions: readonly Hash[]
}

export interface EdrChain {
  /** What is there at block 0, also for us. */
  readonly accounts: readonly GenesisAccount[]
  ask<Result>(method: string, ...params: unknown[]): Promise<Result>
  block(number: number | 'latest'): Promise<EdrBlock>
}

let context: Promise<EdrContext> | undefined

async function contextOnce(): Promise<EdrContext> {
  const made = new EdrContext()
  await made.registerProviderFactory(GENERIC_CHAIN_TYPE, genericChainProviderFactory())
  return made
}

export interface EdrOptions {
  readonly accounts: readonly GenesisAccount[]
  readonly hardfork: string
  readonly chainId: number
  readonly coinbase: Address
}

export async function createEdrChain({ accounts, hardfork, chainId, coinbase }: EdrOptions): Promise<EdrChain> {
  context ??= contextOnce()
  const people: AccountOverride[] = accounts.map(({ address, balance }) => ({ address: bytesOfHex(address), balance }))
  const provider = await (await context).createProvider(
    GENERIC_CHAIN_TYPE,
    {
      allowBlocksWithSameTimestamp: true,
      allowUnlimitedContractSize: false,
      bailOnCallFailure: false,
      bailOnTransactionFailure: false,
      chainId: BigInt(chainId),
      coinbase: bytesOfHex(coinbase),
      defaultTransactionGasLimit: 10_000_000n,
      // Without the contracts of EIP-4788 and 2935: EDR brings them, but does not write into them.
      genesisState: people,
      hardfork,
      initialBaseFeePerGas: 1_000_000_000n,
      minGasPrice: 0n,
      mining: { autoMine: false, blockGasLimit: 60_000_000n, memPool: { order: MineOrdering.Fifo } },
      network: { genesisBlockGasLimit: 60_000_000n, genesisBlockTime: 1_800_000_000n },
      networkId: BigInt(chainId),
      observability: {},
      ownedAccounts: [],
      precompileOverrides: [],
    },
    { enable: false, decodeConsoleLogInputsCallback: () => [], printLineCallback: () => undefined },
    { subscriptionCallback: () => undefined },
    new ContractDecoder(),
  )
  const ask = <Result>(method: string, ...params: unknown[]) => request<Result>(provider, method, params)
  return {
    accounts,
    ask,
    block: (number) =>
      ask('eth_getBlockByNumber', typeof number === 'number' ? `0x${number.toString(16)}` : number, false),
  }
}

async function request<Result>(provider: Provider, method: string, params: readonly unknown[]): Promise<Result> {
  const { data } = await provider.handleRequest(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
  const answer = typeof data === 'string' ? JSON.parse(data) : data
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
  return answer.result
}

export function environmentOf(block: EdrBlock, hashes: readonly Hash[]): BlockEnvironment {
  return {
    height: Number(block.number),
    parent: block.parentHash,
    timestamp: BigInt(block.timestamp),
    gasLimit: BigInt(block.gasLimit),
    baseFeePerGas: BigInt(block.baseFeePerGas),
    coinbase: block.miner,
    prevRandao: block.mixHash,
    excessBlobGas: block.excessBlobGas === undefined ? undefined : BigInt(block.excessBlobGas),
    parentBeaconBlockRoot: block.parentBeaconBlockRoot,
    withdrawals: [],
    blockHash: async (height) => hashes[height],
  }
}
