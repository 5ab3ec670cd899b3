import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type AbiFunction,
  encodeAbiParameters,
  encodeEventTopics,
  encodeFunctionData,
  hashTypedData,
  parseAbi,
  toFunctionSelector,
} from 'viem'
import { isPeerhoodError } from '../../base/errors.ts'
import type { Description } from '../client/types.ts'
import type { Address } from '../types.ts'
import { readCall, valueText } from './abi-core.ts'
import { isWithin, spentWithin } from './allowance-core.ts'
import { changesFor, type Move, movesOf, readLog, topics } from './changes-core.ts'
import { allowanceWindowMs, linesMax, messageBytesMax, tokenNameCharsMax, typedDepthMax } from './limits.ts'
import { readMessage, typedWarnings } from './message-core.ts'
import { tokenName, tokenSymbol } from './text-core.ts'
import { readTyped } from './typed-core.ts'
import { type CallFacts, callSentence, callWarnings, inForm, type Outcome } from './words-core.ts'

const addressOf = (number: number) => `0x${number.toString(16).padStart(40, '0')}` as Address
const [me, bo, token] = [addressOf(1), addressOf(2), addressOf(3)]
const abi = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function setApprovalForAll(address operator, bool approved)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
])
const chain: Description = {
  ...{ kind: 'own', chainId: 7, name: 'Village', coin: { name: 'Coin', symbol: 'COIN' }, trust: 'validators' },
  ...{ validators: 4, address: undefined, sentence: 'The community’s own chain.', warnings: [] },
}
const coin = { kind: 'coin', contract: null, name: 'Coin', symbol: 'COIN', decimals: 18 } as const
const bread = { kind: 'erc20', contract: token, name: 'Bread', symbol: 'BREAD', decimals: 2 } as const

function facts(change: Partial<CallFacts>): CallFacts {
  const book = {
    nameOf: (address: Address) => (address === bo ? 'Bo' : undefined),
    named: () => [],
    addresses: [me, bo],
    isOwn: (address: Address) => address === me,
  }
  return {
    ...{ chain, account: me, to: bo, value: 0n, data: '0x', toHasCode: false, toIsUsed: true, call: undefined },
    ...{ token: undefined, coin, book, ...change },
  }
}
const calm: Outcome = { changes: [], approvals: [], reverts: undefined, isTried: true }
const codesOf = (one: CallFacts, outcome: Outcome = calm) => callWarnings(one, outcome).map(({ code }) => code)

test('a call is read only when its data is exactly what the function takes', () => {
  const data = encodeFunctionData({ abi, functionName: 'transfer', args: [bo, 250n] })
  assert.equal(readCall(data)?.signature, 'transfer(address,uint256)')
  assert.equal(readCall(`${data}00`), undefined)
  assert.equal(readCall(data.slice(0, -2)), undefined)
  assert.equal(
    readCall(`0xa9059cbb${'f'.repeat(128)}`),
    undefined,
    'bytes before an address are seen by the contract alone',
  )
  assert.equal(readCall('0x12345678'), undefined)
  const hex = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes).toString('hex'))
  fc.assert(
    fc.property(
      fc.constantFrom('0xa9059cbb', '0x095ea7b3', '0xac9650d8', '0x2eb2c2d6', '0xd0e30db0'),
      hex,
      (selector, body) => {
        const read = readCall(selector + body)
        assert.ok(read === undefined || valueText(read.args).length > 0)
      },
    ),
    { seed: 5 },
  )
})

test('an ABI that nobody checked takes no name from a standard; a checked source does', () => {
  const abi = parseAbi(['function claimGift(address friend, uint256 number)', 'function open(uint256 door)'])
  const [gift, open] = abi
  // As if somebody had looked for a name with the selector of a transfer.
  const functions = new Map<string, AbiFunction>([
    ['0xa9059cbb', gift],
    [toFunctionSelector(open), open],
  ])
  const transfer = `0xa9059cbb${bo.slice(2).padStart(64, '0')}${'0'.repeat(63)}5`
  const opening = `${toFunctionSelector(open)}${'0'.repeat(63)}5`
  const read = (data: string, trust: 'checked' | 'unchecked') => {
    const call = readCall(data, { functions, trust })
    return [call?.name, call?.trust]
  }
  assert.deepEqual(read(transfer, 'unchecked'), ['transfer', 'known'])
  assert.deepEqual(read(transfer, 'checked'), ['claimGift', 'checked'])
  assert.deepEqual(read(opening, 'unchecked'), ['open', 'unchecked'])
  assert.equal(readCall(`${opening}00`, { functions, trust: 'checked' }), undefined)
  const call = readCall(opening, { functions, trust: 'unchecked' })
  assert.equal(callSentence(facts({ data: opening, call })), 'Call what an unchecked ABI names open of Bo.')
  assert.deepEqual(codesOf(facts({ data: opening, call, toHasCode: true })), ['unchecked_abi'])
})

