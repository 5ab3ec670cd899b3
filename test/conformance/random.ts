// Random transactions, in EDR and in ours: every block must give the same state root, receipts root, bloom and gas.
// `node test/conformance/random.ts [--transactions 10000] [--seed 1]`; CI runs a few hundred.

import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import type { TypedTransaction, TypedTxData } from '@ethereumjs/tx'
import { encodeFunctionData, getContractAddress } from 'viem'
import { toHex } from '../../src/base/bytes.ts'
import { transaction } from '../../src/base/database.ts'
import { hashOf } from '../../src/ledger/evm/account-wire.ts'
import { createLedgerCommon } from '../../src/ledger/evm/common.ts'
import { keccak256 } from '../../src/ledger/evm/keccak.ts'
import { authorizationBy, type Person, personOf, signedBy, stillClock, subjects } from '../../src/ledger/evm/testing.ts'
import type { LedgerWorld } from '../../src/ledger/evm/types.ts'
import { createWorld } from '../../src/ledger/evm/world.ts'
import type { Address, Hash } from '../../src/ledger/types.ts'
import { createRandom, type SeededRandom } from '../sim/random.ts'
import { createEdrChain, type EdrChain, environmentOf } from './edr.ts'

const chainId = 31337
const common = createLedgerCommon(chainId)
const contracts = subjects()
const peopleCount = 12
/** Only sign authorizations (EIP-7702), so that their nonces are known. */
const authoritiesCount = 4
const perBlock = 50

export interface RandomRun {
  readonly transactions: number
  readonly failed: number
  readonly refused: number
  readonly gas: bigint
  readonly types: readonly number[]
}

/** Throws at the first difference. */
export async function runRandom(options: { readonly seed: number; readonly transactions: number }): Promise<RandomRun> {
  const people = Array.from({ length: peopleCount }, (_, index) => personOf(index + 1))
  const edr = await createEdrChain({
    accounts: people.map(({ address }) => ({ address, balance: 10n ** 24n })),
    hardfork: 'prague',
    chainId,
    coinbase: personOf(900).address,
  })
  const both = await Both.begin(edr)
  const maker = new Maker(options.seed, people)
  const types = [0, 0, 0, 0, 0]
  let done = 0
  let failed = 0
  let gas = 0n
  while (done < options.transactions) {
    const sent = await maker.fill(edr, perBlock)
    const receipts = await both.next(sent)
    done += receipts.length
    failed += receipts.filter(({ succeeded }) => !succeeded).length
    for (const { type, gasUsed } of receipts) {
      types[type] = (types[type] ?? 0) + 1
      gas += gasUsed
    }
  }
  return { transactions: done, failed, refused: maker.refused, gas, types }
}

class Both {
  readonly #edr: EdrChain
  readonly #world: LedgerWorld
  readonly #database = new DatabaseSync(':memory:')
  readonly #hashes: Hash[] = []

  private constructor(edr: EdrChain) {
    this.#edr = edr
    this.#world = createWorld({ common, scheduled: false, keepBlocks: 8 })({
      database: this.#database,
      clock: stillClock,
    })
  }

  static async begin(edr: EdrChain): Promise<Both> {
    const both = new Both(edr)
    const genesis = await edr.block(0)
    const { root, layer } = both.#world.genesis(edr.accounts)
    if (root !== genesis.stateRoot) throw new Error('the genesis has another root')
    both.#settle(genesis.hash, 0, layer)
    return both
  }

  #settle(hash: Hash, height: number, layer: Parameters<LedgerWorld['keep']>[1]): void {
    this.#hashes[height] = hash
    this.#world.keep(hash, layer)
    transaction(this.#database, () => this.#world.settle(hash, height, this.#database))
  }

  async next(sent: ReadonlyMap<Hash, TypedTransaction>) {
    await this.#edr.ask('evm_mine')
    const block = await this.#edr.block('latest')
    const transactions = block.transactions.map((hash) => sent.get(hash) as TypedTransaction)
    const executed = await this.#world.execute(environmentOf(block, this.#hashes), transactions)
    const bloom = `0x${toHex(executed.logsBloom)}`
    for (const [what, ours, theirs] of [
      ['gas', executed.gasUsed, BigInt(block.gasUsed)],
      ['receipts root', executed.receiptsRoot, block.receiptsRoot],
      ['bloom', bloom, block.logsBloom],
      ['requests', executed.requestsHash, block.requestsHash],
      ['state root', executed.stateRoot, block.stateRoot],
    ]) {
      if (ours !== theirs) throw new Error(`block ${Number(block.number)}: ${what} ${ours} is ${theirs} in EDR`)
    }
    this.#settle(block.hash, Number(block.number), executed.layer)
    return executed.receipts
  }
}

