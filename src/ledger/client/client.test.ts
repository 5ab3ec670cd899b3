import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { createManualClock } from '../../../test/support/clock.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Hash } from '../types.ts'
import { describeOutside, describeOwn } from './describe-core.ts'
import { readAnswer, shownLine, writeQuestion } from './envelope-core.ts'
import {
  answerBytesMax,
  answerTimeoutMs,
  chainIdMax,
  chainNameCharsMax,
  questionsAtOnceMax,
  refusalCharsMax,
} from './limits.ts'
import { openOutsideLedger, openOwnLedger } from './service.ts'
import { readOutsideChain, readRpcAddress, shownAddress } from './settings-core.ts'
import type { OwnChain } from './types.ts'

const coin = { name: 'Coin', symbol: 'COIN' }
const own: OwnChain = {
  ...{ chainId: 7, name: 'Village', coin, genesisHash: `0x${'0'.repeat(64)}` as Hash, strangerFee: undefined },
  ...{ validators: () => 4, verifies: () => true },
}
const answering = (result: unknown) => async (body: string) =>
  JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(body).id, result })
const clock = createManualClock()

test('it says plainly which chain it is, and what that means', () => {
  const four = describeOwn(own)
  assert.deepEqual([four.kind, four.trust, four.validators], ['own', 'validators', 4])
  assert.match(four.sentence, /4 computers of its members decide, and up to 1 of them may be wrong or gone/)
  const one = describeOwn({ ...own, validators: () => 1, verifies: () => false })
  assert.equal(one.trust, 'trusted')
  assert.match(one.sentence, /trusted mode/)
  assert.equal(one.warnings.length, 2)
  const outside = describeOutside({ chainId: 100, rpc: 'https://rpc.example/secret-key', name: 'Gnosis', coin })
  assert.equal(outside.address, 'https://rpc.example')
  assert.match(outside.warnings[0] ?? '', /operator of https:\/\/rpc\.example can lie about balances/)
  assert.doesNotMatch(JSON.stringify(outside), /secret-key/)
})

test('settings of an outside chain are read strictly', () => {
  const good = { chainId: 100, rpc: 'https://rpc.example/key', name: 'Gnosis', coin }
  assert.deepEqual(readOutsideChain(good), good)
  const wrong: readonly unknown[] = [
    null,
    [],
    { ...good, extra: 1 },
    { ...good, chainId: 0 },
    { ...good, chainId: 1.5 },
    { ...good, chainId: chainIdMax + 1 },
    { ...good, name: '' },
    { ...good, name: 'x'.repeat(chainNameCharsMax + 1) },
    { ...good, name: 'a\u202eb' },
    { ...good, coin: { name: 'Coin' } },
  ]
  for (const one of wrong) assert.throws(() => readOutsideChain(one), { code: 'ledger_settings_unusable' })
  const addresses = [
    'ftp://x',
    'http://example.com',
    'https://a:b@example.com',
    'https://example.com/#x',
    'https://',
    'x'.repeat(600),
    5,
  ]
  for (const one of addresses) assert.throws(() => readRpcAddress(one), { code: 'ledger_address_unusable' })
  for (const one of ['http://127.0.0.1:8545', 'http://localhost:8545/x', 'http://[::1]:1']) readRpcAddress(one)
  assert.equal(shownAddress('https://rpc.example/key?a=b'), 'https://rpc.example')
  fc.assert(
    fc.property(fc.anything(), (one) => {
      assert.throws(
        () => readOutsideChain(one),
        (error) => isPeerhoodError(error) && error.code.startsWith('ledger_'),
      )
    }),
    { seed: 1 },
  )
})

test('answers are read strictly, whatever a node says', () => {
  assert.equal(readAnswer('{"jsonrpc":"2.0","id":3,"result":"0x1"}', 3), '0x1')
  assert.equal(JSON.parse(writeQuestion(3, 'eth_call', [])).method, 'eth_call')
  const refused = '{"jsonrpc":"2.0","id":3,"error":{"code":3,"message":"execution\\u202e reverted","data":"0x08"}}'
  assert.throws(() => readAnswer(refused, 3), {
    code: 'ledger_refused',
    message: 'The node says: execution reverted',
    details: { rpcCode: 3, rpcMessage: 'execution reverted', data: '0x08' },
  })
  for (const text of [
    '',
    '[]',
    '5',
    '{}',
    '{"jsonrpc":"2.0","id":4,"result":1}',
    '{"jsonrpc":"2.0","id":3}',
    '{"jsonrpc":"2.0","id":3,"error":5}',
  ]) {
    assert.throws(() => readAnswer(text, 3), { code: 'ledger_answer_malformed' }, text)
  }
  assert.equal(shownLine('x'.repeat(5000), refusalCharsMax).length, refusalCharsMax)
  const node = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ jsonrpc: fc.constant('2.0'), id: fc.constant(1), error: fc.anything() })
      .map((one) => JSON.stringify(one)),
  )
  fc.assert(
    fc.property(node, (text) => {
      try {
        readAnswer(text, 1)
      } catch (error) {
        assert.ok(isPeerhoodError(error) && /^ledger_(refused|answer_malformed)$/.test(error.code))
      }
    }),
    { seed: 2, numRuns: 300 },
  )
})

