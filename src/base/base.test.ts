import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BoundedMap, TokenBucket } from './bounded.ts'
import { compareBytes, concatBytes, equalBytes, fromHex, fromUtf8, toHex, utf8 } from './bytes.ts'
import { defineErrors, exitCodeOfKind, isPeerhoodError, toPeerhoodError } from './errors.ts'
import { Emitter } from './events.ts'
import { type Clock, deadline, sleep } from './ports.ts'

/** A clock that moves only when told. */
function manualClock(): Clock & { advance(byMs: number): void } {
  let nowMs = 0
  const timers = new Set<{ atMs: number; run: () => void }>()
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance: (byMs) => {
      nowMs += byMs
      for (const timer of [...timers]) {
        if (timer.atMs > nowMs) continue
        timers.delete(timer)
        timer.run()
      }
    },
  }
}

test('hex goes there and back, and refuses anything else', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => equalBytes(fromHex(toHex(bytes)) ?? utf8('no'), bytes)))
  for (const bad of ['a', 'AB', '0g', ' 00', '0x']) assert.equal(fromHex(bad), undefined)
})

test('bytes compare as their hex does', () => {
  const sign = (number: number) => Math.sign(number)
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      const [hexA, hexB] = [toHex(a), toHex(b)]
      return sign(compareBytes(a, b)) === (hexA < hexB ? -1 : hexA > hexB ? 1 : 0)
    }),
  )
})

test('joined bytes are the chunks in order', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => toHex(concatBytes(...chunks)) === chunks.map(toHex).join('')),
  )
})

test('text that is not UTF-8 is refused', () => {
  assert.equal(fromUtf8(Uint8Array.of(0xc3, 0x28)), undefined)
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => fromUtf8(utf8(text)) === text))
})

test('a bounded map forgets what was used least recently', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.get('a')
  assert.deepEqual(map.set('c', 3), ['b', 2])
  assert.deepEqual([...map.keys()], ['a', 'c'])
})

test('a bounded map never holds more than it may', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.integer({ min: 0, max: 20 })), (entriesMax, keys) => {
      const map = new BoundedMap<number, number>(entriesMax)
      for (const key of keys) map.set(key, key)
      return map.size <= entriesMax
    }),
  )
})

test('a token bucket allows its burst, then its rate, and no more after a clock that stands', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 3, nowMs: 0 })
  const takes = (nowMs: number) => [1, 2, 3, 4].filter(() => bucket.take(nowMs)).length
  assert.equal(takes(0), 3)
  assert.equal(takes(0), 0)
  assert.equal(takes(100), 1)
  assert.equal(takes(50), 0)
  assert.equal(takes(10_000), 3)
})

test('an error carries code, kind, hint and data', () => {
  const errors = defineErrors({ link_damaged: { kind: 'usage', hint: 'Copy it again.' } })
  const error = errors.link_damaged('The link is cut.', { details: { chars: 3 } })
  assert.ok(isPeerhoodError(error))
  assert.equal(error.code, 'link_damaged')
  assert.equal(exitCodeOfKind[error.kind], 2)
  assert.equal(error.hint, 'Copy it again.')
  assert.deepEqual(error.details, { chars: 3 })
  assert.equal(toPeerhoodError(error), error)
  assert.equal(toPeerhoodError(new Error('x')).code, 'internal')
  assert.equal(toPeerhoodError(new DOMException('stop', 'AbortError')).code, 'interrupted')
})

test('an emitter tells its listeners until they leave', () => {
  const emitter = new Emitter<number>()
  const seen: number[] = []
  const leave = emitter.on((event) => seen.push(event))
  emitter.emit(1)
  leave()
  emitter.emit(2)
  assert.deepEqual(seen, [1])
})

test('sleep ends with its time, or with the signal', async () => {
  const clock = manualClock()
  const slept = sleep(clock, 100)
  clock.advance(100)
  await slept
  const controller = new AbortController()
  const cut = sleep(clock, 100, { signal: controller.signal })
  controller.abort(new Error('enough'))
  await assert.rejects(cut, /enough/)
  await assert.rejects(sleep(clock, 1, { signal: controller.signal }), /enough/)
})

test('a deadline aborts on time, with its parent, or not at all once done', () => {
  const clock = manualClock()
  const late = deadline(clock, 10, () => new Error('late'))
  clock.advance(10)
  assert.match(String(late.signal.reason), /late/)

  const parent = new AbortController()
  const child = deadline(clock, 10, () => new Error('late'), parent.signal)
  parent.abort(new Error('parent'))
  assert.match(String(child.signal.reason), /parent/)

  const finished = deadline(clock, 10, () => new Error('late'))
  finished.done()
  clock.advance(10)
  assert.equal(finished.signal.aborted, false)
})
