// What a chain is, as far as blocks are concerned: its fork, its block 0, and the accounts in it. Of ours from a `Genesis`; of
// foreign ones (tests, vectors) from the file that geth and others begin with.

import type { Common } from '@ethereumjs/common'
import { fromHex } from '../../base/bytes.ts'
import { createCommonOfGeth, createLedgerCommon } from '../evm/common.ts'
import type { Address, Hash } from '../types.ts'
import { decodeGenesis, encodeGenesis } from './genesis-wire.ts'
import { bytesOfHex, encodeGenesisExtra, hashOfBytes, keccak } from './header-wire.ts'
import { systemAddress, systemCode, systemSlots } from './system-contract.ts'
import type { Genesis, HeaderFields, Recovery } from './types.ts'

export interface GenesisAccount {
  readonly address: Address
  readonly nonce: bigint
  readonly balance: bigint
  readonly code: Uint8Array
  readonly slots: readonly (readonly [Hash, bigint])[]
}

export interface Spec {
  /** Ours has epochs, views, quotas and the system contract; a foreign one is only read. */
  readonly ours: boolean
  readonly genesis: Genesis
  /** Binds all that the genesis says. */
  readonly digest: Hash
  readonly common: Common
  readonly accounts: readonly GenesisAccount[]
  readonly recoveries: readonly Recovery[]
  /** Block 0 but for the root of its state. */
  readonly block0: Omit<HeaderFields, 'stateRoot'>
  /** The rules in force at a header. */
  commonAt(header: Pick<HeaderFields, 'number' | 'timestamp'>): Common
}

/** The fork of version 1 of the genesis (genesis-wire.ts): what compilers make code for, with P-256 for passkeys (EIP-7951). */
const fork = 'osaka'

export const zeroHash = `0x${'00'.repeat(32)}` as Hash
export const zeroAddress = `0x${'00'.repeat(20)}` as Address
/** Of an empty list in RLP, and of an empty trie. */
export const emptyListHash = keccak(Uint8Array.of(0xc0))
export const emptyTrieHash = keccak(Uint8Array.of(0x80))
/** EIP-7685: SHA-256 of nothing. */
export const emptyRequestsHash = '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Hash

/** Fields that say nothing in chains of ours, and must be so. */
export const constantFields = {
  unclesHash: emptyListHash,
  difficulty: 0n,
  nonce: new Uint8Array(8),
  baseFeePerGas: 0n,
  withdrawalsRoot: emptyTrieHash,
  blobGasUsed: 0n,
  excessBlobGas: 0n,
  parentBeaconBlockRoot: zeroHash,
} as const satisfies Partial<HeaderFields>

/** Contracts that tools expect on any chain, besides the protocol's own. */
const standardContracts: readonly (readonly [Address, string])[] = [
  // EIP-2935: hashes of the last 8,191 blocks, for proofs inside contracts.
  [
    '0x0000f90827f1c53a10cb7a02335b175320002935' as Address,
    '3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff8143031160425761' +
      '1fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500',
  ],
  // github.com/Arachnid/deterministic-deployment-proxy: Foundry and others deploy by it at the same address everywhere.
  [
    '0x4e59b44847b379578588920ca78fbf26c0b4956c' as Address,
    '7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182' +
      'fd5b8082525050506014600cf3',
  ],
]

/** Throws `genesis_malformed`. */
export function specOf(genesis: Genesis, recoveries: readonly Recovery[] = []): Spec {
  const bytes = encodeGenesis(genesis)
  const read = decodeGenesis(bytes)
  const common = createLedgerCommon(read.chainId, fork)
  const digest = keccak(bytes)
  return {
    ours: true,
    genesis: read,
    digest,
    common,
    accounts: accountsOf(read),
    recoveries,
    block0: {
      ...constantFields,
      parentHash: zeroHash,
      coinbase: zeroAddress,
      transactionsRoot: emptyTrieHash,
      receiptsRoot: emptyTrieHash,
      logsBloom: new Uint8Array(256),
      number: 0n,
      gasLimit: read.blockGasLimit,
      gasUsed: 0n,
      timestamp: BigInt(read.timestamp),
      extraData: encodeGenesisExtra(digest),
      mixHash: zeroHash,
      requestsHash: emptyRequestsHash,
    },
    commonAt: () => common,
  }
}

/** Those of the genesis can't take the place of the protocol's. */
function accountsOf(genesis: Genesis): GenesisAccount[] {
  const accounts = new Map<Address, GenesisAccount>()
  const put = (address: Address, change: Partial<GenesisAccount>) => {
    const before = accounts.get(address) ?? { address, nonce: 0n, balance: 0n, code: new Uint8Array(0), slots: [] }
    accounts.set(address, { ...before, ...change })
  }
  for (const { address, wei } of genesis.balances) put(address, { balance: wei })
  // EIP-161: an account with code has nonce 1.
  for (const { address, code, slots } of genesis.contracts ?? []) put(address, { nonce: 1n, code, slots })
  for (const [address, code] of standardContracts)
    put(address, { nonce: 1n, code: fromHex(code) ?? new Uint8Array(0), slots: [] })
  put(systemAddress, { nonce: 1n, code: systemCode, slots: systemSlots(genesis.validators, genesis.members) })
  return [...accounts.values()].filter(({ nonce, balance, code }) => nonce > 0n || balance > 0n || code.length > 0)
}