test('nothing is asked of a chain that is another than was agreed', async () => {
  const opened = openOwnLedger(own, answering('0x8'))({ clock })
  await assert.rejects(opened, { code: 'ledger_chain_mismatch', message: /chain 8, not for 7/ })
  await assert.rejects(openOwnLedger(own, answering(7))({ clock }), { code: 'ledger_chain_mismatch' })
})

test('viem works over it, and sees reverts by their number', async () => {
  const exchange = async (body: string) => {
    const { id, method } = JSON.parse(body)
    if (method === 'eth_chainId') return answering('0x7')(body)
    if (method === 'eth_blockNumber') return answering('0x2a')(body)
    return JSON.stringify({ jsonrpc: '2.0', id, error: { code: 3, message: 'execution reverted', data: '0x12345678' } })
  }
  const client = await openOwnLedger(own, exchange)({ clock })
  assert.equal(await client.viem.getBlockNumber(), 42n)
  assert.equal(client.viem.chain?.nativeCurrency.symbol, 'COIN')
  await assert.rejects(client.viem.call({ data: '0x' }), /execution reverted/)
  await assert.rejects(client.request('eth_call', []), { code: 'ledger_refused' })
})

test('a node that says nothing is waited for so long and no longer; a closed client answers nothing', async () => {
  let silent = false
  const exchange = (body: string) => (silent ? new Promise<string>(() => {}) : answering('0x7')(body))
  const client = await openOwnLedger(own, exchange)({ clock })
  silent = true
  const asked = client.request('eth_call', [])
  const refused = assert.rejects(asked, { code: 'ledger_silent' })
  await Promise.resolve()
  clock.advance(answerTimeoutMs)
  await refused
  const aborted = client.request('eth_call', [], { signal: AbortSignal.abort(new Error('gone')) })
  await assert.rejects(aborted)
  const open = assert.rejects(client.request('eth_call', []), { code: 'ledger_closed' })
  await Promise.resolve()
  client.close()
  await open
  await assert.rejects(client.request('eth_call', []), { code: 'ledger_closed' })
})

test('only so many questions are under way at once', async () => {
  let [now, most] = [0, 0]
  const exchange = async (body: string) => {
    now += 1
    most = Math.max(most, now)
    await new Promise((resolve) => setImmediate(resolve))
    now -= 1
    return answering('0x7')(body)
  }
  const client = await openOwnLedger(own, exchange)({ clock })
  await Promise.all(Array.from({ length: 4 * questionsAtOnceMax }, () => client.request('eth_chainId', [])))
  assert.equal(most, questionsAtOnceMax)
})

/** A node over HTTP that answers with `serve`. */
async function node(
  context: TestContext,
  serve: (incoming: IncomingMessage, outgoing: ServerResponse, id: number) => void,
): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    let body = ''
    incoming.on('data', (chunk) => {
      body += chunk
    })
    incoming.on('end', () => serve(incoming, outgoing, JSON.parse(body).id))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('an outside node: redirects, floods and nonsense are refused, and no error holds what may be a key', async (context) => {
  let mode = 'good'
  const url = await node(context, (_, outgoing, id) => {
    if (mode === 'redirect') outgoing.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()
    else if (mode === 'flood') outgoing.end(`"${'x'.repeat(answerBytesMax)}"`)
    else if (mode === 'page') outgoing.writeHead(502).end('<html>')
    else if (mode === 'json')
      outgoing.writeHead(429).end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32005, message: 'slow down' } }))
    else outgoing.end(JSON.stringify({ jsonrpc: '2.0', id, result: '0x64' }))
  })
  const settings = { chainId: 100, rpc: `${url}/v3/secret-key`, name: 'Gnosis', coin }
  const client = await openOutsideLedger(settings)({ clock })
  const codes: Record<string, string> = {
    redirect: 'ledger_unreachable',
    flood: 'ledger_answer_too_large',
    page: 'ledger_unreachable',
    json: 'ledger_refused',
  }
  for (const [next, code] of Object.entries(codes)) {
    mode = next
    await assert.rejects(client.request('eth_call', []), (error) => {
      assert.ok(isPeerhoodError(error))
      assert.equal(error.code, code, next)
      assert.doesNotMatch(
        `${error.message} ${error.stack} ${JSON.stringify(error.details)} ${String(error.cause)}`,
        /secret-key/,
      )
      return true
    })
  }
  const gone = openOutsideLedger({ ...settings, rpc: 'http://127.0.0.1:1/secret-key' })({ clock })
  await assert.rejects(gone, { code: 'ledger_unreachable', message: /^http:\/\/127\.0\.0\.1:1 can’t be asked/ })
})
