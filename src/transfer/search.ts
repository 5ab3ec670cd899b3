// Finds peers that have a share and opens sessions with them, for as long as a transfer needs any: the link's peers,
// those we are connected to, the LAN, the DHT, and what other peers tell. Each candidate has its own backoff; a look-up
// in the DHT repeats ever more slowly.

import { BoundedMap } from '../base/bounded.ts'
import { isPeerhoodError } from '../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log, type Random } from '../base/ports.ts'
import type { DiscoveryKey } from '../content/types.ts'
import type { Network, PeerAddress, PeerId, PeerSource, PeerView } from '../network/types.ts'
import { peerErrors } from './errors.ts'
import {
  addressesPerPeerMax,
  candidateRefusedMs,
  candidateRetryMaxMs,
  candidateRetryMs,
  candidatesMax,
  dialsMax,
  dialTimeoutMs,
  providersPerSearchMax,
  searchEveryMaxMs,
  searchEveryMs,
  searchTimeoutMs,
  sessionsEnough,
} from './limits.ts'
import type { SessionEnd } from './session-types.ts'

export interface Search {
  start(): void
  stop(): void
  add(peers: readonly PeerAddress[], source: PeerSource): void
  /** A session with this peer became useful. */
  sessionActive(peerId: PeerId): void
  sessionEnded(peerId: PeerId, how: SessionEnd): void
}

export interface SearchParts {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly discovery: DiscoveryKey
  hasSession(peerId: PeerId): boolean
  sessions(): number
  /** Opens a session with a connected peer. */
  open(peerId: PeerId, options: { signal: AbortSignal }): Promise<void>
}

interface Candidate {
  readonly peerId: PeerId
  source: PeerSource
  /** Its addresses in the link … */
  linked: readonly string[]
  /** … and what others say, the newest first. */
  told: readonly string[]
  failures: number
  /** Not before this time. */
  nextMs: number
  busy: boolean
  /** It said that it does not have the share: being connected does not change that. */
  refused: boolean
}

