// The small parts: ids, time, order, errors, the waiting set, the intake.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { logErrors, toLogError } from './errors.ts'
import {
  communityOf,
  deviceIdOf,
  entryCid,
  entryIdOf,
  foundingOf,
  idBytes,
  parseCommunityId,
  parseDeviceId,
  parseEntryId,
  parseKeyId,
} from './ids.ts'
import { Intake } from './intake.ts'
import {
  chunkBytesMax,
  chunkEntriesMax,
  intakeBytesMax,
  intakeEntriesMax,
  integerMax,
  timeCountMax,
  waitingBytesMax,
  waitingEntriesMax,
  waitingPerDeviceMax,
} from './limits.ts'
import { compareEntries } from './order-core.ts'
import { authorOf, failure } from './testing.ts'
import { compareTimes, latestTime, nextTime } from './time-core.ts'
import type { DeviceId, Entry, EntryId, RefusalCode } from './types.ts'
import { WaitingSet } from './waiting.ts'

const time = fc.record({ ms: fc.nat({ max: 5 }), count: fc.nat({ max: 3 }) }, { noNullPrototype: true })
const hexOf = (value: number) => value.toString(16).padStart(64, '0')

test('ids are parsed strictly', async () => {
  const text = 'ab'.repeat(32)
  assert.equal(parseEntryId(text), text)
  assert.equal(parseCommunityId(text), text)
  assert.equal(parseDeviceId(text), text)
  assert.equal(parseKeyId(text.slice(32)), text.slice(32))
  for (const wrong of ['', text.slice(1), `${text}0`, text.toUpperCase(), `${text.slice(1)}g`, `${text.slice(1)}\n`]) {
    await failure(() => parseEntryId(wrong), 'entry_id_malformed')
    await failure(() => parseCommunityId(wrong), 'community_id_malformed')
    await failure(() => parseDeviceId(wrong), 'device_id_malformed')
    await failure(() => parseKeyId(wrong), 'key_id_malformed')
  }
})

