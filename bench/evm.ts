// `npm run bench -- evm`: native and ERC-20 transfers a second, in blocks of 500 transactions, on one core: signatures recovered,
// state and tries on disk. Beside it the same signed transactions in EDR (Hardhat's, Rust, in memory, in this process) and, where
// `--anvil PATH` names its binary, in anvil over HTTP. `--blocks N`, `--rounds N`, `--alone`: without the others.
// `--plain`: the interpreter as @ethereumjs/evm brings it.

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createTxFromRLP, type TypedTransaction } from '@ethereumjs/tx'
import { encodeFunctionData, getContractAddress } from 'viem'
import { createLedgerCommon } from '../src/ledger/evm/common.ts'
import { type Person, personOf, signedBy, subjects, testChain } from '../src/ledger/evm/testing.ts'
import type { Address } from '../src/ledger/types.ts'
import { openLedgerDatabase } from '../src/node/database.ts'
import { findEdr } from '../test/conformance/edr-binding.ts'
import type { Other, Result, Round, Took } from './evm-others.ts'

const { values } = parseArgs({
  options: {
    blocks: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    anvil: { type: 'string' },
    alone: { type: 'boolean', default: false },
    plain: { type: 'boolean', default: false },
  },
})
const perBlock = 500
const peopleCount = 250
const blocks = Number(values.blocks)
const common = createLedgerCommon(31337)
const founder = personOf(0)
const people = Array.from({ length: peopleCount }, (_, index) => personOf(index + 1))
const { Token } = subjects()
const token = getContractAddress({ from: founder.address, nonce: 0n }).toLowerCase() as Address
const balances = [founder, ...people].map(({ address }) => ({ address, balance: 10n ** 24n }))

type Call = readonly [to: Address | undefined, data: string, value: bigint, gas: bigint]

function signed(by: Person, nonce: number, [to, data, value, gasLimit]: Call): Uint8Array {
  const fees = { maxFeePerGas: 2_000_000_000n, maxPriorityFeePerGas: 0n }
  const fields = { type: 2, chainId: 31337, nonce, value, gasLimit, data: data as `0x${string}`, ...fees }
  return signedBy(by, common, to === undefined ? fields : { ...fields, to }).serialize()
}

const transferOf = (to: Address, amount: bigint) =>
  encodeFunctionData({ abi: Token.abi, functionName: 'transfer', args: [to, amount] } as never)

/** Every second one gets something for the first time. */
function recipient(index: number): Address {
  if (index % 2 === 0) return (people[index % peopleCount] as Person).address
  return `0x${(index + 0xabcdef).toString(16).padStart(40, '1')}` as Address
}

function blocksOf(firstNonce: number, call: (index: number) => Call): Uint8Array[][] {
  return Array.from({ length: blocks }, (_, block) =>
    Array.from({ length: perBlock }, (_, index) => {
      const nonce = firstNonce + block * (perBlock / peopleCount) + Math.floor(index / peopleCount)
      return signed(people[index % peopleCount] as Person, nonce, call(block * perBlock + index))
    }),
  )
}

function round(): Round {
  const fill = people.map(({ address }, index) =>
    signed(founder, index + 1, [token, transferOf(address, 10n ** 20n), 0n, 100_000n]),
  )
  return {
    balances,
    before: [[signed(founder, 0, [undefined, Token.bytecode, 0n, 3_000_000n]), ...fill]],
    native: blocksOf(0, (index) => [recipient(index), '0x', 1n, 21_000n]),
    tokens: blocksOf(blocks * 2, (index) => [token, transferOf(recipient(index), 1n), 0n, 100_000n]),
  }
}

const ours: Other = {
  name: 'Peerhood',
  run: async (work) => {
    const folder = mkdtempSync(join(tmpdir(), 'evm-bench-'))
    const { database, close } = openLedgerDatabase(join(folder, 'ledger.db'))
    const chain = testChain({
      accounts: work.balances,
      database,
      common,
      baseFeePerGas: 0n,
      keepBlocks: 64,
      plainInterpreter: values.plain,
    })
    const play = async (list: readonly (readonly Uint8Array[])[]) => {
      const from = performance.now()
      const processorFrom = process.cpuUsage()
      for (const block of list) {
        const transactions = block.map((bytes): TypedTransaction => createTxFromRLP(bytes, { common }))
        const { receipts } = await chain.run(transactions)
        if (receipts.some(({ succeeded }) => !succeeded)) throw new Error('a transfer failed')
      }
      const { user, system } = process.cpuUsage(processorFrom)
      return { ms: performance.now() - from, processorMs: (user + system) / 1000 }
    }
    await play(work.before)
    const native = await play(work.native)
    const tokens = await play(work.tokens)
    close()
    const bytes = statSync(join(folder, 'ledger.db')).size
    rmSync(folder, { recursive: true })
    return { native, tokens, bytes }
  },
}

const work = round()
const count = blocks * perBlock
const others = values.alone ? [] : await othersHere()

async function othersHere(): Promise<readonly Other[]> {
  if (!findEdr()) throw new Error('EDR is not installed: run scripts/install-chain-clients.sh, or take --alone')
  const { anvil, edr } = await import('./evm-others.ts')
  return [edr, ...(values.anvil === undefined ? [] : [anvil(values.anvil)])]
}

function rate({ ms, processorMs }: Took): string {
  const wall = `${Math.round((count * 1000) / ms)}/s`
  // Threads of the garbage collector and the compiler count, too; waiting for a busy machine does not.
  return processorMs === undefined ? wall : `${wall} (${Math.round((count * 1000) / processorMs)} a processor second)`
}

for (let index = 0; index < Number(values.rounds); index++) {
  console.log(`round ${index + 1}, load ${loadavg()[0]?.toFixed(1)}`)
  let mine: Result | undefined
  for (const one of [ours, ...others]) {
    const result = await one.run(work)
    mine ??= result
    const parts = (['native', 'tokens'] as const).map((kind) => {
      const ratio = (mine?.[kind].ms ?? 0) / result[kind].ms
      return `${kind === 'native' ? 'native' : 'ERC-20'} ${rate(result[kind])}${one === ours ? '' : ` ×${ratio.toFixed(2)}`}`
    })
    const disk =
      result.bytes === undefined ? '' : `, ${Math.round(result.bytes / (2 * count))} bytes on disk a transaction`
    console.log(`  ${one.name.padEnd(9)} ${parts.join(', ')}${disk}`)
  }
}
process.exit(0)