type Call = readonly [to: Address | undefined, data: `0x${string}`, value?: bigint, gas?: bigint]

class Maker {
  readonly #random: SeededRandom
  readonly #people: readonly Person[]
  readonly #authorities = Array.from({ length: authoritiesCount }, (_, index) => personOf(500 + index))
  readonly #authorityNonces = new Array<bigint>(authoritiesCount).fill(0n)
  readonly #nonces: number[]
  readonly #token: Address
  readonly #subjects: readonly Address[]
  #begun = false
  refused = 0

  constructor(seed: number, people: readonly Person[]) {
    this.#random = createRandom(String(seed))
    this.#people = people
    this.#nonces = people.map(() => 0)
    const made = (index: number, nonce: bigint) =>
      getContractAddress({ from: (people[index] as Person).address, nonce }).toLowerCase() as Address
    this.#token = made(0, 0n)
    this.#subjects = [made(0, 1n), made(1, 0n)]
  }

  /** Signs and sends `count`; those that EDR takes. */
  async fill(edr: EdrChain, count: number): Promise<Map<Hash, TypedTransaction>> {
    const sent = new Map<Hash, TypedTransaction>()
    if (!this.#begun) {
      this.#begun = true
      await this.#send(edr, sent, 0, [undefined, contracts.Token.bytecode as `0x${string}`, 0n, 3_000_000n])
      await this.#send(edr, sent, 0, [undefined, contracts.Subject.bytecode as `0x${string}`, 0n, 4_000_000n])
      await this.#send(edr, sent, 1, [undefined, contracts.Subject.bytecode as `0x${string}`, 0n, 4_000_000n])
      for (const address of this.#subjects) await this.#send(edr, sent, 2, [address, '0x', 10n ** 18n])
    }
    while (sent.size < count) await this.#send(edr, sent, this.#below(this.#people.length), this.#call())
    return sent
  }

  async #send(edr: EdrChain, sent: Map<Hash, TypedTransaction>, from: number, call: Call): Promise<void> {
    const person = this.#people[from] as Person
    const signed = signedBy(person, common, this.#dressed(call, this.#nonces[from] ?? 0))
    try {
      await edr.ask('eth_sendRawTransaction', `0x${toHex(signed.serialize())}`)
    } catch {
      // Less gas than it costs to be looked at, or the like: EDR does not take it.
      this.refused += 1
      return
    }
    this.#nonces[from] = (this.#nonces[from] ?? 0) + 1
    sent.set(hashOf(signed.hash()), signed)
  }

  #below(limit: number): number {
    return this.#random.below(limit)
  }

  #one<Value>(list: readonly Value[]): Value {
    return list[this.#below(list.length)] as Value
  }