test('an id is the sha2-256 of the bytes, and its CID names the same digest', () => {
  const id = entryIdOf(new TextEncoder().encode('abc')) // FIPS 180-2, appendix B.1
  assert.equal(id, 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  // Made with another program: CIDv1, dag-cbor (0x71), sha2-256, base32.
  assert.equal(entryCid(id), 'bafyreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu')
  assert.equal(foundingOf(communityOf(id)), id)
  assert.equal(Buffer.from(idBytes(id)).toString('hex'), id)
  const { deviceKey, device } = authorOf('a')
  assert.equal(deviceIdOf(deviceKey), device)
})

test('time: always after every parent, and the clock’s as soon as that is ahead', () => {
  fc.assert(
    fc.property(fc.array(time), fc.nat({ max: 6 }), (parents, nowMs) => {
      const next = nextTime(parents, nowMs)
      assert.ok(parents.every((parent) => compareTimes(next, parent) > 0))
      if (parents.every(({ ms }) => ms < nowMs)) assert.deepEqual(next, { ms: nowMs, count: 0 })
    }),
    { seed: 1 },
  )
  assert.deepEqual(nextTime([{ ms: 9, count: timeCountMax }], 5), { ms: 10, count: 0 })
  assert.deepEqual(nextTime([], 5.7), { ms: 5, count: 0 })
  assert.deepEqual(nextTime([], -5), { ms: 0, count: 0 })
  assert.deepEqual(nextTime([], Number.POSITIVE_INFINITY), { ms: integerMax, count: 0 })
  assert.equal(latestTime([]), undefined)
})

test('order: total, by time, then by id', () => {
  const entry = fc.record({ id: fc.nat({ max: 20 }).map((id) => hexOf(id) as EntryId), time })
  fc.assert(
    fc.property(entry, entry, entry, (a, b, c) => {
      assert.equal(Math.sign(compareEntries(a, b)), -Math.sign(compareEntries(b, a)) + 0)
      if (compareEntries(a, b) <= 0 && compareEntries(b, c) <= 0) assert.ok(compareEntries(a, c) <= 0)
      if (compareEntries(a, b) === 0) assert.deepEqual(a, b)
    }),
    { seed: 1 },
  )
})

test('every code of a refusal is one of the errors', () => {
  const all: Record<RefusalCode, true> = {
    entry_too_long: true,
    entry_malformed: true,
    entry_version_unknown: true,
    entry_of_other_community: true,
    signature_wrong: true,
    entry_misplaced: true,
    entry_time_backwards: true,
    entry_epoch_backwards: true,
    entry_epoch_jumped: true,
    device_frozen: true,
    log_full: true,
    device_quota_used: true,
  }
  for (const code of Object.keys(all)) {
    assert.equal(logErrors[code as RefusalCode]('').kind, 'refused')
  }
  assert.equal(toLogError(new Error('disk')).code, 'log_unwritable')
})

function waitingEntry(number: number, device: number, length = 10, missing: readonly number[] = [1]) {
  const entry = { id: hexOf(number), device: hexOf(device) as DeviceId, bytes: new Uint8Array(length) }
  return {
    entry: entry as unknown as Entry,
    wanted: false,
    signed: true,
    missing: missing.map((id) => hexOf(id) as EntryId),
  }
}

test('the waiting set is bounded by count, the oldest makes room', () => {
  const set = new WaitingSet()
  for (let number = 0; number < waitingEntriesMax + 10; number++) set.add(waitingEntry(1_000 + number, number))
  assert.equal(set.size, waitingEntriesMax)
  assert.equal(set.get(hexOf(1_009) as EntryId), undefined)
  assert.ok(set.get(hexOf(1_010) as EntryId))
  assert.equal(set.childrenOf(hexOf(1) as EntryId).length, waitingEntriesMax)
})

test('the waiting set is bounded by bytes', () => {
  const set = new WaitingSet()
  const length = 60_000
  for (let number = 0; number < 1_000; number++) set.add(waitingEntry(1_000 + number, number, length))
  assert.equal(set.size, Math.floor(waitingBytesMax / length))
  assert.ok(set.bytes <= waitingBytesMax)
})

test('one device can’t push out what others wait for', () => {
  const set = new WaitingSet()
  set.add(waitingEntry(1, 1, 10, [7]))
  for (let number = 0; number < waitingPerDeviceMax + 50; number++) set.add(waitingEntry(1_000 + number, 2))
  assert.equal(set.size, 1 + waitingPerDeviceMax)
  assert.equal(set.childrenOf(hexOf(7) as EntryId).length, 1)
})

test('missing are those that do not wait themselves; what is gone leaves nothing behind', () => {
  const set = new WaitingSet()
  set.add(waitingEntry(10, 1, 5, [1, 2]))
  set.add(waitingEntry(11, 1, 5, [10]))
  assert.deepEqual(set.missing(), [hexOf(1), hexOf(2)])
  set.add(waitingEntry(10, 1, 5, [2])) // the same again: one of its parents has come
  assert.deepEqual(set.missing(), [hexOf(2)])
  set.delete(hexOf(10) as EntryId)
  assert.deepEqual(set.missing(), [hexOf(10)])
  set.delete(hexOf(11) as EntryId)
  assert.deepEqual([set.size, set.bytes, set.missing()], [0, 0, []])
})

test('the intake takes so many and no more, and cuts chunks across requests', async () => {
  const intake = new Intake()
  const options = { wanted: false, signal: undefined }
  const one = new Uint8Array(1)
  const first = intake.add(
    Array.from({ length: intakeEntriesMax - 1 }, () => one),
    options,
  )
  const second = intake.add([one], options)
  await failure(() => intake.add([one], options), 'log_busy')
  let taken = 0
  while (!intake.isEmpty) {
    const chunk = intake.take()
    assert.ok(chunk.length <= chunkEntriesMax)
    taken += chunk.length
    for (const item of chunk) item.settle({ how: 'refused', code: 'entry_malformed' })
  }
  assert.equal(taken, intakeEntriesMax)
  assert.equal((await first).length + (await second).length, intakeEntriesMax)
  assert.deepEqual(await intake.add([], options), [])
})

test('the intake is bounded by bytes, and so are chunks', async () => {
  const intake = new Intake()
  const options = { wanted: false, signal: undefined }
  const large = new Uint8Array(chunkBytesMax / 2 + 1)
  const count = Math.floor(intakeBytesMax / large.length)
  const adding = intake.add(
    Array.from({ length: count }, () => large),
    options,
  )
  await failure(() => intake.add([large], options), 'log_busy')
  assert.equal(intake.take().length, 1)
  intake.failAll(logErrors.log_stopped('over'))
  await failure(() => adding, 'log_stopped')
  assert.ok(intake.isEmpty)
  // All the room is there again.
  void intake
    .add(
      Array.from({ length: count }, () => large),
      options,
    )
    .catch(() => {})
})

test('a request that is given up leaves the intake and takes nothing of others along', async () => {
  const intake = new Intake()
  const controller = new AbortController()
  const given = intake.add([new Uint8Array(1), new Uint8Array(1)], { wanted: true, signal: controller.signal })
  const other = intake.add([new Uint8Array(2)], { wanted: false, signal: undefined })
  controller.abort(new Error('enough'))
  await assert.rejects(given, /enough/)
  const [item] = intake.take()
  assert.equal(item?.bytes.length, 2)
  item?.settle({ how: 'known', id: hexOf(1) as EntryId })
  assert.deepEqual(await other, [{ how: 'known', id: hexOf(1) }])
  assert.throws(() => intake.add([], { wanted: false, signal: controller.signal }), /enough/)
})
