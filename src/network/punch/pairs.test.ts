// Which routers open to which, in a simulated internet: every kind of RFC 4787 against every other one, with how many
// datagrams and how soon.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Outcome,
  punchPair,
  type RouterKind,
  startPeer,
  worldWithObservers,
} from '../../../test/sim/punch-world.ts'
import type { Dependence } from '../../../test/sim/udp-world.ts'
import { guessesMax, punchDatagramsMax, punchSockets } from '../udx/limits.ts'
import { predictedMax } from './limits.ts'

const dependences: readonly Dependence[] = ['independent', 'address', 'port']
const kinds: readonly RouterKind[] = dependences.flatMap((mapping) =>
  dependences.map((filtering) => ({ mapping, filtering, ports: 'random' as const })),
)
const isHard = ({ mapping }: RouterKind) => mapping !== 'independent'
const nameOf = ({ mapping, filtering, ports }: RouterKind) => `${mapping}-mapping ${filtering}-filtering ${ports}`

interface PairOptions {
  readonly lossOf1?: number
  /** Ports that others behind each router take meanwhile, at most. */
  readonly takenMax?: number
}

async function pair(a: RouterKind, b: RouterKind, seed: number, options: PairOptions = {}): Promise<Outcome> {
  const { lossOf1 = 0, takenMax = 0 } = options
  const world = worldWithObservers({ seed: `seed ${seed}`, jitterMs: 10, lossOf1 })
  const routers = [
    world.router({ ...a, outside: '203.0.113.1' }),
    world.router({ ...b, outside: '203.0.113.2' }),
  ] as const
  const peers = [startPeer(world, '10.0.0.2', routers[0]), startPeer(world, '10.0.1.2', routers[1])] as const
  return punchPair(world, ...peers, () => {
    for (const router of routers) router.skipPorts(world.random.below(takenMax + 1))
  })
}

async function pairs(a: RouterKind, b: RouterKind, seeds: number, options: PairOptions = {}): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let seed = 0; seed < seeds; seed++) outcomes.push(await pair(a, b, seed, options))
  for (const { sent } of outcomes) assert.ok(Math.max(...sent) <= punchDatagramsMax)
  return outcomes
}

function figures(outcomes: readonly Outcome[]) {
  const ms = outcomes.flatMap(({ openedMs }) => openedMs ?? []).sort((a, b) => a - b)
  const sent = outcomes.filter(({ openedMs }) => openedMs !== undefined).flatMap(({ sent }) => [...sent])
  return {
    opened: ms.length,
    medianMs: ms[ms.length >> 1] ?? 0,
    slowestMs: ms.at(-1) ?? 0,
    sentMax: Math.max(0, ...sent),
  }
}

test('every pair opens where one router at least gives one port for all, most in a few datagrams', async (t) => {
  const seeds = 10
  for (const a of kinds) {
    for (const b of kinds.filter((other) => !isHard(a) || !isHard(other))) {
      const { opened, slowestMs, sentMax } = figures(await pairs(a, b, seeds))
      t.diagnostic(`${nameOf(a)} x ${nameOf(b)}: ${opened} of ${seeds}, ${slowestMs} ms, ${sentMax} datagrams`)
      assert.equal(opened, seeds, `${nameOf(a)} x ${nameOf(b)}`)
      if (!isHard(a) && !isHard(b)) assert.ok(sentMax <= 8 && slowestMs < 200, `${sentMax} in ${slowestMs} ms`)
      else assert.ok(sentMax <= guessesMax + 2 * punchSockets && slowestMs < 1_000, `${sentMax} in ${slowestMs} ms`)
    }
  }
})

const easy: RouterKind = { mapping: 'independent', filtering: 'port', ports: 'preserving' }
const hard: RouterKind = { mapping: 'port', filtering: 'port', ports: 'random' }

for (const [name, a, b] of [
  ['one that gives every destination another port, awaiting', easy, hard],
  ['one that gives every destination another port, greeting', hard, easy],
] as const) {
  test(`the strictest filter against ${name}: 97 of 100 open by guessing`, async (t) => {
    const seeds = 200
    const { opened, medianMs, slowestMs, sentMax } = figures(await pairs(a, b, seeds, { lossOf1: 0.02 }))
    t.diagnostic(`${opened} of ${seeds}, median ${medianMs} ms, slowest ${slowestMs} ms, ${sentMax} datagrams`)
    assert.ok(opened >= 0.97 * seeds, `${opened} of ${seeds}`)
    assert.ok(medianMs < 300)
  })
}

test('what is lost is sent again', async () => {
  const { opened, slowestMs } = figures(await pairs(easy, easy, 200, { lossOf1: 0.2 }))
  assert.equal(opened, 200)
  assert.ok(slowestMs < 3_000, `${slowestMs} ms`)
})

// ---- both give every destination another port

test('two routers that give ports at random are given up at once', async () => {
  for (const { sent, plans } of await pairs(hard, hard, 20)) {
    assert.deepEqual(
      [plans, sent],
      [
        ['hopeless', 'hopeless'],
        [0, 0],
      ],
    )
  }
})

test('two routers that give ports in sequence are foreseen, though others behind them take some', async (t) => {
  const sequential = (mapping: Dependence, filtering: Dependence): RouterKind => ({
    mapping,
    filtering,
    ports: 'sequential',
  })
  for (const takenMax of [0, 3]) {
    const strictest = sequential('port', 'port')
    const { opened, slowestMs, sentMax } = figures(await pairs(strictest, strictest, 200, { takenMax, lossOf1: 0.02 }))
    t.diagnostic(`up to ${takenMax} ports taken: ${opened} of 200, ${slowestMs} ms, ${sentMax} datagrams`)
    assert.ok(opened >= 198, `${opened}`)
    assert.ok(slowestMs < 500 && sentMax <= predictedMax + 20)
  }
  for (const mapping of ['address', 'port'] as const) {
    for (const filtering of dependences) {
      const { opened } = figures(await pairs(sequential('port', 'port'), sequential(mapping, filtering), 10))
      assert.equal(opened, 10, `${mapping} ${filtering}`)
    }
  }
})

