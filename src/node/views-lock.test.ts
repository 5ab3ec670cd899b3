// The lock of the views, both sides in one thread: so every order of what they do can be told.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLockWords, freeLock, hurryThread, isLockWanted, takeLock } from './views-lock.ts'

/** What was taken, in order; a waiting promise does not keep a test alive, a turn of the event loop does. */
function setup() {
  const words = createLockWords()
  const taken: string[] = []
  const take = (side: 'main' | 'thread') => void takeLock(words, side).then(() => taken.push(side))
  const turn = async () => {
    for (let times = 0; times < 5; times++) await new Promise(setImmediate)
  }
  return { words, taken, take, turn }
}

test('one side has it; the main thread comes before another turn of the other', async () => {
  const { words, taken, take, turn } = setup()
  take('thread')
  await turn()
  assert.equal(isLockWanted(words), false)
  take('main')
  await turn()
  assert.deepEqual([taken, isLockWanted(words)], [['thread'], true], 'its transaction is to end')

  freeLock(words, 'thread')
  take('thread')
  await turn()
  assert.deepEqual([taken, isLockWanted(words)], [['thread', 'main'], false])
  take('thread')
  freeLock(words, 'thread')
  await turn()
  assert.deepEqual(taken, ['thread', 'main'], 'nobody frees what another has')
  freeLock(words, 'main')
  await turn()
  assert.deepEqual(taken, ['thread', 'main', 'thread'])
})

test('whoever waits gets it in the same order over and over, and nobody twice in a row', async () => {
  const { words, taken, turn } = setup()
  const rounds = 50
  const go = async (side: 'main' | 'thread') => {
    for (let round = 0; round < rounds; round++) {
      await takeLock(words, side)
      taken.push(side)
      await new Promise(setImmediate)
      freeLock(words, side)
      // The other side may begin again as soon as it is free: then the main thread waits for one turn at most.
      if (side === 'main') await new Promise(setImmediate)
    }
  }
  await Promise.all([go('main'), go('thread')])
  await turn()
  assert.equal(taken.length, 2 * rounds)
  const last = taken.lastIndexOf('main')
  const between = taken.slice(0, last).join(' ').split('main')
  assert.ok(
    between.every((turns) => turns.split('thread').length <= 3),
    'two turns of the other between two of its own',
  )
})

test('what is to be heard ends a transaction, too, and does not keep the next from beginning', async () => {
  const { words, taken, take, turn } = setup()
  hurryThread(words, true)
  assert.equal(isLockWanted(words), true)
  take('thread')
  await turn()
  assert.deepEqual(taken, ['thread'])
  hurryThread(words, false)
  assert.equal(isLockWanted(words), false)
})
