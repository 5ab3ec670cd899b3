import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Share } from '../../../../src/sdk/types.ts'
import { scanText, shareName, sizeText, sortShares, stateBadge, versionText } from './core.ts'

const share = (change: Partial<Share>): Share =>
  ({
    id: 'a',
    state: 'ready',
    name: 'Photos',
    kind: 'folder',
    sequence: 1,
    files: 2,
    bytes: 1500,
    scan: null,
    ...change,
  }) as Share

test('a ready share needs no badge, every other state has one', () => {
  assert.equal(stateBadge(share({})), undefined)
  assert.equal(stateBadge(share({ state: 'partial', blocks: 4, blocksHere: 1 }))?.text, '25 % here')
  assert.equal(stateBadge(share({ state: 'scanning', sequence: 0 }))?.text, 'Being read')
  assert.equal(stateBadge(share({ state: 'scanning', sequence: 2 }))?.text, 'Looking at changes')
  assert.equal(stateBadge(share({ state: 'failed' }))?.tone, 'bad')
})

test('sizes count files in folders only, and progress while there is no version', () => {
  assert.equal(sizeText(share({})), '1.5 KB, 2 files')
  assert.equal(sizeText(share({ kind: 'file', files: 1 })), '1.5 KB')
  const scan = { files: 3, bytes: 50, filesTotal: 6, bytesTotal: 100 }
  assert.equal(sizeText(share({ sequence: 0, scan })), '50 % of 100 B read')
  assert.equal(scanText(share({ scan: { ...scan, bytesTotal: 0 } })), '3 files found')
})

test('what cannot be read has a name for the list', () => {
  assert.equal(shareName(share({ name: null })), 'A share that is kept for others')
  assert.equal(versionText(share({ sequence: 1 })), '')
  assert.equal(versionText(share({ sequence: 4 })), 'version 4')
})

test('the newest share comes first, and equal times keep one order', () => {
  const sorted = sortShares([
    share({ id: 'b', createdMs: 1 }),
    share({ id: 'a', createdMs: 1 }),
    share({ id: 'c', createdMs: 2 }),
  ])
  assert.deepEqual(
    sorted.map(({ id }) => id),
    ['c', 'a', 'b'],
  )
})
