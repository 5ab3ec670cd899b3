import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import type { Log } from '../base/ports.ts'
import type { ShareId } from '../content/types.ts'
import { uploadTotalsMax, uploadTotalsSaveMs } from './limits.ts'
import { createUploadTotals } from './upload-totals.ts'
import { createUploads } from './uploads.ts'

const idOf = (name: string) => name as ShareId

function setup() {
  const warnings: string[] = []
  const ignore = () => undefined
  const log: Log = { debug: ignore, info: ignore, error: ignore, warn: (code) => warnings.push(code), child: () => log }
  const database = new DatabaseSync(':memory:')
  const clock = createManualClock()
  const begin = () =>
    createUploads({ clock, log, totals: createUploadTotals(database), swarms: () => [], changed: ignore })
  const stored = () => createUploadTotals(database).load()
  return { database, clock, warnings, begin, stored }
}

test('totals are written a minute after they began to grow, not for each block', () => {
  const { clock, begin, stored } = setup()
  const uploads = begin()
  uploads.changed(idOf('a'))
  assert.equal(clock.waiting, 0)
  uploads.count(idOf('a'), 100)
  clock.advance(uploadTotalsSaveMs - 1)
  uploads.count(idOf('a'), 1)
  uploads.count(idOf('b'), 7)
  assert.deepEqual(stored(), [])
  clock.advance(1)
  assert.deepEqual(stored(), [
    { shareId: 'a', bytes: 101 },
    { shareId: 'b', bytes: 7 },
  ])
  assert.equal(clock.waiting, 0)
})

test('the next start counts on, also for a share that has not sent since', () => {
  const { clock, begin } = setup()
  const first = begin()
  first.count(idOf('a'), 100)
  first.count(idOf('b'), 7)
  first.stop()
  assert.equal(clock.waiting, 0)
  const second = begin()
  second.count(idOf('a'), 1)
  assert.equal(second.view(idOf('a'))?.bytesTotal, 101)
  assert.deepEqual(
    second
      .views()
      .map(({ bytesTotal }) => bytesTotal)
      .sort(),
    [101, 7],
  )
  assert.equal(second.view(idOf('c')), undefined)
})

test('past the limit the share that is quiet for longest makes room, in the database too', () => {
  const { begin, stored } = setup()
  const uploads = begin()
  for (let share = 0; share < uploadTotalsMax; share++) uploads.count(idOf(`${share}`), 1)
  uploads.count(idOf('0'), 1)
  uploads.stop()
  const next = begin()
  next.count(idOf('one more'), 1)
  next.stop()
  const names = new Set(stored().map(({ shareId }) => String(shareId)))
  assert.equal(names.size, uploadTotalsMax)
  assert.deepEqual([names.has('one more'), names.has('1')], [true, false])
})

test('a database that can not be written is told, and costs no total', () => {
  const { database, clock, warnings, begin } = setup()
  const uploads = begin()
  uploads.count(idOf('a'), 100)
  database.close()
  clock.advance(uploadTotalsSaveMs)
  assert.deepEqual(warnings, ['upload_totals_not_saved'])
  assert.equal(uploads.view(idOf('a'))?.bytesTotal, 100)
})
