// Two peers behind routers of any kind, in a small internet in memory: they ask three peers where they come from, plan, and
// punch, as service.ts does over a relay.

import assert from 'node:assert/strict'
import { sleep } from '../../src/base/ports.ts'
import { mappingOf, type Plan, planOf, type Side } from '../../src/network/punch/core.ts'
import { punchTimeoutMs } from '../../src/network/punch/limits.ts'
import { Endpoint } from '../../src/network/udx/endpoint.ts'
import { guessesMax, punchSockets } from '../../src/network/udx/limits.ts'
import type { UdxAddress } from '../../src/network/udx/native.ts'
import type { Opened } from '../../src/network/udx/types.ts'
import { type Computer, type Router, type RouterOptions, World, type WorldOptions } from './udp-world.ts'

export type RouterKind = Pick<RouterOptions, 'mapping' | 'filtering' | 'ports'>

export interface Peer {
  readonly endpoint: Endpoint
  readonly computer: Computer
  readonly router: Router | undefined
  /** Streams that came without having been agreed on. */
  readonly uninvited: unknown[]
}

export function startPeer(world: World, ip: string, router?: Router): Peer {
  const computer = world.computer(ip, router)
  const uninvited: unknown[] = []
  const parts = {
    udx: computer,
    clock: world.clock,
    random: world.random.fork(`peer ${ip} ${uninvited.length}`),
    metrics: { count: () => {}, gauge: () => {} },
  }
  const events = { onStream: (stream: unknown) => void uninvited.push(stream), onObserved: () => {}, onDoubt: () => {} }
  const endpoint = new Endpoint(parts, events, { ipv6: false })
  endpoint.bind({ host: '0.0.0.0', port: 4_001 })
  return { endpoint, computer, router, uninvited }
}

export const observers = ['198.51.100.1', '198.51.100.2', '198.51.100.3'] as const

export function worldWithObservers(options: WorldOptions): World {
  const world = new World(options)
  for (const ip of observers) startPeer(world, ip)
  return world
}

const never = new AbortController().signal

export async function sideOf(world: World, { endpoint, computer }: Peer): Promise<Side> {
  const seen: { by: UdxAddress; seen: UdxAddress }[] = []
  for (const host of observers) {
    const by = { host, port: 4_001 }
    seen.push({ by, seen: await world.run(endpoint.ask(by, never)) })
  }
  const places = new Map(seen.map((each) => [`${each.seen.host} ${each.seen.port}`, each.seen]))
  const own = [{ host: computer.ip, port: endpoint.port }]
  return { mapping: mappingOf(seen), seen: [...places.values()].reverse(), own }
}

export interface Outcome {
  /** From when both sides began; undefined where no way opened. */
  readonly openedMs: number | undefined
  readonly sent: readonly [number, number]
  readonly plans: readonly [Plan | 'hopeless', Plan | 'hopeless']
}

/**
 * `a` greets. Both begin within a few milliseconds of each other, as half a round trip over the relay has it. `meanwhile` is
 * what happens after they were told where they come from.
 */
export async function punchPair(world: World, a: Peer, b: Peer, meanwhile: () => void = () => {}): Promise<Outcome> {
  const [sideA, sideB] = [await sideOf(world, a), await sideOf(world, b)]
  const random = world.random.fork('plans')
  const sizes = { sockets: punchSockets, guesses: guessesMax }
  const below = (max: number) => random.below(max)
  const plans = [planOf(sideA, sideB, 'greet', sizes, below), planOf(sideB, sideA, 'await', sizes, below)] as const
  const sent: [number, number] = [0, 0]
  meanwhile()
  if (plans[0] === 'hopeless' || plans[1] === 'hopeless') return { openedMs: undefined, sent, plans }
  const token = random.bytes(16)
  const startedMs = world.clock.monotonicMs()
  const late = new AbortController()
  const cancel = world.clock.after(punchTimeoutMs, () => late.abort(new Error('late')))
  const pauses = [random.below(10), random.below(10)] as const
  const one = async ({ endpoint }: Peer, role: 'greet' | 'await', plan: Plan, pauseMs: number) => {
    await sleep(world.clock, pauseMs)
    const opened = await endpoint.punch({ ...plan, role, token }, late.signal)
    // As TLS does.
    if (role === 'greet') opened.stream.write('greetings')
    return opened
  }
  const both = Promise.all([one(a, 'greet', plans[0], pauses[0]), one(b, 'await', plans[1], pauses[1])])
  try {
    const opened = await world.run(both)
    cancel()
    const openedMs = world.clock.monotonicMs() - startedMs
    await assertConnected(world, opened)
    return { openedMs, sent: [opened[0].sent, opened[1].sent], plans }
  } catch (error) {
    assert.equal((error as Error).message, 'late')
    return { openedMs: undefined, sent, plans }
  }
}

/** What one writes the other one reads. */
async function assertConnected(world: World, [a, b]: readonly [Opened, Opened]): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    let heard = ''
    const { promise, resolve } = Promise.withResolvers<void>()
    to.stream.on('data', (bytes: Uint8Array) => {
      heard += bytes
      if (heard.endsWith('hello')) resolve()
    })
    from.stream.write('hello')
    await world.run(promise, 5_000)
  }
}
