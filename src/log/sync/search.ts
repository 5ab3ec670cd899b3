// Finds peers that have a community's log and opens sessions with them while there are fewer than enough: those that the
// community names, those we are connected to, and those that the DHT knows. Each candidate has its own backoff.

import { BoundedMap } from '../../base/bounded.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log, type Random } from '../../base/ports.ts'
import { createUniform } from '../../base/uniform.ts'
import type { Network, PeerAddress, PeerId, PeerSource, PeerView } from '../../network/types.ts'
import { syncEnds } from './errors.ts'
import {
  addressesPerPeerMax,
  candidateRefusedMs,
  candidateRetryMaxMs,
  candidateRetryMs,
  candidatesMax,
  dialsMax,
  dialTimeoutMs,
  peersEveryMs,
  providersPerSearchMax,
  searchEveryMaxMs,
  searchEveryMs,
  searchTimeoutMs,
  sessionsEnough,
} from './limits.ts'
import type { SessionEnd } from './session-types.ts'

export interface SearchParts {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Undefined: the DHT is not asked. */
  readonly discovery: Uint8Array | undefined
  /** Whom the community names. */
  named(): readonly PeerAddress[]
  allows(peerId: PeerId): boolean
  hasSession(peerId: PeerId): boolean
  sessions(): number
  /** Opens a session with a connected peer. */
  open(peerId: PeerId, options: { signal: AbortSignal }): Promise<void>
}

export interface Search {
  start(): void
  stop(): void
  /** Looks everywhere now, without regard to earlier failures. */
  nudge(): void
  /** Peers that are being reached. */
  dialled(): readonly PeerId[]
  sessionActive(peerId: PeerId): void
  sessionEnded(peerId: PeerId, how: SessionEnd): void
}

interface Candidate {
  readonly peerId: PeerId
  source: PeerSource
  addresses: readonly string[]
  /** The community names it: tried before others, and never forgotten for them. */
  named: boolean
  failures: number
  /** Not before this time. */
  nextMs: number
  busy: boolean
  /** It does not have the community, or does not speak the protocol: being connected does not change that. */
  refused: boolean
}

