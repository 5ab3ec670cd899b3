import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../../test/sim/random.ts'
import { createBits, hasBit, setBit } from './bits.ts'
import {
  createFetch,
  type FetchEffect,
  type FetchInput,
  type FetchOptions,
  type FetchState,
  stepFetch,
} from './core.ts'
import { arrived, asked, here, open } from './fetch-state.ts'
import {
  copiesPerBlockMax,
  pipelineBlocksMax,
  pipelineBytesMax,
  pipelineBytesStart,
  stallEndMs,
  stallMs,
} from './limits.ts'

const blockBytes = 1000

function fetchOf(blocks: number, changes: Partial<FetchOptions> = {}): FetchState {
  const random = createRandom('core')
  return createFetch({
    blocks,
    nodes: 0,
    lengthOf: () => blockBytes,
    isWanted: () => true,
    isHere: () => false,
    random: random.uniform,
    ...changes,
  })
}

const plenty = { budgetBytes: 1e9, mayExceed: true }

/** A peer that has everything, or these, and serves us. */
function join(state: FetchState, peer: number, indexes?: readonly number[], nowMs = 0): void {
  stepFetch(state, { type: 'joined', peer }, nowMs)
  if (indexes === undefined) stepFetch(state, { type: 'have-all', peer }, nowMs)
  else {
    const bits = createBits(state.options.blocks)
    for (const index of indexes) setBit(bits, index)
    stepFetch(state, { type: 'have-bits', peer, bits }, nowMs)
  }
  stepFetch(state, { type: 'choke', peer, on: false }, nowMs)
}

function wants(effects: readonly FetchEffect[], peer: number): number[] {
  return effects.flatMap((effect) => (effect.type === 'want' && effect.peer === peer ? effect.indexes : []))
}

const fill = (state: FetchState, peer: number, nowMs = 0) =>
  wants(stepFetch(state, { type: 'fill', peer, ...plenty }, nowMs), peer)

function deliver(state: FetchState, peer: number, index: number, nowMs: number): FetchEffect[] {
  return [
    ...stepFetch(state, { type: 'arrived', peer, index }, nowMs),
    ...stepFetch(state, { type: 'stored', index }, nowMs),
  ]
}

test('inner nodes are asked first, then what a reader waits for in its order, then the rest', () => {
  const state = fetchOf(40, { nodes: 3 })
  join(state, 1)
  stepFetch(state, { type: 'read', reader: 1, indexes: [30, 31, 12] }, 0)
  assert.deepEqual(fill(state, 1).slice(0, 6), [0, 1, 2, 30, 31, 12])
})

test('rare blocks are asked before common ones', () => {
  const state = fetchOf(20)
  for (const peer of [2, 3, 4])
    join(
      state,
      peer,
      Array.from({ length: 18 }, (_, i) => i),
    )
  join(state, 1)
  assert.deepEqual(new Set(fill(state, 1).slice(0, 2)), new Set([18, 19]))
})

test('a run does not go on to blocks that are more common than what else the peer has', () => {
  const state = fetchOf(40)
  const common = Array.from({ length: 39 }, (_, i) => i)
  for (const peer of [2, 3]) join(state, peer, common)
  join(state, 1, common)
  const [start = 0, next = 0] = fill(state, 1).slice(0, 2)
  assert.equal(next, start + 1)
  stepFetch(state, { type: 'choke', peer: 1, on: true }, 1)
  stepFetch(state, { type: 'choke', peer: 1, on: false }, 1)
  stepFetch(state, { type: 'have', peer: 1, indexes: [39] }, 1)
  assert.equal(fill(state, 1, 1)[0], 39)
})

test('the rarest block of a peer is found also where most rare blocks are at others', () => {
  const blocks = 400
  const state = fetchOf(blocks)
  const own = 399
  // Block 0 to 299 are at one peer each, and so is 399; 300 to 398 are at two.
  for (let peer = 2; peer < 5; peer++) {
    join(
      state,
      peer,
      Array.from({ length: 100 }, (_, i) => (peer - 2) * 100 + i),
    )
  }
  const twice = Array.from({ length: 99 }, (_, i) => 300 + i)
  join(state, 5, twice)
  join(state, 1, [...twice, own])
  assert.equal(fill(state, 1)[0], own)
})

