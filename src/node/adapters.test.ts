import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from './adapters.ts'

test('how late timers come is told by quantile, without the time between two looks', async () => {
  const text = await createMetrics().text()
  const told = [...text.matchAll(/^peerhood_event_loop_delay_seconds\{quantile="([\d.]+)"\} (\S+)$/gm)]
  assert.deepEqual(
    told.map(([, quantile]) => quantile),
    ['0.5', '0.99', '1'],
  )
  for (const [, , seconds] of told) assert.ok(Number(seconds) >= 0 && Number(seconds) < 1, seconds)
})
