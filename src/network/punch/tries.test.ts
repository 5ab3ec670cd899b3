// When a peer on a relay is tried: what opens and dies beside must not end the tries. Hosts are as little as a try needs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { createVirtualClock } from '../../../test/sim/clock.ts'
import type { Host } from '../host.ts'
import { memoryLog, memoryMetrics, testRandom } from '../testing.ts'
import type { PeerId } from '../types.ts'
import type { UdxTransport } from '../udx/transport.ts'
import { observerLookMs, observerLooksMax, punchPausesMs } from './limits.ts'
import { createPuncher } from './service.ts'

const peerId = '12D3KooWJpCoHiRkk6hPKzU3p6tmgS2UK2pHS9cMzCrZ7v3atY5p' as PeerId
const lookMs = observerLookMs * observerLooksMax

type Fake = { -readonly [Key in 'direct' | 'direction' | 'status']: Connection[Key] }

/** A peer with connections that the test opens and closes; each try of a relayed one fails at once, and is noted. */
async function world() {
  const clock = createVirtualClock()
  const connections: Connection[] = []
  const triedMs: number[] = []
  const failing = () => {
    triedMs.push(clock.monotonicMs())
    return Promise.reject(new Error('no stream'))
  }
  const host = { getConnections: () => connections, handle: async () => {} } as unknown as Host
  const transport = { places: () => [], families: () => [4] } as unknown as UdxTransport
  const parts = { host, clock, random: testRandom, log: memoryLog(), metrics: memoryMetrics() }
  const puncher = createPuncher({ ...parts, observers: () => [], changed: () => {} })
  await puncher.start(transport)
  const open = (more: Partial<Fake> = {}): Fake => {
    const facts: Fake = { direct: false, direction: 'outbound', status: 'open', ...more }
    connections.push(Object.assign(facts, { remotePeer: peerIdFromString(peerId), newStream: failing }) as never)
    return facts
  }
  const pass = async (ms: number) => {
    const endMs = clock.monotonicMs() + ms
    do for (let turns = 0; turns < 3; turns++) await turn()
    while (clock.advance(endMs))
    clock.moveTo(endMs)
  }
  return { puncher, open, pass, triedMs }
}

const [firstPauseMs = 0, secondPauseMs = 0] = punchPausesMs

test('another relayed connection that comes and dies does not end the tries', async () => {
  const { puncher, open, pass, triedMs } = await world()
  open()
  puncher.relayed(peerId)
  await pass(0)
  assert.equal(triedMs.length, 1)
  const other = open()
  puncher.relayed(peerId)
  other.status = 'aborted'
  await pass(lookMs)
  const before = triedMs.length
  await pass(firstPauseMs + secondPauseMs + 2 * lookMs)
  assert.ok(triedMs.length > before, `tried at ${triedMs.join(', ')} ms`)
  puncher.stop()
})

test('the first pause follows the first try, and new addresses end a pause', async () => {
  const { puncher, open, pass, triedMs } = await world()
  open()
  puncher.relayed(peerId)
  await pass(lookMs)
  assert.equal(triedMs.length, 1)
  await pass(firstPauseMs - lookMs)
  await pass(lookMs)
  assert.equal(triedMs.length, 2)
  await pass(1)
  puncher.again()
  await pass(0)
  assert.equal(triedMs.length, 3)
  puncher.stop()
})

test('nothing is tried where a direct way is there, or the other side began', async () => {
  const { puncher, open, pass, triedMs } = await world()
  const inbound = open({ direction: 'inbound' })
  puncher.relayed(peerId)
  await pass(lookMs + firstPauseMs)
  inbound.status = 'closed'
  open()
  const direct = open({ direct: true })
  puncher.relayed(peerId)
  await pass(lookMs + firstPauseMs)
  assert.deepEqual(triedMs, [])
  direct.status = 'closed'
  puncher.relayed(peerId)
  await pass(0)
  assert.equal(triedMs.length, 1)
  puncher.stop()
})
