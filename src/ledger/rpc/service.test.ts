import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Answer, createFakeRpc, rich } from '../../../test/support/fake-chain.ts'
import { ledgerRpcBodyBytesMax } from '../../api/limits.ts'
import { poolErrors } from '../chain/errors.ts'
import {
  batchItemsMax,
  batchTimeMsMax,
  heavyAtOnceMax,
  httpCallersMax,
  requestsWaitingAllMax,
  requestsWaitingMax,
  rpcBodyBytesMax,
  sessionsMax,
} from './limits.ts'
import { methods } from './methods/index.ts'

const parsed = (text: string | undefined) => JSON.parse(text ?? 'null')
const request = (method: string, id: unknown = 1, params: unknown = []) => ({ jsonrpc: '2.0', id, method, params })

test('one request, one answer; a batch, one list; notifications, nothing', async () => {
  const { rpc } = createFakeRpc()
  assert.deepEqual(parsed(await rpc.handle(JSON.stringify(request('eth_chainId', 'a')))), {
    jsonrpc: '2.0',
    id: 'a',
    result: '0x539',
  })
  const batch = [request('eth_chainId', 1), { jsonrpc: '2.0', method: 'eth_chainId' }, request('nope', 2), 5]
  const answers = parsed(await rpc.handle(new TextEncoder().encode(JSON.stringify(batch)))) as Answer[]
  assert.deepEqual(
    answers.map(({ id, error }) => [id, error?.code]),
    [
      [1, undefined],
      [2, -32601],
      [null, -32600],
    ],
  )
  const silent = [
    { jsonrpc: '2.0', method: 'eth_chainId' },
    { jsonrpc: '2.0', method: 'nope' },
  ]
  assert.equal(await rpc.handle(JSON.stringify(silent)), undefined)
  assert.equal(await rpc.handle(JSON.stringify(silent[0])), undefined)
})

test('what is no request is refused with the code of JSON-RPC', async () => {
  const { rpc } = createFakeRpc()
  const codeOf = async (body: string | Uint8Array) => (parsed(await rpc.handle(body)) as Answer).error?.code
  assert.equal(await codeOf('{'), -32700)
  assert.equal(await codeOf(Uint8Array.of(0xff, 0xfe)), -32700)
  assert.equal(await codeOf('[]'), -32600)
  assert.equal(await codeOf('7'), -32600)
  assert.equal(await codeOf(JSON.stringify({ id: 1, method: 'eth_chainId' })), -32600)
  assert.equal(await codeOf(JSON.stringify({ jsonrpc: '2.0', id: {}, method: 'eth_chainId' })), -32600)
  assert.equal(await codeOf(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 5 })), -32600)
  assert.equal(await codeOf(JSON.stringify(request('eth_chainId', 1, { a: 1 }))), -32602)
  assert.equal(await codeOf(JSON.stringify(request('eth_chainId', 1, [1]))), -32602)
  assert.equal(await codeOf(JSON.stringify(request('constructor'))), -32601)
  assert.equal(await codeOf(JSON.stringify(request('__proto__'))), -32601)
})

