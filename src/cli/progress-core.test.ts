import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Progress, percentOf, progressLine, progressPlainLine } from './progress-core.ts'
import { widthOf } from './text.ts'

const half: Progress = {
  label: 'photos',
  done: 480_000_000,
  total: 960_000_000,
  bytesPerSecond: 48_000_000,
  secondsLeft: 10,
  peers: 3,
  sentence: '',
}

test('a wide line has label, bar, percent, sizes, speed, time left and peers', () => {
  assert.equal(
    progressLine(half, 120),
    `photos  ${'━'.repeat(15)}${'─'.repeat(15)}   50 %  480 MB of 960 MB  48.0 MB/s  10 s left  3 peers`,
  )
})

test('a narrow line gives up the bar first, then is cut', () => {
  assert.doesNotMatch(progressLine(half, 70), /━/)
  assert.match(progressLine(half, 70), /50 % {2}480 MB of 960 MB/)
  assert.ok(widthOf(progressLine(half, 20)) <= 20)
})

test('the sentence stands where there are no figures yet', () => {
  assert.equal(progressPlainLine({ ...half, total: 0, sentence: 'looking for peers' }), 'photos: looking for peers')
})

test('what is no bytes is counted by its own name', () => {
  const line = progressPlainLine({
    ...{ label: 'Family', done: 250, total: 1_000_000, unit: 'entries', sentence: '' },
    ...{ bytesPerSecond: undefined, secondsLeft: undefined, peers: undefined },
  })
  assert.equal(line, 'Family:   0 %  250 of 1,000,000 entries')
})

test('a hundred percent is shown only when all of it is here', () => {
  assert.equal(percentOf({ ...half, done: 959_999_999 }), 99)
  assert.equal(percentOf({ ...half, done: 960_000_000 }), 100)
})

test('no figures and no name make a line wider than the window or give the terminal orders', () => {
  const progress = fc.record({
    label: fc.string({ unit: 'binary' }),
    done: fc.nat(),
    total: fc.nat(),
    bytesPerSecond: fc.option(fc.nat(), { nil: undefined }),
    secondsLeft: fc.option(fc.nat(), { nil: undefined }),
    peers: fc.option(fc.nat(), { nil: undefined }),
    sentence: fc.string({ unit: 'binary' }),
  })
  fc.assert(
    fc.property(progress, fc.integer({ min: 1, max: 200 }), (shown, columns) => {
      const line = progressLine(shown, columns)
      assert.ok(widthOf(line) <= columns)
      assert.doesNotMatch(line, /\p{Cc}/u)
    }),
  )
})
