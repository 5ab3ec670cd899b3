import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log } from '../base/ports.ts'
import { systemClock } from './adapters.ts'
import { createLifecycle } from './lifecycle.ts'

function recordingLog(codes: string[]): Log {
  const write = (code: string) => {
    codes.push(code)
  }
  const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log }
  return log
}

test('steps are undone last in, first out, once, and one that fails does not keep the others', async () => {
  const codes: string[] = []
  const order: string[] = []
  const lifecycle = createLifecycle({ clock: systemClock, log: recordingLog(codes), stopMsMax: 1_000 })
  lifecycle.onStop('first', () => void order.push('first'))
  lifecycle.onStop('second', () => Promise.reject(new Error('broken')))
  lifecycle.onStop('third', async () => void order.push('third'))
  await Promise.all([lifecycle.stop(), lifecycle.stop()])
  assert.deepEqual(order, ['third', 'first'])
  assert.deepEqual(codes, ['stop_step_failed', 'stopped'])
})

test('a step that hangs is left behind within the bound', async () => {
  const codes: string[] = []
  const order: string[] = []
  const lifecycle = createLifecycle({ clock: systemClock, log: recordingLog(codes), stopMsMax: 100 })
  lifecycle.onStop('last', () => void order.push('last'))
  lifecycle.onStop('hangs', () => new Promise(() => undefined))
  const startedMs = systemClock.monotonicMs()
  await lifecycle.stop()
  assert.ok(systemClock.monotonicMs() - startedMs < 1_000)
  assert.deepEqual(order, ['last'])
  assert.deepEqual(codes, ['stop_step_late', 'stopped'])
})