test('deep nesting and long ids cost nothing but their own answer', async () => {
  const { rpc } = createFakeRpc()
  const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`
  assert.equal((parsed(await rpc.handle(deep)) as Answer[])[0]?.error?.code, -32600)
  const inParams = `{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[${deep}]}`
  assert.equal((parsed(await rpc.handle(inParams)) as Answer).error?.code, -32602)
})

test('a body, and a batch, have limits', async () => {
  // Who is over it here is refused over HTTP already.
  assert.equal(ledgerRpcBodyBytesMax, rpcBodyBytesMax)
  const { rpc } = createFakeRpc()
  assert.equal((parsed(await rpc.handle(' '.repeat(rpcBodyBytesMax + 1))) as Answer).error?.code, -32005)
  assert.equal((parsed(await rpc.handle(' '.repeat(rpcBodyBytesMax))) as Answer).error?.code, -32700)
  const items = Array.from({ length: batchItemsMax }, (_, id) => request('eth_chainId', id))
  assert.equal((parsed(await rpc.handle(JSON.stringify(items))) as Answer[]).length, batchItemsMax)
  const more = parsed(await rpc.handle(JSON.stringify([...items, items[0]]))) as Answer
  assert.equal(more.error?.code, -32600)
})

test('a batch that takes too long gets errors for the rest', async () => {
  const fake = createFakeRpc()
  fake.call = async () => {
    fake.clock.advance(batchTimeMsMax / 2)
    return { kind: 'returned', data: new Uint8Array(), gasUsed: 21_000n, logs: [] }
  }
  const call = (id: number) => request('eth_call', id, [{ to: rich }])
  const answers = parsed(await fake.rpc.handle(JSON.stringify([1, 2, 3, 4].map(call)))) as Answer[]
  assert.deepEqual(
    answers.map(({ error }) => error?.code),
    [undefined, undefined, -32005, -32005],
  )
})

test('heavy work goes a few at once, and callers take turns', async () => {
  const fake = createFakeRpc()
  const running: { from: string; done: () => void }[] = []
  fake.call = (asked) =>
    new Promise((resolve) => {
      const done = () => resolve({ kind: 'returned', data: new Uint8Array(), gasUsed: 1n, logs: [] })
      running.push({ from: asked.from ?? '', done })
    })
  const flood = Array.from({ length: 50 }, () => fake.ask('eth_call', [{ to: rich, from: rich }]))
  const session = fake.rpc.openSession(() => true)
  const other = fake.ask('eth_call', [{ to: rich, from: `0x${'bb'.repeat(20)}` }], session)
  // Light questions don't wait.
  assert.equal((await fake.ask('eth_chainId')).result, '0x539')
  await new Promise(setImmediate)
  assert.equal(running.length, heavyAtOnceMax)
  for (const { done } of running.splice(0)) done()
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  // The one who asked last is served second, after one of the flood.
  assert.ok(running.some(({ from }) => from.startsWith('0xbb')))
  fake.call = async () => ({ kind: 'returned', data: new Uint8Array(), gasUsed: 1n, logs: [] })
  for (const { done } of running) done()
  assert.equal((await other).error, undefined)
  await Promise.all(flood)
})

test('callers over HTTP take turns by their names; past so many they share one', async () => {
  const fake = createFakeRpc()
  const { promise, resolve } = Promise.withResolvers<void>()
  const order: string[] = []
  fake.call = async ({ from }) => {
    await promise
    order.push((from ?? '').slice(2, 4))
    return { kind: 'returned', data: new Uint8Array(), gasUsed: 1n, logs: [] }
  }
  const call = (digits: string, who: string) =>
    fake.rpc.handle(JSON.stringify(request('eth_call', 1, [{ to: rich, from: `0x${digits.repeat(20)}` }])), who)
  const flood = Array.from({ length: requestsWaitingMax }, () => call('aa', 'program script'))
  const [other, page] = [call('bb', 'program cast'), call('cc', 'origin https://wallet.example')]
  // The one that floods is refused more; the others are not.
  assert.equal((parsed(await call('aa', 'program script')) as Answer).error?.code, -32005)
  resolve()
  await Promise.all([...flood, other, page])
  assert.ok(order.indexOf('bb') <= 4 && order.indexOf('cc') <= 5, order.slice(0, 8).join())
  // A filter of one is found by all, whichever connection they come on.
  const made = parsed(await fake.rpc.handle(JSON.stringify(request('eth_newBlockFilter')), 'a')) as { result: string }
  const changes = JSON.stringify(request('eth_getFilterChanges', 1, [made.result]))
  assert.equal((parsed(await fake.rpc.handle(changes, 'b')) as Answer).error, undefined)

  const again = Promise.withResolvers<void>()
  fake.call = async () => {
    await again.promise
    return { kind: 'returned', data: new Uint8Array(), gasUsed: 1n, logs: [] }
  }
  const names = Array.from({ length: httpCallersMax }, (_, place) => call('aa', `program ${place}`))
  // No more are told apart: these wait as one, with its limit.
  const shared = Array.from({ length: requestsWaitingMax }, (_, place) => call('aa', `more ${place}`))
  assert.equal((parsed(await call('aa', 'one more')) as Answer).error?.code, -32005)
  again.resolve()
  await Promise.all([...names, ...shared])
  assert.equal((parsed(await call('aa', 'one more')) as Answer).error, undefined)
})

test('who asks without waiting for answers is refused at a limit, others are not', async () => {
  const fake = createFakeRpc()
  const { promise, resolve } = Promise.withResolvers<void>()
  fake.call = async () => {
    await promise
    return { kind: 'returned', data: new Uint8Array(), gasUsed: 1n, logs: [] }
  }
  const waiting = Array.from({ length: requestsWaitingMax }, () => fake.ask('eth_call', [{ to: rich }]))
  assert.equal((await fake.ask('eth_chainId')).error?.code, -32005)
  const sessions = Array.from({ length: 3 }, () => fake.rpc.openSession(() => true))
  assert.equal((await fake.ask('eth_chainId', [], sessions[0])).result, '0x539')
  for (const session of sessions) {
    for (let at = 0; at < requestsWaitingMax; at++) waiting.push(fake.ask('eth_call', [{ to: rich }], session))
  }
  assert.equal(waiting.length, requestsWaitingAllMax)
  const last = fake.rpc.openSession(() => true)
  assert.equal((await fake.ask('eth_chainId', [], last)).error?.code, -32005)
  resolve()
  await Promise.all(waiting)
  assert.equal((await fake.ask('eth_chainId')).result, '0x539')
})

test('sessions are counted', () => {
  const { rpc } = createFakeRpc()
  const sessions = Array.from({ length: sessionsMax }, () => rpc.openSession(() => true))
  assert.throws(() => rpc.openSession(() => true), /more than/)
  sessions[0]?.close()
  assert.equal(sessions[0]?.closed, true)
  rpc.openSession(() => true)
})

test('a defect tells nothing of itself; a refusal of the pool starts with geth’s words', async () => {
  const fake = createFakeRpc()
  fake.add = async () => {
    throw new Error('secret')
  }
  assert.deepEqual((await fake.ask('eth_sendRawTransaction', ['0x00'])).error, {
    code: -32603,
    message: 'internal error',
  })
  fake.add = async () => {
    throw poolErrors.nonce_too_low('The account is at nonce 7.')
  }
  const { error } = await fake.ask('eth_sendRawTransaction', ['0x00'])
  assert.equal(error?.code, -32000)
  assert.match(error?.message ?? '', /^nonce too low: The account is at nonce 7\.$/)
  assert.partialDeepStrictEqual(error?.data, { code: 'nonce_too_low' })
})

test('whatever a body is, it is answered by JSON-RPC and never rejected', async () => {
  const { rpc } = createFakeRpc()
  const names = fc.oneof(fc.constantFrom(...Object.keys(methods)), fc.string())
  const body = fc.record({ jsonrpc: fc.constant('2.0'), id: fc.jsonValue(), method: names, params: fc.jsonValue() })
  const anything = fc.oneof(body, fc.jsonValue(), fc.array(body, { maxLength: 3 }))
  const likely = fc.array(
    fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('latest', 'pending', '0x1', `0x${'11'.repeat(20)}`, `0x${'22'.repeat(32)}`, {}),
    ),
    { maxLength: 4 },
  )
  const call = fc.record({ jsonrpc: fc.constant('2.0'), id: fc.nat(), method: names, params: likely })
  await fc.assert(
    fc.asyncProperty(fc.oneof(anything, call), async (value) => {
      const text = await rpc.handle(JSON.stringify(value))
      if (text === undefined) return
      const list = [parsed(text)].flat() as Answer[]
      for (const answer of list) {
        assert.ok('result' in answer !== 'error' in answer)
        if (answer.error !== undefined) assert.notEqual(answer.error.code, -32603, text)
      }
    }),
    { seed: 5, numRuns: 1500 },
  )
})
