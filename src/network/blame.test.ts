import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBlames } from './blame.ts'
import {
  blamedPeersMax,
  blameForgottenMs,
  blamePauseMaxMs,
  blamePauseMinMs,
  ignoredBlamesMax,
  ignoredBlamesWindowMs,
} from './limits.ts'
import type { PeerId } from './types.ts'

const peer = 'peer' as PeerId

test('each rejection pauses twice as long as the last, up to the maximum', () => {
  const blames = createBlames()
  let nowMs = 0
  let expectedMs = blamePauseMinMs
  for (let i = 0; i < 12; i++) {
    assert.deepEqual(blames.add(peer, 'reject', nowMs), { type: 'disconnect', pauseMs: expectedMs })
    assert.ok(blames.isPaused(peer, nowMs + expectedMs - 1))
    assert.ok(!blames.isPaused(peer, nowMs + expectedMs))
    nowMs += expectedMs
    expectedMs = Math.min(blamePauseMaxMs, expectedMs * 2)
  }
  const later = nowMs + blameForgottenMs + 1
  assert.deepEqual(blames.add(peer, 'reject', later), { type: 'disconnect', pauseMs: blamePauseMinMs })
})

test('small misdeeds are counted within a window, and the one too many costs the connection', () => {
  const blames = createBlames()
  for (let i = 0; i < ignoredBlamesMax; i++) assert.equal(blames.add(peer, 'ignore', i).type, 'none')
  assert.ok(!blames.isPaused(peer, ignoredBlamesMax))
  assert.equal(blames.add(peer, 'ignore', ignoredBlamesMax).type, 'disconnect')
  const spread = createBlames()
  for (let i = 0; i < ignoredBlamesMax * 3; i++) {
    assert.equal(spread.add(peer, 'ignore', (i * ignoredBlamesWindowMs) / (ignoredBlamesMax / 2)).type, 'none')
  }
})

test('a crowd of blamed peers pushes out the one blamed longest ago', () => {
  const blames = createBlames()
  blames.add(peer, 'reject', 0)
  for (let i = 0; i < blamedPeersMax - 1; i++) blames.add(`crowd ${i}` as PeerId, 'reject', 1)
  assert.ok(blames.isPaused(peer, 2))
  blames.add(peer, 'reject', 2)
  for (let i = 0; i < blamedPeersMax; i++) blames.add(`more ${i}` as PeerId, 'reject', 3)
  assert.ok(!blames.isPaused(peer, 4))
})
