import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryIdOf } from '../ids.ts'
import type { CommunityLog, DeviceId, Entry, EntryId, StoredEntry, Vector } from '../types.ts'
import { createPastView } from './past-view.ts'

const [ann, bob] = ['aa'.repeat(32) as DeviceId, 'bb'.repeat(32) as DeviceId]

/** Entries in order of arrival, told by device, number and epoch alone: the view looks at nothing else. */
function logOf(rows: readonly (readonly [DeviceId, number, number])[]) {
  const stored = rows.map(([device, seq, epoch], place): StoredEntry => {
    const id = `${device.slice(0, 2)}${seq}` as EntryId
    return { arrival: place + 1, entry: { id, device, seq, epoch, bytes: new Uint8Array(100) } as unknown as Entry }
  })
  const received: Uint8Array[] = []
  const log = {
    vector: (): Vector => {
      const vector = new Map<DeviceId, number>()
      for (const { entry } of stored) vector.set(entry.device, Math.max(entry.seq, vector.get(entry.device) ?? 0))
      return vector
    },
    forks: () => [{ device: bob, seq: 2, entries: ['bb2', 'bb3'] }],
    has: (id: EntryId) => stored.some(({ entry }) => entry.id === id),
    get: (id: EntryId) => stored.find(({ entry }) => entry.id === id)?.entry,
    at: (device: DeviceId, seq: number) =>
      stored.find(({ entry }) => entry.device === device && entry.seq === seq)?.entry,
    missingFor: (vector: Vector, after: number) =>
      stored.filter(({ arrival, entry }) => arrival > after && entry.seq > (vector.get(entry.device) ?? 0)).slice(0, 2),
    receive: async (entries: readonly Uint8Array[]) => {
      received.push(...entries)
      return []
    },
  }
  return { log: log as unknown as CommunityLog, received }
}

const rows = [
  [ann, 1, 0],
  [bob, 1, 0],
  [ann, 2, 0],
  [ann, 3, 1],
  [ann, 4, 1],
  [bob, 2, 1],
  [bob, 3, 2],
] as const

test('what came after an epoch is not there, whichever way one asks', () => {
  const { log } = logOf(rows)
  for (const [epoch, seqs] of [
    [0, [2, 1]],
    [1, [4, 2]],
    [2, [4, 3]],
  ] as const) {
    const view = createPastView(log, epoch)
    assert.deepEqual([...view.vector().values()], seqs)
    for (const [device, seq, ofEpoch] of rows) {
      const id = `${device.slice(0, 2)}${seq}` as EntryId
      assert.equal(view.has(id), ofEpoch <= epoch)
      assert.equal(view.get(id) !== undefined, ofEpoch <= epoch)
      assert.equal(view.at(device, seq) !== undefined, ofEpoch <= epoch)
    }
    const all: EntryId[] = []
    for (let after = 0; ; ) {
      const page = view.missingFor(new Map(), after, 1_000)
      if (page.length === 0) break
      all.push(...page.map(({ entry }) => entry.id))
      after = page.at(-1)?.arrival ?? after
    }
    assert.equal(all.length, rows.filter(([, , ofEpoch]) => ofEpoch <= epoch).length)
    assert.equal(view.forks().length, epoch === 2 ? 1 : 0, 'a fork is told when both entries may be')
  }
})

test('nothing is taken from whoever sees the past alone', async () => {
  const { log, received } = logOf(rows)
  const bytes = Uint8Array.of(1, 2, 3)
  assert.deepEqual(await createPastView(log, 0).receive([bytes]), [{ how: 'known', id: entryIdOf(bytes) }])
  assert.deepEqual(received, [])
})
