// Peers tell each other who else has a share: a bounded list when a session becomes active, and again when others join.

import { TokenBucket } from '../base/bounded.ts'
import type { Cancel, Clock } from '../base/ports.ts'
import type { Network, PeerAddress, PeerId } from '../network/types.ts'
import {
  addressCharsMax,
  addressesPerPeerMax,
  exchangeBurst,
  exchangeDelayMs,
  exchangeEveryMs,
  peersPerFrameMax,
} from './limits.ts'
import type { Session } from './session-types.ts'
import type { ExchangedPeer } from './wire.ts'

export interface Exchange {
  /** Tells everyone of everyone, soon and not too often. */
  announce(): void
  stop(): void
}

export interface ExchangeParts {
  readonly clock: Clock
  readonly network: Network
  /** Sessions of the share that are past the greeting. */
  sessions(): Iterable<Session>
}

export function createExchange({ clock, network, sessions }: ExchangeParts): Exchange {
  /** What each session was told already. */
  const told = new WeakMap<Session, Set<PeerId>>()
  let timer: Cancel | undefined
  const pace = new TokenBucket({ perSecond: 1_000 / exchangeEveryMs, burst: exchangeBurst, nowMs: clock.monotonicMs() })
  let stopped = false

  function tellWhenAllowed(): void {
    const allowed = pace.take(clock.monotonicMs())
    timer = allowed ? undefined : clock.after(exchangeEveryMs, tellWhenAllowed)
    if (allowed) void tellAll()
  }

  async function tellAll(): Promise<void> {
    const all = [...sessions()]
    const known = new Map<PeerId, ExchangedPeer>()
    for (const { peerId } of all.slice(-peersPerFrameMax - 1)) {
      const address = await network.addressesOf(peerId).catch(() => undefined)
      const peer = address === undefined ? undefined : toExchanged(address)
      if (peer !== undefined) known.set(peerId, peer)
    }
    if (!stopped) for (const session of all) tell(session, known)
  }

  function tell(session: Session, known: ReadonlyMap<PeerId, ExchangedPeer>): void {
    const before = told.get(session) ?? new Set<PeerId>()
    told.set(session, before)
    const fresh = [...known].filter(([peerId]) => peerId !== session.peerId && !before.has(peerId))
    for (const [peerId] of fresh) before.add(peerId)
    const peers = fresh.slice(0, peersPerFrameMax).map(([, peer]) => peer)
    if (peers.length > 0) session.send({ kind: 'peers', peers })
  }

  return {
    announce() {
      timer ??= clock.after(exchangeDelayMs, tellWhenAllowed)
    },
    stop() {
      stopped = true
      timer?.()
    },
  }
}

function toExchanged({ peerId, addresses }: PeerAddress): ExchangedPeer | undefined {
  const short = addresses.filter((address) => address.length > 0 && address.length <= addressCharsMax)
  return short.length === 0 ? undefined : { peerId, addresses: short.slice(0, addressesPerPeerMax) }
}
