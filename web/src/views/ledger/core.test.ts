import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ledger, LedgerValidator } from '../../../../src/sdk/types.ts'
import {
  abiOf,
  addChainParams,
  amountProblem,
  amountText,
  checkpointText,
  figureText,
  ledgerHref,
  placeOf,
  shortHash,
  standingOf,
  validatorFacts,
  validatorsText,
  weiOf,
  withoutOutput,
} from './core.ts'

const validator = (change: Partial<LedgerValidator> = {}): LedgerValidator => ({
  ...{ address: '0xaa', person: null, name: 'Ada', peerId: null, inSet: true, willing: true, isSelf: false },
  ...{ online: true, height: 10, heardMsAgo: 0, ...change },
})
const chain = (change: object = {}) =>
  ({ height: 10, leader: '0xaa', stuck: null, sync: { kind: 'level', sentence: '' }, ...change }) as Ledger['chain']

test('a checkpoint is named with how many say it, while they are too few', () => {
  assert.equal(checkpointText({ checkpoint: null }), '')
  const checkpoint = { height: 1200, block: '0x', timestamp: 0, epoch: 0, said: 1, needed: 3, believed: false }
  assert.equal(checkpointText({ checkpoint }), 'checkpoint 1,200, 1 of 3 say so')
  assert.equal(checkpointText({ checkpoint: { ...checkpoint, believed: true } }), 'checkpoint 1,200')
})

test('places of a ledger have addresses of their own', () => {
  assert.deepEqual(placeOf([]), { place: 'overview' })
  assert.deepEqual(placeOf(['wallet']), { place: 'wallet' })
  assert.deepEqual(placeOf(['explorer']), { place: 'explorer' })
  assert.deepEqual(placeOf(['explorer', 'block', '7']), { place: 'block', of: '7' })
  assert.deepEqual(placeOf(['explorer', 'constructor', '7']), { place: 'explorer' })
  assert.deepEqual(placeOf(['nowhere']), { place: 'overview' })
  assert.equal(ledgerHref('ab', 'explorer', 'account', '0x1'), '#/communities/ab/ledger/explorer/account/0x1')
})

test('amounts are exact, and what is left out shows as such', () => {
  assert.equal(amountText('1234567500000000000000000', 18), '1,234,567.5')
  assert.equal(amountText('5', 18, 6), '0.000000…')
  assert.equal(amountText('1000001', 6), '1.000001')
  assert.equal(amountText('0', 18, 6), '0')
  assert.equal(amountText('42', 0), '42')
  assert.equal(figureText('1234567'), '1,234,567')
  assert.equal(weiOf('1.5'), '1500000000000000000')
  assert.equal(weiOf('0.5'), '500000000000000000')
  assert.equal(weiOf(''), undefined)
  assert.equal(weiOf('1e3'), undefined)
})

test('what is wrong with an amount is said while it is typed', () => {
  assert.equal(amountProblem('', 18), undefined)
  assert.equal(amountProblem('12.5', 18), undefined)
  assert.match(amountProblem('12,5', 18) ?? '', /with a point/)
  assert.match(amountProblem('x', 18) ?? '', /no amount/)
  assert.match(amountProblem('1.234', 2) ?? '', /At most 2 digits/)
  assert.match(amountProblem('1.5', 0) ?? '', /Whole numbers/)
})

test('how a chain stands, in few words', () => {
  assert.equal(standingOf({ state: 'running', chain: chain() }).text, 'Running')
  assert.equal(standingOf({ state: 'opening', chain: null }).text, 'Opening')
  assert.equal(standingOf({ state: 'down', chain: null }).tone, 'bad')
  assert.equal(standingOf({ state: 'running', chain: chain({ stuck: { code: 'x', sentence: 'x' } }) }).text, 'It waits')
  assert.equal(
    standingOf({ state: 'running', chain: chain({ sync: { kind: 'blocks', sentence: '' } }) }).text,
    'Catching up',
  )
  assert.equal(validatorsText([validator()]), 'the validator is here')
  assert.equal(validatorsText([validator(), validator()]), 'all 2 validators are here')
  assert.equal(validatorsText([validator(), validator({ online: false })]), '1 of 2 validators are here')
  assert.deepEqual(validatorFacts(validator({ inSet: false, online: false }), { chain: chain() }), [
    'would validate',
    'not here',
  ])
  assert.deepEqual(validatorFacts(validator({ height: 4 }), { chain: chain() }), ['6 blocks behind'])
})

test('other wallets get what EIP-3085 wants', () => {
  const params = addChainParams({
    chainId: 1337,
    name: 'Village',
    coin: { name: 'Bread', symbol: 'BREAD' },
    rpc: 'http://127.0.0.1/x',
  })
  assert.deepEqual(params, {
    chainId: '0x539',
    chainName: 'Village',
    nativeCurrency: { name: 'Bread', symbol: 'BREAD', decimals: 18 },
    rpcUrls: ['http://127.0.0.1/x'],
  })
  assert.equal(shortHash(`0x${'ab'.repeat(20)}`), '0xabab…abab')
})

test('of what build tools write, only what is needed goes to the daemon', () => {
  assert.equal(withoutOutput('{"id":"1","input":{"a":1},"output":{"b":2}}'), '{"id":"1","input":{"a":1}}')
  for (const text of ['{"language":"Solidity","output":1}', '{"input":{}}', '[1]', 'x'])
    assert.equal(withoutOutput(text), text)
  assert.equal(abiOf('{"abi":[{"type":"receive"}],"bytecode":"0x60"}'), '[{"type":"receive"}]')
  for (const text of ['[]', '{"abi":1}', 'x']) assert.equal(abiOf(text), text)
})
