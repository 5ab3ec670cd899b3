// Peers that have no key, or do not want to talk: what they are told, and how often they are asked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogWorld, type LogPeer, type RawLogPeer, type Talk } from '../../../test/sim/log-world.ts'
import { helloProof } from './proof.ts'
import type { Frame } from './wire.ts'

const zeros = (length: number) => new Uint8Array(length)

test('a stranger is told the same whatever is wrong: an unknown community, a wrong proof, not let in', async () => {
  const world = createLogWorld('strangers')
  const banned = world.raw()
  const raw = world.raw()
  const victim = await world.peer({ knows: () => [], discover: false, allows: (peerId) => peerId !== banned.id })
  const told: Frame[][] = []
  const hello = (peer: RawLogPeer, discovery: Uint8Array, proof: Uint8Array) => async () => {
    const talk = await peer.dial(victim)
    talk.send({ kind: 'hello', role: 'member', discovery, proof })
    await world.until('it ends', () => talk.ended, 10_000)
    told.push([...talk.received])
  }
  await hello(raw, zeros(32), zeros(32))()
  await hello(raw, world.discovery, zeros(32))()
  await hello(raw, world.discovery, helloProof(world.access, victim.id, raw.id))()
  await hello(banned, world.discovery, helloProof(world.access, banned.id, victim.id))()
  assert.deepEqual(told, Array(4).fill([{ kind: 'refuse', reason: 'not_here' }]))
  assert.deepEqual(victim.blames(), [])
  await world.stop()
})

test('one who answers without the key is left, and learns nothing', async () => {
  const world = createLogWorld('impostor')
  const raw = world.raw()
  const heard: Talk[] = []
  await raw.serve((talk) => {
    heard.push(talk)
    talk.send({ kind: 'hello', role: 'member', discovery: world.discovery, proof: zeros(32) })
  })
  const victim = await world.peer({ knows: () => [{ id: raw.id } as LogPeer], discover: false })
  await world.until('it is blamed', () => victim.blames(raw.id).length > 0, 20_000)
  assert.deepEqual(victim.blames(raw.id), ['sync_proof_wrong'])
  await world.pass(1_000)
  assert.ok(heard.every(({ received }) => received.every(({ kind }) => kind === 'hello' || kind === 'refuse')))
  await world.stop()
})

test('a peer that refuses or vanishes is asked ever more seldom', async () => {
  const world = createLogWorld('refuses')
  const raw = world.raw()
  let asked = 0
  await raw.serve((talk) => {
    asked++
    talk.send({ kind: 'refuse', reason: 'busy' })
  })
  const victim = await world.peer({ knows: () => [{ id: raw.id } as LogPeer], discover: false })
  await world.pass(600_000)
  assert.ok(asked > 3 && asked < 15, `asked ${asked} times in ten minutes`)
  assert.deepEqual(victim.blames(), [])
  await world.stop()
})
