import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import type { Log } from './ports.ts'
import { createSaver } from './saver.ts'

const everyMs = 60_000

/** A figure that grows, and what of it has been written. */
function setup(options: { readonly fails?: () => boolean } = {}) {
  const clock = createManualClock()
  const warnings: string[] = []
  const ignore = () => undefined
  const log: Log = { debug: ignore, info: ignore, error: ignore, warn: (code) => warnings.push(code), child: () => log }
  const written: number[] = []
  let figure = 0
  const saver = createSaver({
    clock,
    log,
    everyMs,
    failureCode: 'not_saved',
    save() {
      if (options.fails?.()) throw new Error('the disk is full')
      if (written.at(-1) !== figure) written.push(figure)
    },
  })
  const grow = () => {
    figure++
    saver.grew()
  }
  return { clock, warnings, written, saver, grow }
}

test('what grows all the time is written once in a while, and nothing waits when nothing grows', () => {
  const { clock, written, grow } = setup()
  assert.equal(clock.waiting, 0)
  for (let second = 0; second < 180; second++) {
    grow()
    clock.advance(1_000)
  }
  assert.deepEqual(written, [60, 120, 180])
  clock.advance(everyMs)
  assert.deepEqual([written.length, clock.waiting], [3, 0])
})

test('the stop writes what is left, once, and nothing is written after it', () => {
  const { clock, written, saver, grow } = setup()
  grow()
  saver.stop()
  assert.deepEqual([written, clock.waiting], [[1], 0])
  grow()
  saver.stop()
  clock.advance(everyMs)
  assert.deepEqual([written, clock.waiting], [[1], 0])
})

test('a write that fails is told, and made up for by the next growth or by the stop', () => {
  let isFull = true
  const { clock, warnings, written, saver, grow } = setup({ fails: () => isFull })
  grow()
  clock.advance(everyMs)
  assert.deepEqual([warnings, written, clock.waiting], [['not_saved'], [], 0])
  grow()
  isFull = false
  clock.advance(everyMs)
  assert.deepEqual(written, [2])
  isFull = true
  grow()
  clock.advance(everyMs)
  isFull = false
  saver.stop()
  assert.deepEqual(
    [warnings, written],
    [
      ['not_saved', 'not_saved'],
      [2, 3],
    ],
  )
})
