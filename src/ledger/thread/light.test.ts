// Light mode over a cluster of validators: every answer is what a whole node says, what is sent arrives and is found again, nothing
// that was acknowledged is lost, and peers that lie, say nothing or show an old chain are of no use to themselves.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { encodeFunctionData, parseAbi } from 'viem/utils'
import { type Cluster, cluster, noMetrics } from '../../../test/support/ledger-cluster.ts'
import type { PeerId } from '../../network/types.ts'
import { quietLog, signed, testAccount } from '../chain/testing.ts'
import { openOwnLedger } from '../client/service.ts'
import { lightAtOnceMax } from '../rpc/limits.ts'
import { createRpc } from '../rpc/service.ts'
import type { Address, Hash } from '../types.ts'
import { lightAnswerMs, lightLogBlocksMax, lightReadsMax } from '../validator/limits.ts'
import type { PeerName } from '../validator/types.ts'
import { type Answer, decodeMessage, encodeMessage } from '../validator/wire.ts'
import { openWallet } from '../wallet/service.ts'
import { deployData, person, testIdentity } from '../wallet/testing.ts'
import { openLight } from './light.ts'
import type { OpenLedger } from './run.ts'

const number = 1_000
const self = `peer-${number}` as PeerName
const [ada, bo] = [testAccount(0), testAccount(1)]
const currency = parseAbi([
  'function transfer(address to, uint256 amount) returns (bool)',
  'function balanceOf(address account) view returns (uint256)',
])

interface LightWorld {
  readonly all: Cluster
  readonly ledger: OpenLedger
  readonly blamed: string[]
  ask(method: string, params?: readonly unknown[]): Promise<RpcAnswer>
  stop(): Promise<void>
}

interface RpcAnswer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: { readonly code?: string } }
}

async function open(
  all: Cluster,
  peers: readonly number[],
  database = new DatabaseSync(':memory:'),
): Promise<LightWorld> {
  const blamed: string[] = []
  const seed = {
    ...{ genesis: all.genesis, folder: '', self: self as string as PeerId, validatorSecret: undefined, keyIsNew: true },
    ...{ mode: 'light' as const, statesKept: undefined, clientVersion: 'test' },
  }
  const ledger = await openLight(seed, {
    ...{ clock: all.clock, random: all.random, database, log: quietLog, metrics: noMetrics, tell() {} },
    network: {
      self,
      send: (to, bytes) => all.sendAs(number, to, bytes),
      broadcast: (bytes) => {
        for (const { node } of all.running()) void node?.heard(self, bytes)
      },
      blame: (peer, code) => void blamed.push(`${peer} ${code}`),
    },
  })
  all.others.set(number, ledger)
  for (const peer of peers) meet(all, ledger, peer)
  const ask = async (method: string, params: readonly unknown[] = []) => {
    const text = await settled(all, ledger.rpc.handle(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })))
    const { result, error } = JSON.parse(text ?? 'null') as RpcAnswer
    return error === undefined ? { result } : { error }
  }
  return {
    ...{ all, ledger, blamed, ask },
    stop: async () => {
      all.others.delete(number)
      for (const peer of peers) all.machine(peer).node?.disconnected(self)
      ledger.rpc.close()
      await ledger.stop()
    },
  }
}

function meet(all: Cluster, ledger: OpenLedger, peer: number): void {
  ledger.connected(`peer-${peer}` as PeerName)
  all.node(peer).connected(self)
}

async function settled<Result>(all: Cluster, promise: Promise<Result>): Promise<Result> {
  let isDone = false
  const watched = promise.finally(() => {
    isDone = true
  })
  watched.catch(() => {})
  await all.until('an answer', () => isDone)
  return watched
}

/** Four validators, and four blocks: a payment, a token that is made, a transfer of it, one that fails. */
async function village(): Promise<{ all: Cluster; token: Address; hashes: readonly Hash[] }> {
  const all = await cluster(4).run()
  const { chainId } = all.genesis
  const data = deployData('Currency', ['Grain', 'GRAIN', 1_000n])
  const call = (to: Address, amount: bigint) =>
    encodeFunctionData({ abi: currency, functionName: 'transfer', args: [to, amount] })
  const hashes: Hash[] = []
  const submit = async (bytes: Uint8Array) => {
    hashes.push(await all.node(0).submit(bytes))
    await all.until('a block', () => Math.min(...all.heights()) === hashes.length)
  }
  await submit(await signed(bo, { chainId, value: 5n }))
  await submit(await signed(ada, { chainId, to: null, data, gas: 3_000_000n }))
  const placed = all.chain(0).transaction(hashes[1] as Hash)
  const token = all.chain(0).receipts(placed?.block as Hash)?.[0]?.contractAddress as Address
  await submit(await signed(ada, { chainId, nonce: 1, to: token, data: call(bo.address, 30n), gas: 100_000n }))
  await submit(await signed(bo, { chainId, nonce: 1, to: token, data: call(ada.address, 31n), gas: 100_000n }))
  return { all, token, hashes }
}

