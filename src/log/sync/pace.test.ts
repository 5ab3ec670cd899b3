// Devices that write too fast, as a session treats them: the peer is told to leave them out, before it could send of them,
// and is asked anew later; only who goes on sending pays.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeviceId, Received } from '../types.ts'
import { overrunMax, refusedEntriesBurst, roundEveryMs } from './limits.ts'
import { createSessionState, type SessionEffect, type SessionState, stepSession } from './session-core.ts'
import { createMemoryLog, deviceOf, makeEntry, makeFounding } from './testing.ts'

const founder = deviceOf(1)
const flooder = deviceOf(2)
const { community, entry: founding } = makeFounding(founder)
const clock = { nowMs: () => 1_000 }

function setUp() {
  let deferred: readonly DeviceId[] = []
  const log = createMemoryLog(community, clock)
  log.take([founding.bytes])
  Object.assign(log, { deferred: () => deferred })
  const state = createSessionState(log, 0)
  stepSession(state, { type: 'begin' }, 0)
  stepSession(state, { type: 'frame', frame: { kind: 'vector', last: true, places: [{ device: flooder, seq: 9 }] } }, 0)
  stepSession(state, { type: 'flow', on: true }, 0)
  function defer(devices: readonly DeviceId[]): void {
    deferred = devices
  }
  return { log, state, defer }
}

const entries = Array.from({ length: 100 }, (_, at) =>
  makeEntry({
    community,
    device: flooder,
    seq: at + 1,
    heads: at === 0 ? [founding.id] : [],
    ...(at === 0 ? {} : { prev: founding.id }),
  }),
)

function deferredEntries(state: SessionState, nowMs: number, wanted = false): SessionEffect[] {
  const results = entries.map(({ id }): Received => ({ how: 'deferred', id, device: flooder, waitMs: 1_000 }))
  return stepSession(state, { type: 'received', wanted, entries: entries.map(({ bytes }) => bytes), results }, nowMs)
}

/** What is sent, in words. */
function sent(effects: readonly SessionEffect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.type !== 'send') return []
    const { frame } = effect
    return frame.kind === 'flow' ? [`flow ${frame.on}`] : [frame.kind]
  })
}

test('the peer is told once to send no more of it, is not blamed, and is asked anew after a while', () => {
  const { state, defer } = setUp()
  const effects = deferredEntries(state, 0)
  assert.deepEqual(sent(effects), ['skip'])
  assert.ok(effects.every(({ type }) => type !== 'blame' && type !== 'close'))
  assert.deepEqual(sent(deferredEntries(state, 1)), [])
  defer([flooder])
  assert.deepEqual(sent(stepSession(state, { type: 'tick' }, roundEveryMs - 1)), [])
  // Leave is taken first: what the vector lacks would be on its way before the peer hears what is not wanted.
  assert.deepEqual(sent(stepSession(state, { type: 'tick' }, roundEveryMs)), [
    'flow false',
    'vector',
    'skip',
    'flow true',
  ])
  defer([])
  assert.deepEqual(sent(stepSession(state, { type: 'tick' }, 3 * roundEveryMs)), ['vector'])
})

test('a new session begins with what is not wanted', () => {
  const log = createMemoryLog(community, clock)
  Object.assign(log, { deferred: () => [flooder] })
  const state = createSessionState(log, 0)
  assert.deepEqual(sent(stepSession(state, { type: 'begin' }, 0)), ['vector', 'skip'])
  stepSession(state, { type: 'flow', on: true }, 0)
  assert.ok(state.roundAtMs !== undefined, 'and asks for it later')
})

test('entries_refused: who goes on sending what is not wanted is left; what was on its way is no fault', () => {
  const { state } = setUp()
  for (let count = 0; count < overrunMax; count += entries.length) {
    assert.ok(deferredEntries(state, 0).every(({ type }) => type !== 'close'))
  }
  let last: SessionEffect[] = []
  for (let count = 0; count <= refusedEntriesBurst; count += entries.length) last = deferredEntries(state, 0)
  const [close] = last.filter(({ type }) => type === 'close')
  assert.ok(close?.type === 'close')
  assert.deepEqual([close.code, close.verdict], ['entries_refused', 'ignore'])
})

test('what we asked for by id is no fault either', () => {
  const { state } = setUp()
  for (let count = 0; count < overrunMax + 2 * refusedEntriesBurst; count += entries.length) {
    assert.ok(deferredEntries(state, 0, true).every(({ type }) => type !== 'close'))
  }
})
