// The rule against its slow and obvious twin (model-testing.ts), on random histories with splits and liars; and that
// neither the order of arrival nor what was asked before matters.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRandom, type SeededRandom } from '../../test/sim/random.ts'
import type { DeviceId } from '../log/types.ts'
import { type OpenedAct, Past, type Resolution, resolve } from './core.ts'
import type { Difference } from './difference-core.ts'
import { type HistoryOptions, randomHistory } from './histories-testing.ts'
import type { ModelResult } from './model-round-testing.ts'
import { modelOf } from './model-testing.ts'
import type { History, TestEntry } from './testing.ts'
import type { VoidCode } from './types.ts'

const capabilities = ['post', 'invite', 'remove', 'roles', 'chat.see', 'anything']

/** Runs one seed; a failure says which. */
function withSeed(seed: string, run: (dice: SeededRandom) => void): void {
  try {
    run(createRandom(seed))
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function sorted(record: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** All that must be the same everywhere, as plain data. */
function pictureOf({ state }: Resolution) {
  const devices = [...state.members.values()].flatMap((member) => member.devices)
  return {
    members: sorted(Object.fromEntries([...state.members].map(([did, { state, role }]) => [did, `${state} ${role}`]))),
    devices: sorted(
      Object.fromEntries(
        devices.filter(({ state }) => state !== 'forked').map(({ device, state }) => [device, state === 'active']),
      ),
    ),
    roles: sorted(
      Object.fromEntries([...state.roles].map(([name, { rank, capabilities }]) => [name, `${rank} ${capabilities}`])),
    ),
    invites: sorted(Object.fromEntries([...state.invites].map(([id, { uses, state }]) => [id, `${uses} ${state}`]))),
    keys: state.keys.map(({ key }) => key),
    writingKey: state.writingKey?.key,
    voided: sorted(Object.fromEntries(state.voided)),
  }
}

function pictureOfModel(model: ModelResult, forked: ReadonlySet<string>) {
  return {
    members: sorted(model.members),
    devices: sorted(model.devices).filter(([device]) => !forked.has(device)),
    roles: sorted(model.roles),
    invites: sorted(model.invites),
    keys: model.keys,
    writingKey: model.writingKey,
    voided: sorted(model.voided),
  }
}

function verdictOf(verdict: VoidCode | { person: string; may(capability: string): boolean }) {
  if (typeof verdict === 'string') return verdict
  return [verdict.person, ...capabilities.filter((capability) => verdict.may(capability))].join(' ')
}

function messagesOf(history: History): TestEntry[] {
  return [...history.entries.values()].filter(({ lane }) => lane === 1)
}

function assertLikeModel(history: History): void {
  const acts = history.actsOf()
  const resolution = resolve(history.community, acts, new Past(history))
  const model = modelOf(history, acts)
  const forked = new Set<string>(history.forks().map(({ device }) => device))
  assert.deepEqual(pictureOf(resolution), pictureOfModel(model, forked))
  for (const entry of messagesOf(history)) {
    assert.equal(verdictOf(resolution.counts(entry)), verdictOf(model.counts(entry)), entry.id)
  }
}

const shapes: readonly (HistoryOptions & { readonly runs: number; readonly name: string })[] = [
  { name: 'honest, and well connected', steps: 30, seeing: 0.9, lying: 0, runs: 400 },
  { name: 'honest, and seldom connected', steps: 30, seeing: 0.3, lying: 0, runs: 800 },
  { name: 'with liars', steps: 30, seeing: 0.6, lying: 0.3, runs: 1_200 },
  { name: 'of liars who see little', steps: 40, seeing: 0.25, lying: 0.6, runs: 600 },
  { name: 'long', steps: 90, seeing: 0.5, lying: 0.2, runs: 40 },
  { name: 'of two', steps: 30, seeing: 0.5, lying: 0.2, runs: 600, purpose: 'direct' },
]

describe('the rule and its slow twin say the same of histories', () => {
  for (const { name, runs, ...options } of shapes) {
    test(name, () => {
      for (let run = 0; run < runs; run++) {
        withSeed(`${name} ${run}`, (dice) => assertLikeModel(randomHistory(dice, options)))
      }
    })
  }
})

function shuffled<Item>(items: readonly Item[], dice: SeededRandom): Item[] {
  return items
    .map((item) => ({ item, at: dice.uniform() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

describe('nothing but the set of entries decides', () => {
  test('every order of arrival, and whatever was asked before, gives the same', () => {
    for (let run = 0; run < 300; run++) {
      withSeed(`arrival ${run}`, (dice) => {
        const history = randomHistory(dice, { steps: 40, lying: 0.3 })
        const acts = history.actsOf()
        const expected = pictureOf(resolve(history.community, acts, new Past(history)))
        for (let round = 0; round < 3; round++) {
          const past = new Past(history)
          const arrived: OpenedAct[] = []
          for (const act of shuffled(acts, dice)) {
            arrived.push(act)
            if (dice.uniform() < 0.15) resolve(history.community, arrived, past)
          }
          assert.deepEqual(pictureOf(resolve(history.community, arrived, past)), expected)
        }
      })
    }
  })

  test('what was kept of pasts on disk makes no difference', () => {
    withSeed('kept', (dice) => {
      const history = randomHistory(dice, { steps: 80, lying: 0.3 })
      const acts = history.actsOf()
      const first = new Past(history)
      const expected = pictureOf(resolve(history.community, acts, first))
      const { devices, vectors } = first.export()
      const second = new Past(history)
      second.numberOf(devices.at(-1) as DeviceId)
      second.import({ devices, vectors })
      assert.deepEqual(pictureOf(resolve(history.community, acts, second)), expected)
      assert.equal(second.export(new Set(vectors.keys())).vectors.size, 0)
    })
  })
})

describe('what a change says of entries of apps', () => {
  test('is never less than what changed', () => {
    const seen = { nothing: 0, appended: 0, rewritten: 0 }
    for (let run = 0; run < 300; run++) {
      withSeed(`change ${run}`, (dice) => {
        const history = randomHistory(dice, { steps: 40, lying: 0.15, seeing: 0.8 })
        const acts = [...history.acts.values()]
        const past = new Past(history)
        let before = resolve(history.community, acts.slice(0, 1), past)
        let judged: TestEntry[] = []
        for (let count = 1; count <= acts.length; count += 1 + dice.below(3)) {
          const after = resolve(history.community, acts.slice(0, count), past)
          const upTo = new Map<DeviceId, number>()
          for (const { device, seq } of judged) upTo.set(device, Math.max(seq, upTo.get(device) ?? 0))
          const { how: change, devices, keys } = after.changedSince(before, upTo)
          seen[change] += 1
          assertChange(change, before, after, judged)
          if (change !== 'rewritten') assertTouched({ devices, keys }, before, after, messagesOf(history))
          before = after
          // By and by, as entries of apps are read.
          judged = messagesOf(history).filter(({ time }) => time.ms <= (acts[count - 1]?.entry.time.ms ?? 0))
        }
      })
    }
    assert.ok(seen.nothing > 100 && seen.appended > 100 && seen.rewritten > 20, JSON.stringify(seen))
  })
})

/** Entries are looked at again by whose they are and by their key: none may be left out, judged before or not. */
function assertTouched(
  { devices, keys }: Pick<Difference, 'devices' | 'keys'>,
  before: Resolution,
  after: Resolution,
  entries: readonly TestEntry[],
): void {
  for (const entry of entries) {
    const present = after.counts(entry)
    // A fork makes nothing count that did not.
    if (present === 'device_forked' || verdictOf(before.counts(entry)) === verdictOf(present)) continue
    assert.ok(devices.has(entry.device) || keys.has(entry.key), 'what is judged otherwise is named')
  }
}

function assertChange(change: string, before: Resolution, after: Resolution, judged: readonly TestEntry[]): void {
  for (const entry of judged) {
    const [old, present] = [before.counts(entry), after.counts(entry)]
    if (verdictOf(old) === verdictOf(present)) continue
    assert.notEqual(change, 'nothing')
    if (change === 'appended') assert.ok(old === 'author_unknown' || old === 'key_unknown', `${verdictOf(old)}`)
  }
}