const word = (value: number) => `0x${value.toString(16)}`

test('every answer is what a whole node says, and what no proof can answer says so', async () => {
  const { all, token, hashes } = await village()
  const { ask, ledger, blamed, stop } = await open(all, [0, 1])
  await all.until('the head', () => ledger.head().height === 4)
  const whole = createRpc({ clientVersion: 'test' })({ chain: all.chain(1), clock: all.clock, random: all.random })
  const balance = encodeFunctionData({ abi: currency, functionName: 'balanceOf', args: [bo.address] })
  const transfer = (amount: bigint) =>
    encodeFunctionData({ abi: currency, functionName: 'transfer', args: [testAccount(5).address, amount] })
  const { hash } = all.chain(0).head()
  const topic = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
  const questions: readonly (readonly [string, ...unknown[]])[] = [
    ['eth_chainId'],
    ['eth_blockNumber'],
    ['eth_getBalance', ada.address, 'latest'],
    ['eth_getBalance', bo.address, word(1)],
    ['eth_getBalance', testAccount(99).address, 'latest'],
    ['eth_getTransactionCount', ada.address, 'pending'],
    ['eth_getCode', token, 'latest'],
    ['eth_getCode', ada.address, 'latest'],
    ...[0, 1, 2, 3, 4, 5].map((slot) => ['eth_getStorageAt', token, word(slot), 'latest'] as const),
    ['eth_getProof', token, ['0x2', '0x63'], 'latest'],
    ['eth_call', { to: token, data: balance }, 'latest'],
    ['eth_call', { from: ada.address, to: token, data: transfer(3n) }, 'latest'],
    ['eth_call', { from: ada.address, to: token, data: transfer(10n ** 30n) }, 'latest'],
    ['eth_call', { to: token, data: balance }, 'latest', { [token]: { code: '0x60005460005260206000f3' } }],
    ['eth_estimateGas', { from: ada.address, to: token, data: transfer(3n) }, 'latest'],
    ['eth_estimateGas', { from: ada.address, to: bo.address, value: '0x1' }, 'latest'],
    ['eth_call', { from: ada.address, data: deployData('Deeds', [2n]) }, 'latest'],
    ['eth_estimateGas', { from: ada.address, data: deployData('Currency', ['Hay', 'HAY', 5n]) }, 'latest'],
    ['eth_createAccessList', { from: ada.address, to: token, data: transfer(3n) }, 'latest'],
    ...[0, 1, 2, 3, 4, 5].map((height) => ['eth_getBlockByNumber', word(height), true] as const),
    ['eth_getBlockByHash', hash, false],
    ['eth_getBlockByHash', `0x${'99'.repeat(32)}`, false],
    ['eth_getBlockReceipts', hash],
    ...hashes.flatMap((one) => [
      ['eth_getTransactionByHash', one] as const,
      ['eth_getTransactionReceipt', one] as const,
    ]),
    ['eth_getTransactionReceipt', `0x${'99'.repeat(32)}`],
    ['eth_getLogs', { fromBlock: '0x0', toBlock: 'latest', topics: [topic] }],
    ['eth_getLogs', { fromBlock: '0x1', toBlock: '0x4', address: testAccount(5).address }],
    ['eth_gasPrice'],
    ['eth_feeHistory', '0x3', 'latest', [50]],
  ]
  for (const [method, ...params] of questions) {
    const expected = JSON.parse(
      (await whole.handle(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) ?? 'null',
    ) as RpcAnswer
    const { result, error } = expected
    assert.deepEqual(await ask(method, params), error === undefined ? { result } : { error }, `${method} ${params[0]}`)
  }
  for (const method of ['eth_simulateV1', 'debug_traceTransaction', 'eth_newFilter', 'txpool_content']) {
    const { error } = await ask(method, [])
    assert.deepEqual([error?.code, error?.data?.code], [-32601, 'ledger_light'])
    assert.match(error?.message ?? '', /not available in light mode/)
  }
  assert.equal((await ask('eth_nonsense')).error?.data, undefined)
  const wide = { fromBlock: '0x0', toBlock: word(lightLogBlocksMax) }
  assert.ok((await ask('eth_getLogs', [wide])).error !== undefined)
  assert.deepEqual(blamed, [])
  whole.close()
  await stop()
})

test('a call that reads without end is ended at its limit', async () => {
  const { all } = await village()
  const { ask, ledger, stop } = await open(all, [0])
  await all.until('the head', () => ledger.head().height === 4)
  // JUMPDEST GAS SLOAD POP, again and again: another slot each time.
  const greedy = { [testAccount(5).address]: { code: '0x5b5a5450600056' } }
  const { error } = await ask('eth_call', [{ to: testAccount(5).address, gas: '0x2faf080' }, 'latest', greedy])
  assert.match(error?.message ?? '', /more of the state than a light client fetches|time limit/)
  assert.ok(lightReadsMax < 1_000)
  await stop()
})

test('what is sent is checked by proofs, acknowledged, kept over a restart, and found again by its proof', async () => {
  const { all } = await village()
  const { chainId } = all.genesis
  const database = new DatabaseSync(':memory:')
  const first = await open(all, [0, 1], database)
  await all.until('the head', () => first.ledger.head().height === 4)
  const send = async (world: LightWorld, bytes: Uint8Array) =>
    world.ask('eth_sendRawTransaction', [`0x${Buffer.from(bytes).toString('hex')}`])
  const stranger = await send(first, await signed(testAccount(4), { chainId }))
  assert.equal(stranger.error?.data?.code, 'fee_too_low')
  const old = await send(first, await signed(ada, { chainId, nonce: 1 }))
  assert.equal(old.error?.data?.code, 'nonce_too_low')
  const poor = await send(first, await signed(bo, { chainId, nonce: 2, value: 10n ** 30n }))
  assert.equal(poor.error?.data?.code, 'balance_too_low')
  // Its gossip gets nowhere, and the computer is stopped: it was acknowledged all the same.
  const heard = all.running().map(({ node }) => node)
  for (const node of heard) if (node !== undefined) node.heard = async () => 'ignore'
  const { result } = await send(first, await signed(ada, { chainId, nonce: 2, value: 7n }))
  assert.equal((await first.ask('eth_getTransactionCount', [ada.address, 'pending'])).result, '0x3')
  assert.equal((await first.ask('eth_getTransactionReceipt', [result])).result, null)
  await first.stop()
  for (const node of heard) if (node !== undefined) Reflect.deleteProperty(node, 'heard')

  const second = await open(all, [1, 2], database)
  await all.until('it is final', () => Math.min(...all.heights()) === 5)
  await all.until('it is known', () => second.ledger.head().height === 5)
  const receipt = (await second.ask('eth_getTransactionReceipt', [result])).result as { blockNumber: string }
  assert.equal(receipt.blockNumber, '0x5')
  await all.pass(1_000)
  await second.stop()
  const rows = database.prepare('SELECT count(*) AS count FROM ledger_own').get()
  assert.equal(rows?.count, 0, 'what is in a block is forgotten')
})

/** Answers of one peer, changed; undefined: none comes. */
function lie(all: Cluster, change: (answer: Answer) => Answer | undefined): void {
  all.tap = (from, to, bytes) => {
    if (from !== 0 || to !== number) return bytes
    const message = decodeMessage(bytes)
    if (message.kind !== 'answer') return bytes
    const answer = change(message.answer)
    return answer === undefined ? undefined : encodeMessage({ ...message, answer })
  }
}

const flipped = (bytes: Uint8Array) => bytes.with(bytes.length - 40, (bytes.at(-40) ?? 0) ^ 1)

test('lies cost the liar its blame, and another is asked', async () => {
  const { all, token, hashes } = await village()
  const balance = encodeFunctionData({ abi: currency, functionName: 'balanceOf', args: [bo.address] })
  const lies = [
    aLie('account', (it) => ({ ...it, proof: flipped(it.proof) }), 'eth_getBalance', [ada.address, 'latest']),
    aLie('account', (it) => ({ ...it, proof: flipped(it.proof) }), 'eth_call', [{ to: token, data: balance }]),
    aLie('code', (it) => ({ ...it, code: flipped(it.code) }), 'eth_getCode', [token, 'latest']),
    aLie('receipt', (it) => ({ ...it, height: 1 }), 'eth_getTransactionByHash', [hashes[3]]),
    aLie('receipts', (it) => ({ ...it, receipts: [] }), 'eth_getBlockReceipts', ['0x4']),
    aLie('receipts', (it) => ({ ...it, receipts: it.receipts.map(flipped) }), 'eth_getTransactionReceipt', [hashes[2]]),
    aLie(
      'blocks',
      (it) => ({ ...it, blocks: it.blocks.map((one) => ({ ...one, block: flipped(one.block) })) }),
      ...(['eth_getBlockByNumber', ['0x3', true]] as const),
    ),
    aLie(
      'headers',
      (it) => ({ ...it, headers: it.headers.map((one) => ({ ...one, header: flipped(one.header) })) }),
      ...(['eth_getBlockByNumber', ['0x2', true]] as const),
    ),
  ]
  for (const { kind, change, method, params } of lies) {
    all.tap = (_, __, bytes) => bytes
    const honest = await open(all, [1])
    await all.until('the head', () => honest.ledger.head().height === 4)
    const expected = await honest.ask(method, params)
    await honest.stop()
    const world = await open(all, [0])
    await all.until('the head', () => world.ledger.head().height === 4)
    lie(all, change)
    meet(all, world.ledger, 1)
    await all.pass(200)
    assert.deepEqual(await world.ask(method, params), expected, `${kind} ${method}`)
    assert.ok(world.blamed.length > 0 && world.blamed.every((one) => one.startsWith('peer-0 ')), `${kind} ${method}`)
    await world.stop()
    all.node(1).disconnected(self)
  }
})

/** A peer's answers of one kind, changed, and a question that needs them. */
function aLie<Kind extends Answer['kind']>(
  kind: Kind,
  change: (answer: Extract<Answer, { kind: Kind }>) => Answer,
  method: string,
  params: readonly unknown[],
) {
  const isOfKind = (answer: Answer): answer is Extract<Answer, { kind: Kind }> => answer.kind === kind
  return { kind, change: (answer: Answer) => (isOfKind(answer) ? change(answer) : answer), method, params }
}

test('who keeps answers back costs one wait; with nobody else, it says that nobody answers', async () => {
  const { all } = await village()
  const { ask, ledger, stop } = await open(all, [0])
  await all.until('the head', () => ledger.head().height === 4)
  lie(all, () => undefined)
  const refused = await ask('eth_getBalance', [ada.address, 'latest'])
  assert.equal(refused.error?.data?.code, 'ledger_nobody_answers')
  meet(all, ledger, 1)
  await all.pass(200)
  const times: number[] = []
  for (const { address } of [ada, bo, testAccount(2)]) {
    const beganMs = all.clock.monotonicMs()
    assert.ok('result' in (await ask('eth_getBalance', [address, 'latest'])))
    times.push(all.clock.monotonicMs() - beganMs)
  }
  assert.ok(
    times.every((ms) => ms < lightAnswerMs / 2),
    times.join(),
  )
  await stop()
})

test('whoever reads block after block, up or down, is given many at once', async () => {
  const all = await cluster(4).untilHeight(24).synced().run()
  for (const heights of [
    Array.from({ length: 24 }, (_, at) => at + 1),
    Array.from({ length: 24 }, (_, at) => 24 - at),
  ]) {
    const { ask, ledger, blamed, stop } = await open(all, [0])
    await all.until('the head', () => ledger.head().height === 24)
    let requests = 0
    all.tap = (from, _, bytes) => {
      if (from === number && decodeMessage(bytes).kind === 'request') requests += 1
      return bytes
    }
    for (const height of heights) {
      const { result } = await ask('eth_getBlockByNumber', [word(height), true])
      assert.equal((result as { hash: string }).hash, all.chain(0).header(height)?.hash)
    }
    assert.ok(requests <= 6, `${requests}`)
    assert.deepEqual(blamed, [])
    await stop()
  }
})

test('who floods waits for itself: another caller has its turn', async () => {
  const { all } = await village()
  const { ledger, stop } = await open(all, [0])
  await all.until('the head', () => ledger.head().height === 4)
  const order: string[] = []
  const ask = async (account: number, who: string) => {
    const params = [testAccount(account).address, 'latest']
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBalance', params })
    const text = await ledger.rpc.handle(body, who)
    order.push(JSON.parse(text ?? 'null').error === undefined ? who : 'refused')
  }
  const flood = Array.from({ length: 120 }, (_, at) => ask(1_000 + at, 'program script'))
  await settled(all, Promise.all([...flood, ask(0, 'wallet')]))
  assert.ok(order.indexOf('wallet') < 2 * lightAtOnceMax, `${order.indexOf('wallet')}`)
  assert.equal(order.filter((one) => one === 'refused').length, 0)
  await stop()
})

test('the wallet works on it: balance, sending, history, in words that say what it is', async () => {
  const identity = testIdentity()
  const account = identity.ethereumAddress.toLowerCase() as Address
  const genesis = { members: [account], balances: [{ address: account, wei: 100n * 10n ** 18n }] }
  const all = await cluster(4, { genesis }).run()
  const { ledger, stop } = await open(all, [0, 1])
  await all.pass(500)
  const { chainId, name, coin, strangerFee } = all.genesis
  const own = {
    ...{ chainId, name, coin, strangerFee, genesisHash: ledger.genesisHash, validators: () => 4, verifies: () => true },
    isLight: () => true,
  }
  const exchange = async (body: string) => (await ledger.rpc.handle(body)) ?? ''
  const client = await settled(all, openOwnLedger(own, exchange)({ clock: all.clock }))
  assert.match(client.describe().sentence, /In light mode this computer holds no blocks/)
  const wallet = openWallet({ chain: ledger.genesisHash, strangerFee, isLight: own.isLight })({
    ...{
      client,
      identity,
      database: new DatabaseSync(':memory:'),
      clock: all.clock,
      random: all.random,
      log: quietLog,
    },
    ...{
      announced: () => [],
      validators: () => [],
      compiler: () => Promise.reject(new Error('nothing is compiled here')),
    },
  })
  assert.equal((await settled(all, wallet.view())).balances[0]?.text, '100 TEST')
  const request = await settled(all, wallet.propose({ kind: 'send', to: bo.address, amount: '1.5' }, person))
  assert.deepEqual([request.fee?.text, request.simulated], ['free', 'read'])
  const { state, failure } = await settled(all, wallet.confirm(request.id, person, {}))
  assert.deepEqual([state, failure], ['sent', null])
  await all.until('it is final', () => ledger.head().height === 1)
  await settled(all, wallet.history({}))
  await settled(all, wallet.settled())
  const { movements } = await settled(all, wallet.history({}))
  assert.deepEqual(
    movements.map(({ direction, text, state: how, height }) => [direction, text, how, height]),
    [['out', '1.5 TEST', 'done', 1]],
  )
  assert.equal((await settled(all, wallet.view())).balances[0]?.text, '98.5 TEST')

  // Nobody is there any more: what was proven or sent is told from here, what can't be proven now says so.
  all.tap = () => undefined
  const second = await wallet.propose({ kind: 'message', message: 'Nobody is asked for this.' }, person)
  assert.equal((await wallet.confirm(second.id, person, {})).state, 'signed')
  for (const peer of [0, 1]) ledger.disconnected(`peer-${peer}` as PeerName)
  assert.equal((await settled(all, wallet.view())).balances[0]?.text, '98.5 TEST')
  await assert.rejects(settled(all, wallet.explorer.account(ada.address)), /Nobody who is connected proved/)
  assert.equal((await settled(all, wallet.history({}))).movements[0]?.text, '1.5 TEST')
  wallet.stop()
  await stop()
})

test('an older chain than the one that was proven before a restart is not shown', async () => {
  const { all } = await village()
  const database = new DatabaseSync(':memory:')
  const first = await open(all, [0, 1, 2, 3], database)
  await all.until('the head', () => first.ledger.head().height === 4)
  await first.stop()
  // This peer says that the chain ends at block 2, and gives good proofs of it.
  all.tap = (from, to, bytes) => {
    const message = from === 0 && to === number ? decodeMessage(bytes) : undefined
    if (message?.kind !== 'hello') return bytes
    const header = all.chain(0).header(2)
    return encodeMessage({ ...message, progress: { ...message.progress, height: 2, head: header?.hash as Hash } })
  }
  const second = await open(all, [0], database)
  assert.equal((await second.ask('eth_getBalance', [ada.address])).error?.data?.code, 'ledger_nobody_answers')
  await all.until('the old head', () => second.ledger.head().height === 2)
  const { error } = await second.ask('eth_getBalance', [ada.address, 'latest'])
  assert.match(error?.message ?? '', /ends at block 2; block 4 was proven/)
  meet(all, second.ledger, 1)
  await all.until('the head', () => second.ledger.head().height === 4)
  assert.ok('result' in (await second.ask('eth_getBalance', [ada.address, 'latest'])))
  await second.stop()
})
