// Who broke the protocol, and for how long they are refused. Pure: time comes in, verdicts go out. What is remembered of
// a peer is three numbers, of at most `blamedPeersMax` peers.

import { BoundedMap } from '../base/bounded.ts'
import {
  blamedPeersMax,
  blameForgottenMs,
  blamePauseMaxMs,
  blamePauseMinMs,
  ignoredBlamesMax,
  ignoredBlamesWindowMs,
} from './limits.ts'
import type { Blame, PeerId } from './types.ts'

interface Record {
  readonly rejections: number
  readonly pausedUntilMs: number
  readonly ignored: number
  readonly windowStartMs: number
  readonly lastMs: number
}

export type BlameEffect = { readonly type: 'none' } | { readonly type: 'disconnect'; readonly pauseMs: number }

const clean: Omit<Record, 'lastMs' | 'windowStartMs'> = { rejections: 0, pausedUntilMs: 0, ignored: 0 }

export interface Blames {
  /** Notes what a peer did; `nowMs` is monotonic. */
  add(peerId: PeerId, verdict: Blame['verdict'], nowMs: number): BlameEffect
  /** Whether a peer is refused now. */
  isPaused(peerId: string, nowMs: number): boolean
}

export function createBlames(): Blames {
  const records = new BoundedMap<string, Record>(blamedPeersMax)
  const recordOf = (peerId: string, nowMs: number): Record => {
    const record = records.get(peerId)
    if (record === undefined || nowMs - record.lastMs > blameForgottenMs) {
      return { ...clean, windowStartMs: nowMs, lastMs: nowMs }
    }
    if (nowMs - record.windowStartMs > ignoredBlamesWindowMs) return { ...record, ignored: 0, windowStartMs: nowMs }
    return record
  }
  return {
    add(peerId, verdict, nowMs) {
      const record = recordOf(peerId, nowMs)
      if (verdict === 'ignore' && record.ignored < ignoredBlamesMax) {
        records.set(peerId, { ...record, ignored: record.ignored + 1, lastMs: nowMs })
        return { type: 'none' }
      }
      const rejections = record.rejections + 1
      const pauseMs = Math.min(blamePauseMaxMs, blamePauseMinMs * 2 ** (rejections - 1))
      records.set(peerId, {
        rejections,
        pausedUntilMs: nowMs + pauseMs,
        ignored: 0,
        windowStartMs: nowMs,
        lastMs: nowMs,
      })
      return { type: 'disconnect', pauseMs }
    },
    isPaused: (peerId, nowMs) => (records.get(peerId)?.pausedUntilMs ?? Number.NEGATIVE_INFINITY) > nowMs,
  }
}
