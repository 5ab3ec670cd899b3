// Signatures of many entries: the last of each run is enough, and what happens where that one is wrong.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createRandom } from '../../test/sim/random.ts'
import type { Candidate } from './core.ts'
import { idBytes } from './ids.ts'
import { chunkEntriesMax, verifyHereMax, verifySliceMax } from './limits.ts'
import { findUnproven, uncheckedEnds, uncheckedInWrongRuns } from './proof-core.ts'
import { createSignatureChecker, isUsableKey, type SignatureCheck } from './signature.ts'
import {
  assertParentsFirst,
  authorOf,
  entryOf,
  give,
  type Hand,
  handOf,
  openLogs,
  recordingLog,
  stillClock,
} from './testing.ts'
import type { CommunityId, CommunityLog, Entry, EntryId } from './types.ts'
import { createVerifier } from './verify.ts'
import { pack, unpack } from './verify-message.ts'
import { partsOf, signedBytes } from './wire.ts'

const founding = entryOf(authorOf('founder'))
const community = founding.id as string as CommunityId

function setUp(t: TestContext) {
  const log = openLogs(t).logs.open(community)
  const [a, b] = ['a', 'b'].map((name) => handOf(authorOf(name), founding)) as [Hand, Hand]
  return { log, a, b }
}

/** A chain of `length` entries; those at `wrong` have a signature that is none. */
function chain(hand: Hand, length: number, wrong: readonly number[] = []): Entry[] {
  return Array.from({ length }, (_, at) =>
    hand.write(hand.last === undefined ? [founding] : [], { wrong: wrong.includes(at) }),
  )
}

test('a wrong signature in the middle is vouched for by a later one', async (t) => {
  const { log, a } = setUp(t)
  const entries = chain(a, 6, [1, 2, 4])
  assert.deepEqual(await give(log, [founding, ...entries]), Array(7).fill('stored'))
})

test('a wrong last signature is refused, and what is before it is checked one by one', async (t) => {
  const { log, a } = setUp(t)
  const entries = chain(a, 6, [2, 4, 5])
  assert.deepEqual(await give(log, [founding, ...entries]), [
    'stored',
    'stored',
    'stored',
    'stored', // wrong, and vouched for by the next
    'stored',
    'signature_wrong',
    'signature_wrong',
  ])
})

test('nothing of a chain without a right signature is taken', async (t) => {
  const { log, a, b } = setUp(t)
  const entries = chain(a, 5, [0, 1, 2, 3, 4])
  const other = b.write([founding, entries[2] as Entry])
  assert.deepEqual(await give(log, [founding, ...entries, other]), [
    'stored',
    ...Array(5).fill('signature_wrong'),
    'waiting',
  ])
  assert.equal(log.counts().entries, 1)
})

test('an entry that was refused alone is taken when its successor, which waits, vouches for it', async (t) => {
  const { log, a } = setUp(t)
  const [first, second, third] = chain(a, 3, [1]) as [Entry, Entry, Entry]
  await give(log, [founding, first])
  assert.deepEqual(await give(log, [second]), ['signature_wrong'])
  assert.deepEqual(await give(log, [third]), ['waiting'])
  assert.deepEqual(log.missing(), [second.id])
  assert.deepEqual(await give(log, [second]), ['stored'])
  assert.ok(log.has(third.id))
})

test('a successor that waits on, or is refused itself, vouches for nothing', async (t) => {
  const { log, a, b } = setUp(t)
  const other = b.write([founding])
  const first = a.write([founding], { wrong: true })
  const waiting = a.branch().write([other])
  await give(log, [founding])
  // Right, but lacks `other`: `first` would be stored alone.
  assert.deepEqual(await give(log, [first, waiting]), ['signature_wrong', 'waiting'])
  assert.equal(log.counts().entries, 1)
  // Right, but breaks a rule, which shows when `first` is here: it will never be stored.
  const invalid = a.branch().write([], { fields: { time: { ms: 0, count: 0 } } })
  assert.deepEqual(await give(log, [first, invalid]), ['signature_wrong', 'waiting'])
  // With all that the successor needs, both are.
  assert.deepEqual(await give(log, [other, first]), ['stored', 'stored'])
  assert.ok(log.has(waiting.id))
})

test('an entry of another device vouches for nothing', async (t) => {
  const { log, a, b } = setUp(t)
  const first = a.write([founding], { wrong: true })
  const misplaced = handOf(authorOf('b'), founding, first).write([])
  const naming = b.write([first])
  assert.deepEqual(await give(log, [founding, first, misplaced, naming]), [
    'stored',
    'signature_wrong',
    'waiting',
    'waiting',
  ])
})