export function createSearch(parts: SearchParts): Search {
  const { network, clock, log } = parts
  const candidates = new BoundedMap<PeerId, Candidate>(candidatesMax)
  let dials = 0
  let timer: Cancel | undefined
  let lookTimer: Cancel | undefined
  let lookEveryMs = searchEveryMs
  let aborter = new AbortController()
  let running = false
  let offNetwork: Cancel = () => {}

  function add(peers: readonly PeerAddress[], source: PeerSource): void {
    for (const { peerId, addresses } of peers) {
      if (peerId === network.self) continue
      const known = candidates.get(peerId)
      if (known === undefined) remember(peerId, addresses, source)
      else learn(known, addresses, source)
    }
    pump()
  }

  function remember(peerId: PeerId, addresses: readonly string[], source: PeerSource): void {
    if (candidates.size >= candidatesMax) makeRoom()
    const fresh = { source, linked: [], told: [], failures: 0, nextMs: 0, busy: false, refused: false }
    const candidate: Candidate = { peerId, ...fresh }
    learn(candidate, addresses, source)
    candidates.set(peerId, candidate)
  }

  /** Who was not heard of for longest goes, but never a peer of the link: strangers could name others until it did. */
  function makeRoom(): void {
    for (const { peerId, source, busy } of candidates.values()) {
      if (source === 'link' || busy || parts.hasSession(peerId)) continue
      candidates.delete(peerId)
      return
    }
  }

  /** What others say of a peer comes after what the link says, and never in its place. */
  function learn(known: Candidate, addresses: readonly string[], source: PeerSource): void {
    if (source === 'link') {
      known.source = source
      known.linked = addresses
    } else known.told = [...new Set([...addresses, ...known.told])].slice(0, addressesPerPeerMax)
  }

  function addKnown(peer: PeerView): void {
    if (peer.state !== 'connected' && peer.source !== 'mdns') return
    const known = candidates.get(peer.peerId)
    if (known === undefined) add([{ peerId: peer.peerId, addresses: [] }], peer.source)
    else if (peer.state === 'connected' && known.failures > 0 && !known.refused) {
      known.failures = 0
      known.nextMs = 0
      pump()
    }
  }

  // ---- dialling

  function pump(): void {
    timer?.()
    timer = undefined
    if (!running) return
    const nowMs = clock.monotonicMs()
    let soonestMs = Number.POSITIVE_INFINITY
    for (const candidate of candidates.values()) {
      if (candidate.busy || parts.hasSession(candidate.peerId)) continue
      if (candidate.nextMs > nowMs) soonestMs = Math.min(soonestMs, candidate.nextMs)
      else if (dials < dialsMax && parts.sessions() + dials < sessionsEnough) void dial(candidate)
    }
    if (Number.isFinite(soonestMs)) timer = clock.after(soonestMs - nowMs, pump)
  }

  async function dial(candidate: Candidate): Promise<void> {
    const { peerId, linked, told, source } = candidate
    const addresses = [...new Set([...linked, ...told])].slice(0, addressesPerPeerMax)
    candidate.busy = true
    dials++
    const reason = () => peerErrors.handshake_timeout('A peer could not be reached in time.')
    const limit = deadline(clock, dialTimeoutMs, reason, aborter.signal)
    try {
      await network.connect({ peerId, addresses }, { source, signal: limit.signal })
      await parts.open(peerId, { signal: limit.signal })
      candidate.refused = false
    } catch (error) {
      log.debug('peer_unreachable', { peer: peerId, code: isPeerhoodError(error) ? error.code : 'internal' })
      postpone(candidate, candidateRetryMs)
    } finally {
      limit.done()
      candidate.busy = false
      dials--
      queueMicrotask(pump)
    }
  }

  /** Waits `baseMs`, doubled with each failure in a row and spread by a fifth, so that peers don't act in step. */
  function postpone(candidate: Candidate, baseMs: number): void {
    const spread = 0.9 + (0.2 * (parts.random.bytes(1)[0] ?? 0)) / 255
    const waitMs = Math.min(candidateRetryMaxMs, baseMs * 2 ** Math.min(candidate.failures, 10)) * spread
    candidate.failures++
    candidate.nextMs = clock.monotonicMs() + waitMs
  }

  // ---- DHT

  async function look(): Promise<void> {
    lookTimer = undefined
    const limit = deadline(
      clock,
      searchTimeoutMs,
      () => peerErrors.peer_silent('The look-up took too long.'),
      aborter.signal,
    )
    try {
      let found = 0
      for await (const provider of network.findProviders(parts.discovery, { signal: limit.signal })) {
        add([provider], 'dht')
        if (++found >= providersPerSearchMax) break
      }
    } catch (error) {
      log.debug('search_failed', { code: isPeerhoodError(error) ? error.code : 'internal' })
    } finally {
      limit.done()
    }
    if (!running) return
    lookTimer = clock.after(lookEveryMs, () => void look())
    lookEveryMs = Math.min(searchEveryMaxMs, lookEveryMs * 2)
  }

  return {
    add,
    start() {
      if (running) return
      running = true
      aborter = new AbortController()
      lookEveryMs = searchEveryMs
      for (const peer of network.peers()) addKnown(peer)
      offNetwork = network.on((event) => {
        if (event.type === 'peer') addKnown(event.peer)
      })
      pump()
      void look()
    },
    stop() {
      running = false
      aborter.abort()
      timer?.()
      lookTimer?.()
      offNetwork()
    },
    sessionActive(peerId) {
      const candidate = candidates.get(peerId)
      if (candidate !== undefined) candidate.failures = 0
      else remember(peerId, [], 'inbound')
    },
    sessionEnded(peerId, how) {
      const candidate = candidates.get(peerId)
      if (candidate === undefined || !running) return
      candidate.refused = how.refusal === 'not_shared' || how.refusal === 'version_differs'
      postpone(candidate, retryAfterMs(how))
      if (lookEveryMs > searchEveryMs && parts.sessions() === 0) {
        lookEveryMs = searchEveryMs
        lookTimer?.()
        lookTimer = clock.after(lookEveryMs, () => void look())
      }
      pump()
    },
  }
}

const versionChangedMs = 100

/** How long to leave a peer alone after a session ended like this. */
function retryAfterMs({ refusal, error }: SessionEnd): number {
  if (refusal === 'version_changed') return versionChangedMs
  if (refusal === 'not_shared' || refusal === 'version_differs' || refusal === 'idle') return candidateRefusedMs
  if (refusal === 'violation') return candidateRetryMaxMs
  if (isPeerhoodError(error) && error.code in peerErrors) return candidateRetryMaxMs
  return candidateRetryMs
}
