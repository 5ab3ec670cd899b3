// `npm run bench -- ledger`: four validators as four processes on this computer, with TCP between them; ERC-20 transfers at `--rate`
// for `--seconds`, then at half of that for finality; then a validator is started again, and a newcomer joins by snapshot.
// `--history N`: with a chain of N blocks before it. `--verbose`: what the nodes warn of.

import type { ChildProcess } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { encodeFunctionData, getContractAddress } from 'viem'
import { encodeGenesis } from '../src/ledger/chain/genesis-wire.ts'
import { openChain } from '../src/ledger/chain/service.ts'
import { quietLog, testGenesis } from '../src/ledger/chain/testing.ts'
import { encodeCertificate, voteDigest } from '../src/ledger/consensus/vote-wire.ts'
import { createLedgerCommon } from '../src/ledger/evm/common.ts'
import { signDigest } from '../src/ledger/evm/crypto.ts'
import { type Person, personOf, signedBy, subjects } from '../src/ledger/evm/testing.ts'
import type { Address } from '../src/ledger/types.ts'
import { systemClock } from '../src/node/adapters.ts'
import { openLedgerDatabase } from '../src/node/database.ts'
import { threadNurseryMb } from '../src/node/limits.ts'
import type { NodeSettings, Report, Submitted, ToNode } from './ledger-process.ts'
import { freePort, start, stop } from './processes.ts'
import { table } from './table.ts'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '400' },
    seconds: { type: 'string', default: '120' },
    history: { type: 'string', default: '1000' },
    'block-time': { type: 'string', default: '500' },
    verbose: { type: 'boolean', default: false },
  },
})
const rate = Number(values.rate)
const seconds = Number(values.seconds)
const history = Number(values.history)
const peopleCount = 200
const tickMs = 50

const validators = [1001, 1002, 1003, 1004].map(personOf).sort((a, b) => (a.address < b.address ? -1 : 1))
const founder = personOf(0)
const people = Array.from({ length: peopleCount }, (_, index) => personOf(index + 1))
const { Token } = subjects()
const token = getContractAddress({ from: founder.address, nonce: 0n }).toLowerCase() as Address
const genesis = testGenesis({
  timestamp: Math.floor(Date.now() / 1000) - 3_600,
  validators: validators.map(({ address }) => address),
  members: [founder, ...people].map(({ address }) => address),
  balances: [founder, ...people].map(({ address }) => ({ address, wei: 10n ** 24n })),
  blockTimeMs: Number(values['block-time']),
  quota: { gas: 10n ** 15n, blocks: 1_000 },
})
const common = createLedgerCommon(genesis.chainId)
const nonces = new Map<Address, number>()

function signed(by: Person, to: Address | undefined, data: string, gasLimit: bigint): Submitted {
  const nonce = nonces.get(by.address) ?? 0
  nonces.set(by.address, nonce + 1)
  const free = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, value: 0n }
  const fields = { type: 2, chainId: genesis.chainId, nonce, gasLimit, data: data as `0x${string}`, ...free }
  const raw = signedBy(by, common, to === undefined ? fields : { ...fields, to }).serialize()
  return { raw, key: `${by.address}/${nonce}` }
}

function transfer(by: Person, to: Address, amount: bigint): Submitted {
  const data = encodeFunctionData({ abi: Token.abi, functionName: 'transfer', args: [to, amount] } as never)
  return signed(by, token, data, 100_000n)
}

interface Node {
  readonly number: number
  process: ChildProcess
  readonly settings: NodeSettings
}

