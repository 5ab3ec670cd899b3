import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agoText, baseName, bytesText, countText, durationText, percent, rateText, shortText } from './core.ts'

test('sizes take the unit that keeps them short', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 KB'],
    [1550, '1.6 KB'],
    [999_400, '999 KB'],
    [999_600, '1 MB'],
    [1_073_741_824, '1.1 GB'],
    [123_456_789, '123 MB'],
  ]
  for (const [bytes, text] of cases) assert.equal(bytesText(bytes), text)
})

test('a rate of nothing is not shown', () => {
  assert.equal(rateText(0), '')
  assert.equal(rateText(2_500_000), '2.5 MB/s')
})

test('durations show their two largest parts', () => {
  assert.equal(durationText(59.4), '59 s')
  assert.equal(durationText(60), '1 min')
  assert.equal(durationText(3725), '1 h 2 min')
  assert.equal(durationText(90_000), '1 d 1 h')
  assert.equal(durationText(-3), '0 s')
})

test('the past is told roughly', () => {
  assert.equal(agoText(0, 10_000), 'just now')
  assert.equal(agoText(0, 300_000), '5 min ago')
  assert.equal(agoText(0, 7_200_000), '2 h ago')
  assert.equal(agoText(0, 3 * 86_400_000), '3 d ago')
  assert.equal(agoText(5000, 0), 'just now')
})

test('a percentage is whole, and 100 only at the end', () => {
  assert.equal(percent(0, 0), 0)
  assert.equal(percent(999, 1000), 99)
  assert.equal(percent(1000, 1000), 100)
})

test('counts, ids and paths', () => {
  assert.equal(countText(1, 'file'), '1 file')
  assert.equal(countText(12_000, 'file'), '12,000 files')
  assert.equal(countText(2, 'copy', 'copies'), '2 copies')
  assert.equal(shortText('12D3KooWABCDEFGHIJKLMNOP'), '12D3KooW…KLMNOP')
  assert.equal(shortText('short'), 'short')
  assert.equal(baseName('/home/ada/Photos/'), 'Photos')
  assert.equal(baseName('C:\\Users\\Ada\\a.txt'), 'a.txt')
  assert.equal(baseName('/'), '/')
})
