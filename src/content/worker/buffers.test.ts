import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBufferPool } from './buffers.ts'
import { bufferBytes, buffersMax, gatherBuffersMax, ownBufferBytesMin } from './limits.ts'

const large = 1_048_576

test('a large block has a buffer of its own, at a page, which is used again once it is back', () => {
  const pool = createBufferPool()
  const first = pool.take(large)
  assert.equal(first.length, large)
  assert.equal(first.byteOffset % 4096, 0)
  assert.equal(pool.used, 1)
  pool.give(first)
  assert.equal(pool.used, 0)
  assert.equal(pool.take(large).byteOffset, first.byteOffset)
})

test('small blocks share a buffer, which is free when the last piece is back', () => {
  const pool = createBufferPool()
  const pieces = Array.from({ length: 5 }, () => pool.lend(100_003))
  assert.equal(pool.used, 1)
  const spans = pieces.map((piece) => ({ start: piece?.byteOffset ?? 0, end: (piece?.byteOffset ?? 0) + 100_003 }))
  for (const [number, span] of spans.slice(1).entries()) assert.ok(span.start >= (spans[number]?.end ?? 0))
  for (const piece of pieces.slice(1)) pool.give(piece ?? new Uint8Array())
  assert.equal(pool.used, 1)
  pool.give(pieces[0] ?? new Uint8Array())
  assert.equal(pool.used, 0)
})

test('a full shared buffer is followed by another, and both come back', () => {
  const pool = createBufferPool()
  const length = ownBufferBytesMin - 1
  const pieces = Array.from({ length: Math.floor(bufferBytes / length) + 1 }, () => pool.lend(length))
  assert.equal(pool.used, 2)
  for (const piece of pieces) pool.give(piece ?? new Uint8Array())
  assert.equal(pool.used, 0)
})

test('what comes back twice, in part, or from elsewhere is ignored', () => {
  const pool = createBufferPool()
  const [first, second] = [pool.take(large), pool.take(large)]
  pool.give(first.subarray(0, 10))
  pool.give(new Uint8Array(large))
  assert.equal(pool.used, 2)
  pool.give(first)
  pool.give(first)
  assert.equal(pool.used, 1)
  assert.notEqual(pool.take(large).byteOffset, second.byteOffset)
})

test('blocks that still arrive leave buffers for the worker, and get ordinary memory past that', () => {
  const pool = createBufferPool()
  const gathered = Array.from({ length: gatherBuffersMax + 3 }, () => pool.take(large))
  assert.equal(gathered.filter((bytes) => pool.holds(bytes)).length, gatherBuffersMax)
  const lent = Array.from({ length: buffersMax }, () => pool.lend(large))
  assert.equal(lent.filter((bytes) => bytes !== undefined).length, buffersMax - gatherBuffersMax)
  assert.equal(pool.lend(10), undefined)
  assert.equal(pool.lend(bufferBytes + 1), undefined)
  assert.equal(pool.take(bufferBytes + 1).length, bufferBytes + 1)
})

test('memory is let go of only when nothing is out', () => {
  const pool = createBufferPool()
  assert.equal(pool.memory, undefined)
  const bytes = pool.take(large)
  assert.equal(pool.release(), false)
  assert.notEqual(pool.memory, undefined)
  pool.give(bytes)
  assert.equal(pool.release(), true)
  assert.equal(pool.memory, undefined)
  assert.equal(pool.take(large).length, large)
})
