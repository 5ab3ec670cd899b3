// When keys are announced and when not any more, against a DHT that is a handful of functions: it keeps our own provider
// records as kad-DHT does, and answers when the test lets it.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { CID } from 'multiformats/cid'
import { createManualClock } from '../../test/support/clock.ts'
import { until } from '../../test/support/until.ts'
import type { Host } from './host.ts'
import { announceIntervalMs } from './limits.ts'
import { createRouting } from './routing.ts'
import { memoryLog, memoryMetrics } from './testing.ts'
import type { PeerId } from './types.ts'

interface Walk {
  readonly digest: number
  readonly signal: AbortSignal
  end(): void
}

const keyOf = (byte: number) => new Uint8Array(32).fill(byte)
const byteOf = (cid: CID) => cid.multihash.digest[0] ?? 0

/** Each announcement is one walk through the DHT; it writes our record when it ends, the latest that it can. */
function setup(context: TestContext) {
  const clock = createManualClock()
  const walks: Walk[] = []
  const records = new Set<number>()
  let onPeer = () => {}
  const contentRouting = {
    provide(cid: CID, { signal }: { signal: AbortSignal }): Promise<void> {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const digest = byteOf(cid)
      const end = () => {
        records.add(digest)
        if (signal.aborted) reject(signal.reason)
        else resolve()
      }
      walks.push({ digest, signal, end })
      return promise
    },
    async cancelReprovide(cid: CID): Promise<void> {
      records.delete(byteOf(cid))
    },
  }
  const routingTable = {
    size: 1,
    addEventListener(_name: string, run: () => void) {
      onPeer = run
    },
  }
  const host = { contentRouting, getConnections: () => [], services: { dht: { routingTable } } } as unknown as Host
  const parts = { self: 'self' as PeerId, log: memoryLog(), metrics: memoryMetrics() }
  const routing = createRouting({ host, clock, ...parts })
  routing.start()
  context.after(() => routing.stop())

  /** Announces a key, with a walk that ends at once. */
  async function announce(byte: number): Promise<void> {
    const announced = routing.provide(keyOf(byte))
    await endWalks(1)
    await announced
  }
  /** Waits for so many walks that nobody has ended yet, ends them, and gives what they were for. */
  async function endWalks(count: number): Promise<readonly number[]> {
    await until(() => walks.length >= count)
    const ended = walks.splice(0)
    for (const walk of ended) walk.end()
    // What follows from it needs no time of the clock.
    await new Promise(setImmediate)
    return ended.map(({ digest }) => digest).sort()
  }
  return { clock, routing, walks, records, announce, endWalks, onPeer: () => onPeer() }
}

test('what is announced no more is neither repeated in time nor told to peers that come', async (context) => {
  const { clock, routing, records, announce, endWalks, onPeer } = setup(context)
  for (const byte of [1, 2, 3]) await announce(byte)
  await routing.unprovide(keyOf(2))
  assert.deepEqual([...records], [1, 3])
  clock.advance(announceIntervalMs)
  assert.deepEqual(await endWalks(2), [1, 3])
  onPeer()
  clock.advance(1_000)
  assert.deepEqual(await endWalks(2), [1, 3])
  await announce(2)
  clock.advance(announceIntervalMs)
  assert.deepEqual([...(await endWalks(2)), ...(await endWalks(1))].sort(), [1, 2, 3], 'two at a time')
})

test('an announcement that is under way is ended, and the record that it still writes is removed', async (context) => {
  const { routing, walks, records } = setup(context)
  const announced = routing.provide(keyOf(1))
  await until(() => walks.length === 1)
  const [walk] = walks
  await routing.unprovide(keyOf(1))
  assert.equal(walk?.signal.aborted, true)
  walk?.end()
  await announced
  assert.deepEqual([...records], [])
})

test('announced again at once, it stays announced, whatever the earlier announcement does', async (context) => {
  const { clock, routing, walks, records, endWalks } = setup(context)
  const first = routing.provide(keyOf(1))
  await until(() => walks.length === 1)
  const forgotten = routing.unprovide(keyOf(1))
  const second = routing.provide(keyOf(1))
  await until(() => walks.length === 2)
  const [early, late] = walks.splice(0)
  late?.end()
  await Promise.all([second, forgotten])
  early?.end()
  await first
  assert.deepEqual([...records], [1])
  clock.advance(announceIntervalMs)
  assert.deepEqual(await endWalks(1), [1])
})