test('entries that wait must be proven too', async (t) => {
  const { log, a, b } = setUp(t)
  const other = b.write([founding])
  const [first, second] = [a.write([other], { wrong: true }), a.write([], { wrong: true })]
  assert.deepEqual(await give(log, [founding, first, second]), ['stored', 'signature_wrong', 'signature_wrong'])
  assert.deepEqual(log.missing(), [])
  const third = a.write([])
  assert.deepEqual(await give(log, [first, second, third]), ['waiting', 'waiting', 'waiting'])
  assert.deepEqual(await give(log, [other]), ['stored'])
  assert.equal(log.counts().entries, 5)
})

test('what looked like a fork until a signature turned out wrong is none', async (t) => {
  const { log, a, b } = setUp(t)
  const first = a.write([founding])
  const forged = a.branch().write([], { wrong: true })
  const forgedNext = handOf(authorOf('a'), founding, forged).write([], { wrong: true })
  const second = a.write([])
  const naming = b.write([second])
  const words = await give(log, [founding, first, forged, forgedNext, second, naming])
  assert.deepEqual(words, ['stored', 'stored', 'signature_wrong', 'signature_wrong', 'stored', 'stored'])
  assert.deepEqual(log.forks(), [])
})

test('wrong signatures that come to light one after the other cost a bounded number of rounds', async (t) => {
  const { log } = setUp(t)
  // Dropping the end of one device's run makes the next device's entry wait, whose end is then a wrong one, and so on.
  const entries: Entry[] = [founding]
  let named = founding
  for (let device = 0; device < 100; device++) {
    const hand = handOf(authorOf(`${device}`), founding)
    const first = hand.write([founding], { wrong: device > 0 })
    const last = hand.write(named === founding ? [] : [named], { wrong: device === 0 })
    entries.push(first, last)
    named = last
  }
  const words = await give(log, entries)
  assert.equal(words[1], 'stored')
  assert.equal(words[2], 'signature_wrong')
  // Whatever the rest is told, nothing unproven was stored.
  assert.equal(log.counts().entries, words.filter((word) => word === 'stored').length)
  assertProven(log)
})

test('whatever comes in whatever order, nothing unproven is stored', async (t) => {
  for (let run = 0; run < 20; run++) {
    const random = createRandom(`proof ${run}`)
    const { log } = setUp(t)
    const hands = Array.from({ length: 4 }, (_, number) => handOf(authorOf(`${number}`), founding))
    const entries: Entry[] = [founding]
    for (let number = 0; number < 60; number++) {
      const hand = random.pick(random.below(15) === 0 ? hands.map((one) => one.branch()) : hands)
      const others = entries.filter(({ device }) => device !== hand.author.device)
      const heads = hand.last === undefined || random.below(3) === 0 ? [random.pick(others)] : []
      const fields = { sealed: Uint8Array.of(number) }
      entries.push(hand.write(heads, { wrong: random.below(3) === 0, fields }))
    }
    for (let batch = 0; batch < 30; batch++) {
      const some = Array.from({ length: 1 + random.below(20) }, () => random.pick(entries).bytes)
      await log.receive(some, { wanted: true })
      assertProven(log)
    }
    assertParentsFirst(log)
  }
})

/** Every stored entry has a right signature, or a later one of its device that is linked to it has, and is stored too. */
function assertProven(log: CommunityLog): void {
  const isRight = createSignatureChecker()
  const proven = new Set<EntryId>()
  for (const { entry } of log.entriesAfter(0, 10_000).toReversed()) {
    const { header, signature } = partsOf(entry.bytes)
    const right = isRight({ key: idBytes(entry.device), message: signedBytes(header), signature })
    assert.ok(right || proven.has(entry.id), 'an entry was stored that nobody is shown to have written')
    if (entry.prev !== undefined) proven.add(entry.prev)
  }
}

test('more than a chunk, in order and backwards within each', async (t) => {
  const { log, a } = setUp(t)
  const entries = [founding, ...chain(a, 2 * chunkEntriesMax + 5)]
  assert.deepEqual(new Set(await give(log, entries)), new Set(['stored']))
  assert.equal(log.counts().entries, entries.length)
})

// ---- the proof by itself

function candidates(...names: [id: string, prev?: string, device?: string][]): Candidate[] {
  return names.map(([id, prev, device = 'd']) => ({ entry: { id, prev, device } as unknown as Entry, wanted: false }))
}
const idsOf = (some: readonly Candidate[]) => some.map(({ entry }) => String(entry.id))
const checkedOf = (some: Record<string, boolean>) => new Map(Object.entries(some) as [EntryId, boolean][])

