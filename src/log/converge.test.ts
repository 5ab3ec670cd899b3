// Random DAGs by several devices, some of which fork, delivered to several logs in random orders, with losses and
// repetitions: all end in the same vectors, heads and forks, whatever came when.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createRandom, type SeededRandom } from '../../test/sim/random.ts'
import { compareEntries } from './order-core.ts'
import { assertParentsFirst, authorOf, entryOf, type Hand, handOf, openLogs, pictureOf, startMs } from './testing.ts'
import type { CommunityId, CommunityLog, DeviceId, Entry, Vector } from './types.ts'

const runs = 25
const founding = entryOf(authorOf('founder'))
const community = founding.id as string as CommunityId

/** Entries as honest devices write them: each names some of what it could have seen; `forking` devices branch off. */
function randomEntries(random: SeededRandom, forking: number): Entry[] {
  const hands: Hand[] = Array.from({ length: 5 }, (_, number) => handOf(authorOf(`device ${number}`), founding))
  const entries = [founding]
  const count = 20 + random.below(80)
  for (let written = 0; written < count; written++) {
    const at = random.below(hands.length)
    const hand = hands[at]
    if (hand === undefined) continue
    if (at < forking && hand.last !== undefined && random.below(8) === 0) hands.push(hand.branch())
    const others = entries.filter(({ device }) => device !== hand.author.device)
    const heads = new Set(
      Array.from({ length: hand.last === undefined ? 1 : random.below(3) }, () => random.pick(others)),
    )
    const lane = random.below(10) === 0 ? 0 : 1
    const fields = { lane, sealed: Uint8Array.of(written) } as const
    entries.push(hand.write([...heads], { nowMs: startMs + random.below(1_000) + written * 10, fields }))
  }
  return entries
}

function shuffled<Item>(random: SeededRandom, items: readonly Item[]): Item[] {
  const left = [...items]
  return Array.from({ length: items.length }, () => left.splice(random.below(left.length), 1)).flat()
}

/** In batches of random lengths and any order, some lost and some twice; then again, until nothing is missing. */
async function deliver(
  random: SeededRandom,
  log: CommunityLog,
  entries: readonly Entry[],
  wanted: boolean,
): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const order = shuffled(random, [...entries, ...entries.slice(0, 10)])
    const kept = round === 3 ? order : order.filter(() => random.below(4) > 0)
    while (kept.length > 0) {
      await log.receive(
        kept.splice(0, 1 + random.below(20)).map(({ bytes }) => bytes),
        { wanted },
      )
    }
  }
}

function openThree(t: TestContext): CommunityLog[] {
  return ['x', 'y', 'z'].map((name) => openLogs(t, { author: authorOf(name) }).logs.open(community))
}

/** Who counts, by a slow and obvious reading of the same entries. */
function expectedVector(entries: readonly Entry[]): [DeviceId, number][] {
  const vector = new Map<DeviceId, number>()
  for (const device of new Set(entries.map((entry) => entry.device))) {
    const numbers = entries.filter((entry) => entry.device === device).map(({ seq }) => seq)
    const twice = numbers.filter((seq, index) => numbers.indexOf(seq) !== index)
    const counted = twice.length > 0 ? Math.min(...twice) - 1 : Math.max(...numbers)
    if (counted > 0) vector.set(device, counted)
  }
  return [...vector].sort()
}

function orderOf(log: CommunityLog): string[] {
  return log
    .entriesAfter(0, 10_000)
    .map(({ entry }) => entry)
    .sort(compareEntries)
    .map(({ id }) => id)
}

test('without forks: the same entries everywhere, in the same order', async (t) => {
  for (let run = 0; run < runs; run++) {
    const random = createRandom(`converge ${run}`)
    const entries = randomEntries(random, 0)
    const logs = openThree(t)
    for (const log of logs) await deliver(random, log, entries, false)
    const expected = entries.toSorted(compareEntries).map(({ id }) => id)
    const named = new Set(entries.flatMap(({ prev, heads }) => [prev, ...heads]))
    for (const log of logs) {
      assert.deepEqual(orderOf(log), expected, `run ${run}`)
      assert.deepEqual([...log.vector()].sort(), expectedVector(entries), `run ${run}`)
      assert.deepEqual(
        log.heads(),
        expected.filter((id) => !named.has(id)),
        `run ${run}`,
      )
      assert.deepEqual(log.missing(), [])
      assertParentsFirst(log)
    }
  }
})

