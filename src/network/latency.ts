// Pings every connected peer once a minute, a few at a time and spread out, for the latency shown and to notice
// connections that died without a word (a laptop that was closed). The first ping follows soon after connecting.

import type { Cancel, Clock } from '../base/ports.ts'
import { pingFailuresMax, pingIntervalMs } from './limits.ts'
import type { PeerId } from './types.ts'

const tickMs = 2_000
const firstPingMs = 1_000
/** With 256 connections and a tick of 2 s, 9 a tick are enough for all within a minute. */
const pingsParallelMax = 12

export interface LatencyParts {
  readonly clock: Clock
  /** Milliseconds; undefined when only something else was heard of the peer in time. Rejects when nothing was. */
  readonly ping: (peerId: PeerId) => Promise<number | undefined>
  readonly onLatency: (peerId: PeerId, latencyMs: number) => void
  readonly onDead: (peerId: PeerId) => void
}

export interface Latency {
  connected(peerId: PeerId): void
  disconnected(peerId: PeerId): void
  stop(): void
}

interface Watched {
  dueMs: number
  failures: number
}

export function createLatency(parts: LatencyParts): Latency {
  const { clock } = parts
  const watched = new Map<PeerId, Watched>()
  let running = 0
  let timer: Cancel | undefined

  const pingOne = async (peerId: PeerId, entry: Watched) => {
    running++
    entry.dueMs = clock.monotonicMs() + pingIntervalMs
    try {
      const latencyMs = await parts.ping(peerId)
      entry.failures = 0
      if (latencyMs !== undefined) parts.onLatency(peerId, latencyMs)
    } catch {
      entry.failures++
      if (entry.failures >= pingFailuresMax && watched.get(peerId) === entry) parts.onDead(peerId)
    } finally {
      running--
    }
  }

  const tick = () => {
    timer = undefined
    const nowMs = clock.monotonicMs()
    for (const [peerId, entry] of watched) {
      if (running >= pingsParallelMax) break
      if (entry.dueMs <= nowMs) void pingOne(peerId, entry)
    }
    arm()
  }

  const arm = () => {
    if (timer !== undefined || watched.size === 0) return
    const nextMs = Math.min(...[...watched.values()].map((entry) => entry.dueMs)) - clock.monotonicMs()
    timer = clock.after(Math.max(tickMs, nextMs), tick)
  }

  return {
    connected(peerId) {
      watched.set(peerId, { dueMs: clock.monotonicMs() + firstPingMs, failures: 0 })
      timer?.()
      timer = undefined
      arm()
    },
    disconnected: (peerId) => void watched.delete(peerId),
    stop() {
      timer?.()
      watched.clear()
    },
  }
}