test('ties are broken at random and go on in runs', () => {
  const first = new Set<number>()
  for (let i = 0; i < 20; i++) {
    const state = fetchOf(100_000, { random: createRandom(`tie ${i}`).uniform })
    join(state, 1)
    const [start = 0, ...rest] = fill(state, 1)
    first.add(start)
    assert.deepEqual(
      rest.slice(0, 5),
      [1, 2, 3, 4, 5].map((step) => start + step),
    )
  }
  assert.ok(first.size > 15)
})

test('the window bounds what is asked, and grows with what is delivered', () => {
  const state = fetchOf(2_000, { lengthOf: () => 100_000 })
  join(state, 1)
  let outstanding = fill(state, 1)
  assert.ok(outstanding.length * 100_000 <= pipelineBytesStart && outstanding.length > 0)
  for (let nowMs = 1; nowMs < 400; nowMs++) {
    const index = outstanding.shift()
    if (index === undefined) break
    deliver(state, 1, index, nowMs)
    outstanding = outstanding.concat(fill(state, 1, nowMs))
    assert.ok(outstanding.length * 100_000 <= pipelineBytesMax)
  }
  // 100 MB/s: 600 ms of it is more than the most that is asked at once.
  assert.ok(outstanding.length * 100_000 > pipelineBytesMax / 2, `${outstanding.length} outstanding`)
})

test('small blocks are bounded by their number', () => {
  const state = fetchOf(50_000, { lengthOf: () => 1 })
  join(state, 1)
  assert.equal(fill(state, 1).length, pipelineBlocksMax)
})

test('the budget bounds all peers together; a peer that owes nothing gets one block beyond it', () => {
  const state = fetchOf(100)
  join(state, 1)
  join(state, 2)
  const effects = stepFetch(state, { type: 'fill', budgetBytes: 5 * blockBytes, mayExceed: true }, 0)
  assert.equal(wants(effects, 1).length + wants(effects, 2).length, 6)
  const none = stepFetch(state, { type: 'fill', budgetBytes: 0, mayExceed: false }, 0)
  assert.deepEqual(none, [])
})

test('a block is asked of one peer only, and of another when the first leaves, chokes or does not have it', () => {
  for (const ending of ['left', 'choke', 'missing'] as const) {
    const state = fetchOf(5)
    join(state, 1)
    join(state, 2)
    const of1 = fill(state, 1)
    assert.equal(of1.length, 5)
    assert.deepEqual(fill(state, 2), [])
    if (ending === 'left') stepFetch(state, { type: 'left', peer: 1 }, 1)
    if (ending === 'choke') stepFetch(state, { type: 'choke', peer: 1, on: true }, 1)
    if (ending === 'missing') stepFetch(state, { type: 'missing', peer: 1, indexes: of1 }, 1)
    assert.deepEqual(new Set(fill(state, 2)), new Set(of1))
  }
})

test('a wrong block costs its sender, and is asked of another', () => {
  const state = fetchOf(2)
  join(state, 1)
  join(state, 2)
  const [index = 0] = fill(state, 1)
  assert.deepEqual(stepFetch(state, { type: 'arrived', peer: 1, index }, 5), [{ type: 'store', peer: 1, index }])
  const effects = stepFetch(state, { type: 'bad', peer: 1, index }, 6)
  assert.deepEqual(effects, [{ type: 'blame', peer: 1, code: 'block_hash_wrong' }])
  stepFetch(state, { type: 'left', peer: 1 }, 6)
  assert.ok(fill(state, 2).includes(index))
})

test('a silent peer loses its blocks to others, keeps one chance, and is left in the end', () => {
  const state = fetchOf(4)
  join(state, 1)
  const asked1 = fill(state, 1)
  assert.deepEqual(stepFetch(state, { type: 'tick' }, stallMs - 1), [])
  const stalled = stepFetch(state, { type: 'tick' }, stallMs + 1)
  assert.deepEqual(stalled, [
    { type: 'forget', peer: 1, indexes: asked1.slice(0, 1) },
    { type: 'cancel', peer: 1, indexes: asked1.slice(1) },
  ])
  assert.deepEqual(fill(state, 1, stallMs + 2), [], 'nothing more is asked of it')
  join(state, 2, undefined, stallMs + 2)
  assert.equal(fill(state, 2, stallMs + 2).length, 4)
  const end = stepFetch(state, { type: 'tick' }, stallEndMs + 1)
  assert.ok(end.some((effect) => effect.type === 'leave' && effect.peer === 1))
})

