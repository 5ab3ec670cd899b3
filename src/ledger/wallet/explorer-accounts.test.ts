// An account's transactions over a chain that is longer than a page looks: how far one goes, and what of a full block is shown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address, Hash } from '../types.ts'
import type { BlockAnswer, TransactionAnswer } from './answers-core.ts'
import { type AccountParts, accountCalls } from './explorer-accounts.ts'
import { accountBlocksAtOnceMax, accountBlocksOutsideMax, accountTransactionsOfBlockMax } from './limits.ts'

const account = `0x${'12'.repeat(20)}` as Address
const other = `0x${'34'.repeat(20)}` as Address

/** Blocks are empty but for those that are named, with so many transactions of the account. */
function chainOf(newest: number, busy: ReadonlyMap<number, number>, kind: 'own' | 'outside' = 'own') {
  const asked: number[] = []
  const block = async (height: number) => {
    asked.push(height)
    const transactions = Array.from({ length: busy.get(height) ?? 0 }, (_, at) => {
      return { hash: `0x${height}-${at}` as Hash, from: other, to: account, nonce: 0 } as TransactionAnswer
    })
    return { height, timeMs: height, transactions } as unknown as BlockAnswer
  }
  const ask = { height: async () => newest, block, logs: async () => Promise.reject(new Error('too far')) }
  const linesOf: AccountParts['linesOf'] = async (all) => all.map(({ hash }) => ({ hash }) as never)
  return { asked, ...accountCalls({ client: { kind }, ask, linesOf } as unknown as AccountParts) }
}

test('a page ends after so many blocks, also where it found nothing, and the next goes on there', async () => {
  const newest = 2 * accountBlocksAtOnceMax
  const { asked, transactionsOf } = chainOf(newest, new Map([[3, 1]]))
  const first = await transactionsOf(account, { limit: 20 })
  assert.deepEqual([first.transactions, first.before], [[], newest - accountBlocksAtOnceMax + 1])
  assert.equal(asked.length, accountBlocksAtOnceMax)
  const second = await transactionsOf(account, { before: first.before ?? 0 })
  assert.deepEqual(
    second.transactions.map(({ hash }) => hash),
    ['0x3-0'],
  )
  assert.equal(second.before, 1)
  assert.equal((await transactionsOf(account, { before: 1 })).before, null)
  assert.equal((await transactionsOf(account, { before: 0 })).sentence, 'There are no blocks before.')
  const outside = chainOf(newest, new Map(), 'outside')
  assert.equal((await outside.transactionsOf(account, {})).before, newest - accountBlocksOutsideMax + 1)
})

test('pages that are full end at a block, and none is left out or told twice', async () => {
  const busy = new Map(Array.from({ length: 40 }, (_, at) => [at * 3, 3]))
  const { transactionsOf } = chainOf(130, busy)
  const hashes: string[] = []
  for (let before: number | null | undefined; before !== null; ) {
    const page = await transactionsOf(account, { limit: 10, before: before ?? undefined })
    hashes.push(...page.transactions.map(({ hash }) => hash))
    before = page.before
  }
  assert.equal(new Set(hashes).size, 120)
  assert.equal(hashes.length, 120)
  assert.deepEqual(hashes.slice(0, 4), ['0x117-2', '0x117-1', '0x117-0', '0x114-2'])
})

test('of a full block the newest are shown, the others counted', async () => {
  const { transactionsOf } = chainOf(1, new Map([[1, accountTransactionsOfBlockMax + 7]]))
  const { transactions, hidden } = await transactionsOf(account, {})
  assert.deepEqual([transactions.length, hidden], [accountTransactionsOfBlockMax, 7])
  assert.equal(transactions[0]?.hash, `0x1-${accountTransactionsOfBlockMax + 6}`)
})
