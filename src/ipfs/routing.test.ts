// The public DHT's part: what is announced when, by a clock that the test moves, and how searches end.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CID } from 'multiformats/cid'
import { createManualClock } from '../../test/support/clock.ts'
import { Emitter } from '../base/events.ts'
import type { LibraryEvent } from '../content/types.ts'
import { memoryLog } from '../network/testing.ts'
import type { PeerAddress, PeerId, PublicDht } from '../network/types.ts'
import {
  publicFindTimeoutMs,
  publicProvideEveryMs,
  publicProvidersMax,
  publicProvideTimeoutMs,
  publicRootsMax,
} from './limits.ts'
import { createPublicRouting } from './routing.ts'
import { MemoryBlocks } from './testing.ts'

const blocks = new MemoryBlocks()
const cidNumber = (number: number) => blocks.put(Uint8Array.of(number >> 8, number & 255))
const turns = async () => {
  for (let turn = 0; turn < 400; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function setUp(roots: CID[]) {
  const clock = createManualClock()
  const events = new Emitter<LibraryEvent>()
  const provided: string[] = []
  const kept: number[] = []
  let onFirst = () => {}
  const dht = {
    peers: 0,
    isSilent: false as boolean,
    async provide(cid: CID, { signal }: { signal: AbortSignal }) {
      if (dht.isSilent) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      provided.push(cid.toString())
    },
    async keepOnly(cids: readonly CID[]) {
      kept.push(cids.length)
    },
    async *findProviders(_cid: CID, { signal }: { signal: AbortSignal }): AsyncGenerator<PeerAddress> {
      for (let number = 0; !dht.isSilent; number++) yield { peerId: `peer ${number}` as PeerId, addresses: [] }
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
    onFirstPeer(run: () => void) {
      onFirst = run
      return () => {}
    },
  } satisfies PublicDht & { isSilent: boolean }
  const library = { on: (listener: (event: LibraryEvent) => void) => events.on(listener) }
  const routing = createPublicRouting({ dht, library, roots: () => roots, clock, log: memoryLog() })
  routing.start()
  return { clock, dht, provided, kept, routing, events, first: () => onFirst() }
}

test('roots are announced once somebody is known, again in time, and new ones soon; publicRootsMax is met', async () => {
  const roots = Array.from({ length: publicRootsMax + 3 }, (_, number) => cidNumber(number))
  const { clock, dht, provided, kept, routing, first } = setUp(roots)
  clock.advance(60_000)
  await turns()
  assert.deepEqual(provided, [])
  dht.peers = 1
  first()
  clock.advance(2_000)
  await turns()
  assert.equal(provided.length, publicRootsMax)
  assert.equal(routing.provided, publicRootsMax)
  clock.advance(publicProvideEveryMs + 2_000)
  await turns()
  assert.equal(provided.length, 2 * publicRootsMax)
  roots.length = 0
  first()
  clock.advance(2_000)
  await turns()
  assert.deepEqual([routing.provided, kept.at(-1)], [0, 0])
  routing.stop()
  assert.equal(clock.waiting, 0)
})

test('publicProvideTimeoutMs, publicFindTimeoutMs and publicProvidersMax are met', async () => {
  const { clock, dht, provided, routing, first } = setUp([cidNumber(1)])
  const never = new AbortController().signal
  const found: string[] = []
  for await (const { peerId } of routing.findProviders(cidNumber(1), never)) found.push(peerId)
  assert.equal(found.length, publicProvidersMax)

  dht.isSilent = true
  dht.peers = 1
  const search = routing.findProviders(cidNumber(1), never)[Symbol.asyncIterator]().next()
  await turns()
  clock.advance(publicFindTimeoutMs)
  assert.equal((await search).done, true)

  first()
  clock.advance(2_000)
  await turns()
  clock.advance(publicProvideTimeoutMs)
  await turns()
  dht.isSilent = false
  assert.deepEqual(provided, [])
  // A root that nobody was told is tried again soon.
  clock.advance(30_000)
  await turns()
  assert.deepEqual(provided, [cidNumber(1).toString()])
  routing.stop()
})
