import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bootstrapPauseMaxMs,
  bootstrapPauseMinMs,
  lanPeersMax,
  redialPauseMaxMs,
  redialPauseMinMs,
  redialTarget,
} from './limits.ts'
import { type Candidate, type CandidateKind, chooseDials, pauseAfter } from './redial-core.ts'
import type { PeerId } from './types.ts'

function candidate(name: string, kind: CandidateKind, notBeforeMs = 0): Candidate {
  return { peerId: name as PeerId, addresses: [], kind, failures: 0, notBeforeMs }
}

const nobody = () => false
const names = (dial: readonly Candidate[]) => dial.map(({ peerId }) => peerId)

test('bootstrap peers first, then the local network, then the remembered; few at a time', () => {
  const all = [candidate('r', 'remembered'), candidate('m', 'mdns'), candidate('b', 'bootstrap')]
  const state = { nowMs: 10, free: 2, connected: 0 }
  assert.deepEqual(names(chooseDials(all, state, nobody).dial), ['b', 'm'])
  assert.deepEqual(names(chooseDials(all, { ...state, free: 3 }, (id) => id === 'b').dial), ['m', 'r'])
  assert.deepEqual(chooseDials(all, { ...state, free: 0 }, nobody), { dial: [], waitMs: undefined })
})

test('enough connections end redialling, but never to bootstrap peers', () => {
  const all = [candidate('r', 'remembered'), candidate('m', 'mdns'), candidate('b', 'bootstrap')]
  const at = (connected: number) => names(chooseDials(all, { nowMs: 0, free: 9, connected }, nobody).dial)
  assert.deepEqual(at(redialTarget - 1), ['b', 'm', 'r'])
  assert.deepEqual(at(redialTarget), ['b', 'm'])
  assert.deepEqual(at(lanPeersMax), ['b'])
})

test('nothing is dialled before its time, and the wait until then is told', () => {
  const all = [candidate('late', 'remembered', 500), candidate('later', 'bootstrap', 900)]
  assert.deepEqual(chooseDials(all, { nowMs: 100, free: 2, connected: 0 }, nobody), { dial: [], waitMs: 400 })
  assert.deepEqual(chooseDials([], { nowMs: 100, free: 2, connected: 0 }, nobody), { dial: [], waitMs: undefined })
})

test('pauses double up to a maximum, and are shorter for bootstrap peers of a lonely peer', () => {
  assert.equal(pauseAfter('remembered', 1, true, 0.5), redialPauseMinMs)
  assert.equal(pauseAfter('remembered', 3, true, 0.5), redialPauseMinMs * 4)
  assert.equal(pauseAfter('remembered', 99, true, 0.5), redialPauseMaxMs)
  assert.equal(pauseAfter('bootstrap', 1, true, 0.5), bootstrapPauseMinMs)
  assert.equal(pauseAfter('bootstrap', 99, true, 0.5), bootstrapPauseMaxMs)
  assert.equal(pauseAfter('bootstrap', 1, false, 0.5), redialPauseMinMs)
})
