// What each side of a punch does, from what both know.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { UdxAddress } from '../udx/native.ts'
import { type Mapping, mappingOf, type Plan, planOf, predictPorts, type Seen, type Side } from './core.ts'
import { predictedMax, predictedPerSocket, predictedStepMax } from './limits.ts'

const sizes = { sockets: 256, guesses: 1_024 }
const home = '203.0.113.1'
const other = '203.0.113.2'
const at = (host: string, ...ports: number[]): UdxAddress[] => ports.map((port) => ({ host, port }))
const side = (mapping: Mapping, seen: readonly UdxAddress[], own: readonly UdxAddress[] = []): Side => ({
  mapping,
  seen,
  own,
})
const counting = () => {
  let n = 0
  return (below: number) => (n++ * 7_919) % below
}
const plan = (mine: Side, theirs: Side, role: 'greet' | 'await' = 'greet') =>
  planOf(mine, theirs, role, sizes, counting())

// ---- what a router does

const seenBy = (host: string, port: number, seenPort: number): Seen => ({
  by: { host, port },
  seen: { host: home, port: seenPort },
})

test('two observers on different addresses tell what a router does; two ports of one do not', () => {
  assert.equal(mappingOf([]), 'unknown')
  assert.equal(mappingOf([seenBy('198.51.100.1', 1, 9)]), 'unknown')
  assert.equal(mappingOf([seenBy('198.51.100.1', 1, 9), seenBy('198.51.100.1', 2, 10)]), 'unknown')
  assert.equal(mappingOf([seenBy('198.51.100.1', 1, 9), seenBy('198.51.100.2', 1, 9)]), 'independent')
  assert.equal(mappingOf([seenBy('198.51.100.1', 1, 9), seenBy('198.51.100.2', 1, 10)]), 'dependent')
  const twoAddresses = { by: { host: '198.51.100.2', port: 1 }, seen: { host: '203.0.113.9', port: 9 } }
  assert.equal(mappingOf([seenBy('198.51.100.1', 1, 9), twoAddresses]), 'dependent')
})

// ---- foreseen ports

test('ports in sequence are foreseen, in either direction, by their stride or past what others took', () => {
  assert.deepEqual(predictPorts(at(home, 5_002, 5_001, 5_000)).slice(0, 3), [5_003, 5_004, 5_005])
  assert.deepEqual(predictPorts(at(home, 5_000, 5_001, 5_002)).slice(0, 2), [4_999, 4_998])
  assert.deepEqual(predictPorts(at(home, 5_004, 5_002, 5_000)).slice(0, 2), [5_006, 5_008])
  assert.deepEqual(predictPorts(at(home, 5_007, 5_002, 5_000)).slice(0, 2), [5_008, 5_009])
  assert.equal(predictPorts(at(home, 5_002, 5_001, 5_000)).length, predictedMax)
})

test('without three, out of order, far apart or the same, nothing is', () => {
  for (const ports of [[], [1], [5_001, 5_000], [5_002, 5_000, 5_001], [5_000, 5_000, 5_000], [9_000, 5_001, 5_000]]) {
    assert.deepEqual(predictPorts(at(home, ...ports)), [])
  }
  assert.deepEqual(predictPorts(at(home, 5_000 + predictedStepMax + 2, 5_001, 5_000)), [])
  assert.deepEqual(predictPorts(at(home, 65_534, 65_533, 65_532)), [65_535])
  assert.deepEqual(predictPorts(at(home, 1_025, 1_026, 1_027)), [1_024])
})

// ---- what is done

test('between routers that give one port for all, a datagram to each address is enough', () => {
  const theirs = side('independent', at(other, 4_001))
  const simple = { targets: theirs.seen, sockets: 0, guess: undefined }
  assert.deepEqual(plan(side('independent', at(home, 1)), theirs), simple)
  assert.deepEqual(plan(side('unknown', []), theirs), simple)
})

test('an address that only a home knows is tried from the same home, or where nobody knows of another one', () => {
  const [inner, outer] = [at('10.0.0.2', 4_001), at('93.184.216.34', 4_001)]
  const theirs = side('independent', at(other, 4_001), [...inner, ...outer])
  const targetsOf = (mine: Side) => {
    const made = plan(mine, theirs)
    return made === 'hopeless' ? [] : made.targets
  }
  assert.deepEqual(targetsOf(side('independent', at(home, 1))), [...theirs.seen, ...outer])
  assert.deepEqual(targetsOf(side('independent', at(other, 1))), [...theirs.seen, ...inner, ...outer])
  assert.deepEqual(targetsOf(side('unknown', [])), [...theirs.seen, ...inner, ...outer])
})