test('what is done, waits or failed stands in no imperative', () => {
  const forms = ['ask', 'waiting', 'done', 'failed'] as const
  const paid = facts({ value: 5n * 10n ** 17n })
  assert.deepEqual(
    forms.map((form) => callSentence(paid, form)),
    ['Send 0.5 COIN to Bo.', 'Sending 0.5 COIN to Bo.', 'Sent 0.5 COIN to Bo.', 'Tried to send 0.5 COIN to Bo.'],
  )
  const called = facts({ value: 10n ** 18n, data: '0xdeadbeef' })
  assert.deepEqual(
    forms.map((form) => callSentence(called, form).replace(/an unknown .* of /, '')),
    [
      'Call Bo and send 1 COIN with it.',
      'Calling Bo and sending 1 COIN with it.',
      'Called Bo and sent 1 COIN with it.',
      'Tried to call Bo and to send 1 COIN with it.',
    ],
  )
  const created = facts({ to: undefined, data: '0x60' })
  assert.equal(callSentence(created, 'done'), 'Created a contract.')
  assert.equal(inForm('Delegate it.', 'done'), 'Delegate it.')
})

test('sentences say what a call does, with names and amounts', () => {
  const data = encodeFunctionData({ abi, functionName: 'transfer', args: [bo, 250n] })
  const payment = facts({ to: token, data, call: readCall(data), token: bread, toHasCode: true })
  assert.equal(callSentence(payment), 'Send 2.5 BREAD to Bo.')
  assert.equal(callSentence(facts({ value: 5n * 10n ** 17n })), 'Send 0.5 COIN to Bo.')
  assert.equal(callSentence(facts({ to: undefined, data: '0x60' })), 'Create a contract.')
  assert.match(callSentence(facts({ data: '0xdeadbeef' })), /^Call an unknown function \(0xdeadbeef\) of Bo\.$/)
  const all = encodeFunctionData({ abi, functionName: 'setApprovalForAll', args: [bo, true] })
  const deeds = { ...bread, kind: 'erc721', name: 'Deeds' } as const
  assert.equal(
    callSentence(facts({ to: token, data: all, call: readCall(all), token: deeds, toHasCode: true })),
    'Let Bo move everything that you have of Deeds.',
  )
})

test('warnings for what people lose money by', () => {
  const data = encodeFunctionData({ abi, functionName: 'transfer', args: [token, 1n] })
  assert.deepEqual(codesOf(facts({ to: token, data, call: readCall(data), token: bread, toHasCode: true })), [
    'to_token',
  ])
  assert.deepEqual(codesOf(facts({ to: addressOf(0), value: 1n })), ['to_nobody'])
  assert.deepEqual(codesOf(facts({ to: addressOf(9), value: 1n, toIsUsed: false })), ['unused'])
  assert.deepEqual(codesOf(facts({ to: me, value: 1n })), ['to_self'])
  assert.deepEqual(codesOf(facts({ data: '0xdeadbeef' })), ['no_code'])
  assert.deepEqual(codesOf(facts({ to: addressOf(9), data: '0xdeadbeef', toHasCode: true })), ['unknown_call'])
  assert.deepEqual(codesOf(facts({ value: 1n }), { ...calm, reverts: 'no' }), ['would_fail'])
  assert.deepEqual(codesOf(facts({ value: 1n }), { ...calm, isTried: false }), ['not_tried'])
  const approval = { standard: 'erc20', contract: token, owner: me, spender: bo, id: undefined, all: false } as const
  assert.deepEqual(codesOf(facts({}), { ...calm, approvals: [{ ...approval, amount: 1n }] }), ['approval'])
  assert.deepEqual(codesOf(facts({}), { ...calm, approvals: [{ ...approval, amount: 2n ** 255n }] }), [
    'approval_unlimited',
  ])
  assert.deepEqual(codesOf(facts({}), { ...calm, approvals: [{ ...approval, amount: 1n, all: true }] }), [
    'approval_all',
  ])
  assert.deepEqual(codesOf(facts({}), { ...calm, approvals: [{ ...approval, owner: bo, amount: 1n }] }), [])
})

