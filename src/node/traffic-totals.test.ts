import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import { Emitter } from '../base/events.ts'
import type { NetworkEvent, PeerId, PeerView } from '../network/types.ts'
import { createLog } from './adapters.ts'
import { totalsSaveEveryMs } from './limits.ts'
import { createTrafficTotals } from './traffic-totals.ts'

function peerView(name: string, bytesIn: number, bytesOut: number): PeerView {
  return {
    peerId: name as PeerId,
    state: 'connected',
    source: 'inbound',
    path: 'direct',
    pathSentence: 'Direct, by TCP.',
    direction: 'inbound',
    address: undefined,
    transport: 'tcp',
    encryption: 'tls',
    latencyMs: undefined,
    bytesIn,
    bytesOut,
    connectedAtMs: 0,
    agent: undefined,
  }
}

/** A network that tells what the test says, and one database over several starts. */
function setup(t: TestContext) {
  const database = new DatabaseSync(':memory:')
  t.after(() => database.isOpen && database.close())
  const clock = createManualClock()
  const events = new Emitter<NetworkEvent>()
  let peers: readonly PeerView[] = []
  const network = { peers: () => peers, on: (listener: (event: NetworkEvent) => void) => events.on(listener) }
  return {
    database,
    clock,
    begin: () => createTrafficTotals({ network, database, clock, log: createLog([]) }),
    has(...views: PeerView[]) {
      peers = views
    },
    tells: (peer: PeerView) => events.emit({ type: 'peer', peer }),
    stored: () => ({ ...database.prepare('SELECT bytes_in, bytes_out FROM traffic_totals').get() }),
  }
}

test('totals add up what each peer has grown by, and never go down when peers are forgotten', (t) => {
  const { begin, has, tells } = setup(t)
  const totals = begin()
  has(peerView('a', 100, 10), peerView('b', 50, 5))
  assert.deepEqual(totals.read(), { bytesIn: 150, bytesOut: 15 })
  has(peerView('a', 120, 10))
  assert.deepEqual(totals.read(), { bytesIn: 170, bytesOut: 15 })
  // Gone for good, seen only by its last event.
  tells(peerView('c', 7, 0))
  has()
  assert.deepEqual(totals.read(), { bytesIn: 177, bytesOut: 15 })
  // Back again, and counted from nothing.
  tells(peerView('a', 0, 0))
  has(peerView('a', 130, 1))
  assert.deepEqual(totals.read(), { bytesIn: 307, bytesOut: 16 })
  // Forgotten and back between two looks.
  has(peerView('a', 5, 2))
  assert.deepEqual(totals.read(), { bytesIn: 312, bytesOut: 17 })
})

test('a restart goes on from there', (t) => {
  const { begin, has, clock } = setup(t)
  const first = begin()
  has(peerView('a', 100, 10))
  first.stop()
  assert.equal(clock.waiting, 0)
  has()
  const second = begin()
  assert.deepEqual(second.read(), { bytesIn: 100, bytesOut: 10 })
  has(peerView('a', 1, 1))
  assert.deepEqual(second.read(), { bytesIn: 101, bytesOut: 11 })
})

test('they are written once a minute while they grow, and not at all while they do not', (t) => {
  const { begin, has, tells, clock, stored } = setup(t)
  const totals = begin()
  assert.equal(clock.waiting, 0)
  tells(peerView('a', 100, 10))
  has(peerView('a', 100, 10))
  clock.advance(totalsSaveEveryMs - 1)
  assert.deepEqual(stored(), { bytes_in: 0, bytes_out: 0 })
  clock.advance(1)
  assert.deepEqual(stored(), { bytes_in: 100, bytes_out: 10 })
  assert.equal(clock.waiting, 0)
  tells(peerView('a', 100, 10))
  totals.read()
  assert.equal(clock.waiting, 0)
})

test('a database that can not be written stops nothing', (t) => {
  const { begin, has, database } = setup(t)
  const totals = begin()
  has(peerView('a', 100, 10))
  database.close()
  totals.stop()
  assert.deepEqual(totals.read(), { bytesIn: 100, bytesOut: 10 })
})