test('parts of blocks are a sign of life', () => {
  const state = fetchOf(1)
  join(state, 1)
  fill(state, 1)
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1_000) {
    stepFetch(state, { type: 'progress', peer: 1, bytes: nowMs }, nowMs)
    assert.deepEqual(stepFetch(state, { type: 'tick' }, nowMs), [])
  }
})

test('in the end game a fast idle peer takes over from a slow one, and the loser is told', () => {
  const state = fetchOf(12)
  join(state, 1)
  join(state, 2)
  const ofSlow = fill(state, 1).slice(0, 12)
  deliver(state, 1, ofSlow[0] ?? 0, 5_000)
  stepFetch(state, { type: 'missing', peer: 2, indexes: [] }, 0)
  // Peer 2 proved fast once.
  const fast = state.peers.get(2)
  fast?.rate.add(1_000_000, 5_000)
  fill(state, 2, 5_000)
  const taken = wants(stepFetch(state, { type: 'tick' }, 5_001), 2)
  assert.ok(taken.length > 0, 'blocks were repeated')
  const [index = 0] = taken
  const effects = stepFetch(state, { type: 'arrived', peer: 2, index }, 5_100)
  assert.deepEqual(effects, [
    { type: 'cancel', peer: 1, indexes: [index] },
    { type: 'store', peer: 2, index },
  ])
  assert.ok((state.holders.get(taken[1] ?? -1)?.length ?? 0) <= copiesPerBlockMax)
})

test('before the end game nobody takes over what is late at another', () => {
  const state = fetchOf(12)
  join(state, 1, [0, 1, 2])
  join(state, 2, [0, 1, 2])
  fill(state, 1)
  state.peers.get(2)?.rate.add(1_000_000, 5_000)
  assert.deepEqual(fill(state, 2, 5_000), [])
  assert.deepEqual(wants(stepFetch(state, { type: 'tick' }, 5_001), 2), [])
})

test('interest is in blocks that nobody is asked for, until all are', () => {
  const interests = (effects: readonly FetchEffect[]) =>
    effects.flatMap((effect) => (effect.type === 'interest' ? [[effect.peer, effect.on]] : []))
  const state = fetchOf(4)
  join(state, 1, [0, 1])
  join(state, 2, [1])
  const asked1 = fill(state, 1)
  assert.deepEqual(new Set(asked1), new Set([0, 1]))
  const nothing = stepFetch(state, { type: 'fill', peer: 2, ...plenty }, 1)
  assert.deepEqual(interests(nothing), [[2, false]], 'who serves us and has nothing for us knows at once')
  assert.deepEqual(interests(stepFetch(state, { type: 'tick' }, 2)), [])
  stepFetch(state, { type: 'read', reader: 1, indexes: [1] }, 2)
  assert.deepEqual(interests(stepFetch(state, { type: 'tick' }, 2)), [[2, true]], 'for a reader it may be asked again')
  stepFetch(state, { type: 'read', reader: 1, indexes: [] }, 2)
  assert.deepEqual(interests(stepFetch(state, { type: 'tick' }, 2)), [[2, false]])
  assert.deepEqual(interests(stepFetch(state, { type: 'have', peer: 2, indexes: [2] }, 3)), [[2, true]])
  assert.deepEqual(fill(state, 2, 3), [2])
  assert.deepEqual(interests(deliver(state, 2, 2, 4)), [])
  assert.deepEqual(interests(stepFetch(state, { type: 'tick' }, 5)), [[2, false]])
  stepFetch(state, { type: 'choke', peer: 1, on: true }, 6)
  assert.deepEqual(interests(stepFetch(state, { type: 'tick' }, 7)), [[2, true]], 'what it has is open again')
  assert.deepEqual(fill(state, 2, 8), [1])
  join(state, 3, [0, 1, 3], 9)
  assert.deepEqual(new Set(fill(state, 3, 9)), new Set([0, 3]))
  join(state, 4, [3], 10)
  stepFetch(state, { type: 'fill', peer: 4, ...plenty }, 10)
  assert.equal(state.peers.get(4)?.interested, true, 'the end game: what is asked of one may be asked of another')
})

