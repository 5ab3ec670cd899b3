// Whom a light client asks, how often, and how long: no peer is asked so much that it would blame, none holds the others up.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVirtualClock, type VirtualClock } from '../../../test/sim/clock.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { recoverAddress } from '../evm/crypto.ts'
import type { Hash } from '../types.ts'
import { fault } from './errors.ts'
import { Asking } from './light-asking.ts'
import {
  lightAnswerMs,
  lightPeersAskedMax,
  lightQuestionsMax,
  lightRequestsBurst,
  lightRequestsPerSecond,
  requestsBurst,
  requestsPerSecond,
} from './limits.ts'
import { type Peer, Peers } from './peers.ts'
import { Requests } from './requests.ts'
import type { PeerName } from './types.ts'
import { type Answer, decodeMessage } from './wire.ts'

const genesisHash = `0x${'ab'.repeat(32)}` as Hash
const request = { kind: 'snapshot' } as const

/** Peers that answer as `answer` says; undefined: not at all. */
function world(count: number, answer: (peer: number) => Answer | undefined) {
  const clock = createVirtualClock()
  const peers = new Peers(clock)
  const asked: string[] = []
  const faults: string[] = []
  const requests: Requests = new Requests({
    clock,
    send(to, bytes) {
      asked.push(to)
      const message = decodeMessage(bytes)
      const given = answer(Number(to.slice(5)))
      if (message.kind !== 'request' || given === undefined) return
      queueMicrotask(() => requests.answered(to, message.id, given))
    },
  })
  for (let at = 0; at < count; at++) {
    const peer = peers.add(`peer-${at}` as PeerName)
    if (peer !== undefined) peer.isGreeted = true
  }
  const asking = new Asking({
    ...{ clock, peers, requests, genesisHash, recover: recoverAddress, signal: new AbortController().signal },
    setOf: () => undefined,
    complain: (peer: Peer, error) => void faults.push(`${peer.name} ${isPeerhoodError(error) ? error.code : error}`),
  })
  return { clock, asking, asked, faults }
}

async function settled<Result>(clock: VirtualClock, promise: Promise<Result>): Promise<Result> {
  let isDone = false
  const watched = promise.finally(() => {
    isDone = true
  })
  watched.catch(() => {})
  for (;;) {
    await new Promise(setImmediate)
    if (isDone) return watched
    clock.advance(clock.monotonicMs() + 600_000)
  }
}

const good: Answer = { kind: 'snapshot', manifest: Uint8Array.of(1) }
const no: Answer = { kind: 'refuse', reason: 'not_here' }

test('whoever says nothing is waited for once, and comes last from then on', async () => {
  const { clock, asking, asked } = world(3, (peer) => (peer === 0 ? undefined : good))
  const ask = () =>
    settled(
      clock,
      asking.ask((peer) => peer.ask<'snapshot'>(request)),
    )
  await ask()
  assert.equal(clock.monotonicMs(), lightAnswerMs)
  for (let at = 0; at < 5; at++) await ask()
  assert.equal(clock.monotonicMs(), lightAnswerMs)
  assert.equal(asked.filter((name) => name === 'peer-0').length, 1)
})

test('what nobody has is nothing; what nobody answers is an error; no more are asked than may be', async () => {
  const refusing = world(lightPeersAskedMax + 3, () => no)
  assert.equal(
    await settled(
      refusing.clock,
      refusing.asking.ask((peer) => peer.ask<'snapshot'>(request)),
    ),
    undefined,
  )
  assert.equal(refusing.asked.length, lightPeersAskedMax)
  for (const silent of [world(0, () => good), world(1, () => ({ kind: 'refuse', reason: 'busy' }))]) {
    const asking = settled(
      silent.clock,
      silent.asking.ask((peer) => peer.ask<'snapshot'>(request)),
    )
    await assert.rejects(asking, { code: 'ledger_nobody_answers' })
  }
})

test('a wrong answer costs its peer the complaint, and the next one is asked', async () => {
  const { clock, asking, faults, asked } = world(2, () => good)
  const work = asking.ask(async (peer) => {
    await peer.ask<'snapshot'>(request)
    if (asked.length === 1) throw fault('ledger_proof_invalid')
    return 'right'
  })
  assert.equal(await settled(clock, work), 'right')
  assert.deepEqual(faults, ['peer-0 ledger_proof_invalid'])
})

test('one peer is asked no faster than it allows, and only so many questions are under way', async () => {
  assert.ok(lightRequestsPerSecond < requestsPerSecond && lightRequestsBurst < requestsBurst)
  let [running, most] = [0, 0]
  const { clock, asking, asked } = world(1, () => good)
  const ask = () =>
    asking.ask(async (peer) => {
      running += 1
      most = Math.max(most, running)
      await peer.ask<'snapshot'>(request)
      running -= 1
    })
  const seconds = 5
  const count = lightRequestsBurst + lightRequestsPerSecond * seconds
  await settled(clock, Promise.all(Array.from({ length: count }, ask)))
  assert.deepEqual([asked.length, most], [count, lightQuestionsMax])
  const tookMs = clock.monotonicMs()
  assert.ok(tookMs >= seconds * 1_000 - 50 && tookMs < seconds * 1_000 + 1_000, String(tookMs))
})
