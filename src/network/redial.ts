// Performs what redial-core.ts chooses: keeps candidates (bounded), dials few at a time, pauses longer after each failure.

import type { Cancel, Clock, Random } from '../base/ports.ts'
import {
  bootstrapPeersMax,
  discoveredQueueMax,
  redialIntervalMs,
  redialRememberedMax,
  redialsParallelMax,
} from './limits.ts'
import { type Candidate, type CandidateKind, chooseDials, pauseAfter } from './redial-core.ts'
import type { PeerAddress, PeerId } from './types.ts'

export interface RedialParts {
  readonly clock: Clock
  readonly random: Random
  readonly isConnected: (peerId: PeerId) => boolean
  readonly connectedCount: () => number
  readonly dial: (candidate: Candidate) => Promise<void>
  readonly onFailure: (candidate: Candidate) => void
}

export interface Redial {
  add(peer: PeerAddress, kind: CandidateKind): void
  /** Connections changed: look again. */
  wake(): void
  start(): void
  stop(): void
}

const capacityOf: Readonly<Record<CandidateKind, number>> = {
  bootstrap: bootstrapPeersMax,
  mdns: discoveredQueueMax,
  remembered: redialRememberedMax,
}

class Redialler implements Redial {
  readonly #parts: RedialParts
  readonly #candidates = new Map<PeerId, Candidate>()
  readonly #dialling = new Set<PeerId>()
  #timer: Cancel | undefined
  #running = false

  constructor(parts: RedialParts) {
    this.#parts = parts
  }

  add(peer: PeerAddress, kind: CandidateKind): void {
    const known = this.#candidates.get(peer.peerId)
    if (known !== undefined) {
      // The same peer seen again, perhaps elsewhere: new addresses deserve a try without the old pause.
      const isNews = peer.addresses.some((address) => !known.addresses.includes(address))
      const addresses = isNews ? peer.addresses : known.addresses
      const fresh = isNews ? { failures: 0, notBeforeMs: 0 } : {}
      this.#candidates.set(peer.peerId, { ...known, addresses, ...fresh })
    } else {
      this.#makeRoom(kind)
      this.#candidates.set(peer.peerId, { ...peer, kind, failures: 0, notBeforeMs: 0 })
    }
    this.wake()
  }

  wake(): void {
    if (!this.#running) return
    this.#timer?.()
    const { clock, isConnected, connectedCount } = this.#parts
    const choice = chooseDials(
      [...this.#candidates.values()],
      {
        nowMs: clock.monotonicMs(),
        free: redialsParallelMax - this.#dialling.size,
        connected: connectedCount(),
      },
      (peerId) => this.#dialling.has(peerId) || isConnected(peerId),
    )
    for (const candidate of choice.dial) void this.#dial(candidate)
    const waitMs = Math.min(redialIntervalMs, choice.waitMs ?? redialIntervalMs)
    this.#timer = clock.after(waitMs, () => this.wake())
  }

  start(): void {
    this.#running = true
    this.wake()
  }

  stop(): void {
    this.#running = false
    this.#timer?.()
  }

  async #dial(candidate: Candidate): Promise<void> {
    const { clock, random, connectedCount, dial, onFailure } = this.#parts
    this.#dialling.add(candidate.peerId)
    const outcome = await dial(candidate).then(
      () => 'connected',
      () => 'failed',
    )
    this.#dialling.delete(candidate.peerId)
    const failures = outcome === 'connected' ? 0 : candidate.failures + 1
    const jitter = (random.bytes(1)[0] ?? 0) / 256
    // A peer that hangs up at once must not be redialled in a loop: a success counts as one failure here.
    const pauseMs = pauseAfter(candidate.kind, Math.max(1, failures), connectedCount() === 0, jitter)
    this.#candidates.set(candidate.peerId, { ...candidate, failures, notBeforeMs: clock.monotonicMs() + pauseMs })
    if (outcome === 'failed') onFailure(candidate)
    this.wake()
  }

  #makeRoom(kind: CandidateKind): void {
    const same = [...this.#candidates.values()].filter((candidate) => candidate.kind === kind)
    const oldest = same[0]
    if (oldest !== undefined && same.length >= capacityOf[kind]) this.#candidates.delete(oldest.peerId)
  }
}

export function createRedial(parts: RedialParts): Redial {
  return new Redialler(parts)
}
