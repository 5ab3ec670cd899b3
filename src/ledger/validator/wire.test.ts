import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import { concatBytes, toHex } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { blockBytesMax, headerBytesMax, transactionBytesMax, validatorsMax } from '../chain/limits.ts'
import { messageBytesMax as consensusBytesMax } from '../consensus/limits.ts'
import type { Address, Hash } from '../types.ts'
import { listBytes, sized, u16, u32, u64 } from './cursor.ts'
import {
  answerBytesMax,
  certificateBytesMax,
  chunkBytesMax,
  evidenceBytesMax,
  gossipBytesMax,
  itemsPerAnswerMax,
  manifestBytesMax,
  messageBytesMax,
  proofBytesMax,
  proofKeysMax,
  proofNodeBytesMax,
  proofNodesMax,
  transactionsPerGossipMax,
} from './limits.ts'
import {
  decodeAccountBranches,
  decodeReceiptBranches,
  encodeAccountBranches,
  encodeReceiptBranches,
} from './proof-wire.ts'
import { decodeGossip, decodeMessage, encodeGossip, encodeMessage, type Message, messageBytes } from './wire.ts'

const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max })
const hash = bytes(32, 32).map((value) => `0x${toHex(value)}` as Hash)
const address = bytes(20, 20).map((value) => `0x${toHex(value)}` as Address)
const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const id = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const count = fc.integer({ min: 1, max: itemsPerAnswerMax })
const progress = fc.record({
  height: number,
  head: hash,
  epoch: number,
  view: number,
  oldest: number,
  snapshot: number,
})
const some = bytes(1, 40)
const certificate = bytes(0, 40)

const request = fc.oneof(
  fc.record({ kind: fc.constantFrom('blocks' as const, 'epochs' as const, 'headers' as const), from: number, count }),
  fc.record({ kind: fc.constant('block' as const), hash }),
  fc.record({ kind: fc.constant('snapshot' as const) }),
  fc.record({ kind: fc.constant('chunk' as const), height: number, index: id }),
  fc.record({ kind: fc.constant('account' as const), height: number, address, keys: fc.array(hash, { maxLength: 5 }) }),
  fc.record({ kind: fc.constant('receipt' as const), transaction: hash }),
  fc.record({ kind: fc.constant('code' as const), height: number, address }),
  fc.record({ kind: fc.constant('receipts' as const), block: hash }),
)
const answer = fc.oneof(
  fc.record({ kind: fc.constant('blocks' as const), blocks: fc.array(fc.record({ block: some, certificate })) }),
  fc.record({ kind: fc.constant('headers' as const), headers: fc.array(fc.record({ header: some, certificate })) }),
  fc.record({
    kind: fc.constant('epochs' as const),
    ends: fc.array(fc.record({ header: some, certificate: some, validators: fc.array(address, { maxLength: 4 }) })),
  }),
  fc.record({ kind: fc.constant('block' as const), block: some }),
  fc.record({ kind: fc.constant('snapshot' as const), manifest: some }),
  fc.record({ kind: fc.constant('chunk' as const), chunk: bytes(0, 40) }),
  fc.record({ kind: fc.constant('account' as const), proof: some }),
  fc.record({ kind: fc.constant('receipt' as const), height: number, proof: some }),
  fc.record({ kind: fc.constant('code' as const), code: bytes(0, 40) }),
  fc.record({ kind: fc.constant('receipts' as const), receipts: fc.array(some, { maxLength: 4 }) }),
  fc.record({
    kind: fc.constant('refuse' as const),
    reason: fc.constantFrom('not_here' as const, 'busy', 'not_for_you'),
  }),
)
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    genesis: hash,
    announcement: fc.option(bytes(65, 65), { nil: undefined }),
    isVoting: fc.boolean(),
    progress,
  }),
  fc.record({ kind: fc.constant('progress' as const), progress }),
  fc.record({ kind: fc.constantFrom('consensus' as const, 'evidence' as const), bytes: some }),
  fc.record({ kind: fc.constant('request' as const), id, request }),
  fc.record({ kind: fc.constant('answer' as const), id, answer }),
)

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one) => (one instanceof Uint8Array ? toHex(one) : one)))

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return isPeerhoodError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}

