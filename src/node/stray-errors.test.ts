import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { Log } from '../base/ports.ts'
import { systemClock } from './adapters.ts'
import { strayErrorsMax } from './limits.ts'
import { watchStrayErrors } from './stray-errors.ts'

function setup() {
  const codes: string[] = []
  const source = new EventEmitter()
  const write = (code: string) => void codes.push(code)
  const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log }
  let fatal = 0
  const stray = watchStrayErrors({ clock: systemClock, log, onFatal: () => fatal++, source })
  return { codes, source, stray, fatal: () => fatal }
}

test('a rejection and a broken socket are logged, and the daemon goes on', () => {
  const { codes, source, stray, fatal } = setup()
  source.emit('unhandledRejection', new Error('nobody waited'))
  source.emit('unhandledRejection', 'a string')
  source.emit('uncaughtException', Object.assign(new Error('read ECONNRESET'), { syscall: 'read', code: 'ECONNRESET' }))
  assert.equal(fatal(), 0)
  assert.deepEqual(codes, ['rejection_unhandled', 'rejection_unhandled', 'exception_uncaught'])
  assert.equal(stray.list().at(-1)?.message, 'Error: read ECONNRESET')
})

test('any other exception ends the daemon in order', () => {
  const { source, fatal } = setup()
  source.emit('uncaughtException', new TypeError('x is not a function'))
  assert.equal(fatal(), 1)
})

test('only the latest are kept, and none after a stop', () => {
  const { source, stray } = setup()
  for (let index = 0; index < strayErrorsMax + 3; index++) source.emit('unhandledRejection', index)
  assert.equal(stray.list().length, strayErrorsMax)
  assert.equal(stray.list().at(-1)?.message, String(strayErrorsMax + 2))
  stray.stop()
  assert.equal(source.listenerCount('unhandledRejection') + source.listenerCount('uncaughtException'), 0)
})