test('readers take turns, so that one that reads far ahead starves nobody', () => {
  const state = fetchOf(40)
  join(state, 1)
  stepFetch(state, { type: 'read', reader: 1, indexes: [10, 11, 12] }, 0)
  stepFetch(state, { type: 'read', reader: 2, indexes: [30, 31] }, 0)
  assert.deepEqual(fill(state, 1).slice(0, 5), [10, 30, 11, 31, 12])
})

test('a reader does not wait for a slow peer', () => {
  const state = fetchOf(3)
  join(state, 1)
  fill(state, 1)
  join(state, 2, undefined, 10)
  stepFetch(state, { type: 'read', reader: 9, indexes: [2] }, 10)
  assert.ok(wants(stepFetch(state, { type: 'tick' }, 2_500), 2).includes(2))
})

test('only wanted blocks are asked; what becomes wanted is asked then', () => {
  let only = 3
  const stored = new Set<number>()
  const state = fetchOf(10, { isWanted: (index) => index < only, isHere: (index) => stored.has(index) })
  join(state, 1)
  assert.deepEqual(new Set(fill(state, 1)), new Set([0, 1, 2]))
  for (const index of [0, 1]) assert.deepEqual(deliver(state, 1, index, 1).at(-1)?.type, 'store')
  assert.equal(deliver(state, 1, 2, 1).at(-1)?.type, 'complete')
  for (const index of [0, 1, 2]) stored.add(index)
  only = 5
  stepFetch(state, { type: 'refresh' }, 2)
  assert.equal(state.left, 2)
  assert.deepEqual(new Set(fill(state, 1, 2)), new Set([3, 4]))
})

test('a block that the disk has lost is asked again', () => {
  const stored = new Set([0, 1])
  const state = fetchOf(2, { isHere: (index) => stored.has(index) })
  join(state, 1)
  assert.equal(state.left, 0)
  stored.delete(1)
  stepFetch(state, { type: 'refresh' }, 1)
  assert.equal(state.left, 1)
  assert.deepEqual(fill(state, 1, 1), [1])
  assert.equal(deliver(state, 1, 1, 2).at(-1)?.type, 'complete')
})

// ---- against an obvious model

const anyInput = fc.oneof(
  fc.record({ type: fc.constantFrom('joined' as const, 'left' as const, 'have-all' as const), peer: fc.nat(3) }),
  fc.record({ type: fc.constant('have' as const), peer: fc.nat(3), indexes: fc.array(fc.nat(29), { maxLength: 10 }) }),
  fc.record({
    type: fc.constant('missing' as const),
    peer: fc.nat(3),
    indexes: fc.array(fc.nat(29), { maxLength: 4 }),
  }),
  fc.record({ type: fc.constant('choke' as const), peer: fc.nat(3), on: fc.boolean() }),
  fc.record({ type: fc.constantFrom('arrived' as const, 'bad' as const), peer: fc.nat(3), index: fc.nat(29) }),
  fc.record({ type: fc.constant('stored' as const), index: fc.nat(29) }),
  fc.record({ type: fc.constant('read' as const), reader: fc.nat(1), indexes: fc.array(fc.nat(29), { maxLength: 4 }) }),
  fc.record({ type: fc.constant('fill' as const), budgetBytes: fc.nat(40_000), mayExceed: fc.boolean() }),
  fc.record({ type: fc.constantFrom('tick' as const, 'refresh' as const) }),
)

