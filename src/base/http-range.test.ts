import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRange } from './http-range.ts'

test('ranges as RFC 9110 §14.1.2 and §14.2 have them', () => {
  const part = (start: number, end: number) => ({ type: 'part', start, end })
  const whole = { type: 'whole' }
  const unsatisfiable = { type: 'unsatisfiable' }
  const cases: [string | undefined, unknown][] = [
    [undefined, whole],
    ['bytes=0-499', part(0, 500)],
    ['bytes=500-999', part(500, 1000)],
    ['bytes=-500', part(500, 1000)],
    ['bytes=500-', part(500, 1000)],
    ['bytes=0-0', part(0, 1)],
    ['bytes=999-', part(999, 1000)],
    ['bytes=0-5000', part(0, 1000)],
    ['bytes=-5000', part(0, 1000)],
    ['BYTES= 1-2 ', part(1, 3)],
    ['bytes=1000-', unsatisfiable],
    ['bytes=1000-2000', unsatisfiable],
    ['bytes=-0', unsatisfiable],
    ['bytes=5-4', whole],
    ['bytes=-', whole],
    ['bytes=', whole],
    ['bytes=0-1,5-6', whole],
    ['items=0-1', whole],
    ['bytes=a-b', whole],
    ['bytes=0-99999999999999999999', whole],
  ]
  for (const [header, expected] of cases) assert.deepEqual(parseRange(header, 1000), expected, String(header))
  assert.deepEqual(parseRange('bytes=0-', 0), unsatisfiable)
  assert.deepEqual(parseRange('bytes=-1', 0), unsatisfiable)
})

test('whatever the header says, a part lies inside the file and is not empty', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
  )
  fc.assert(
    fc.property(header, fc.nat({ max: 10_000 }), (text, bytes) => {
      const verdict = parseRange(text, bytes)
      if (verdict.type !== 'part') return
      assert.ok(verdict.start >= 0 && verdict.start < verdict.end && verdict.end <= bytes)
    }),
  )
})
