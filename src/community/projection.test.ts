// What apps are given, whatever happens meanwhile: entries come, verdicts change, a thread reads, fails, is stopped, the
// process ends and starts again. In the end the app has just the entries that count, as what they count.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom, type SeededRandom } from '../../test/sim/random.ts'
import type { PersonDid } from '../identity/types.ts'
import { recordingLog } from '../log/testing.ts'
import type { CommunityId, CommunityLog, DeviceId, Entry, EntryId, KeyId, StoredEntry } from '../log/types.ts'
import type { Counted, Resolution } from './core.ts'
import type { Difference } from './difference-core.ts'
import { give, type Judging, judgeAll } from './giving.ts'
import { entriesPerTurnMax, turnsHereMax } from './limits.ts'
import { createProgressStore, type ProgressStore } from './progress-store.ts'
import { type Judge, Projection } from './projection.ts'
import type { Reading, ReadingEnd } from './reading.ts'
import type { AppReducer, Role, VoidCode } from './types.ts'

const community = 'c0'.repeat(32) as CommunityId
const devices = ['a', 'b', 'c'].map((name) => name.repeat(64) as DeviceId)

/** Of each device: from which number on it counts no longer, and in which role what counts does. */
interface Verdict {
  readonly until: number
  readonly role: string
}

type Verdicts = ReadonlyMap<DeviceId, Verdict>

const fullVerdict: Verdict = { until: Number.POSITIVE_INFINITY, role: 'member' }

function roleOf(name: string): Role {
  return { name, rank: 1, capabilities: [name] as never }
}

function countsBy(verdicts: Verdicts) {
  return ({ device, seq }: Pick<Entry, 'device' | 'seq'>): Counted | VoidCode => {
    const { until, role } = verdicts.get(device) ?? fullVerdict
    if (seq >= until) return 'author_removed'
    return { person: device as string as PersonDid, may: (name) => name === role, role: () => roleOf(role) }
  }
}

const payload = { app: 'test', kind: 'say', body: null }

/** A log that lives in a list. */
function createLog() {
  const entries: StoredEntry[] = []
  const seqs = new Map<DeviceId, number>()
  const log = {
    community,
    entriesAfter: (arrival: number, limit: number) => entries.filter((one) => one.arrival > arrival).slice(0, limit),
    entriesBefore: (arrival: number | undefined, limit: number) =>
      entries.filter((one) => one.arrival < (arrival ?? Number.POSITIVE_INFINITY)).slice(-limit),
    missingFor: (vector: ReadonlyMap<DeviceId, number>, after: number) =>
      entries
        .filter(({ arrival, entry }) => arrival > after && entry.seq > (vector.get(entry.device) ?? 0))
        .slice(0, 50),
    vector: () => seqs,
    forks: () => [],
  } as unknown as CommunityLog
  return {
    log,
    entries,
    add(random: SeededRandom, count: number): void {
      for (let left = count; left > 0; left--) {
        const device = random.pick(devices)
        const seq = (seqs.get(device) ?? 0) + 1
        seqs.set(device, seq)
        const id = `${device.slice(0, 1)}${seq}` as EntryId
        const entry = { id, device, seq, lane: 1, key: 'k' as KeyId, time: { ms: 0, count: 0 } } as unknown as Entry
        // Numbers are shared with other logs.
        entries.push({ arrival: (entries.at(-1)?.arrival ?? 0) + 1 + random.below(2), entry })
      }
    },
  }
}

/** An app that knows which entries it has, as what. What hangs together: every tenth with the one before. */
function createApp(): AppReducer & { readonly has: Map<number, string> } {
  const has = new Map<number, string>()
  return {
    app: 'test',
    has,
    apply(entries) {
      for (const { arrival, may } of entries) has.set(arrival, ['member', 'guest'].find(may) ?? '?')
    },
    retract(entries) {
      const again: number[] = []
      for (const { arrival } of entries) {
        has.delete(arrival)
        if (arrival % 10 === 0 && has.delete(arrival - 1)) again.push(arrival - 1)
      }
      return entries.length > 40 ? undefined : again
    },
    reset() {
      for (const arrival of [...has.keys()].slice(0, 500)) has.delete(arrival)
      return has.size === 0
    },
  }
}

/** Reads as the thread does, by the verdicts at its beginning, and lets go in between. */
function createReading(
  world: { readonly log: CommunityLog; readonly store: ProgressStore; readonly app: AppReducer; verdicts: Verdicts },
  random: SeededRandom,
): Reading {
  let failures = random.below(3) === 0 ? 1 : 0
  return {
    async read(job, { signal, onProgress }): Promise<ReadingEnd> {
      const judging: Judging = { counts: countsBy(world.verdicts), open: () => payload }
      const apps = new Map([['test', world.app]])
      for (;;) {
        await turns(1 + random.below(4))
        if (signal.aborted) return { how: 'stopped' }
        if (failures > 0 && random.below(3) === 0) {
          failures -= 1
          return { how: 'failed' }
        }
        const { arrival, given } = world.store.progress(community)
        const page = world.log.entriesAfter(arrival, 700).filter((one) => one.arrival <= job.upTo)
        const last = page.at(-1)
        if (last === undefined) return { how: 'done' }
        world.store.lazily(() => {
          give({ store: world.store, apps }, community, judgeAll(judging, community, page))
          const progress = { arrival: last.arrival, entry: last.entry.id, given: given + page.length }
          world.store.setProgress(community, progress)
        })
        onProgress(given + page.length)
      }
    },
    exclusively: async (work) => work(),
  }
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve))
}

