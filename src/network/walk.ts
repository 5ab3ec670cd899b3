// libp2p's random walk, made gentle. Its own asks the DHT without a pause for as long as anyone wants random peers, and
// the relay client wants some for as long as there is no relay: on a network without relays that is one core, for ever.
// This one walks only when there is a world outside the local network (nobody needs a relay or an address check inside
// it), and pauses after each walk, longer and longer.

import type { PeerInfo } from '@libp2p/interface'
import { type Clock, deadline, sleep } from '../base/ports.ts'
import { walkPauseMaxMs, walkPauseMinMs, walkPeersMax, walkTimeoutMs } from './limits.ts'

export interface WalkParts {
  readonly clock: Clock
  readonly isWanted: () => boolean
  /** A few peers nearest to a random key. */
  readonly query: (signal: AbortSignal) => AsyncIterable<PeerInfo>
}

/** Replaces `RandomWalk.walk`; ends when the signal aborts. */
export function createWalk(parts: WalkParts): (options?: { signal?: AbortSignal }) => AsyncGenerator<PeerInfo> {
  const { clock, isWanted, query } = parts
  return async function* walk({ signal } = {}) {
    const waiting = signal === undefined ? {} : { signal }
    let pauseMs = walkPauseMinMs
    for (; signal?.aborted !== true; await sleep(clock, pauseMs, waiting)) {
      if (!isWanted()) continue
      const limit = deadline(clock, walkTimeoutMs, () => new Error('walk over'), signal)
      let found = 0
      try {
        for await (const peer of query(limit.signal)) {
          yield peer
          if (++found >= walkPeersMax) break
        }
      } catch {
        // Nobody answered: the next walk comes later.
      } finally {
        limit.done()
      }
      // On an empty table a walk costs nothing, and the first peers may come any time.
      if (found > 0) pauseMs = Math.min(walkPauseMaxMs, pauseMs * 2)
    }
  }
}
