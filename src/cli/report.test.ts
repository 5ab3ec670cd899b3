import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorKind, PeerhoodError } from '../base/errors.ts'
import { reportError } from './report.ts'
import type { Terminal } from './terminal.ts'

function report(code: string, kind: ErrorKind, json: boolean) {
  const [out, err]: [string[], string[]] = [[], []]
  const terminal: Terminal = {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
    stdin: process.stdin,
    canAsk: false,
    colour: false,
  }
  const exitCode = reportError(terminal, new PeerhoodError(code, { kind, hint: 'Wait.' }, 'It is busy.'), json)
  return { exitCode, out: out.join(''), err: err.join('') }
}

test('only a second daemon on a home ends with 3, other conflicts with 5', () => {
  assert.equal(report('home_in_use', 'conflict', false).exitCode, 3)
  for (const code of ['transfer_share_busy', 'port_taken', 'keystore_exists', 'uploads_too_many']) {
    assert.equal(report(code, 'conflict', false).exitCode, 5)
  }
  const kinds: readonly ErrorKind[] = ['usage', 'not-found', 'refused', 'local', 'no-daemon', 'interrupted', 'internal']
  assert.deepEqual(
    kinds.map((kind) => report('any', kind, false).exitCode),
    [2, 4, 5, 6, 7, 130, 1],
  )
})

test('a failure is two lines on stderr, or one JSON object on stdout', () => {
  assert.deepEqual(report('busy', 'conflict', false), { exitCode: 5, out: '', err: 'peerhood: It is busy.\nWait.\n' })
  const { out, err } = report('busy', 'conflict', true)
  assert.equal(err, '')
  const { code, kind, exitCode, event } = JSON.parse(out)
  assert.deepEqual([code, kind, exitCode, event], ['busy', 'conflict', 5, 'error'])
})