test('messages go there and back, and have one encoding', () => {
  fc.assert(
    fc.property(message, (one) => {
      const encoded = encodeMessage(one)
      assert.deepEqual(plain(decodeMessage(encoded)), plain(one))
      assert.deepEqual(encodeMessage(decodeMessage(encoded)), encoded)
    }),
    { seed: 1, numRuns: 500 },
  )
})

test('whatever comes in, only our own errors come out, and what is read is what would be written', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 8 }),
      fc.integer({ min: 0, max: 255 }),
      bytes(0, 150),
      (kind, second, rest) => {
        const input = concatBytes(Uint8Array.of(kind), u32(7), Uint8Array.of(second), rest)
        assertOnlyOwnErrors(() => assert.deepEqual(encodeMessage(decodeMessage(input)), input), input.length)
        assertOnlyOwnErrors(() => decodeGossip(input), input.length)
        assertOnlyOwnErrors(() => decodeAccountBranches(input), input.length)
        assertOnlyOwnErrors(() => decodeReceiptBranches(input), input.length)
      },
    ),
    { seed: 2, numRuns: 3_000 },
  )
})

test('cut anywhere, or with a byte more, no message is read', () => {
  fc.assert(
    fc.property(
      message.filter(({ kind }) => kind !== 'consensus' && kind !== 'evidence'),
      fc.nat(),
      (one, at) => {
        const whole = encodeMessage(one)
        assert.notEqual(
          codeOf(() => decodeMessage(whole.subarray(0, at % whole.length))),
          'nothing thrown',
        )
        assert.notEqual(
          codeOf(() => decodeMessage(concatBytes(whole, Uint8Array.of(0)))),
          'nothing thrown',
        )
      },
    ),
    { seed: 3, numRuns: 300 },
  )
})

const zeros = (length: number) => new Uint8Array(length)
const answerOf = (code: number, ...parts: readonly Uint8Array[]) =>
  concatBytes(Uint8Array.of(6), u32(1), Uint8Array.of(code), ...parts)
const many = (items: number, item: Uint8Array) => listBytes(Array.from({ length: items }), () => item)

for (const [name, code, input] of [
  ['no kind', 'ledger_message_empty', zeros(0)],
  ['an unknown kind', 'ledger_message_kind_unknown', Uint8Array.of(9)],
  [
    'a consensus message that is too long',
    'ledger_message_too_long',
    concatBytes(Uint8Array.of(3), zeros(consensusBytesMax + 1)),
  ],
  ['evidence that is too long', 'ledger_message_too_long', concatBytes(Uint8Array.of(4), zeros(evidenceBytesMax + 1))],
  ['an answer that is too long', 'ledger_message_too_long', concatBytes(Uint8Array.of(6), zeros(answerBytesMax))],
  [
    'a flag that is none',
    'ledger_message_malformed',
    concatBytes(Uint8Array.of(1), zeros(32), Uint8Array.of(2), zeros(73)),
  ],
  ['a height past 2^53', 'ledger_message_malformed', concatBytes(Uint8Array.of(2, 0, 32), zeros(70))],
  [
    'a request for nothing',
    'ledger_message_malformed',
    concatBytes(Uint8Array.of(5), u32(1), Uint8Array.of(1), u64(1), u16(0)),
  ],
  [
    'a request for too many',
    'ledger_message_malformed',
    concatBytes(Uint8Array.of(5), u32(1), Uint8Array.of(1), u64(1), u16(itemsPerAnswerMax + 1)),
  ],
  ['an unknown request', 'ledger_message_malformed', concatBytes(Uint8Array.of(5), u32(1), Uint8Array.of(99))],
  [
    'too many keys',
    'ledger_message_too_long',
    concatBytes(Uint8Array.of(5), u32(1), Uint8Array.of(7), u64(1), zeros(20), many(proofKeysMax + 4, zeros(32))),
  ],
  [
    'one key too many',
    'ledger_message_malformed',
    concatBytes(Uint8Array.of(5), u32(1), Uint8Array.of(7), u64(1), zeros(20), many(proofKeysMax + 1, zeros(32))),
  ],
  ['an unknown answer', 'ledger_message_malformed', answerOf(77, zeros(1))],
  ['an unknown reason', 'ledger_message_malformed', answerOf(255, Uint8Array.of(9))],
  [
    'too many headers',
    'ledger_message_malformed',
    answerOf(4, many(itemsPerAnswerMax + 1, concatBytes(sized(zeros(1)), sized(zeros(0))))),
  ],
  ['a block that is too long', 'ledger_message_malformed', answerOf(2, sized(zeros(blockBytesMax + 1)))],
  [
    'a header that is too long',
    'ledger_message_malformed',
    answerOf(4, u16(1), sized(zeros(headerBytesMax + 1)), sized(zeros(0))),
  ],
  [
    'a certificate that is too long',
    'ledger_message_malformed',
    answerOf(4, u16(1), sized(zeros(1)), sized(zeros(certificateBytesMax + 1))),
  ],
  [
    'too many validators',
    'ledger_message_malformed',
    answerOf(3, u16(1), sized(zeros(1)), sized(zeros(1)), many(validatorsMax + 1, zeros(20))),
  ],
  ['a manifest that is too long', 'ledger_message_malformed', answerOf(5, sized(zeros(manifestBytesMax + 1)))],
  ['a part that is too long', 'ledger_message_malformed', answerOf(6, sized(zeros(chunkBytesMax + 1)))],
  ['a proof that is too long', 'ledger_message_malformed', answerOf(7, sized(zeros(proofBytesMax + 1)))],
] as const) {
  test(`refused: ${name}`, () =>
    assert.equal(
      codeOf(() => decodeMessage(input)),
      code,
    ))
}

