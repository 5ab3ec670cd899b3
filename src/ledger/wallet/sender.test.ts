import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { isPeerhoodError } from '../../base/errors.ts'
import { createTestClock, quietLog } from '../chain/testing.ts'
import { clientErrors } from '../client/errors.ts'
import type { Address, Hash } from '../types.ts'
import * as answers from './answers-core.ts'
import type { Ask } from './ask.ts'
import type { Signer } from './keys.ts'
import { unsettledMax } from './limits.ts'
import { createSender, type Outgoing } from './sender.ts'
import { createWalletStore } from './store.ts'

const self = `0x${'1'.repeat(40)}` as Address
const signer: Signer = {
  address: self,
  transaction: async ({ nonce }) => ({ raw: `0x0${nonce}`, hash: `0x${String(nonce).padStart(64, '0')}` as Hash }),
  message: async () => '0x',
  digest: async () => '0x',
}
const outgoing: Outgoing = {
  ...{ to: undefined, value: 0n, data: '0x', gas: 21_000n, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n },
  sentence: 'It.',
}

/** A node that a test tells how to answer `send`. */
function world() {
  const database = new DatabaseSync(':memory:')
  const node = {
    sent: [] as string[],
    /** Raw transactions that it knows, none of them in a block. */
    known: new Set<string>(),
    counted: 0,
    send: (_raw: string): unknown => undefined,
  }
  const ask = {
    nonce: async (_: Address, at: string) => node.counted + (at === 'pending' ? node.known.size : 0),
    transaction: async (hash: Hash) => (node.known.has(`0x0${Number(hash)}`) ? {} : undefined),
    receipt: async () => ({ height: 1 }),
    async send(raw: string) {
      node.sent.push(raw)
      const failure = node.send(raw)
      if (failure !== undefined) throw failure
      node.known.add(raw)
    },
  } as unknown as Ask
  const open = () =>
    createSender({ chain: 'c', chainId: 1 })({
      ...{ ask, store: createWalletStore(database), clock: createTestClock(), log: quietLog, isRead: () => true },
    })
  return { node, open }
}

const silent = () => clientErrors.ledger_silent('It says nothing.')
const refusing = (message: string) =>
  clientErrors.ledger_refused(message, { details: { rpcCode: -32000, rpcMessage: message } })

test('no answer is no failure: the nonce stays taken, and the same bytes go out again until the chain has them', async () => {
  const { node, open } = world()
  node.send = silent
  const hash = await open().send(outgoing, signer)
  node.send = () => undefined
  const restarted = open()
  assert.notEqual(await restarted.send(outgoing, signer), hash)
  assert.deepEqual(node.sent, ['0x00', '0x00', '0x01'])
  node.known.clear()
  node.counted = 2
  await restarted.settle(self)
  await restarted.send(outgoing, signer)
  assert.deepEqual(node.sent.slice(3), ['0x02'], 'what is in a block is sent no more')
})

test('what the chain refuses gives its nonce back; what it has already counts as sent', async () => {
  const { node, open } = world()
  const sender = open()
  node.send = () => refusing('insufficient funds')
  await assert.rejects(sender.send(outgoing, signer), { code: 'ledger_refused' })
  node.send = (raw) => {
    node.known.add(raw)
    return refusing('already known')
  }
  await sender.send(outgoing, signer)
  assert.deepEqual(node.sent, ['0x00', '0x00'])
  node.send = () => undefined
  await sender.send(outgoing, signer)
  assert.equal(node.sent.at(-1), '0x01')
})

test('one that the chain has dropped and refuses for good holds up nothing', async () => {
  const { node, open } = world()
  const sender = open()
  await sender.send(outgoing, signer)
  node.known.clear()
  node.send = () => refusing('fee too low')
  await sender.settle(self)
  node.send = () => undefined
  await sender.send(outgoing, signer)
  assert.deepEqual(node.sent, ['0x00', '0x00', '0x00'])
})

test('only so many wait for a block', async () => {
  const { node, open } = world()
  const sender = open()
  for (let at = 0; at < unsettledMax; at++) await sender.send(outgoing, signer)
  await assert.rejects(sender.send(outgoing, signer), { code: 'wallet_unsettled' })
  node.counted = unsettledMax
  node.known.clear()
  await sender.send(outgoing, signer)
})

test('whatever a node answers, reading it throws its own code only', () => {
  const hex = fc.uint8Array({ maxLength: 40 }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`)
  const value = fc.oneof(hex, fc.anything(), fc.constant(null))
  const keys = [
    'hash',
    'from',
    'to',
    'value',
    'input',
    'nonce',
    'gas',
    'number',
    'transactions',
    'logs',
    'status',
    'topics',
    'data',
    'address',
  ]
  const record = fc.dictionary(fc.constantFrom(...keys), value)
  const readers = [answers.block, answers.transaction, answers.receipt, answers.placedLog]
  fc.assert(
    fc.property(fc.oneof(record, value), fc.constantFrom(...readers), (answer, read) => {
      try {
        read(answer)
      } catch (error) {
        assert.ok(isPeerhoodError(error) && error.code === 'ledger_answer_malformed', String(error))
      }
    }),
    { seed: 9, numRuns: 500 },
  )
})
