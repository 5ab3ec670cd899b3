import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Transfer } from '../../../../src/sdk/types.ts'
import {
  isActive,
  isEnded,
  linkSentence,
  removedText,
  sortTransfers,
  stateBadge,
  transferFacts,
  transferName,
} from './core.ts'

const transfer = (change: Partial<Transfer>): Transfer =>
  ({
    id: 'a',
    mode: 'get',
    state: 'transferring',
    name: 'Photos',
    bytes: 2_000_000,
    bytesDone: 500_000,
    bytesReused: 0,
    files: 1,
    filesDone: 0,
    bytesPerSecond: 250_000,
    secondsLeft: 6,
    seconds: 2,
    peers: [{}, {}],
    startedAtMs: 0,
    ...change,
  }) as Transfer

const facts = (change: Partial<Transfer>) => transferFacts(transfer(change)).filter((fact) => fact !== '')

test('what arrives tells how far, how fast and how long', () => {
  assert.deepEqual(facts({}), ['25 %', '500 KB of 2 MB', '250 KB/s', '6 s left'])
  assert.deepEqual(facts({ files: 4, filesDone: 1, state: 'paused', peers: [] }), [
    '25 %',
    '500 KB of 2 MB',
    '1 of 4 files',
  ])
  assert.deepEqual(facts({ bytes: 0 }), [])
})

test('what is done tells what it took', () => {
  assert.deepEqual(facts({ state: 'done', bytesDone: 2_000_000 }), ['2 MB', '2 s, 1 MB/s on average'])
  assert.deepEqual(facts({ state: 'done', seconds: 0 }), ['2 MB', '1 s'])
})

test('every state is active, ended or paused, and has a badge', () => {
  for (const state of ['searching', 'preparing', 'transferring', 'paused', 'done', 'failed', 'cancelled'] as const) {
    const one = transfer({ state })
    assert.equal(Number(isActive(one)) + Number(isEnded(one)) + Number(state === 'paused'), 1)
    assert.notEqual(stateBadge(one).text, '')
  }
})

test('what is under way comes first', () => {
  const sorted = sortTransfers([
    transfer({ id: 'done', state: 'done', startedAtMs: 9 }),
    transfer({ id: 'old', startedAtMs: 1 }),
    transfer({ id: 'new', startedAtMs: 2 }),
  ])
  assert.deepEqual(
    sorted.map(({ id }) => id),
    ['new', 'old', 'done'],
  )
  assert.equal(transferName(transfer({ name: null, mode: 'keep' })), 'A share to keep')
})

test('what goes off the list says whether files stay', () => {
  assert.equal(removedText(transfer({ state: 'done' })), 'Photos is off the list; its files stay where they are')
  assert.equal(removedText(transfer({ state: 'done', mode: 'keep' })), 'Photos is off the list')
  assert.equal(removedText(transfer({ state: 'cancelled' })), 'Photos is off the list')
})

test('a link is told in a sentence', () => {
  assert.equal(
    linkSentence({ kind: 'read', visibility: 'private', shareId: 'x', peers: ['p'] }),
    'A private share that you may read. It names 1 peer to start from.',
  )
  assert.match(
    linkSentence({ kind: 'keep', visibility: 'public', shareId: 'x', peers: [] }),
    /keep for others.*no peer/,
  )
})
