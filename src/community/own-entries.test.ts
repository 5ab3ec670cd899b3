// A device that may be behind itself: whom it waits for before it writes, and for how long.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock } from '../../test/sim/clock.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import { ownEntriesHeardMs, ownEntriesLookMs, ownEntriesTakenMs } from './limits.ts'
import { createOwnEntries } from './own-entries.ts'

const device = 'aa'.repeat(32) as DeviceId
const community = 'bb'.repeat(32) as CommunityId

function setUp() {
  const clock = createVirtualClock()
  const world = { own: 5, told: { seq: 0, heard: false, pending: false }, nudges: 0 }
  const untilCurrent = createOwnEntries({
    clock,
    device,
    log: { community, vector: () => new Map([[device, world.own]]) },
    sync: { told: () => world.told, nudge: () => void world.nudges++ },
  })
  const startedMs = clock.monotonicMs()
  /** How long it takes until this device may write; `meanwhile` is called with what has passed. */
  async function waitedMs(meanwhile: (ms: number) => void = () => {}): Promise<number> {
    const since = clock.monotonicMs()
    let over = false
    void untilCurrent().then(() => {
      over = true
    })
    const settle = () => new Promise((resolve) => setImmediate(resolve))
    for (await settle(); !over; await settle()) {
      meanwhile(clock.monotonicMs() - since)
      assert.ok(clock.advance(since + 60_000), 'within a minute')
    }
    return clock.monotonicMs() - since
  }
  return { world, waitedMs, clock, startedMs }
}

test('who is alone writes at once, now and later', async () => {
  const { waitedMs } = setUp()
  assert.equal(await waitedMs(), 0)
  assert.equal(await waitedMs(), 0)
})

test('whoever is being reached is given a moment after the start, and none later', async () => {
  const { world, waitedMs, clock, startedMs } = setUp()
  world.told.pending = true
  assert.equal(await waitedMs(), ownEntriesHeardMs)
  assert.equal(await waitedMs(), 0)
  clock.moveTo(startedMs + 3_600_000)
  assert.equal(await waitedMs(), 0)
})

test('who hears that it has everything of itself writes, and asks no more', async () => {
  const { world, waitedMs } = setUp()
  world.told.pending = true
  const heardMs = 10 * ownEntriesLookMs
  const waited = await waitedMs((ms) => {
    if (ms >= heardMs) world.told = { seq: 5, heard: true, pending: false }
  })
  assert.ok(waited >= heardMs && waited <= heardMs + ownEntriesLookMs)
  world.told = { seq: 99, heard: true, pending: false }
  assert.equal(await waitedMs(), 0)
})

test('who is behind itself waits for what it lacks', async () => {
  const { world, waitedMs } = setUp()
  world.told = { seq: 9, heard: true, pending: false }
  const waited = await waitedMs((ms) => {
    if (ms >= 3_000) world.own = 9
  })
  assert.ok(waited >= 3_000 && waited < 3_000 + 2 * ownEntriesLookMs)
  assert.equal(world.nudges, 1)
})

test('who comes online later is asked then', async () => {
  const { world, waitedMs } = setUp()
  assert.equal(await waitedMs(), 0)
  world.told = { seq: 9, heard: true, pending: false }
  const waited = await waitedMs((ms) => {
    if (ms >= 1_000) world.own = 9
  })
  assert.ok(waited >= 1_000)
})

test('a claim that nobody shows to be true holds nobody up for long', async () => {
  const { world, waitedMs } = setUp()
  world.told = { seq: 1_000_000, heard: true, pending: false }
  const waited = await waitedMs()
  assert.ok(waited >= ownEntriesTakenMs && waited <= ownEntriesTakenMs + ownEntriesLookMs)
  assert.equal(await waitedMs(), 0)
})
