// Four validators as four processes (bench/ledger-process.ts), what they told as final, and somebody who pays all the while.
//
// Must stay true: one hash a height, whoever tells it and however often it died; what a process told as final it has when it is back;
// what is not final is sent again, so that a kill costs nobody their turn.

import type { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Final, FromNode, NodeSettings, Report, Submitted, ToNode } from '../bench/ledger-process.ts'
import { freePort, start } from '../bench/processes.ts'
import { encodeGenesis } from '../src/ledger/chain/genesis-wire.ts'
import { testGenesis } from '../src/ledger/chain/testing.ts'
import { createLedgerCommon } from '../src/ledger/evm/common.ts'
import { type Person, personOf, signedBy } from '../src/ledger/evm/testing.ts'
import type { SeededRandom } from '../test/sim/random.ts'

export const validatorCount = 4
export const quorum = 3
const script = join(import.meta.dirname, '../bench/ledger-process.ts')
const payEveryMs = 25
const sendAgainMs = 1_000
/** Payments under way; each person has one nonce after the other. */
const openMax = 64
/** A start takes half a second; a computer that has far more to do than it can makes a minute of it. */
const startMsMax = 120_000
const askMsMax = 60_000

export interface Validator {
  readonly number: number
  readonly address: string
  readonly settings: NodeSettings
  process: ChildProcess | undefined
  /** It said that it is there. */
  isReady: boolean
  isHeld: boolean
  /** The highest block that it told as final, in any of its lives. */
  told: number
  kills: number
}

export interface Nodes {
  readonly validators: readonly Validator[]
  /** What was found wrong. */
  readonly problems: readonly string[]
  /** Highest final block that anybody told. */
  readonly height: number
  readonly acknowledged: number
  /** What is being done: said with what is found wrong. */
  about: string
  fail(sentence: string): void
  start(node: Validator): void
  kill(node: Validator): Promise<void>
  /** Neither hears nor says anything, but is not dead. */
  hold(node: Validator): void
  release(node: Validator): void
  /** Undefined: it is not there, or died meanwhile. */
  report(node: Validator): Promise<Report | undefined>
  /** Polls; false when the time is over. */
  until(isDone: () => boolean | Promise<boolean>, limitMs?: number): Promise<boolean>
  pay(): void
  /** Pays no more, and waits until all is final everywhere. */
  settle(): Promise<void>
  /** Whole chains, as the disks have them, against all that was ever told. */
  compare(): Promise<void>
  stop(): void
}

interface Payment extends Submitted {
  readonly hash: string
  sentMs: number
}

/** Lists of what one process said since it started, by who waits for it. */
type Waiting = (message: FromNode) => void