test('a port in sequence is guessed at once by whoever needs not guess itself', async () => {
  const sequential: RouterKind = { mapping: 'port', filtering: 'port', ports: 'sequential' }
  for (const [a, b] of [
    [easy, sequential],
    [sequential, easy],
  ] as const) {
    const { opened, slowestMs } = figures(await pairs(a, b, 20, { takenMax: 10 }))
    assert.equal(opened, 20)
    assert.ok(slowestMs < 200)
  }
})

// ---- homes

test('two computers behind one router, with and without hairpinning, meet inside', async () => {
  for (const kind of kinds) {
    for (const hairpin of [false, true]) {
      const world = worldWithObservers({ seed: 'one home' })
      const router = world.router({ ...kind, outside: '203.0.113.1', hairpin })
      const { openedMs } = await punchPair(
        world,
        startPeer(world, '10.0.0.2', router),
        startPeer(world, '10.0.0.3', router),
      )
      assert.ok(openedMs !== undefined && openedMs < 50, `${nameOf(kind)} ${openedMs}`)
    }
  }
})

test('two routers in a row are as the stricter one of them', async () => {
  const world = worldWithObservers({ seed: 'in a row' })
  const provider = world.router({ mapping: 'independent', filtering: 'port', ports: 'random', outside: '203.0.113.1' })
  const home = world.router({ ...easy, outside: '100.64.0.7', behind: provider })
  const other = world.router({ ...easy, outside: '203.0.113.2' })
  const { openedMs } = await punchPair(world, startPeer(world, '10.0.0.2', home), startPeer(world, '10.0.1.2', other))
  assert.ok(openedMs !== undefined)
})

test('a way stays open while nothing is said, though routers forget after 20 s; and all is let go at its end', async () => {
  const world = worldWithObservers({ seed: 'idle' })
  const forgetful = { ...easy, forgetsMs: 20_000 }
  const a = startPeer(world, '10.0.0.2', world.router({ ...forgetful, outside: '203.0.113.1' }))
  const b = startPeer(world, '10.0.1.2', world.router({ ...forgetful, outside: '203.0.113.2' }))
  const before = [a.computer.sockets.size, world.clock.pending]
  assert.ok((await punchPair(world, a, b)).openedMs !== undefined)
  await world.pass(300_000)
  assert.deepEqual([a.endpoint.streams, b.endpoint.streams], [1, 1])
  const [stream] = a.computer.streams.values()
  const heard = Promise.withResolvers<void>()
  for (const other of b.computer.streams.values()) other.on('data', () => heard.resolve())
  stream?.write('still there')
  await world.run(heard.promise, 1_000)
  await world.run(Promise.all([a.endpoint.close(), b.endpoint.close()]))
  await world.pass(1_000)
  assert.deepEqual([a.computer.sockets.size, b.computer.sockets.size, before[0]], [0, 0, 1])
  assert.equal(world.clock.pending, before[1])
})

test('after a punch no socket stays but the one that is used', async () => {
  for (const seed of [0, 1, 2]) {
    for (const [kindA, kindB] of [
      [easy, hard],
      [hard, easy],
    ] as const) {
      const world = worldWithObservers({ seed: `left ${seed}` })
      const a = startPeer(world, '10.0.0.2', world.router({ ...kindA, outside: '203.0.113.1' }))
      const b = startPeer(world, '10.0.1.2', world.router({ ...kindB, outside: '203.0.113.2' }))
      const { openedMs } = await punchPair(world, a, b)
      assert.ok(openedMs !== undefined)
      assert.equal(a.computer.sockets.size + b.computer.sockets.size, 3, 'both that listen, and a spare one')
      for (const stream of [...a.computer.streams.values()]) stream.destroy()
      await world.pass(1_000)
      assert.equal(a.computer.sockets.size + b.computer.sockets.size, 2)
      assert.equal(a.computer.streams.size + b.computer.streams.size, 0)
      assert.deepEqual([...a.uninvited, ...b.uninvited], [])
    }
  }
})

test('a try that nobody answers ends with its signal, leaves nothing, and sends no more than it may', async () => {
  const world = worldWithObservers({ seed: 'nobody' })
  const a = startPeer(world, '10.0.0.2', world.router({ ...hard, outside: '203.0.113.1' }))
  const nobody = world.computer('198.51.100.99').ip
  const pendingBefore = world.clock.pending
  let packets = 0
  world.onPacket = () => {
    packets++
  }
  for (const role of ['greet', 'await'] as const) {
    packets = 0
    const abort = new AbortController()
    const targets = [{ host: nobody, port: 1 }]
    const ports = Array.from({ length: guessesMax }, (_, at) => 1_024 + at)
    const guess = { host: nobody, ports, perSocket: undefined }
    const token = world.random.bytes(16)
    const trying = a.endpoint.punch({ token, role, targets, sockets: punchSockets, guess }, abort.signal)
    world.clock.after(5_000, () => abort.abort(new Error('late')))
    await assert.rejects(world.run(trying), /late/)
    await world.pass(10_000)
    assert.equal(packets, punchDatagramsMax)
    assert.deepEqual([a.computer.sockets.size, a.computer.streams.size, world.clock.pending], [1, 0, pendingBefore])
  }
})
