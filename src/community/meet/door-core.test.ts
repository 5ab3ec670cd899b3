import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerId } from '../../network/types.ts'
import { createDoor } from './door-core.ts'
import {
  backoffForgottenMs,
  backoffMaxMs,
  backoffMs,
  doorPeersMax,
  looksBurst,
  looksPerSecond,
  requestsBurst,
  requestsPerSecond,
} from './limits.ts'

const [ada, bob] = ['ada', 'bob'] as PeerId[] as [PeerId, PeerId]

test('a peer asks so often at once, and then as often as it may on average', () => {
  const door = createDoor()
  for (let i = 0; i < looksBurst; i++) assert.equal(door.look(ada, 0), 0)
  assert.equal(door.look(ada, 0), 1000 / looksPerSecond)
  assert.equal(door.look(bob, 0), 0, 'each on its own')
  assert.equal(door.look(ada, 1000 / looksPerSecond), 0)
  for (let i = 0; i < requestsBurst; i++) assert.equal(door.request(ada, 0), 0)
  assert.ok(door.request(ada, 0) > 0)
  assert.equal(door.request(ada, 1000 / requestsPerSecond + 1), 0)
})

test('each wrong guess doubles the pause, up to its longest; time heals', () => {
  const door = createDoor()
  let nowMs = 0
  for (let guesses = 0; guesses < 12; guesses++) {
    door.guessed(ada, nowMs)
    const pauseMs = Math.min(backoffMaxMs, backoffMs * 2 ** guesses)
    assert.equal(door.look(ada, nowMs), pauseMs)
    assert.equal(door.look(bob, nowMs), 0)
    assert.equal(door.request(bob, nowMs), 0, 'a guess has nothing to do with requests')
    nowMs += pauseMs + 60_000
    assert.equal(door.look(ada, nowMs), 0)
  }
  nowMs += backoffForgottenMs + 1
  door.guessed(ada, nowMs)
  assert.equal(door.look(ada, nowMs), backoffMs)
})

test('of more peers than it remembers the least recently seen is forgotten', () => {
  const door = createDoor()
  door.guessed(ada, 0)
  for (let n = 0; n < doorPeersMax - 1; n++) door.look(`peer ${n}` as PeerId, 0)
  assert.ok(door.look(ada, 0) > 0)
  for (let n = 0; n < doorPeersMax; n++) door.look(`other ${n}` as PeerId, 0)
  assert.equal(door.look(ada, 0), 0)
})