// ---- foreign chains

/** What geth's genesis file says, as far as it is read here. */
export interface GethGenesis {
  readonly config: { readonly chainId: number; readonly blobSchedule?: object; readonly [fork: string]: unknown }
  readonly nonce?: string
  readonly timestamp?: string
  readonly extraData?: string
  readonly gasLimit: string
  readonly difficulty: string
  readonly mixHash?: string
  readonly coinbase?: string
  readonly baseFeePerGas?: string
  readonly alloc: Readonly<
    Record<
      string,
      {
        readonly balance?: string
        readonly nonce?: string
        readonly code?: string
        readonly storage?: Readonly<Record<string, string>>
      }
    >
  >
}

type Kzg = Parameters<typeof createCommonOfGeth>[1]

/** A chain with Ethereum's own rules, to be imported; block 0 as the forks at its number and time have it. */
export function foreignSpec(file: GethGenesis, kzg?: Kzg): Spec {
  const common = createCommonOfGeth(file, kzg)
  const timestamp = BigInt(file.timestamp ?? '0x0')
  const at = commonAt(common, { number: 0n, timestamp })
  const accounts = Object.entries(file.alloc).map(([address, { balance, nonce, code, storage }]) => ({
    address: `0x${address.toLowerCase().replace(/^0x/, '')}` as Address,
    nonce: BigInt(nonce ?? '0x0'),
    balance: BigInt(balance ?? '0x0'),
    code: fromHex((code ?? '').replace(/^0x/, '').toLowerCase()) ?? new Uint8Array(0),
    slots: Object.entries(storage ?? {}).map(([key, value]) => [wordOf(key), BigInt(prefixed(value))] as const),
  }))
  return {
    ours: false,
    genesis: foreignGenesis(file, timestamp),
    digest: keccak(new TextEncoder().encode(JSON.stringify(file))),
    common,
    accounts,
    recoveries: [],
    block0: {
      parentHash: zeroHash,
      unclesHash: emptyListHash,
      coinbase: (file.coinbase ?? zeroAddress).toLowerCase() as Address,
      transactionsRoot: emptyTrieHash,
      receiptsRoot: emptyTrieHash,
      logsBloom: new Uint8Array(256),
      difficulty: BigInt(file.difficulty),
      number: 0n,
      gasLimit: BigInt(file.gasLimit),
      gasUsed: 0n,
      timestamp,
      extraData: bytesOfHex((file.extraData ?? '0x').toLowerCase() as Hash),
      mixHash: wordOf(file.mixHash ?? '0x0'),
      nonce: bytesOfHex(wordOf(file.nonce ?? '0x0')).slice(24),
      ...(at.isActivatedEIP(1559) ? { baseFeePerGas: BigInt(file.baseFeePerGas ?? '0x3b9aca00') } : {}),
      ...(at.isActivatedEIP(4895) ? { withdrawalsRoot: emptyTrieHash } : {}),
      ...(at.isActivatedEIP(4844) ? { blobGasUsed: 0n, excessBlobGas: 0n } : {}),
      ...(at.isActivatedEIP(4788) ? { parentBeaconBlockRoot: zeroHash } : {}),
      ...(at.isActivatedEIP(7685) ? { requestsHash: emptyRequestsHash } : {}),
    },
    commonAt: (header) => commonAt(common, header),
  }
}

function commonAt(common: Common, { number, timestamp }: Pick<HeaderFields, 'number' | 'timestamp'>): Common {
  const copy = common.copy()
  copy.setHardforkBy({ blockNumber: number, timestamp })
  return copy
}

function prefixed(hex: string): string {
  return hex.startsWith('0x') ? hex : `0x${hex}`
}

function wordOf(hex: string): Hash {
  return hashOfBytes(fromHex(prefixed(hex).slice(2).toLowerCase().padStart(64, '0')) ?? new Uint8Array(32))
}

/** What a foreign chain has of ours: nobody decides, nothing is free. */
function foreignGenesis(file: GethGenesis, timestamp: bigint): Genesis {
  return {
    chainId: file.config.chainId,
    name: 'foreign chain',
    timestamp: Number(timestamp),
    validators: [],
    members: [],
    balances: [],
    coin: { name: 'Ether', symbol: 'ETH' },
    blockGasLimit: BigInt(file.gasLimit),
    blockTimeMs: 12_000,
    quota: { gas: 0n, blocks: 1 },
    strangerFee: 0n,
  }
}