test('whose router gives each destination another port sends from many sockets, the other one to many ports', () => {
  const easy = side('independent', at(home, 4_001))
  const hard = side('dependent', at(other, 7_000, 30_000, 12))
  assert.deepEqual(plan(hard, easy), { targets: easy.seen, sockets: sizes.sockets, guess: undefined })
  const guessing = plan(easy, hard)
  assert.ok(guessing !== 'hopeless')
  assert.deepEqual([guessing.targets, guessing.sockets], [hard.seen, 0])
  assert.deepEqual([guessing.guess?.host, guessing.guess?.ports.length], [other, sizes.guesses])
  const inSequence = plan(easy, side('dependent', at(other, 7_002, 7_001, 7_000)))
  assert.ok(inSequence !== 'hopeless')
  assert.deepEqual(inSequence.guess?.ports.slice(0, 3), [7_003, 7_004, 7_005])
})

test('two of those are hopeless, unless both give ports in sequence or are one', () => {
  const random = (host: string, own?: UdxAddress[]) => side('dependent', at(host, 7_000, 30_000, 12), own)
  const inSequence = (host: string) => side('dependent', at(host, 7_002, 7_001, 7_000))
  assert.equal(plan(random(home), random(other)), 'hopeless')
  assert.equal(plan(random(home), inSequence(other)), 'hopeless')
  assert.equal(plan(inSequence(home), random(other)), 'hopeless')
  const own = at('10.0.0.3', 4_001)
  const inside = plan(random(home), random(home, own))
  assert.ok(inside !== 'hopeless')
  assert.deepEqual([inside.targets.at(-1), inside.sockets, inside.guess], [own[0], 0, undefined])
})

test('with ports in sequence on both sides the n-th datagrams meet, whatever others took meanwhile', () => {
  const a = side('dependent', at(home, 7_002, 7_001, 7_000))
  const b = side('dependent', at(other, 9_004, 9_002, 9_000))
  const [greeting, awaiting] = [plan(a, b, 'greet'), plan(b, a, 'await')]
  assert.ok(greeting !== 'hopeless' && awaiting !== 'hopeless')
  const toB = greeting.guess?.ports ?? []
  const toA = awaiting.guess?.ports ?? []
  for (let takenA = 0; takenA < 4; takenA++) {
    for (let takenB = 0; takenB < 3; takenB++) {
      const fromA = toB.map((to, n) => `${7_003 + takenA + n} ${to}`)
      const fromB = new Set(toA.map((to, n) => `${to} ${9_006 + 2 * (takenB + n)}`))
      assert.ok(
        fromA.some((way) => fromB.has(way)),
        `${takenA} and ${takenB} taken`,
      )
    }
  }
})

test('whatever a peer says, a plan is bounded and repeats no port', () => {
  const places = fc.record({ host: fc.constantFrom(home, other), port: fc.integer({ min: 1, max: 65_535 }) })
  const sequences = fc
    .tuple(fc.integer({ min: 1, max: 65_000 }), fc.integer({ min: -20, max: 20 }))
    .map(([port, step]) => at(other, ...[2, 1, 0].map((n) => Math.min(65_535, Math.max(1, port + n * step)))))
  const sides = fc.record<Side>({
    mapping: fc.constantFrom('unknown', 'independent', 'dependent'),
    seen: fc.oneof(fc.array(places, { maxLength: 8 }), sequences),
    own: fc.array(places, { maxLength: 8 }),
  })
  const property = fc.property(sides, sides, fc.constantFrom('greet', 'await'), (mine, theirs, role) => {
    const made: Plan | 'hopeless' = plan(mine, theirs, role)
    if (made === 'hopeless') return
    assert.ok(made.targets.length <= 16 && made.sockets <= sizes.sockets)
    const { host, ports = [], perSocket } = made.guess ?? {}
    assert.ok(ports.length <= sizes.guesses)
    assert.equal(new Set(ports).size, ports.length)
    assert.ok(ports.every((port) => port >= 1_024 && port <= 65_535))
    assert.ok(host === undefined || host === theirs.seen[0]?.host, 'only where the other one was seen last')
    assert.ok(made.sockets === 0 || made.guess === undefined, 'never many sockets to many ports')
    if (perSocket !== undefined) assert.ok(ports.length <= predictedMax && perSocket === predictedPerSocket)
  })
  fc.assert(property, { numRuns: 5_000 })
})