test('ends of runs: of each device, and of each branch', () => {
  const some = candidates(['1'], ['2', '1'], ['3', '2'], ['3b', '2'], ['9', 'elsewhere'], ['x', '3', 'other'])
  assert.deepEqual(idsOf(uncheckedEnds(some, checkedOf({}))), ['3', '3b', '9', 'x'])
  assert.deepEqual(idsOf(uncheckedEnds(some, checkedOf({ 9: true, x: false }))), ['3', '3b'])
})

test('a beginning that two branches share is dropped only with both', () => {
  const some = candidates(['1'], ['2', '1'], ['3', '2'], ['3b', '2'])
  assert.deepEqual(findUnproven(some, checkedOf({ 3: false, '3b': true, 2: false, 1: false })), ['3'])
  assert.deepEqual(findUnproven(some, checkedOf({ 3: false, '3b': false, 2: false, 1: true })), ['3', '3b', '2'])
  assert.deepEqual(findUnproven(some, checkedOf({ 3: true, '3b': true })), [])
  assert.deepEqual(idsOf(uncheckedInWrongRuns(some, checkedOf({ 3: false, '3b': true }))), ['2', '1'])
})

// ---- signatures and threads

function checksOf(count: number, wrong: (index: number) => boolean): SignatureCheck[] {
  const author = authorOf('a')
  return Array.from({ length: count }, (_, index) => {
    const message = new TextEncoder().encode(`message ${index}`)
    const signature = author.sign(message)
    if (wrong(index)) signature[3] = (signature[3] ?? 0) ^ 1
    return { key: author.deviceKey, message, signature }
  })
}

test('threads answer as this one does, in order', async (t) => {
  const checks = checksOf(3 * verifySliceMax + 7, (index) => index % 5 === 0)
  const here = createSignatureChecker()
  const expected = checks.map(here)
  assert.deepEqual(
    expected,
    checks.map((_, index) => index % 5 !== 0),
  )
  for (const threads of [0, 1, 2]) {
    const verifier = createVerifier({ threads })({ clock: stillClock(), log: recordingLog() })
    t.after(() => verifier.stop())
    assert.deepEqual(await verifier.check(checks), expected)
    assert.deepEqual(await verifier.check(checks.slice(0, verifyHereMax)), expected.slice(0, verifyHereMax))
    assert.deepEqual(await verifier.check([]), [])
  }
})

test('threads that are stopped in the middle leave their work to this one', async () => {
  const checks = checksOf(200, (index) => index === 70)
  const verifier = createVerifier({ threads: 2 })({ clock: stillClock(), log: recordingLog() })
  const checking = verifier.check(checks)
  await verifier.stop()
  const right = await checking
  assert.deepEqual(right.indexOf(false), 70)
  assert.equal(right.filter(Boolean).length, 199)
})

test('threads without work are let go', async () => {
  let idle: (() => void) | undefined
  const clock = {
    ...stillClock(),
    after: (_delayMs: number, run: () => void) => {
      idle = run
      return () => {
        idle = undefined
      }
    },
  }
  const verifier = createVerifier({ threads: 1 })({ clock, log: recordingLog() })
  const checks = checksOf(verifyHereMax + 1, () => false)
  await verifier.check(checks)
  assert.ok(idle)
  idle?.()
  assert.ok((await verifier.check(checks)).every(Boolean))
  await verifier.stop()
})

test('what goes to a thread is what comes out there', () => {
  const checks = checksOf(5, () => false).map((check) => ({ ...check, key: new Uint8Array(check.key) }))
  assert.deepEqual(
    [...unpack(pack(checks))].map(({ key, message, signature }) => ({ key, message, signature })),
    checks,
  )
})

test('which keys may be a device’s', () => {
  assert.ok(isUsableKey(authorOf('a').deviceKey))
  const prime = Buffer.from('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex')
  assert.equal(isUsableKey(prime), false)
  assert.equal(isUsableKey(new Uint8Array(32).fill(0xff)), false)
  assert.equal(isUsableKey(new Uint8Array(32)), false)
})

test('a key that is no point, a signature or message of no length: false, and nothing thrown', () => {
  const isRight = createSignatureChecker()
  const [check] = checksOf(1, () => false)
  assert.ok(check)
  assert.equal(isRight({ ...check, key: Uint8Array.of(2, ...new Uint8Array(31)) }), false)
  assert.equal(isRight({ ...check, key: new Uint8Array(3) }), false)
  assert.equal(isRight({ ...check, signature: new Uint8Array(0) }), false)
  assert.equal(isRight({ ...check, message: new Uint8Array(0) }), false)
  assert.equal(isRight(check), true)
})
