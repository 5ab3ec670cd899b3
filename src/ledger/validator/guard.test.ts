import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Place } from '../consensus/types.ts'
import { createSimulatedDisk } from './disk-testing.ts'
import { openGuard } from './guard.ts'
import { decodeGuard, encodeGuard } from './guard-wire.ts'

const place = (epoch: number, view: number, rank: 1 | 2): Place => ({ epoch, view, rank })

test('it only moves forward, and knows after a crash where it was', async () => {
  const disk = createSimulatedDisk()
  const guard = await openGuard(disk, 'guard')
  assert.equal(guard.last, undefined)
  await guard.raise(place(0, 3, 1))
  for (const back of [place(0, 3, 1), place(0, 2, 2)]) {
    await assert.rejects(guard.raise(back), { code: 'ledger_vote_refused' })
  }
  await guard.raise(place(0, 3, 2))
  await guard.raise(place(1, 1, 1))
  disk.crash(() => 0)
  const again = await openGuard(disk, 'guard')
  assert.deepEqual(again.last, place(1, 1, 1))
  await assert.rejects(again.raise(place(0, 9, 2)), { code: 'ledger_vote_refused' })
})

test('two at once: the later may go, the earlier only before it', async () => {
  const guard = await openGuard(createSimulatedDisk(), 'guard')
  const results = await Promise.allSettled([guard.raise(place(0, 2, 1)), guard.raise(place(0, 1, 1))])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
})

test('a full disk: nothing is signed, and the same vote may be tried again', async () => {
  const disk = createSimulatedDisk()
  const guard = await openGuard(disk, 'guard')
  disk.isFull = true
  await assert.rejects(guard.raise(place(0, 1, 1)), { code: 'ledger_disk_full' })
  disk.isFull = false
  await guard.raise(place(0, 1, 1))
})

test('killed at any step, the file is the one before or the one after', async () => {
  for (let step = 1; step <= 6; step++) {
    const disk = createSimulatedDisk()
    const guard = await openGuard(disk, 'guard')
    await guard.raise(place(0, 1, 1))
    disk.stopAt(disk.steps + step, () => {})
    const raised = guard.raise(place(0, 2, 1)).then(() => true)
    const ended = await Promise.race([raised, new Promise((resolve) => setImmediate(() => resolve(false)))])
    disk.crash(() => 0)
    const { last: found } = await openGuard(disk, 'guard')
    assert.ok(found !== undefined && [1, 2].includes(found.view))
    if (ended === true) assert.equal(found.view, 2)
  }
})

test('the file: one encoding, and any other byte is damage', () => {
  const bytes = encodeGuard(place(7, 2 ** 40, 2))
  assert.deepEqual(decodeGuard(bytes), place(7, 2 ** 40, 2))
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.slice()
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.throws(() => decodeGuard(changed), { code: 'ledger_file_damaged' })
  }
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeGuard(bytes.subarray(0, length)), { code: 'ledger_file_damaged' })
  }
})
