// Performs what redial-core.ts chooses: keeps candidates (bounded), dials few at a time, pauses longer after each failure.

import type { Cancel, Clock, Random } from '../base/ports.ts'
import {
  addressesPerPeerMax,
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
  /** Addresses of bootstrap peers as the person gave them. */
  readonly #given = new Map<PeerId, readonly string[]>()
  #timer: Cancel | undefined
  #running = false

  constructor(parts: RedialParts) {
    this.#parts = parts
  }

  add({ peerId, addresses }: PeerAddress, kind: CandidateKind): void {
    const known = this.#candidates.get(peerId)
    if (kind === 'bootstrap') this.#given.set(peerId, addresses)
    if (known === undefined) this.#makeRoom(kind)
    const before = known ?? { peerId, addresses: [], kind, failures: 0, notBeforeMs: 0 }
    // The same peer seen again, perhaps elsewhere: new addresses deserve a try without the old pause.
    const isNews = addresses.some((address) => !before.addresses.includes(address))
    const fresh = isNews ? { addresses: this.#merge(peerId, addresses, before), failures: 0, notBeforeMs: 0 } : {}
    this.#candidates.set(peerId, { ...before, ...fresh, kind: kind === 'bootstrap' ? kind : before.kind })
    this.wake()
  }

  /** What was given as a bootstrap address stays in front, whatever the local network says of that peer. */
  #merge(peerId: PeerId, news: readonly string[], before: Candidate): readonly string[] {
    const all = [...(this.#given.get(peerId) ?? []), ...news, ...before.addresses]
    return [...new Set(all)].slice(0, addressesPerPeerMax)
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
    // As it is now: it may have been seen elsewhere meanwhile, or have made room for another.
    const known = this.#candidates.get(candidate.peerId)
    const notBeforeMs = clock.monotonicMs() + pauseMs
    if (known !== undefined) this.#candidates.set(candidate.peerId, { ...known, failures, notBeforeMs })
    if (outcome === 'failed') onFailure(candidate)
    this.wake()
  }

  #makeRoom(kind: CandidateKind): void {
    const same = [...this.#candidates.values()].filter((candidate) => candidate.kind === kind)
    const oldest = same[0]
    if (oldest === undefined || same.length < capacityOf[kind]) return
    this.#candidates.delete(oldest.peerId)
    this.#given.delete(oldest.peerId)
  }
}

export function createRedial(parts: RedialParts): Redial {
  return new Redialler(parts)
}