test('events become moves, whatever a contract emits', () => {
  const logTopics = encodeEventTopics({ abi, eventName: 'Transfer', args: { from: me, to: bo } }) as string[]
  const data = encodeAbiParameters([{ type: 'uint256' }], [7n])
  const { moves } = movesOf([{ address: token, topics: logTopics, data }])
  assert.deepEqual(moves, [{ standard: 'erc20', contract: token, from: me, to: bo, amount: 7n, id: undefined }])
  const hex = (bytes: number) =>
    fc.uint8Array({ maxLength: bytes }).map((some) => `0x${Buffer.from(some).toString('hex')}`)
  const topic = fc.oneof(
    fc.constantFrom(...Object.values(topics)),
    fc.constant(`0x${'0'.repeat(24)}${'1'.repeat(40)}`),
    hex(32),
  )
  const log = fc.record({ address: fc.constant(token), topics: fc.array(topic, { maxLength: 4 }), data: hex(300) })
  fc.assert(
    fc.property(fc.array(fc.oneof(log, fc.anything()), { maxLength: 5 }), (all) => {
      movesOf(all.flatMap((one) => readLog(one) ?? []))
    }),
    { seed: 6 },
  )
})

test('what changes for an account is what all accounts together gain and lose', () => {
  const account = fc.constantFrom(me, bo, addressOf(4))
  const move = fc
    .record({
      from: account,
      to: account,
      amount: fc.bigInt({ min: 0n, max: 100n }),
      id: fc.constantFrom(undefined, 1n, 2n),
    })
    .map((one): Move => ({ standard: 'erc1155', contract: token, ...one }))
  fc.assert(
    fc.property(fc.array(move), (moves) => {
      const all = [me, bo, addressOf(4)].flatMap((one) => changesFor(one, moves))
      const sum = all.reduce((total, { direction, amount }) => total + (direction === 'in' ? amount : -amount), 0n)
      assert.equal(sum, 0n)
    }),
    { seed: 7 },
  )
})

test('an allowance counts the last 24 hours, and all of what a payment costs', () => {
  const spent = [
    { atMs: 0, amount: 5n },
    { atMs: 1000, amount: 7n },
  ]
  assert.equal(spentWithin(spent, allowanceWindowMs), 7n)
  assert.equal(spentWithin(spent, 0), 12n, 'a clock that was set back frees nothing')
  const allowed = (contract: string | undefined) => (contract === token ? { most: 10n, spent: 4n } : undefined)
  assert.ok(isWithin([{ contract: token, amount: 6n }], allowed))
  assert.ok(!isWithin([{ contract: token, amount: 7n }], allowed))
  assert.ok(
    !isWithin(
      [
        { contract: token, amount: 1n },
        { contract: undefined, amount: 1n },
      ],
      allowed,
    ),
    'its fee counts',
  )
})

const mail = {
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'to', type: 'Person[]' },
      { name: 'amount', type: 'uint96' },
      { name: 'ok', type: 'bool' },
    ],
  },
  primaryType: 'Mail',
  domain: { name: 'Shop', chainId: 7, verifyingContract: bo },
  message: { to: [{ name: 'Bo', wallet: bo }], amount: '5', ok: true },
}

test('structured data is shown field by field, and hashed as every wallet does (EIP-712)', () => {
  const { lines, digest } = readTyped(JSON.stringify(mail))
  assert.deepEqual(
    lines.map(({ label, value, depth }) => `${' '.repeat(depth)}${label}: ${value}`),
    [
      'name: Shop',
      'chainId: 7',
      `verifyingContract: ${bo}`,
      'Mail: ',
      ' to: 1 of them',
      '  to[0]: Person',
      '   name: Bo',
      `   wallet: ${bo}`,
      ' amount: 5',
      ' ok: yes',
    ],
  )
  assert.equal(digest, hashTypedData(mail as never))
  assert.deepEqual(typedWarnings(readTyped(mail), chain, true), [])
  const codes = (data: unknown) => typedWarnings(readTyped(data), chain, undefined).map(({ code }) => code)
  assert.deepEqual(codes({ ...mail, domain: { ...mail.domain, chainId: 1 } }), ['other_chain'])
  assert.deepEqual(codes({ ...mail, domain: { name: 'Shop' } }), ['no_chain'])
  const permit = {
    types: {
      Permit: [
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
      ],
    },
    ...{ primaryType: 'Permit', domain: mail.domain, message: { spender: bo, value: String(2n ** 256n - 1n) } },
  }
  assert.deepEqual(codes(permit), ['permit_unlimited'])
})