test('with forks, and all asked for: the same vectors, heads, forks and order', async (t) => {
  for (let run = 0; run < runs; run++) {
    const random = createRandom(`forks ${run}`)
    const entries = randomEntries(random, 2)
    const logs = openThree(t)
    for (const log of logs) await deliver(random, log, entries, true)
    const [first, ...others] = logs.map((log) => ({ ...pictureOf(log), order: orderOf(log) }))
    for (const other of others) assert.deepEqual(other, first, `run ${run}`)
    assert.deepEqual(first?.vector, expectedVector(entries), `run ${run}`)
    assert.equal(first?.order.length, entries.length)
    for (const log of logs) assertParentsFirst(log)
  }
})

test('with forks, unasked: what counts is the same everywhere, although what else is held differs', async (t) => {
  let differed = 0
  for (let run = 0; run < runs; run++) {
    const random = createRandom(`unasked ${run}`)
    const entries = randomEntries(random, 2)
    const logs = openThree(t)
    for (const log of logs) await deliver(random, log, entries, false)
    // What lacks is asked for by id, as sync does, until nothing lacks.
    for (const log of logs) await askFor(log, entries)
    for (const log of logs) {
      assert.deepEqual([...log.vector()].sort(), expectedVector(entries), `run ${run}`)
      assert.deepEqual(log.missing(), [])
    }
    const frozen = (log: CommunityLog) =>
      log
        .forks()
        .map(({ device, seq }) => `${device} ${seq}`)
        .sort()
    const [first, ...others] = logs
    for (const other of others) {
      assert.deepEqual(frozen(other), first === undefined ? [] : frozen(first), `run ${run}`)
      if (other.counts().entries !== first?.counts().entries) differed += 1
    }
  }
  assert.ok(differed > 0, 'the orders were too much alike to show anything')
})

async function askFor(log: CommunityLog, entries: readonly Entry[]): Promise<void> {
  const byId = new Map(entries.map((entry) => [entry.id, entry]))
  for (let round = 0; round < 200; round++) {
    // Those that were dropped come again with every sync.
    await log.receive(entries.map(({ bytes }) => bytes))
    const missing = log.missing().flatMap((id) => byId.get(id) ?? [])
    if (missing.length === 0) return
    await log.receive(
      missing.map(({ bytes }) => bytes),
      { wanted: true },
    )
  }
  assert.fail('something lacks for ever')
}

test('what one lacks, page by page, is exactly that, and makes the other the same', async (t) => {
  for (let run = 0; run < runs; run++) {
    const random = createRandom(`pages ${run}`)
    const entries = randomEntries(random, run % 2)
    const [from, to] = openThree(t)
    assert.ok(from !== undefined && to !== undefined)
    await deliver(random, from, entries, true)
    // The other one has a beginning of it, parents first, or nothing.
    const some = from.entriesAfter(0, random.below(entries.length) + 1).map(({ entry }) => entry.bytes)
    if (run % 3 > 0) await to.receive(some, { wanted: true })
    const vector: Vector = to.vector()
    for (
      let after = 0, page = from.missingFor(vector, 0, 700);
      page.length > 0;
      page = from.missingFor(vector, after, 700)
    ) {
      for (const { arrival, entry } of page) {
        assert.ok(entry.seq > (vector.get(entry.device) ?? 0))
        assert.ok(arrival > after)
        after = arrival
      }
      const bytes = page.reduce((sum, { entry }) => sum + entry.bytes.length, 0)
      assert.ok(bytes <= 700 || page.length === 1)
      await to.receive(
        page.map(({ entry }) => entry.bytes),
        { wanted: true },
      )
    }
    // Of devices that forked the vector says nothing: the proofs are fetched by id, and what others name.
    const proofs = from.forks().flatMap((fork) => fork.entries)
    for (let ids = proofs; ids.length > 0; ids = [...to.missing()]) {
      await to.receive(
        ids.flatMap((id) => from.get(id)?.bytes ?? []),
        { wanted: true },
      )
    }
    if (run % 2 === 0) assert.deepEqual(pictureOf(to), pictureOf(from), `run ${run}`)
    assert.deepEqual(to.vector(), from.vector(), `run ${run}`)
    assert.deepEqual(to.forks(), from.forks(), `run ${run}`)
  }
})
