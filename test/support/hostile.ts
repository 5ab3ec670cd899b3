// For tests of decoders: whatever comes in, only our own errors come out, and soon.

import assert from 'node:assert/strict'
import { isPeerhoodError } from '../../src/base/errors.ts'

/** No input of a decoder may take longer. */
const msPerKiBMax = 10
/** What compiling and collecting garbage may take at any time. */
const graceMs = 250

/** Runs a decoder on an input of `inputBytes`; true when it accepted the input. */
export function assertOnlyOwnErrors(decode: () => unknown, inputBytes: number): boolean {
  // Processor time, so that whatever else the computer does makes no difference.
  const start = process.cpuUsage()
  const accepted = succeeds(decode)
  const tookMs = process.cpuUsage(start).user / 1000
  const allowedMs = graceMs + (msPerKiBMax * inputBytes) / 1024
  assert.ok(tookMs <= allowedMs, `took ${tookMs} ms for ${inputBytes} bytes`)
  return accepted
}

function succeeds(decode: () => unknown): boolean {
  try {
    decode()
    return true
  } catch (error) {
    assert.ok(isPeerhoodError(error), `threw ${error instanceof Error ? error.stack : String(error)}`)
    assert.notEqual(error.kind, 'internal')
    return false
  }
}