  /** Of one of the types 0, 1, 2 and 4. */
  #dressed([to, data, value = 0n, gas]: Call, nonce: number): TypedTxData {
    const gasLimit = gas ?? BigInt(60_000 + this.#below(600_000) + 40 * data.length)
    const common = { nonce, data, value, gasLimit, ...(to === undefined ? {} : { to }) }
    const price = BigInt(3_000_000_000 + this.#below(1_000_000_000))
    const fees = { maxFeePerGas: price, maxPriorityFeePerGas: BigInt(this.#below(2_000_000_000)) }
    const kind = this.#below(10)
    if (kind < 2) return { type: 0, gasPrice: price, ...common }
    if (kind < 4) return { type: 1, chainId, gasPrice: price, accessList: this.#accessList(), ...common }
    if (kind < 9 || to === undefined) {
      return { type: 2, chainId, accessList: this.#below(3) === 0 ? this.#accessList() : [], ...fees, ...common }
    }
    return { type: 4, chainId, authorizationList: [this.#authorization()], ...fees, ...common } as TypedTxData
  }

  #authorization() {
    const index = this.#below(authoritiesCount)
    const nonce = this.#authorityNonces[index] ?? 0n
    const wrong = this.#below(4) === 0
    // Its own nonce grows only when the authorization holds.
    if (!wrong) this.#authorityNonces[index] = nonce + 1n
    const target = this.#below(5) === 0 ? (`0x${'00'.repeat(20)}` as Address) : this.#one(this.#subjects)
    return authorizationBy(this.#authorities[index] as Person, BigInt(chainId), target, wrong ? nonce + 3n : nonce)
  }

  #accessList() {
    return Array.from({ length: this.#below(3) }, () => ({
      address: this.#one([this.#token, ...this.#subjects, this.#someone()]),
      storageKeys: Array.from({ length: this.#below(3) }, () => this.#slotKey()),
    }))
  }

  /** Of `slots[i]` in Subject: keccak(i ‖ 0). */
  #slotKey(): Hash {
    const key = new Uint8Array(64)
    key[31] = this.#below(8)
    return hashOf(keccak256(key))
  }

  #someone(): Address {
    const kind = this.#below(6)
    if (kind === 0) return `0x${(0xabc000 + this.#below(500)).toString(16).padStart(40, '0')}` as Address
    if (kind === 1) return (this.#authorities[this.#below(authoritiesCount)] as Person).address
    if (kind === 2) return `0x${(1 + this.#below(9)).toString(16).padStart(40, '0')}` as Address
    return (this.#people[this.#below(this.#people.length)] as Person).address
  }

  #call(): Call {
    const kind = this.#below(12)
    if (kind === 0) return [this.#someone(), '0x', BigInt(this.#below(1_000_000)), BigInt(21_000 + this.#below(40_000))]
    if (kind < 4) return this.#tokenCall()
    if (kind === 4) return this.#creation()
    if (kind === 5) return [this.#one(this.#subjects), '0x', BigInt(this.#below(1_000))]
    // Delegated accounts run a Subject's code, too.
    const target = this.#below(5) === 0 ? this.#someone() : this.#one(this.#subjects)
    return [target, ...this.#subjectCall()]
  }

  #tokenCall(): Call {
    const [name, args] = this.#one<[string, unknown[]]>([
      ['transfer', [this.#someone(), BigInt(this.#below(10_000))]],
      ['transfer', [this.#someone(), BigInt(this.#below(10_000))]],
      ['approve', [this.#someone(), BigInt(this.#below(3))]],
      ['transferFrom', [this.#someone(), this.#someone(), BigInt(this.#below(2))]],
    ])
    return [this.#token, this.#encode('Token', name, args)]
  }

  #subjectCall(): [`0x${string}`, bigint?] {
    const at = BigInt(this.#below(8))
    const value = BigInt(this.#below(3))
    const salt = hashOf(keccak256(Uint8Array.of(this.#below(40))))
    const [name, args, paid] = this.#one<[string, unknown[], bigint?]>([
      ['write', [at, BigInt(this.#below(6)), value]],
      ['write', [at, BigInt(this.#below(6)), 0n]],
      ['flip', [at, value, BigInt(this.#below(3))]],
      ['fail', [at, value]],
      ['tryFail', [at, value]],
      ['burn', [BigInt(this.#below(200))]],
      ['pay', [this.#someone(), BigInt(this.#below(1_000))], BigInt(this.#below(500))],
      ['make', [value, salt, this.#below(2) === 0], BigInt(this.#below(3))],
      ['makeFailing', [salt]],
      ['deep', [BigInt(this.#below(12))]],
      ['guarded', [at]],
      ['hashes', [BigInt(1 + this.#below(300))]],
    ])
    return [this.#encode('Subject', name, args), paid ?? 0n]
  }

  #creation(): Call {
    const garbage = `0x${toHex(keccak256(Uint8Array.of(this.#below(200))))}` as const
    const value = BigInt(this.#below(9)).toString(16).padStart(64, '0')
    const doomed = `${contracts.Doomed.bytecode}${value}` as `0x${string}`
    return [
      undefined,
      this.#below(3) === 0 ? garbage : doomed,
      BigInt(this.#below(2)),
      BigInt(150_000 + this.#below(200_000)),
    ]
  }

  #encode(contract: keyof typeof contracts, functionName: string, args: readonly unknown[]): `0x${string}` {
    return encodeFunctionData({ abi: contracts[contract].abi, functionName, args } as never)
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { transactions: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
  })
  const run = await runRandom({ seed: Number(values.seed), transactions: Number(values.transactions) })
  console.log(
    `${run.transactions} transactions (types 0 to 4: ${run.types.join(', ')}), ${run.failed} of them failed, ${run.refused} more were refused, ` +
      `${run.gas} gas: the same state roots, receipts and gas in EDR (seed ${values.seed})`,
  )
  process.exit(0)
}
