import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Progress } from './progress-core.ts'
import { showProgress, type Terminal } from './terminal.ts'

const progress = (done: number): Progress => ({
  label: 'film',
  done,
  total: 100,
  bytesPerSecond: 10,
  secondsLeft: 5,
  peers: 1,
  sentence: '',
})

function fakeTerminal(options: { isTTY: boolean; columns: number }) {
  const written: string[] = []
  const stream = { ...options, write: (text: string) => written.push(text) }
  const terminal: Terminal = { stdout: stream, stderr: stream, stdin: process.stdin, canAsk: false, colour: false }
  return { terminal, written, stream }
}

test('on a terminal one line is rewritten, at most ten times a second', () => {
  const { terminal, written } = fakeTerminal({ isTTY: true, columns: 100 })
  let nowMs = 0
  const view = showProgress(terminal, () => nowMs)
  view.update(progress(10))
  view.update(progress(11))
  nowMs = 150
  view.update(progress(20))
  view.clear()
  assert.equal(written.length, 3)
  assert.doesNotMatch(written.join(''), /\n/)
  assert.ok(written[1]?.startsWith('\r\u001b[J'))
  assert.equal(written[2], '\r\u001b[J')
})

test('a window made narrower is cleaned of all the rows that the line has become', () => {
  const { terminal, written, stream } = fakeTerminal({ isTTY: true, columns: 100 })
  const view = showProgress(terminal, () => 0)
  view.update(progress(10))
  stream.columns = 40
  view.clear()
  // 99 columns in a window of 40 are three rows: two up.
  assert.equal(written.at(-1), '\r\u001b[2A\u001b[J')
})

test('without a terminal there are plain lines at intervals, and none twice', () => {
  const { terminal, written } = fakeTerminal({ isTTY: false, columns: 80 })
  let nowMs = 0
  const view = showProgress(terminal, () => nowMs)
  view.update(progress(10))
  nowMs = 1_000
  view.update(progress(20))
  nowMs = 6_000
  view.update(progress(10))
  view.update(progress(30))
  view.clear()
  assert.equal(written.length, 2)
  assert.match(written[0] ?? '', /^film: {2}10 %.*\n$/)
  assert.match(written[1] ?? '', /^film: {2}30 %/)
})
