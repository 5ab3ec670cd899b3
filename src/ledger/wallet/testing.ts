// For tests of the wallet: one over a real chain in memory, reached through real JSON-RPC, with a phrase of its own.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { encodeDeployData } from 'viem/utils'
import type { Log } from '../../base/ports.ts'
import { entropyToPhrase, entropyToSeed, ethereumAddressFromSeed } from '../../identity/core.ts'
import { identityErrors } from '../../identity/errors.ts'
import type { EthereumAddress, PersonDid } from '../../identity/types.ts'
import { createTestChain, quietLog, type TestChain } from '../chain/testing.ts'
import { openOwnLedger } from '../client/service.ts'
import { createRpc } from '../rpc/service.ts'
import type { Compiler } from '../source/compiler.ts'
import type { Address, Hash } from '../types.ts'
import { openWallet } from './service.ts'
import type { AnnouncedAccount, Caller, RequestView, Wallet } from './types.ts'
import type { OpenWallet } from './wallets.ts'

export const person: Caller = { isPerson: true }
export const program: Caller = { isPerson: false }
export const bo = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8' as Address

export interface TestIdentity {
  readonly did: PersonDid
  readonly ethereumAddress: EthereumAddress
  passphrase: boolean
  phrase(passphrase?: string): Promise<string>
  /** How often the phrase was read. */
  readings: number
}

/** Of a phrase that is the same in every test; with `secret`, a passphrase protects it. */
export function testIdentity(secret?: string): TestIdentity {
  const entropy = new Uint8Array(32).fill(7)
  const identity: TestIdentity = {
    did: 'did:key:zAda' as PersonDid,
    ethereumAddress: ethereumAddressFromSeed(entropyToSeed(entropy)),
    passphrase: secret !== undefined,
    readings: 0,
    async phrase(passphrase) {
      if (secret !== undefined && passphrase === undefined) throw identityErrors.passphrase_needed('It is locked.')
      if (secret !== undefined && passphrase !== secret) throw identityErrors.passphrase_wrong('That is not it.')
      identity.readings += 1
      return entropyToPhrase(entropy)
    },
  }
  return identity
}

export interface WalletWorld {
  readonly wallet: OpenWallet
  readonly test: TestChain
  readonly identity: TestIdentity
  readonly database: DatabaseSync
  readonly self: Address
  /** One JSON-RPC body. */
  rpc(body: string): Promise<string | undefined>
  readonly logged: string[]
  readonly log: Log
  /** The same wallet after a restart: its database stays. */
  reopen(): Promise<OpenWallet>
}

export interface WorldOptions {
  readonly secret?: string
  readonly isMember?: boolean
  readonly announced?: readonly AnnouncedAccount[]
  readonly compiler?: Compiler
}

const noCompiler: Compiler = {
  version: '0.0.0',
  compile: () => Promise.reject(new Error('assertion failed: this test compiles nothing')),
  stop: () => undefined,
}

/** The wallet's account has 100 coins. */
export async function walletWorld(options: WorldOptions = {}): Promise<WalletWorld> {
  const identity = testIdentity(options.secret)
  const self = identity.ethereumAddress.toLowerCase() as Address
  const members = options.isMember === false ? [] : [self]
  const test = await createTestChain({ genesis: { members, balances: [{ address: self, wei: 100n * 10n ** 18n }] } })
  let drawn = 0
  const random = { bytes: (length: number) => Uint8Array.from({ length }, () => (drawn++ * 167) % 256) }
  const rpc = createRpc({ clientVersion: 'test' })({ chain: test.chain, clock: test.clock, random })
  const database = new DatabaseSync(':memory:')
  const logged: string[] = []
  const log = {
    ...quietLog,
    warn: (code: string, fields?: object) => void logged.push(`${code} ${JSON.stringify(fields)}`),
  }
  const announced = () => options.announced ?? [{ address: bo, person: 'did:key:zBo', name: 'Bo' }]
  const { genesis, chain } = test
  const own = {
    ...{ chainId: genesis.chainId, name: genesis.name, coin: genesis.coin, genesisHash: chain.genesisHash },
    ...{ strangerFee: genesis.strangerFee, validators: () => 1, verifies: () => true },
  }
  const reopen = async () => {
    const client = await openOwnLedger(own, async (body) => (await rpc.handle(body)) ?? '')({ clock: test.clock })
    return openWallet({ chain: chain.genesisHash, strangerFee: genesis.strangerFee })({
      ...{ client, identity, database, clock: test.clock, random, log, announced, validators: () => [] },
      compiler: async () => options.compiler ?? noCompiler,
    })
  }
  return {
    wallet: await reopen(),
    rpc: (body) => rpc.handle(body),
    test,
    identity,
    database,
    self,
    logged,
    log,
    reopen,
  }
}

/** Proposes and confirms, all as the person. */
export async function doIt(wallet: Wallet, proposal: Parameters<Wallet['propose']>[0]): Promise<RequestView> {
  const request = await wallet.propose(proposal, person)
  return wallet.confirm(request.id, person, { accept: true })
}

interface Artifact {
  readonly abi: readonly unknown[]
  readonly bytecode: Hash
}

/** Of test/vectors/wallet/Tokens.sol. */
export function deployData(name: 'Currency' | 'Deeds' | 'Parts', args: readonly unknown[]): `0x${string}` {
  const file = join(import.meta.dirname, '../../../test/vectors/wallet/Tokens.json')
  const artifact = JSON.parse(readFileSync(file, 'utf8'))[name] as Artifact
  return encodeDeployData({ abi: artifact.abi, bytecode: artifact.bytecode, args } as Parameters<
    typeof encodeDeployData
  >[0])
}

/** Deploys with the wallet and mines; its address. */
export async function deploy({ wallet, test }: WalletWorld, data: `0x${string}`): Promise<string> {
  const { transaction, failure } = await doIt(wallet, { kind: 'call', data })
  await test.mineAll()
  const { created } = await wallet.explorer.transaction(transaction ?? '')
  if (created === null) throw new Error(`assertion failed: it creates a contract (${failure?.sentence})`)
  return created
}
