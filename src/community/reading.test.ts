// Reading a whole log as the thread does: in one go, in pieces whenever somebody else wants to write, stopped and gone on
// with, it comes to the same; and nothing goes to apps that nobody is proven to have written.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { assertLikeRebuilt } from '../../test/support/chat.ts'
import { identityAt, makeHome } from '../../test/support/community-home.ts'
import { openView } from '../apps/chat/view.ts'
import { openReadLog } from '../log/read-log.ts'
import { authorOf, entryOf, handOf } from '../log/testing.ts'
import type { CommunityId, Entry } from '../log/types.ts'
import { readAct } from './acts-wire.ts'
import { openWith } from './giving.ts'
import { Keyring } from './keyring.ts'
import { readingSliceMax, readingSlicesPutOffMax } from './limits.ts'
import { createProgressStore } from './progress-store.ts'
import { createProof, type ReadingJob, type ReadingParts, readLog } from './reading.ts'
import { createCommunityStore } from './store.ts'

const random = { bytes: (length: number) => new Uint8Array(length).fill(5) }

async function makeJob(home: string, id: CommunityId) {
  const identity = await identityAt(home)
  const database = new DatabaseSync(join(home, 'peerhood.db'))
  const store = createCommunityStore(database, new DatabaseSync(':memory:'))
  const log = openReadLog(database, id)
  assert.ok(log !== undefined)
  const keyring = () => new Keyring({ deviceSeed: identity.deviceSeed, random })
  const opening = keyring()
  opening.import(store.keys(id))
  const acts = log.entriesAfter(0, 10_000, { lane: 0 }).map(({ entry }) => {
    const payload = openWith(opening, entry)
    assert.ok(payload !== undefined && payload !== 'malformed')
    return { entry, act: readAct(payload.kind, payload.body), proven: true }
  })
  const { devices, acts: known } = store.acts(id)
  const vectors = new Map([...known].map(([act, { past }]) => [act, past]))
  const keys = opening.export()
  const job: ReadingJob = { community: id, upTo: 1e9, keys, acts, past: { devices, vectors }, forks: [] }
  /** A view of its own, and what reads into it. */
  const reader = (rest: Partial<ReadingParts> = {}) => {
    const views = new DatabaseSync(':memory:')
    const chat = openView({ database: views, keys: { open: () => undefined }, self: () => identity.did })
    chat.index.gather(true)
    const given: number[] = []
    const parts: ReadingParts = {
      ...{ log, store: createProgressStore(views), apps: new Map([['chat', chat.reducer]]), keyring: keyring() },
      goOn: async () => true,
      exclusively: async (work) => work(),
      isWanted: () => false,
      finish: () => chat.index.write(),
      onProgress: (count) => void given.push(count),
      onUnproven: (entry) => assert.fail(`${entry} is proven`),
      ...rest,
    }
    return { views, parts, given }
  }
  return { job, reader, database }
}

test('in one go, in pieces, and stopped again and again: the same', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'peerhood-reading-'))
  t.after(() => rmSync(home, { recursive: true }))
  const { community: id, entries } = await makeHome(home, 1_500)
  const { job, reader, database } = await makeJob(home, id)
  t.after(() => database.close())
  const whole = reader()
  assert.equal(await readLog(job, whole.parts), true)
  assert.deepEqual(whole.given, [entries - job.acts.length], 'one transaction')

  const inPieces = reader({ isWanted: () => true })
  assert.equal(await readLog(job, inPieces.parts), true)
  assert.ok(inPieces.given.length >= Math.floor(entries / readingSliceMax), `${inPieces.given.length} transactions`)
  assert.equal(inPieces.given.at(-1), whole.given.at(-1))
  assertLikeRebuilt(inPieces.views, whole.views, 'in pieces')

  // Each time it gets a little further before it is to end.
  let patience = 0
  const stopped = reader({ isWanted: () => true, goOn: async () => patience-- > 0 })
  let lives = 0
  do {
    patience = 2
    lives += 1
  } while (!(await readLog(job, stopped.parts)))
  assert.ok(lives > 2, `${lives} lives`)
  assertLikeRebuilt(stopped.views, whole.views, 'in many lives')
})

test('who wants to write waits for one slice, and never for much that was put off', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'peerhood-reading-'))
  t.after(() => rmSync(home, { recursive: true }))
  const { community: id } = await makeHome(home, 9_500)
  const { job, reader, database } = await makeJob(home, id)
  t.after(() => database.close())
  /** Slices of the transaction that runs, and since something was put off; what was the most. */
  let [slices, putOff, most, wantedAt] = [0, 0, 0, Number.POSITIVE_INFINITY]
  const transactions: number[] = []
  const views = reader()
  const parts: ReadingParts = {
    ...views.parts,
    exclusively: async (work) => {
      ;[slices, putOff] = [0, 0]
      const result = work()
      transactions.push(slices)
      return result
    },
    // Asked once for each slice.
    isWanted: () => {
      slices += 1
      putOff += 1
      most = Math.max(most, putOff)
      return slices >= wantedAt
    },
    finish: () => {
      putOff = 0
      views.parts.finish()
    },
    onProgress: () => {
      wantedAt = 3
    },
  }
  assert.equal(await readLog({ ...job, upTo: 8_800 }, parts), true)
  assert.ok(transactions.length === 1 && (transactions[0] ?? 0) > 8, 'nobody wants to')
  assert.equal(most, readingSlicesPutOffMax)
  assert.equal(await readLog(job, parts), true)
  assert.ok(Math.max(...transactions.slice(1)) <= 3, 'it ends with the slice in which somebody does')
})

test('what nothing proves is not given, what a later entry proves is', () => {
  const founding = entryOf(authorOf('founder'))
  const [ada, ben] = [handOf(authorOf('ada'), founding), handOf(authorOf('ben'), founding)]
  const first = ada.write([founding])
  const second = ada.write([], { wrong: true })
  const third = ada.write([])
  const last = ada.write([], { wrong: true })
  const other = ben.write([founding], { wrong: true })
  const after = ben.write([], { wrong: true })
  const written: readonly Entry[] = [founding, first, second, third, last, other, after]
  const proof = createProof({ next: ({ id }) => written.find(({ prev }) => prev === id) })
  const unprovenOf = (...page: readonly Entry[]) => [...proof(page.map((entry, at) => ({ arrival: at + 1, entry })))]
  assert.deepEqual(unprovenOf(founding, first, second, third), [])
  assert.deepEqual(unprovenOf(first, second), [], 'the next page proves it')
  assert.deepEqual(unprovenOf(third, last), [last.id])
  assert.deepEqual(unprovenOf(other, after), [after.id, other.id])
  assert.deepEqual(unprovenOf(other), [other.id])
  assert.deepEqual(unprovenOf(), [])
})