async function run(settings: NodeSettings): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'ledger-process.ts')
  // As the thread of a ledger has it in a daemon (src/node/thread.ts).
  const nursery = ['min', 'max'].map((bound) => `--${bound}-semi-space-size=${threadNurseryMb}`)
  const child = start(process.execPath, [...nursery, script, JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  await new Promise((resolve) => child.once('message', resolve))
  return child
}

function tell(node: Node, message: ToNode): void {
  node.process.send(message)
}

async function report(node: Node): Promise<Report> {
  tell(node, { kind: 'report' })
  return new Promise((resolve) => node.process.once('message', (message) => resolve(message as Report)))
}

async function until(
  what: string,
  nodes: readonly Node[],
  isDone: (all: readonly Report[]) => boolean,
): Promise<readonly Report[]> {
  const endMs = performance.now() + 120_000
  for (;;) {
    const all = await Promise.all(nodes.map(report))
    if (isDone(all)) return all
    if (performance.now() > endMs) throw new Error(`gave up waiting: ${what}\n${JSON.stringify(all)}`)
    await wait(20)
  }
}

/** A chain of so many blocks, each with the certificate of three, in a folder. */
async function makeHistory(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const { database, close } = openLedgerDatabase(join(folder, 'ledger.db'))
  const chain = await openChain({ genesis })({ database, clock: systemClock, log: quietLog })
  for (let view = 1; view <= history; view++) {
    if (view > 1)
      await chain.pool.add(transfer(founder, people[view % peopleCount]?.address ?? token, 1n).raw, { local: false })
    else await chain.pool.add(signed(founder, undefined, Token.bytecode, 3_000_000n).raw, { local: false })
    const block = await chain.build(chain.head().hash, { epoch: 0, view })
    const ballot = { kind: 'finalize', epoch: 0, view, block: block.hash } as const
    const digest = voteDigest(chain.genesisHash, ballot)
    const signatures = [0, 1, 2].map((validator) => ({
      validator,
      signature: signDigest(validators[validator]?.secret ?? new Uint8Array(32), digest),
    }))
    await chain.finalize(block.hash, encodeCertificate({ ...ballot, signatures }))
  }
  await chain.stop()
  close()
}

/** Sends so many a second for so long, and waits until all are final. */
async function load(nodes: readonly Node[], perSecond: number, forSeconds: number) {
  const perTick = (perSecond * tickMs) / 1000
  const total = Math.floor(perSecond * forSeconds)
  const lists: Submitted[] = Array.from({ length: total }, (_, at) =>
    transfer(people[at % peopleCount] as Person, people[(at * 7 + 1) % peopleCount]?.address ?? token, 1n),
  )
  await Promise.all(nodes.map(report))
  const before = await Promise.all(nodes.map(report))
  const startMs = performance.now()
  for (let tick = 0, sent = 0; sent < total; tick++) {
    const batch = lists.slice(sent, Math.floor((tick + 1) * perTick))
    sent += batch.length
    // One sender's always to one node: nonces stay in order.
    nodes.forEach((node, number) => {
      const list = batch.filter(
        ({ key }) => Number.parseInt(key.slice(-key.length + 2, 6), 16) % nodes.length === number,
      )
      if (list.length > 0) tell(node, { kind: 'submit', list })
    })
    const dueMs = startMs + (tick + 1) * tickMs
    if (dueMs > performance.now()) await wait(dueMs - performance.now())
  }
  const sendMs = performance.now() - startMs
  const latencies: number[] = []
  const memory = nodes.map(() => 0)
  const first = before[0]
  const after = await until('all are final', nodes, (all) => {
    for (const [at, one] of all.entries()) {
      latencies.push(...one.latencyMs)
      memory[at] = Math.max(memory[at] ?? 0, one.memoryBytes)
    }
    return all.every((one) => one.final - (first?.final ?? 0) >= total)
  })
  const tookMs = performance.now() - startMs
  latencies.sort((a, b) => a - b)
  const percentile = (part: number) =>
    (latencies[Math.min(latencies.length - 1, Math.floor(part * latencies.length))] ?? 0) / 1000
  const last = after[0]
  return {
    perSecond: total / (tookMs / 1000),
    sentPerSecond: total / (sendMs / 1000),
    median: percentile(0.5),
    p99: percentile(0.99),
    memory: Math.max(...memory) / 1_048_576,
    bytesPerTransaction: ((last?.databaseBytes ?? 0) - (first?.databaseBytes ?? 0)) / total,
    sentPerTransaction: ((last?.sentBytes ?? 0) - (first?.sentBytes ?? 0)) / total,
    blocks: (last?.height ?? 0) - (first?.height ?? 0),
    refused: after.map(({ refused }) => refused),
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ledger-bench-'))
const rows: string[][] = []
const row = (what: string, value: string, goal: string) => rows.push([what, value, goal])
try {
  const historyMs = performance.now()
  await makeHistory(join(folder, 'history'))
  console.log(
    `${history} blocks made in ${((performance.now() - historyMs) / 1000).toFixed(1)} s; load ${loadavg()[0]?.toFixed(1)}`,
  )
  const ports = await Promise.all([0, 1, 2, 3, 4].map(freePort))
  const nodes: Node[] = []
  for (const number of [0, 1, 2, 3, 4]) {
    const own = join(folder, `${number}`)
    if (number < 4) cpSync(join(folder, 'history'), own, { recursive: true })
    const secret = number < 4 ? Buffer.from(validators[number]?.secret ?? []).toString('hex') : undefined
    const encoded = Buffer.from(encodeGenesis(genesis)).toString('hex')
    const settings = {
      number,
      ports: number < 4 ? ports.slice(0, 4) : ports,
      folder: own,
      genesis: encoded,
      secret,
      isVerbose: values.verbose,
    }
    if (number < 4) nodes.push({ number, settings, process: await run(settings) })
    else nodes.push({ number, settings, process: undefined as never })
  }
  const four = nodes.slice(0, 4)
  await until('they vote', four, (all) => all.every(({ voting }) => voting === 'voting'))

  // Everyone has something to give away.
  const fill = people.map(({ address }) => transfer(founder, address, 10n ** 18n))
  tell(four[0] as Node, { kind: 'submit', list: fill })
  await until('all have tokens', four, (all) =>
    all.every(({ waiting, final }) => final >= fill.length && waiting === 0),
  )

  const full = await load(four, rate, seconds)
  row(`ERC-20 a second, ${rate} sent for ${seconds} s`, full.perSecond.toFixed(0), 'at least 400')
  row('  finality, median and 99th', `${full.median.toFixed(2)} s, ${full.p99.toFixed(2)} s`, '')
  row('  blocks', `${full.blocks}`, '')
  row('  disk bytes a transaction (database)', full.bytesPerTransaction.toFixed(0), 'reported')
  row('  bytes sent a transaction and validator', full.sentPerTransaction.toFixed(0), 'reported')
  const half = await load(four, rate / 2, Math.max(5, seconds / 4))
  row(`finality at ${rate / 2} a second, median`, `${half.median.toFixed(2)} s`, 'under 1 s')
  row('finality, 99th percentile', `${half.p99.toFixed(2)} s`, 'under 3 s')
  row('memory, the largest process', `${Math.max(full.memory, half.memory).toFixed(0)} MB`, 'under 500 MB')
  if (full.refused.some((one) => Object.keys(one).length > 0)) console.log('refused:', full.refused)

  const third = four[3] as Node
  third.process.kill('SIGKILL')
  await new Promise((resolve) => third.process.once('exit', resolve))
  const restartMs = performance.now()
  third.process = await run(third.settings)
  const [back] = await until('it votes again', [third], ([one]) => one?.voting === 'voting' && one.sync === 'level')
  row(
    `restart at ${back?.height} blocks, until voting`,
    `${((performance.now() - restartMs) / 1000).toFixed(2)} s`,
    'under 5 s (100,000 blocks)',
  )

  const newcomer = nodes[4] as Node
  const joinMs = performance.now()
  newcomer.process = await run(newcomer.settings)
  await until('the newcomer is level', [newcomer], ([one]) => (one?.height ?? 0) >= (back?.height ?? 0))
  row(
    `newcomer to ${back?.height} blocks`,
    `${((performance.now() - joinMs) / 1000).toFixed(2)} s`,
    'under 20 s (100,000 blocks)',
  )
  console.log(table(['', 'measured', 'goal'], rows))
  for (const node of nodes) await stop(node.process)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(0)
