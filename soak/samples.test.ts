import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growthOf } from './samples.ts'

const mebibyte = 2 ** 20
const every5s = (values: (minute: number) => number, minutes = 10) =>
  Array.from({ length: minutes * 12 }, (_, at) => ({ atMs: at * 5_000, value: values(at / 12) }))

test('a process that levels off is flat, whatever its peaks', () => {
  const peaks = every5s(
    (minute) => 80 * mebibyte * (1 - Math.exp(-minute * 4)) + (Math.floor(minute * 12) % 7 === 0 ? 60 * mebibyte : 0),
  )
  assert.equal(growthOf(peaks, 0, mebibyte).verdict, 'flat')
})

test('one that gains two MiB a minute grows', () => {
  const leak = every5s((minute) => (60 + 2 * minute + 5 * Math.sin(minute * 9)) * mebibyte)
  const { verdict, perMinute } = growthOf(leak, 0, mebibyte)
  assert.equal(verdict, 'grows')
  assert.ok(Math.abs(perMinute / mebibyte - 2) < 0.5)
})

test('nothing is said of a short life', () => {
  assert.equal(
    growthOf(
      every5s(() => 1, 2),
      0,
      1,
    ).verdict,
    'too short to say',
  )
})
