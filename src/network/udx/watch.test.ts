// Streams whose way has gone: noticed soon, told of, and let go.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { World } from '../../../test/sim/udp-world.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { Endpoint } from './endpoint.ts'
import { checksFailedMax, checkTimeoutMs, keepAliveMs, watchEveryMs } from './limits.ts'
import type { Udx, UdxStream } from './native.ts'

const never = new AbortController().signal

function start(world: World, udx: Udx) {
  const met: UdxStream[] = []
  let doubts = 0
  const events = {
    onStream: (stream: UdxStream) => void met.push(stream),
    onObserved: () => {},
    onDoubt: () => {
      doubts++
    },
  }
  const parts = { udx, clock: world.clock, random: world.random, metrics: { count: () => {}, gauge: () => {} } }
  const endpoint = new Endpoint(parts, events, { ipv6: false })
  endpoint.bind({ host: '0.0.0.0', port: 4_001 })
  return { endpoint, met, doubts: () => doubts }
}

async function scene() {
  const world = new World({ seed: 'watch' })
  const router = world.router({
    outside: '203.0.113.1',
    mapping: 'independent',
    filtering: 'port',
    ports: 'preserving',
  })
  const far = world.computer('203.0.113.2')
  const [dialler, listener] = [start(world, world.computer('10.0.0.2', router)), start(world, far)]
  const place = { host: far.ip, port: 4_001 }
  const stream = await world.run(dialler.endpoint.open(place, never))
  const ends: unknown[] = []
  stream.on('error', (error) => ends.push(error))
  stream.on('data', () => {})
  stream.write('hello')
  await world.pass(100)
  const answering = listener.met[0]
  assert.ok(answering !== undefined)
  answering.on('error', () => {})
  answering.on('data', () => {})
  answering.write('welcome')
  await world.pass(100)
  return { world, router, far, dialler, listener, stream, ends }
}

const isBroken = (error: unknown) => isPeerhoodError(error) && error.code === 'stream_broken'

test('an idle stream stays, and is heard of now and then', async () => {
  const { world, dialler, listener } = await scene()
  const told: number[] = []
  world.onPacket = () => void told.push(world.clock.monotonicMs())
  await world.pass(300_000)
  assert.deepEqual([dialler.endpoint.streams, listener.endpoint.streams, dialler.doubts()], [1, 1, 0])
  const gaps = told.slice(1).map((ms, at) => ms - (told[at] ?? 0))
  assert.ok(Math.max(...gaps) <= keepAliveMs + 2 * watchEveryMs, `${Math.max(...gaps)} ms`)
  assert.ok(told.length < 4 * (300_000 / keepAliveMs) + 20, `${told.length} datagrams`)
})

test('a router that gets another address ends the stream within seconds, idle or not', async () => {
  for (const isBusy of [false, true]) {
    const { world, router, dialler, stream, ends } = await scene()
    await world.pass(isBusy ? 500 : 60_000)
    router.move('203.0.113.77')
    const movedMs = world.clock.monotonicMs()
    if (isBusy) stream.write('anybody there?')
    while (ends.length === 0 && world.clock.monotonicMs() - movedMs < 60_000) await world.pass(100)
    const tookMs = world.clock.monotonicMs() - movedMs
    assert.ok(isBroken(ends[0]), String(ends[0]))
    assert.ok(tookMs <= (isBusy ? 3_000 : keepAliveMs + 3_000), `${tookMs} ms`)
    assert.equal(dialler.doubts(), 1)
  }
})

test('a peer that has vanished ends the stream', async () => {
  const { world, far, dialler, ends } = await scene()
  far.unplug()
  const goneMs = world.clock.monotonicMs()
  while (ends.length === 0 && world.clock.monotonicMs() - goneMs < 60_000) await world.pass(100)
  const tookMs = world.clock.monotonicMs() - goneMs
  assert.ok(isBroken(ends[0]), `${ends[0]} after ${tookMs} ms`)
  assert.ok(tookMs <= keepAliveMs + checksFailedMax * (checkTimeoutMs + 2 * watchEveryMs), `${tookMs} ms`)
  assert.equal(dialler.doubts(), 1)
  assert.equal(dialler.endpoint.streams, 0)
})

test('a stop in the midst of a question leaves nothing, and doubts nothing', async () => {
  const { world, far, dialler } = await scene()
  far.unplug()
  await world.pass(watchEveryMs + 100)
  await world.run(dialler.endpoint.close())
  await world.pass(60_000)
  assert.equal(dialler.doubts(), 0)
})