test('data that would be signed otherwise than shown is refused', () => {
  const wrong: readonly unknown[] = [
    'nothing',
    { ...mail, primaryType: 'Letter' },
    { ...mail, primaryType: 'EIP712Domain', message: {} },
    { ...mail, message: { ...mail.message, hidden: 1 } },
    { ...mail, message: { ...mail.message, amount: String(2n ** 96n) } },
    { ...mail, message: { ...mail.message, amount: -1 } },
    { ...mail, message: { ...mail.message, amount: 1.5 } },
    { ...mail, message: { ...mail.message, ok: 'yes' } },
    { ...mail, message: { to: [], amount: 1 } },
    { ...mail, domain: { ...mail.domain, extra: 1 } },
    { ...mail, types: { ...mail.types, EIP712Domain: [{ name: 'name', type: 'bytes32' }] } },
    {
      ...mail,
      types: { ...mail.types, Mail: [...mail.types.Mail, { name: 'x', type: 'uint7' }] },
      message: { ...mail.message, x: 1 },
    },
    { ...mail, types: { ...mail.types, Mail: [...mail.types.Mail, { name: 'ok', type: 'bool' }] } },
  ]
  for (const one of wrong) assert.throws(() => readTyped(one), { code: 'wallet_typed_unusable' }, JSON.stringify(one))
  const deep = { A: [{ name: 'a', type: 'A[]' }] }
  let message: unknown = { a: [] }
  for (let depth = 0; depth <= typedDepthMax; depth++) message = { a: [message] }
  const nested = { types: deep, primaryType: 'A', domain: {}, message }
  assert.throws(() => readTyped(nested), { code: 'wallet_typed_unusable', message: /too deep/ })
  const long = { ...mail, message: { ...mail.message, to: Array(linesMax).fill({ name: 'Bo', wallet: bo }) } }
  assert.throws(() => readTyped(long), { code: 'wallet_typed_unusable' })
})

test('whatever is given to sign, reading it throws its own codes only', () => {
  const field = fc.record({
    name: fc.constantFrom('a', 'b', ''),
    type: fc.constantFrom('A', 'uint8', 'bytes', 'A[2]', 'x', 'int[]'),
  })
  const typed = fc.record({
    types: fc.dictionary(fc.constantFrom('A', 'B', '__proto__', 'EIP712Domain'), fc.array(field, { maxLength: 3 })),
    primaryType: fc.constantFrom('A', 'B', '__proto__', 'toString'),
    domain: fc.oneof(fc.constant({}), fc.anything()),
    message: fc.oneof(fc.dictionary(fc.constantFrom('a', 'b'), fc.anything()), fc.anything()),
  })
  fc.assert(
    fc.property(fc.oneof(typed, fc.anything(), fc.json()), (one) => {
      try {
        readTyped(one)
      } catch (error) {
        assert.ok(isPeerhoodError(error) && error.code === 'wallet_typed_unusable', String(error))
      }
    }),
    { seed: 8, numRuns: 500 },
  )
})

test('texts are shown as they are; bytes that nobody can read are warned of', () => {
  assert.deepEqual(
    readMessage('Hello\nBo').lines.map(({ value }) => value),
    ['Hello', 'Bo'],
  )
  assert.equal(readMessage(`0x${Buffer.from('Hello').toString('hex')}`).lines[0]?.value, 'Hello')
  assert.deepEqual(
    readMessage(`0x${'ab'.repeat(32)}`).warnings.map(({ code }) => code),
    ['unreadable'],
  )
  assert.deepEqual(
    readMessage('pay \u202eoB').warnings.map(({ code }) => code),
    ['unreadable'],
  )
  assert.throws(() => readMessage(''), { code: 'wallet_message_unusable' })
  assert.throws(() => readMessage('x'.repeat(messageBytesMax + 1)), { code: 'wallet_message_unusable' })
})

test('what tokens call themselves is bounded and can’t be mistaken for an amount', () => {
  assert.equal(tokenName('Bread\u202e\n', 'x'), 'Bread')
  assert.equal([...tokenName('ab'.repeat(500), 'x')].length, tokenNameCharsMax)
  assert.equal(tokenName('\u200b\u0000', '0x12…34'), '0x12…34')
  assert.equal(tokenName(5, 'fallback'), 'fallback')
  assert.equal(tokenSymbol('BREAD', 'units'), 'BREAD')
  for (const symbol of ['0 ETH', '5', '', 'A B', '<b>', '0x12'])
    assert.equal(tokenSymbol(symbol, 'units'), 'units', symbol)
})
