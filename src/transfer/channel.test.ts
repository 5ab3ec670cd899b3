// What a channel reads, chunk by chunk.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../base/ports.ts'
import type { PeerStream } from '../network/types.ts'
import { createChannel } from './channel.ts'
import { readSliceMs } from './limits.ts'
import { encodeFrame, type FrameKind } from './wire.ts'

const chunks = 20

/** Reads frames that all lie there already, each of which takes `frameMs`; in which turns of the event loop that was. */
async function turnsOfReading(frameMs: number): Promise<Set<number>> {
  let nowMs = 0
  let turn = 0
  let running = true
  const next = () => {
    turn += 1
    if (running) setImmediate(next)
  }
  setImmediate(next)
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => {} }
  async function* incoming() {
    for (let at = 0; at < chunks; at++) yield encodeFrame({ kind: 'keepalive' })
  }
  const stream = { incoming: incoming(), abort() {} } as unknown as PeerStream
  const kinds: FrameKind[] = []
  const turns = new Set<number>()
  const channel = createChannel(
    stream,
    { clock, blockBuffers: { take: (length) => new Uint8Array(length), keep: (bytes) => bytes, give() {} } },
    {
      admit: () => 'keep',
      accept({ kind }) {
        kinds.push(kind)
        turns.add(turn)
        nowMs += frameMs
      },
      flushed() {},
      writable() {},
      closed: (error) => assert.equal(error, undefined),
    },
  )
  await channel.run()
  running = false
  assert.equal(kinds.length, chunks)
  return turns
}

test('what lies there already is read in slices, between which others have the thread', async () => {
  assert.equal((await turnsOfReading(readSliceMs)).size, chunks)
  assert.equal((await turnsOfReading(readSliceMs / 2)).size, chunks / 2)
  assert.equal((await turnsOfReading(0)).size, 1)
})
