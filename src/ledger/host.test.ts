// The thread of a ledger from outside: answers, what happens when it ends by itself, and how often it is tried again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import type { Log, Metrics } from '../base/ports.ts'
import { createHost, type Host, type Thread, type ThreadEvents } from './host.ts'
import {
  questionMsMax,
  questionsMax,
  readyMsMax,
  restartMs,
  restartMsMax,
  rpcSessionsMax,
  threadStopMs,
} from './limits.ts'
import type { ToLedger } from './thread/messages.ts'
import { messageOf } from './thread/thrown.ts'
import type { Hash } from './types.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
const metrics: Metrics = { count() {}, gauge() {} }
const genesisHash = `0x${'11'.repeat(32)}` as Hash

interface FakeThread extends Thread {
  readonly events: ThreadEvents
  readonly posted: ToLedger[]
  isOver: boolean
}

function setUp() {
  const clock = createManualClock()
  const threads: FakeThread[] = []
  const seen: string[] = []
  const host = createHost({
    ...{ clock, log, metrics },
    start(events) {
      const thread: FakeThread = {
        events,
        posted: [],
        isOver: false,
        post: (message) => void thread.posted.push(message),
        async terminate() {
          if (!thread.isOver) events.over('terminated')
          thread.isOver = true
        },
      }
      threads.push(thread)
      return thread
    },
    hear: ({ type }) => void seen.push(type),
    ready: () => void seen.push('ready'),
    down: () => void seen.push('down'),
  })
  const last = () => {
    const thread = threads.at(-1)
    assert.ok(thread !== undefined)
    return thread
  }
  const ready = () => last().events.message({ type: 'ready', genesisHash, repairs: ['mended'] })
  return { clock, threads, seen, host, last, ready }
}

function idOf(thread: FakeThread, type: 'ask' | 'rpc'): number {
  const message = thread.posted.findLast((one) => one.type === type)
  assert.ok(message !== undefined && 'id' in message)
  return message.id
}

const codeOf = ({ state }: Host) => (state.kind === 'down' ? state.error.code : undefined)
const status = (host: Host) => host.ask({ what: 'status' })

test('questions and requests are answered, or refused with the code that the thread gives', async () => {
  const { host, last, ready } = setUp()
  host.start()
  const early = host.ask({ what: 'blocks', before: undefined, limit: 1 })
  ready()
  last().events.message({ type: 'answer', id: idOf(last(), 'ask'), value: { blocks: [], before: undefined } })
  assert.deepEqual(await early, { blocks: [], before: undefined })
  const refused = status(host)
  const error = messageOf(Object.assign(new Error('no'), {}))
  last().events.message({
    type: 'refused',
    id: idOf(last(), 'ask'),
    error: { ...error, code: 'pool_full', kind: 'refused' },
  })
  await assert.rejects(refused, { code: 'pool_full', kind: 'refused' })
  const text = host.rpc('{}')
  last().events.message({ type: 'rpc-answer', id: idOf(last(), 'rpc'), text: 'answered' })
  assert.equal(await text, 'answered')
  assert.deepEqual(host.repairs, ['mended'])
})

test('one that ends by itself refuses those who wait, and begins again, less and less often', async () => {
  const { clock, host, threads, seen, last, ready } = setUp()
  host.start()
  ready()
  const waiting = status(host)
  let over = 0
  host.openRpc(
    () => true,
    () => {
      over += 1
    },
  )
  last().events.over(new Error('out of memory'))
  await assert.rejects(waiting, { code: 'ledger_down' })
  assert.equal(over, 1)
  await assert.rejects(status(host), { code: 'ledger_down' })
  assert.deepEqual([host.state.kind, seen], ['down', ['ready', 'down']])
  const times: number[] = []
  for (let ends = 0; ends < 9; ends++) {
    const before = threads.length
    let waited = 0
    for (; threads.length === before; waited += 500) clock.advance(500)
    times.push(waited)
    last().events.over('again')
  }
  assert.equal(times[0], restartMs)
  assert.equal(times.at(-1), restartMsMax)
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  )
  assert.equal(host.ends, 10)
})

test('so many WebSockets; one that is closed makes room, and the thread hears of it before it hears of the next', () => {
  const { host, last, ready } = setUp()
  host.start()
  ready()
  const open = (over = () => {}) => host.openRpc(() => true, over)
  const ports = Array.from({ length: rpcSessionsMax }, () => open())
  assert.throws(() => open(), { code: 'ledger_busy' })
  let most = 0
  // Closed and opened again in one turn, over and over: the thread has no more of them than there are here.
  for (let round = 0; round < 300; round++) {
    ports[round % rpcSessionsMax]?.close()
    ports[round % rpcSessionsMax] = open()
  }
  const there = new Set<number>()
  for (const message of last().posted) {
    if (message.type === 'rpc-open') there.add(message.session)
    if (message.type === 'rpc-close') there.delete(message.session)
    most = Math.max(most, there.size)
  }
  assert.equal(most, rpcSessionsMax)
  // The thread may have ended one by itself, or not taken it.
  let over = 0
  ports[0]?.close()
  open(() => {
    over += 1
  })
  const session = [...last().posted].reverse().find((one) => one.type === 'rpc-open')
  assert.ok(session?.type === 'rpc-open')
  for (let times = 0; times < 2; times++) last().events.message({ type: 'rpc-over', session: session.session })
  assert.equal(over, 1)
  open()
  assert.throws(() => open(), { code: 'ledger_busy' })
})

test('what can’t be opened says why; what does not open in time is ended', async () => {
  const { clock, host, last } = setUp()
  host.start()
  const error = {
    ...messageOf(new Error('')),
    code: 'chain_damaged',
    kind: 'local' as const,
    message: 'It is damaged.',
  }
  last().events.message({ type: 'failed', error })
  last().events.over(undefined)
  assert.equal(codeOf(host), 'chain_damaged')
  clock.advance(restartMs)
  clock.advance(readyMsMax)
  assert.ok(last().isOver)
  assert.equal(codeOf(host), 'ledger_late')
})

test('nobody waits for ever, and no more wait than may', async () => {
  const { clock, host, ready } = setUp()
  host.start()
  ready()
  const late = status(host)
  clock.advance(questionMsMax)
  await assert.rejects(late, { code: 'ledger_late' })
  const all = Array.from({ length: questionsMax }, () => status(host))
  await assert.rejects(status(host), { code: 'ledger_busy' })
  clock.advance(questionMsMax)
  const ends = await Promise.allSettled(all)
  assert.ok(ends.every(({ status: how }) => how === 'rejected'))
  const stopping = host.stop()
  clock.advance(threadStopMs)
  await stopping
  assert.equal(host.state.kind, 'stopped')
})
