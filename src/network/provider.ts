// Announces in the DHT what we hold (shares, communities): soon after it is added, again while the DHT may still be empty, then twice a day.
// What we hold no more is taken back here; peers of the DHT that were told forget it by themselves, within two days.

import { toHex } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log } from '../base/ports.ts'
import { networkErrors } from './errors.ts'
import { announceTimeoutMs, provideEveryMs, provideSoonMs } from './limits.ts'
import type { Network } from './types.ts'

export interface Provider {
  add(discovery: Uint8Array): void
  remove(discovery: Uint8Array): void
  stop(): void
}

interface Entry {
  readonly discovery: Uint8Array
  times: number
  dueMs: number
}

export function createProvider(parts: {
  network: Pick<Network, 'provide' | 'unprovide'>
  clock: Clock
  log: Log
}): Provider {
  const { network, clock, log } = parts
  const entries = new Map<string, Entry>()
  const aborter = new AbortController()
  let timer: Cancel | undefined
  let busy = false

  /** One announcement at a time, the most overdue first. */
  function next(): void {
    timer?.()
    timer = undefined
    if (busy || aborter.signal.aborted) return
    let due: Entry | undefined
    for (const entry of entries.values()) if (due === undefined || entry.dueMs < due.dueMs) due = entry
    if (due === undefined) return
    const waitMs = due.dueMs - clock.monotonicMs()
    const entry = due
    if (waitMs > 0) timer = clock.after(waitMs, next)
    else void provide(entry)
  }

  async function provide(entry: Entry): Promise<void> {
    busy = true
    entry.dueMs = clock.monotonicMs() + (provideSoonMs[entry.times] ?? provideEveryMs)
    entry.times++
    const reason = () => networkErrors.peer_unreachable('The announcement took too long.')
    const limit = deadline(clock, announceTimeoutMs, reason, aborter.signal)
    try {
      await network.provide(entry.discovery, { signal: limit.signal })
    } catch (error) {
      log.debug('provide_failed', { code: isPeerhoodError(error) ? error.code : 'internal' })
    } finally {
      limit.done()
      busy = false
      next()
    }
  }

  return {
    add(discovery) {
      const key = toHex(discovery)
      if (entries.has(key)) return
      entries.set(key, { discovery, times: 0, dueMs: clock.monotonicMs() })
      next()
    },
    remove(discovery) {
      if (entries.delete(toHex(discovery))) void network.unprovide(discovery)
    },
    stop() {
      aborter.abort()
      timer?.()
      entries.clear()
    },
  }
}