function checkInvariants(state: FetchState, stored: ReadonlySet<number>): void {
  let left = 0
  let arrivedBytes = 0
  for (let index = 0; index < state.options.blocks; index++) {
    const status = state.status[index]
    assert.equal(status === here, stored.has(index), `block ${index}`)
    assert.equal(state.rarity.has(index), status === open)
    assert.equal(hasBit(state.openBits, index), status === open)
    const holders = state.holders.get(index) ?? []
    assert.equal(new Set(holders).size, holders.length)
    assert.ok(holders.length <= copiesPerBlockMax)
    assert.equal(status === asked, holders.length > 0, `block ${index} ${status} ${holders.join()}`)
    for (const key of holders) assert.ok(state.peers.get(key)?.asked.has(index))
    if (status !== here) left++
    if (status === arrived) arrivedBytes += blockBytes
    const available = [...state.peers.values()].filter(({ bits }) => bits !== undefined && hasBit(bits, index)).length
    assert.equal(state.rarity.availability(index), available)
  }
  assert.equal(state.left, left)
  assert.equal(state.arrivedBytes, arrivedBytes)
  const askedBlocks = [...state.peers.values()].reduce((sum, peer) => sum + peer.asked.size, 0)
  assert.equal(state.askedBytes, askedBlocks * blockBytes)
}

test('whatever happens in whatever order, the books agree', () => {
  const steps = fc.array(fc.tuple(anyInput, fc.nat(4_000)), { maxLength: 120 })
  fc.assert(
    fc.property(steps, (inputs) => {
      const stored = new Set<number>()
      const state = fetchOf(30, { isHere: (index) => stored.has(index), nodes: 2 })
      let nowMs = 0
      for (const [input, laterMs] of inputs) {
        nowMs += laterMs
        if (input.type === 'joined' && state.peers.has(input.peer)) continue
        if (input.type === 'stored') stored.add(input.index)
        stepFetch(state, input as FetchInput, nowMs)
        checkInvariants(state, stored)
      }
    }),
    { numRuns: 300 },
  )
})

test('a million blocks and 200 peers: the work per block does not grow with either', () => {
  const blocks = 1_000_000
  const random = createRandom('million')
  const state = fetchOf(blocks, { lengthOf: () => 1_048_576, nodes: 1_000, random: random.uniform })
  const sparse = Array.from({ length: 50 }, () => random.below(blocks))
  for (let peer = 0; peer < 200; peer++) join(state, peer, peer % 4 === 0 ? undefined : sparse)
  const start = process.cpuUsage()
  let moved = 0
  for (let round = 0; round < 100; round++) {
    for (let peer = 0; peer < 200; peer++) {
      for (const index of fill(state, peer, round)) {
        deliver(state, peer, index, round)
        moved++
      }
    }
  }
  const tookMs = process.cpuUsage(start).user / 1000
  assert.ok(moved > 5_000, `${moved} blocks moved`)
  assert.ok(tookMs / moved < 0.1, `${((tookMs * 1000) / moved).toFixed(1)} µs a block`)
})

test('what a reader waits for is asked for once more when it is missing, unless somebody else may bring it', () => {
  for (const isAlone of [true, false]) {
    const state = fetchOf(40)
    join(state, 1)
    if (!isAlone) join(state, 2, [])
    stepFetch(state, { type: 'read', reader: 1, indexes: [30] }, 0)
    assert.ok(fill(state, 1).includes(30))
    stepFetch(state, { type: 'missing', peer: 1, indexes: [30, 31] }, 0)
    assert.deepEqual(
      fill(state, 1).filter((index) => index === 30),
      isAlone ? [30] : [],
    )
    stepFetch(state, { type: 'missing', peer: 1, indexes: [30] }, 0)
    assert.ok(!fill(state, 1).includes(30), 'it is not here')
    // Told again, it is asked for again.
    stepFetch(state, { type: 'have', peer: 1, indexes: [30] }, 0)
    assert.ok(fill(state, 1).includes(30))
  }
})

test('who is declined the first leaves begins elsewhere', () => {
  const state = fetchOf(4000, { nodes: 1, lengthOf: () => pipelineBytesStart / 4 })
  join(state, 1)
  const first = fill(state, 1)
  assert.deepEqual(first, [0, 1, 2, 3])
  deliver(state, 1, 0, 1)
  stepFetch(state, { type: 'missing', peer: 1, indexes: [1, 2, 3] }, 2)
  const [next = 0] = fill(state, 1, 2)
  assert.ok(next > 20, `it goes on with ${next}, which went to the same other`)
})
