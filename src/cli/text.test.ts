import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  bytesToText,
  count,
  cut,
  fields,
  jsonText,
  pad,
  plain,
  plainLines,
  secondsToText,
  table,
  textToBytes,
  textToSeconds,
  timeToText,
  widthOf,
} from './text.ts'

test('plain leaves nothing that a terminal obeys', () => {
  assert.equal(plain('\u001b[2Jgone'), '\ufffd[2Jgone')
  assert.equal(plain('photo\u202egpj.exe'), 'photo\ufffdgpj.exe')
  assert.equal(plain('a\nb\tc\u009b31m'), 'a\ufffdb\ufffdc\ufffd31m')
  assert.equal(plain('Grüße, 写真 🎉'), 'Grüße, 写真 🎉')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(plain(text), /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
    }),
  )
})

test('an emoji keeps the joiner that makes it one; nothing else keeps it', () => {
  assert.equal(plain('👩‍👩‍👧 👩🏽‍🚀 ❤️‍🔥'), '👩‍👩‍👧 👩🏽‍🚀 ❤️‍🔥')
  assert.equal(plain('a\u200db'), 'a\ufffdb')
  assert.equal(plain('👩\u200d'), '👩\ufffd')
  assert.equal(plain('\u200d👩'), '\ufffd👩')
})

test('lines end where any system ends them, and each is plain', () => {
  assert.deepEqual(plainLines('a\tb\r\nc\rd\n\u001be'), ['a b', 'c', 'd', '\ufffde'])
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const line of plainLines(text)) assert.doesNotMatch(line, /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u)
    }),
  )
})

test('JSON means the same, and holds nothing that a terminal obeys', () => {
  assert.equal(jsonText({ a: '\u009b2J\u202e\u007f' }), '{"a":"\\u009b2J\\u202e\\u007f"}')
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (value) => {
      const text = jsonText(value)
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
      assert.doesNotMatch(text, /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u)
    }),
  )
})

test('sizes and durations are read as people write them', () => {
  assert.deepEqual(['10GB', '1.5 mb', '7', '0B'].map(textToBytes), [10e9, 1.5e6, 7, 0])
  assert.deepEqual(['', 'GB', '1XB', '-1', '1e9', '99999999999999TB'].map(textToBytes), Array(6).fill(undefined))
  assert.deepEqual(['30min', '12 h', '7d', '5s'].map(textToSeconds), [1800, 43_200, 604_800, 5])
  assert.deepEqual(['', '7', '0d', '-1d', '1.5h', '7 weeks'].map(textToSeconds), Array(6).fill(undefined))
})

test('times are those of the clock on the wall', () => {
  assert.equal(timeToText(new Date(2026, 2, 1, 9, 5).getTime()), '2026-03-01 09:05')
  assert.equal(timeToText(1e300), '1e+300')
})

test('widths count columns, not characters', () => {
  assert.equal(widthOf('abc'), 3)
  assert.equal(widthOf('写真'), 4)
  assert.equal(widthOf('e\u0301'), 1)
  assert.equal(widthOf('🎉'), 2)
})

test('cut never takes more columns than given', () => {
  assert.equal(cut('holiday', 7), 'holiday')
  assert.equal(cut('holidays', 7), 'holida…')
  assert.equal(cut('写真写真', 4), '写…')
  assert.equal(cut('abc', 0), '')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, columns) => {
      assert.ok(widthOf(cut(text, columns)) <= columns)
    }),
  )
})

test('pad fills to the width', () => {
  assert.equal(pad('写', 4), '写  ')
  assert.equal(pad('long', 2), 'long')
})

test('sizes have three digits and decimal units', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [1_234_567, '1.23 MB'],
    [12_345_678, '12.3 MB'],
    [999_500, '1.00 MB'],
    [123_456_789, '123 MB'],
    [1_073_741_824, '1.07 GB'],
  ]
  for (const [bytes, text] of cases) assert.equal(bytesToText(bytes), text)
})

test('durations show their two largest parts', () => {
  assert.equal(secondsToText(0.04), '0.0 s')
  assert.equal(secondsToText(9.94), '9.9 s')
  assert.equal(secondsToText(42.4), '42 s')
  assert.equal(secondsToText(3599.4), '59 min 59 s')
  assert.equal(secondsToText(3725), '1 h 2 min')
  assert.equal(secondsToText(90_000), '1 d 1 h')
})

test('counts agree with their noun', () => {
  assert.equal(count(1, 'file'), '1 file')
  assert.equal(count(10_000, 'file'), '10,000 files')
})

test('a table lines its columns up and shows no control characters', () => {
  const text = table(
    ['ID', 'NAME'],
    [
      ['1', 'a\u001b[31m'],
      ['22', '写'],
    ],
  )
  assert.equal(text, 'ID  NAME\n1   a\ufffd[31m\n22  写')
})

test('fields align, a list takes a line for each value', () => {
  assert.equal(
    fields([
      ['peer', 'x'],
      ['addresses', ['y', 'z']],
      ['none', []],
    ]),
    'peer       x\naddresses  y\n           z',
  )
})
