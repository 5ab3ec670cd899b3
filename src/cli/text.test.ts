import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesToText, count, cut, fields, pad, plain, secondsToText, table, widthOf } from './text.ts'

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