function createWorld(seed: string) {
  const random = createRandom(seed)
  const { log, entries, add } = createLog()
  const store = createProgressStore(new DatabaseSync(':memory:'))
  const app = createApp()
  const world = { log, store, app, verdicts: new Map<DeviceId, Verdict>() as Verdicts }
  const events: string[] = []
  let queue: Promise<unknown> = Promise.resolve()
  const inTurn = (work: () => Promise<void>) => {
    const done = queue.then(work)
    queue = done.catch(() => {})
    return done
  }
  const judge: Judge = {
    counts: (entry) => countsBy(world.verdicts)(entry),
    open: () => payload,
    job: () => ({ community, keys: [], acts: [], past: { devices: [], vectors: new Map() }, forks: [] }),
    inTurn,
    emit: ({ type }) => void events.push(type),
  }
  const begin = () =>
    new Projection(log, judge, {
      log: recordingLog(),
      store,
      apps: new Map([['test', app]]),
      reading: createReading(world, random),
    })
  let projection = begin()
  return {
    ...{ random, entries, app, events, inTurn },
    come: (count: number) => {
      add(random, count)
      return inTurn(() => projection.project())
    },
    /** The verdicts of one device change from a number on. */
    judgeOtherwise(device: DeviceId, change: Partial<Verdict>, all: boolean) {
      return inTurn(async () => {
        const before = world.verdicts
        const old = before.get(device) ?? fullVerdict
        const present = { ...old, ...change }
        world.verdicts = new Map([...before, [device, present]])
        const from = present.role === old.role ? Math.min(old.until, present.until) : 1
        const difference: Difference = {
          how: 'rewritten',
          devices: new Set([device]),
          keys: new Set(),
          rewritten: all ? 'all' : new Map([[device, from]]),
        }
        const resolution = { counts: countsBy(before), personOf: () => device as string } as unknown as Resolution
        await projection.judgedAnew(resolution, difference, 0)
        await projection.project()
      })
    },
    restart: () =>
      inTurn(async () => {
        await projection.stop()
        projection = begin()
        await projection.begin([])
        await projection.project()
      }),
    async settle() {
      for (let quiet = 0; quiet < 50; quiet++) {
        await inTurn(async () => {})
        await turns(2)
        if (projection.given !== undefined) quiet = 0
      }
      await inTurn(() => projection.stop())
    },
    expected() {
      const counts = countsBy(world.verdicts)
      return new Map(
        entries.flatMap(({ arrival, entry }): [number, string][] => {
          const counted = counts(entry)
          return typeof counted === 'string' ? [] : [[arrival, counted.role().name]]
        }),
      )
    },
  }
}

const sorted = (map: ReadonlyMap<number, string>) => [...map].sort(([a], [b]) => a - b)
const many = turnsHereMax * entriesPerTurnMax + 3_000

test('whatever happens, the app has what counts', async () => {
  const seen = { readings: 0, restarts: 0 }
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
      const world = createWorld(`projection ${seed}`)
      const { random } = world
      if (random.below(2) === 0) void world.come(many)
      for (let step = 0; step < 12; step++) {
        const dice = random.below(10)
        const device = random.pick(devices)
        if (dice < 4) void world.come(1 + random.below(200))
        else if (dice < 5) void world.come(many)
        else if (dice < 9) {
          const newest = world.entries.filter(({ entry }) => entry.device === device).at(-1)?.entry.seq ?? 0
          const until = random.below(3) === 0 ? Number.POSITIVE_INFINITY : Math.max(1, newest - random.below(60))
          const change = random.below(3) === 0 ? { role: random.pick(['member', 'guest']) } : { until }
          void world.judgeOtherwise(device, change, random.below(6) === 0)
        } else {
          seen.restarts += 1
          void world.restart()
        }
        await turns(random.below(12))
      }
      await world.settle()
      await world.restart()
      await world.settle()
      seen.readings += world.events.filter((type) => type === 'reading').length
      assert.deepEqual(sorted(world.app.has), sorted(world.expected()))
    }),
    { numRuns: 60, seed: 5 },
  )
  assert.ok(seen.readings > 100 && seen.restarts > 20, JSON.stringify(seen))
})

test('what comes while a thread reads is given at once, and told as news', async () => {
  const world = createWorld('live')
  await world.come(many)
  const before = world.app.has.size
  assert.ok(before < many, 'the thread has the rest')
  await world.come(1)
  const newest = world.entries.at(-1)?.arrival ?? 0
  assert.ok(world.app.has.has(newest))
  assert.ok(world.app.has.size < many, 'nobody waited for the rest')
  assert.ok(world.events.includes('entries'))
  await world.settle()
  assert.deepEqual(sorted(world.app.has), sorted(world.expected()))
})

test('a removal that voids one message costs a look at that message', async () => {
  const world = createWorld('removal')
  await world.come(turnsHereMax * entriesPerTurnMax - 1)
  const [device = 'x' as DeviceId] = devices
  const newest = world.entries.findLast(({ entry }) => entry.device === device)
  const given: number[] = []
  const apply = world.app.apply.bind(world.app)
  world.app.apply = (entries) => {
    const all = [...entries]
    given.push(...all.map(({ arrival }) => arrival))
    apply(all)
  }
  await world.judgeOtherwise(device, { until: newest?.entry.seq ?? 0 }, false)
  assert.ok(given.length <= 1, `${given.length} were given again`)
  assert.deepEqual(sorted(world.app.has), sorted(world.expected()))
})

test('views that are of another log are made anew', async () => {
  const world = createWorld('another')
  await world.come(100)
  const [first] = world.entries.splice(99, 1)
  assert.ok(first !== undefined)
  world.entries.push({ ...first, entry: { ...first.entry, id: 'other' as EntryId } })
  world.app.has.set(1_000_000, 'of the other log')
  await world.restart()
  await world.settle()
  assert.deepEqual(sorted(world.app.has), sorted(world.expected()))
})
