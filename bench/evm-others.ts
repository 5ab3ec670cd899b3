// Those beside whom execution is measured: EDR in this process, anvil as a process of its own over HTTP.

import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { toHex } from '../src/base/bytes.ts'
import { personOf } from '../src/ledger/evm/testing.ts'
import type { GenesisAccount } from '../src/ledger/evm/types.ts'
import { createEdrChain } from '../test/conformance/edr.ts'

type Blocks = readonly (readonly Uint8Array[])[]

export interface Round {
  readonly balances: readonly GenesisAccount[]
  /** Deploys the token and hands it out. */
  readonly before: Blocks
  readonly native: Blocks
  readonly tokens: Blocks
}

export interface Took {
  readonly ms: number
  readonly processorMs?: number
}

export interface Result {
  readonly native: Took
  readonly tokens: Took
  readonly bytes?: number
}

export interface Other {
  readonly name: string
  run(work: Round): Promise<Result>
}

interface Node {
  /** All of one block, mined. */
  mine(block: readonly Uint8Array[]): Promise<void>
  /** Gas that the last block used. */
  gasUsed(): Promise<number>
  processorMs?(): number
}

async function play(node: Node, blocks: Blocks): Promise<Took> {
  const from = performance.now()
  const processorFrom = node.processorMs?.() ?? 0
  for (const block of blocks) await node.mine(block)
  const ms = performance.now() - from
  const processorMs = (node.processorMs?.() ?? 0) - processorFrom
  if ((await node.gasUsed()) === 0) throw new Error('nothing was mined')
  return processorMs > 0 ? { ms, processorMs } : { ms }
}

async function playAll(node: Node, work: Round): Promise<Result> {
  await play(node, work.before)
  return { native: await play(node, work.native), tokens: await play(node, work.tokens) }
}

const rawOf = (bytes: Uint8Array) => `0x${toHex(bytes)}`

function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

export const edr: Other = {
  name: 'EDR',
  run: async ({ balances, ...rest }) => {
    const chain = await createEdrChain({
      accounts: balances,
      hardfork: 'prague',
      chainId: 31337,
      coinbase: personOf(65_535).address,
    })
    const node: Node = {
      mine: async (block) => {
        for (const bytes of block) await chain.ask('eth_sendRawTransaction', rawOf(bytes))
        await chain.ask('evm_mine')
      },
      gasUsed: async () => Number((await chain.block('latest')).gasUsed),
      processorMs,
    }
    return playAll(node, { balances, ...rest })
  },
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

export const anvil = (path: string): Other => ({
  name: 'anvil',
  run: async (work) => {
    const port = await freePort()
    const options = ['--port', `${port}`, '--no-mining', '--order', 'fifo', '--gas-limit', '60000000', '--silent']
    const child = spawn(path, [...options, '--base-fee', '0', '--accounts', '0', '--threads', '1'], { stdio: 'ignore' })
    const url = `http://127.0.0.1:${port}`
    const post = async (body: unknown): Promise<{ result?: unknown; error?: { message: string } }[]> => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const answers = [(await response.json()) as { result?: unknown; error?: { message: string } }].flat()
      const failed = answers.find(({ error }) => error !== undefined)
      if (failed !== undefined) throw new Error(`anvil: ${failed.error?.message}`)
      return answers
    }
    const call = (method: string, ...params: unknown[]) => ({ jsonrpc: '2.0', id: 1, method, params })
    try {
      await untilUp(() => post(call('eth_chainId')))
      await post(
        work.balances.map(({ address, balance }) => call('anvil_setBalance', address, `0x${balance.toString(16)}`)),
      )
      const node: Node = {
        mine: async (block) => {
          await post(block.map((bytes) => call('eth_sendRawTransaction', rawOf(bytes))))
          await post(call('evm_mine'))
        },
        gasUsed: async () => {
          const [answer] = await post(call('eth_getBlockByNumber', 'latest', false))
          return Number((answer?.result as { gasUsed: string } | undefined)?.gasUsed)
        },
      }
      return await playAll(node, work)
    } finally {
      child.kill()
    }
  },
})

async function untilUp(ask: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await ask()
      return
    } catch (error) {
      if (attempt === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
