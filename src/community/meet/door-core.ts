// How often one peer may knock: questions for nameplates, requests, and the pause after a wrong guess. Pure: time comes in.
// What is kept of a peer is some numbers, of at most `doorPeersMax` peers.

import { BoundedMap, TokenBucket } from '../../base/bounded.ts'
import type { PeerId } from '../../network/types.ts'
import {
  backoffForgottenMs,
  backoffMaxMs,
  backoffMs,
  doorPeersMax,
  looksBurst,
  looksPerSecond,
  requestsBurst,
  requestsPerSecond,
} from './limits.ts'

export interface Door {
  /** 0 when the peer may ask for a nameplate now (which is counted), else how long it has to wait. */
  look(peer: PeerId, nowMs: number): number
  /** The same for a request to be let in. */
  request(peer: PeerId, nowMs: number): number
  /** The peer guessed wrongly. */
  guessed(peer: PeerId, nowMs: number): void
}

interface Visitor {
  readonly looks: TokenBucket
  readonly requests: TokenBucket
  guesses: number
  guessedMs: number
  pausedUntilMs: number
}

export function createDoor(): Door {
  const visitors = new BoundedMap<PeerId, Visitor>(doorPeersMax)

  function visitorOf(peer: PeerId, nowMs: number): Visitor {
    const known = visitors.get(peer)
    if (known !== undefined) return known
    const visitor: Visitor = {
      looks: new TokenBucket({ perSecond: looksPerSecond, burst: looksBurst, nowMs }),
      requests: new TokenBucket({ perSecond: requestsPerSecond, burst: requestsBurst, nowMs }),
      guesses: 0,
      guessedMs: nowMs,
      pausedUntilMs: nowMs,
    }
    visitors.set(peer, visitor)
    return visitor
  }

  return {
    look(peer, nowMs) {
      const visitor = visitorOf(peer, nowMs)
      if (visitor.pausedUntilMs > nowMs) return visitor.pausedUntilMs - nowMs
      return visitor.looks.take(nowMs) ? 0 : 1000 / looksPerSecond
    },
    request: (peer, nowMs) => (visitorOf(peer, nowMs).requests.take(nowMs) ? 0 : 1000 / requestsPerSecond),
    guessed(peer, nowMs) {
      const visitor = visitorOf(peer, nowMs)
      if (nowMs - visitor.guessedMs > backoffForgottenMs) visitor.guesses = 0
      visitor.pausedUntilMs = nowMs + Math.min(backoffMaxMs, backoffMs * 2 ** visitor.guesses)
      visitor.guesses++
      visitor.guessedMs = nowMs
    },
  }
}