export async function createNodes(folder: string, random: SeededRandom, isVerbose: boolean): Promise<Nodes> {
  const keys = Array.from({ length: validatorCount }, (_, at) => personOf(1_001 + at))
  keys.sort((a, b) => (a.address < b.address ? -1 : 1))
  const people = Array.from({ length: 8 }, (_, at) => personOf(at))
  const genesis = testGenesis({
    timestamp: Math.floor(Date.now() / 1_000) - 3_600,
    validators: keys.map(({ address }) => address),
    members: people.map(({ address }) => address),
    balances: people.map(({ address }) => ({ address, wei: 10n ** 24n })),
    blockTimeMs: 100,
    quota: { gas: 10n ** 15n, blocks: 1_000 },
  })
  const common = createLedgerCommon(genesis.chainId)
  const ports = await Promise.all(keys.map(freePort))
  const encoded = Buffer.from(encodeGenesis(genesis)).toString('hex')
  const validators = keys.map(({ secret, address }, number): Validator => {
    const own = join(folder, `${number}`)
    mkdirSync(own, { recursive: true })
    const settings: NodeSettings = {
      ...{ number, ports, folder: own, genesis: encoded, isVerbose },
      ...{ secret: Buffer.from(secret).toString('hex'), deltaMs: 250, isTold: true },
    }
    const alive = { process: undefined, isReady: false, isHeld: false }
    return { number, address, settings, ...alive, told: 0, kills: 0 }
  })

  const problems: string[] = []
  const hashOf = new Map<number, string>()
  const finalAt = new Map<string, number>()
  const open = new Map<string, Payment>()
  const waiting = new Map<Validator, Set<Waiting>>(validators.map((node) => [node, new Set<Waiting>()]))
  const nonces = new Map<Person, number>()
  let height = 0
  let acknowledged = 0
  let paying: NodeJS.Timeout | undefined

  function fail(sentence: string): void {
    problems.push(sentence)
    console.log(`WRONG in round ${nodes.about}: ${sentence}`)
  }

  function final(node: Validator, { height: at, hash, transactions }: Final): void {
    const known = hashOf.get(at)
    if (known === undefined) hashOf.set(at, hash)
    else if (known !== hash) fail(`validator ${node.number} has ${hash} at height ${at}, others have ${known}`)
    height = Math.max(height, at)
    node.told = Math.max(node.told, at)
    for (const one of transactions) {
      const before = finalAt.get(one)
      if (before === undefined) finalAt.set(one, at)
      else if (before !== at) fail(`a payment is final at ${before} and at ${at}`)
      if (open.delete(one)) acknowledged += 1
    }
  }

  function launch(node: Validator): void {
    // As a daemon says it: later starts have to explain what is not in the folder.
    const settings: NodeSettings = { ...node.settings, keyIsNew: node.kills === 0 }
    const child = start(process.execPath, [script, JSON.stringify(settings)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    })
    node.process = child
    node.isReady = false
    child.on('error', () => {})
    child.on('message', (message: FromNode) => {
      if (node.process !== child) return
      if (message === 'ready') node.isReady = true
      else if (message.kind === 'final') final(node, message)
      for (const take of waiting.get(node) ?? []) take(message)
    })
    child.once('exit', (code, signal) => {
      if (node.process !== child) return
      node.process = undefined
      node.isReady = false
      if (signal !== 'SIGKILL') fail(`validator ${node.number} ended by itself (${code ?? signal})`)
    })
  }

  async function kill(node: Validator): Promise<void> {
    const child = node.process
    if (child === undefined) return
    const exited = new Promise((resolve) => child.once('exit', resolve))
    node.kills += 1
    child.kill('SIGKILL')
    node.isHeld = false
    await exited
  }

  function tell(node: Validator, message: ToNode): void {
    if (node.process?.connected === true && node.isReady) node.process.send(message, () => {})
  }

  /** Until `take` is true for a message, it died, or the time is over. */
  async function hear(node: Validator, message: ToNode, take: (said: FromNode) => boolean): Promise<boolean> {
    const child = node.process
    if (child === undefined || !node.isReady) return false
    const found = Promise.withResolvers<boolean>()
    const listener: Waiting = (said) => {
      if (take(said)) found.resolve(true)
    }
    const gone = () => found.resolve(false)
    const timer = setTimeout(gone, askMsMax)
    waiting.get(node)?.add(listener)
    child.once('exit', gone)
    tell(node, message)
    try {
      return await found.promise
    } finally {
      clearTimeout(timer)
      child.off('exit', gone)
      waiting.get(node)?.delete(listener)
    }
  }

  async function report(node: Validator): Promise<Report | undefined> {
    let found: Report | undefined
    await hear(node, { kind: 'report' }, (said) => {
      if (said === 'ready' || said.kind !== 'report') return false
      found = said
      return true
    })
    return found
  }

  async function until(isDone: () => boolean | Promise<boolean>, limitMs = startMsMax): Promise<boolean> {
    const endMs = performance.now() + limitMs
    while (!(await isDone())) {
      if (performance.now() > endMs) return false
      await wait(10)
    }
    return true
  }

  function newPayment(): Payment {
    const by = random.pick(people)
    const nonce = nonces.get(by) ?? 0
    nonces.set(by, nonce + 1)
    const to = random.pick(people).address
    const free = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, value: 1n, gasLimit: 21_000n }
    const transaction = signedBy(by, common, { type: 2, chainId: genesis.chainId, nonce, to, ...free })
    const hash = Buffer.from(transaction.hash()).toString('hex')
    return { raw: transaction.serialize(), key: hash, hash, sentMs: Number.NEGATIVE_INFINITY }
  }

  /** To anybody who is there; again until it is final, as a wallet does. */
  function send(payments: readonly Payment[]): void {
    const there = validators.filter(({ isReady, isHeld }) => isReady && !isHeld)
    if (there.length === 0 || payments.length === 0) return
    for (const payment of payments) payment.sentMs = performance.now()
    tell(random.pick(there), { kind: 'submit', list: payments.map(({ raw, key }) => ({ raw, key })) })
  }

  function pay(): void {
    paying = setInterval(() => {
      const nowMs = performance.now()
      const late = [...open.values()].filter(({ sentMs }) => nowMs - sentMs > sendAgainMs)
      if (open.size < openMax) {
        const payment = newPayment()
        open.set(payment.hash, payment)
        late.push(payment)
      }
      send(late)
    }, payEveryMs)
  }

  async function settle(): Promise<void> {
    clearInterval(paying)
    const isSettled = await until(async () => {
      send([...open.values()].filter(({ sentMs }) => performance.now() - sentMs > sendAgainMs))
      return open.size === 0 && validators.every(({ told }) => told === height)
    }, 60_000)
    if (!isSettled) {
      const where = validators.map(({ told }) => told).join(', ')
      fail(`${open.size} payments did not become final, or not everywhere: at heights ${where} of ${height}`)
    }
  }

  async function compare(): Promise<void> {
    for (const node of validators) {
      const found = new Map<number, Final>()
      // What comes while it is asked may be missing.
      const { told } = node
      const payments = [...finalAt.keys()].filter((hash) => (finalAt.get(hash) ?? 0) <= told)
      const isWhole = await hear(node, { kind: 'chain', from: 1 }, (said) => {
        if (said !== 'ready' && said.kind === 'final') found.set(said.height, said)
        return said !== 'ready' && said.kind === 'end'
      })
      if (!isWhole) fail(`validator ${node.number} did not tell its chain`)
      for (let at = 1; at <= told; at++) {
        if (found.get(at)?.hash !== hashOf.get(at)) fail(`validator ${node.number} lacks block ${at}, or has another`)
      }
      const kept = new Set([...found.values()].flatMap(({ transactions }) => transactions))
      const lost = payments.filter((hash) => !kept.has(hash)).length
      if (lost > 0) fail(`validator ${node.number} lacks ${lost} payments that were final`)
    }
  }

  const nodes: Nodes = {
    ...{ validators, problems, fail, kill, report, until, pay, settle, compare, about: '0' },
    get height() {
      return height
    },
    get acknowledged() {
      return acknowledged
    },
    start: launch,
    hold(node) {
      node.isHeld = node.process?.kill('SIGSTOP') === true
    },
    release(node) {
      node.process?.kill('SIGCONT')
      node.isHeld = false
    },
    stop() {
      clearInterval(paying)
      for (const node of validators) {
        const child = node.process
        node.process = undefined
        child?.kill('SIGKILL')
      }
    },
  }
  return nodes
}
