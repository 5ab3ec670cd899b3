import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../test/support/clock.ts'
import { linePlaceMaxMs, linePlaceMs } from './limits.ts'
import { createLine, type Line, type Place } from './line.ts'

/** Something that has `blocks` to send, one after the other. */
function sender(line: Line, log: string[], name: string, blocks: number) {
  const places: Place[] = []
  let left = blocks
  const send = () => {
    while (left > 0) {
      const place = line.take(send)
      if (place === undefined) return
      left--
      log.push(name)
      places.push(place)
    }
  }
  return { send, gone: () => places.shift()?.free() }
}

function lineOf(places: number) {
  const clock = createManualClock()
  const line = createLine(clock)
  line.resize(places)
  const log: string[] = []
  return { clock, line, log, of: (name: string, blocks: number) => sender(line, log, name, blocks) }
}

test('so many blocks leave at a time, in the order in which they were ready', () => {
  const { clock, log, of } = lineOf(2)
  const [a, b, c] = [of('a', 2), of('b', 1), of('c', 1)]
  for (const { send } of [a, b, c]) send()
  assert.deepEqual(log, ['a', 'a'])
  a.gone()
  assert.deepEqual(log, ['a', 'a', 'b'])
  b.gone()
  assert.deepEqual(log, ['a', 'a', 'b', 'c'])
  a.gone()
  c.gone()
  assert.equal(clock.waiting, 0)
})

test('who does not take its block holds up the others for no longer than a place lasts', () => {
  const { clock, log, of } = lineOf(1)
  const [slow, other] = [of('slow', 1), of('other', 1)]
  for (const { send } of [slow, other]) send()
  clock.advance(linePlaceMs - 1)
  assert.deepEqual(log, ['slow'])
  clock.advance(1)
  assert.deepEqual(log, ['slow', 'other'])
  // It has had its place: that its block leaves now gives no second one.
  slow.gone()
  const third = of('third', 1)
  third.send()
  assert.deepEqual(log, ['slow', 'other'])
  other.gone()
  assert.deepEqual(log, ['slow', 'other', 'third'])
})

test('who was slow holds up nobody, until a block of its has left in time', () => {
  const { clock, log, of } = lineOf(1)
  const slow = of('slow', 3)
  slow.send()
  clock.advance(linePlaceMs)
  // Its turn came, and it waits for nobody with the others.
  assert.deepEqual(log, ['slow', 'slow', 'slow'])
  const other = of('other', 1)
  other.send()
  assert.deepEqual(log, ['slow', 'slow', 'slow', 'other'])
  other.gone()
  for (let i = 0; i < 3; i++) slow.gone()
  clock.advance(1)
  const again = of('again', 1)
  again.send()
  assert.equal(log.at(-1), 'again')
})

test('on a slow line, where every block takes long, nobody is slow: they leave one after the other again', () => {
  const { clock, log, of } = lineOf(1)
  const tookMs = 1.5 * linePlaceMs
  for (let round = 0; round < 20; round++) {
    const [a, b] = [of('a', 1), of('b', 1)]
    for (const { send } of [a, b]) send()
    if (round > 15) assert.deepEqual(log, ['a'], `round ${round}`)
    clock.advance(tookMs)
    a.gone()
    clock.advance(tookMs)
    b.gone()
    log.length = 0
  }
})

test('receivers that stall hold up the line for a moment each, many of them for no longer than some seconds', () => {
  for (const [stalls, heldMs] of [
    [1, linePlaceMs],
    [9, linePlaceMaxMs],
  ] as const) {
    const { clock, log, of } = lineOf(1)
    for (let block = 0; block < 50; block++) {
      const one = of('one', 1)
      one.send()
      const stalled = block % 10 < stalls
      const next = of('next', 1)
      next.send()
      clock.advance(stalled ? heldMs : 1)
      if (!stalled) one.gone()
      assert.deepEqual(log, ['one', 'next'], `${stalls}, block ${block}`)
      next.gone()
      clock.advance(60_000)
      if (stalled) one.gone()
      log.length = 0
    }
  }
})

test('who waits no longer is not called, and with more places those who wait go at once', () => {
  const { line, log, of } = lineOf(1)
  const [a, b, c] = [of('a', 1), of('b', 1), of('c', 5)]
  for (const { send } of [a, b, c]) send()
  line.forget(b.send)
  line.resize(Number.POSITIVE_INFINITY)
  assert.deepEqual(log, ['a', 'c', 'c', 'c', 'c', 'c'])
})

test('what leaves at once calls the next without end or recursion', () => {
  const { line, of, log } = lineOf(1)
  const first = of('first', 1)
  first.send()
  let sent = 0
  const count = 20_000
  for (let i = 0; i < count; i++) {
    const send = () => {
      const place = line.take(send)
      if (place === undefined) return
      sent++
      place.free()
    }
    send()
  }
  assert.equal(sent, 0)
  first.gone()
  assert.deepEqual([sent, log], [count, ['first']])
})