test('the longest of everything fits its message', () => {
  const longest: readonly Message[] = [
    { kind: 'consensus', bytes: zeros(consensusBytesMax) },
    { kind: 'evidence', bytes: zeros(evidenceBytesMax) },
    { kind: 'answer', id: 1, answer: { kind: 'snapshot', manifest: zeros(manifestBytesMax) } },
    { kind: 'answer', id: 1, answer: { kind: 'chunk', chunk: zeros(chunkBytesMax) } },
    { kind: 'answer', id: 1, answer: { kind: 'account', proof: zeros(proofBytesMax) } },
    {
      kind: 'answer',
      id: 1,
      answer: { kind: 'blocks', blocks: [{ block: zeros(blockBytesMax), certificate: zeros(certificateBytesMax) }] },
    },
  ]
  for (const one of longest) {
    const encoded = encodeMessage(one)
    assert.ok(encoded.length <= messageBytesMax)
    assert.equal(decodeMessage(encoded).kind, one.kind)
  }
  assert.ok(Object.values(messageBytes).every(([min, max]) => min > 0 && max <= messageBytesMax))
})

test('gossip: its limits', () => {
  const one = Uint8Array.of(1)
  assert.equal(
    decodeGossip(encodeGossip(Array.from({ length: transactionsPerGossipMax }, () => one))).length,
    transactionsPerGossipMax,
  )
  const refused = [
    encodeGossip([]),
    encodeGossip(Array.from({ length: transactionsPerGossipMax + 1 }, () => one)),
    encodeGossip([zeros(transactionBytesMax + 1)]),
    encodeGossip([zeros(0)]),
    zeros(gossipBytesMax + 1),
  ]
  for (const input of refused)
    assert.equal(
      codeOf(() => decodeGossip(input)),
      'ledger_gossip_malformed',
    )
  assert.equal(decodeGossip(encodeGossip([zeros(transactionBytesMax)])).length, 1)
})

test('branches: there and back, and their limits', () => {
  const branches = fc.array(bytes(1, 40), { maxLength: 5 })
  fc.assert(
    fc.property(branches, fc.array(branches, { maxLength: 3 }), bytes(1, 9), id, (account, slots, value, index) => {
      assert.deepEqual(decodeAccountBranches(encodeAccountBranches({ account, slots })), { account, slots })
      const receipt = { index, transaction: { value, nodes: account }, receipt: { value, nodes: account } }
      assert.deepEqual(decodeReceiptBranches(encodeReceiptBranches(receipt)), receipt)
    }),
    { seed: 4 },
  )
  const tooMany = Array.from({ length: proofNodesMax + 1 }, () => zeros(1))
  for (const account of [tooMany, [zeros(proofNodeBytesMax + 1)]]) {
    assert.equal(
      codeOf(() => decodeAccountBranches(encodeAccountBranches({ account, slots: [] }))),
      'ledger_proof_invalid',
    )
  }
})