export function createSearch(parts: SearchParts): Search {
  const { network, clock, log } = parts
  const candidates = new BoundedMap<PeerId, Candidate>(candidatesMax)
  const uniform = createUniform(parts.random)
  const aborter = new AbortController()
  let dials = 0
  let timer: Cancel | undefined
  let namedTimer: Cancel | undefined
  let lookTimer: Cancel | undefined
  let lookEveryMs = searchEveryMs
  let looking = false
  let running = false
  let offNetwork: Cancel = () => {}

  function add({ peerId, addresses }: PeerAddress, source: PeerSource, named: boolean): void {
    if (peerId === network.self || !parts.allows(peerId)) return
    const known = candidates.get(peerId) ?? remember(peerId, source)
    known.named ||= named
    known.addresses = [...new Set([...addresses, ...known.addresses])].slice(0, addressesPerPeerMax)
  }

  function remember(peerId: PeerId, source: PeerSource): Candidate {
    if (candidates.size >= candidatesMax) makeRoom()
    const fresh = { named: false, failures: 0, nextMs: 0, busy: false, refused: false }
    const candidate: Candidate = { peerId, source, addresses: [], ...fresh }
    candidates.set(peerId, candidate)
    return candidate
  }

  /** Who was not heard of for longest goes, but none that the community names: strangers could come until they had. */
  function makeRoom(): void {
    for (const { peerId, named, busy } of candidates.values()) {
      if (named || busy || parts.hasSession(peerId)) continue
      candidates.delete(peerId)
      return
    }
  }

  function addNamed(): void {
    namedTimer?.()
    namedTimer = clock.after(peersEveryMs, addNamed)
    for (const peer of parts.named().slice(0, candidatesMax)) add(peer, 'exchange', true)
    // Who is let in since it connected.
    for (const peer of network.peers())
      if (peer.state === 'connected') add({ peerId: peer.peerId, addresses: [] }, peer.source, false)
    pump()
  }

  function addKnown({ peerId, state, source }: PeerView): void {
    if (state !== 'connected' && source !== 'mdns') return
    const known = candidates.get(peerId)
    add({ peerId, addresses: [] }, source, false)
    // It failed while it was away, and is here now.
    if (state === 'connected' && known !== undefined && known.failures > 0 && !known.refused) {
      known.failures = 0
      known.nextMs = 0
    }
    pump()
  }

  // ---- dialling

  function pump(): void {
    timer?.()
    timer = undefined
    if (!running) return
    const nowMs = clock.monotonicMs()
    let soonestMs = Number.POSITIVE_INFINITY
    const ready: Candidate[] = []
    for (const candidate of candidates.values()) {
      if (candidate.busy || parts.hasSession(candidate.peerId) || !parts.allows(candidate.peerId)) continue
      if (candidate.nextMs > nowMs) soonestMs = Math.min(soonestMs, candidate.nextMs)
      else ready.push(candidate)
    }
    while (ready.length > 0 && dials < dialsMax && parts.sessions() + dials < sessionsEnough) void dial(draw(ready))
    if (Number.isFinite(soonestMs)) timer = clock.after(soonestMs - nowMs, pump)
  }

  /** Any of the named, then any of the others: a community whose members all chose alike would fall into cliques. */
  function draw(ready: Candidate[]): Candidate {
    const named = ready.filter((candidate) => candidate.named)
    const from = named.length > 0 ? named : ready
    const drawn = from[Math.floor(uniform() * from.length)] as Candidate
    ready.splice(ready.indexOf(drawn), 1)
    return drawn
  }

  async function dial(candidate: Candidate): Promise<void> {
    const { peerId, addresses, source } = candidate
    candidate.busy = true
    dials++
    const reason = () => syncEnds.sync_unreachable('A peer could not be reached in time.')
    const limit = deadline(clock, dialTimeoutMs, reason, aborter.signal)
    try {
      await network.connect({ peerId, addresses }, { source, signal: limit.signal })
      await parts.open(peerId, { signal: limit.signal })
    } catch (error) {
      const code = isPeerhoodError(error) ? error.code : 'internal'
      log.debug('sync_peer_unreachable', { peer: peerId, code })
      candidate.refused = code === 'protocol_unsupported'
      postpone(candidate, candidate.refused ? candidateRetryMaxMs : candidateRetryMs)
    } finally {
      limit.done()
      candidate.busy = false
      dials--
      queueMicrotask(pump)
    }
  }

  /** Waits `baseMs`, doubled with each failure in a row and spread by a fifth, so that peers don't act in step. */
  function postpone(candidate: Candidate, baseMs: number): void {
    const spread = 0.9 + 0.2 * uniform()
    const waitMs = Math.min(candidateRetryMaxMs, baseMs * 2 ** Math.min(candidate.failures, 10)) * spread
    candidate.failures++
    candidate.nextMs = clock.monotonicMs() + waitMs
  }

  // ---- DHT

  async function look(): Promise<void> {
    lookTimer?.()
    lookTimer = undefined
    if (looking || parts.discovery === undefined) return
    looking = true
    const reason = () => syncEnds.sync_unreachable('The look-up took too long.')
    const limit = deadline(clock, searchTimeoutMs, reason, aborter.signal)
    try {
      let found = 0
      for await (const provider of network.findProviders(parts.discovery, { signal: limit.signal })) {
        add(provider, 'dht', false)
        pump()
        if (++found >= providersPerSearchMax) break
      }
    } catch (error) {
      log.debug('sync_search_failed', { code: isPeerhoodError(error) ? error.code : 'internal' })
    } finally {
      limit.done()
      looking = false
    }
    if (!running) return
    lookTimer = clock.after(lookEveryMs, lookIfFew)
    lookEveryMs = Math.min(searchEveryMaxMs, lookEveryMs * 2)
  }

  function lookIfFew(): void {
    lookTimer = undefined
    if (parts.sessions() < sessionsEnough) void look()
    else lookTimer = clock.after(lookEveryMs, lookIfFew)
  }

  return {
    start() {
      if (running) return
      running = true
      for (const peer of network.peers()) addKnown(peer)
      offNetwork = network.on((event) => {
        if (event.type === 'peer') addKnown(event.peer)
      })
      addNamed()
      void look()
    },
    stop() {
      running = false
      aborter.abort()
      timer?.()
      namedTimer?.()
      lookTimer?.()
      offNetwork()
    },
    nudge() {
      if (!running) return
      for (const candidate of candidates.values()) {
        if (candidate.named || !candidate.refused) {
          candidate.nextMs = 0
          candidate.failures = 0
        }
      }
      lookEveryMs = searchEveryMs
      addNamed()
      void look()
    },
    dialled: () => [...candidates.values()].filter(({ busy }) => busy).map(({ peerId }) => peerId),
    sessionActive(peerId) {
      const candidate = candidates.get(peerId) ?? remember(peerId, 'inbound')
      candidate.failures = 0
      candidate.refused = false
    },
    sessionEnded(peerId, how) {
      const candidate = candidates.get(peerId)
      if (candidate === undefined || !running) return
      candidate.refused = how.refusal === 'not_here' || how.refusal === 'left'
      postpone(candidate, retryAfterMs(how))
      if (lookEveryMs > searchEveryMs && parts.sessions() === 0) {
        lookEveryMs = searchEveryMs
        lookTimer?.()
        lookTimer = clock.after(lookEveryMs, lookIfFew)
      }
      pump()
    },
  }
}

/** How long to leave a peer alone after a session ended like this. */
function retryAfterMs({ refusal, fault }: SessionEnd): number {
  if (refusal === 'not_here' || refusal === 'left') return candidateRefusedMs
  if (refusal === 'violation' || fault !== undefined) return candidateRetryMaxMs
  return candidateRetryMs
}
