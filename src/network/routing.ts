// Announcing and finding keys in the DHT. What is announced is remembered (bounded) and told again: when the first DHT
// peers appear after we announced to nobody, when the neighbourhood grows while it is still small, and every
// `announceIntervalMs`. The DHT remembers it as well, by a provider record of our own that it repeats by itself: what is
// announced no more is forgotten by both, also when an announcement of it is under way. Searches are bounded in time and results, whatever peers answer.

import type { SingleKadDHT } from '@libp2p/kad-dht'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import { BoundedMap } from '../base/bounded.ts'
import { assert } from '../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log, type Metrics, sleep } from '../base/ports.ts'
import { toPeerAddress } from './addresses.ts'
import { networkErrors } from './errors.ts'
import type { Host } from './host.ts'
import {
  announceIntervalMs,
  announcementsMax,
  announcementsParallelMax,
  findProvidersMax,
  findProvidersTimeoutMs,
  provideTimeoutMs,
  routingWaitMs,
} from './limits.ts'
import type { PeerAddress, PeerId } from './types.ts'

const rawCodec = 0x55
const keyBytes = 32
/** Several peers often appear at once; announcing waits for the last of them. */
const announceDelayMs = 500
/** Beyond this many DHT peers (Kademlia's k) a new one hardly changes who is nearest to a key. */
const neighbourhoodPeers = 20
const waitStepMs = 50

export interface Routing {
  provide(key: Uint8Array, signal?: AbortSignal): Promise<void>
  unprovide(key: Uint8Array): Promise<void>
  findProviders(key: Uint8Array, signal?: AbortSignal): AsyncIterable<PeerAddress>
  /** DHT peers that we know. */
  readonly tableSize: number
  readonly mode: 'client' | 'server'
  setMode(mode: 'client' | 'server'): Promise<void>
  start(): void
  stop(): void
}

export interface RoutingParts {
  readonly host: Host
  readonly self: PeerId
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

interface Announcement {
  readonly cid: CID
  /** When it was last told to somebody (monotonic); undefined: to nobody yet. */
  atMs: number | undefined
  /** Aborts when it is announced no more. */
  readonly dropped: AbortController
}

interface EventfulTable {
  readonly size: number
  addEventListener(name: 'peer:add', run: () => void): void
}

function cidOf(key: Uint8Array): CID {
  assert(key.length === keyBytes, 'a DHT key is 32 bytes')
  return CID.createV1(rawCodec, createDigest(sha256.code, key))
}

class DhtRouting implements Routing {
  readonly #parts: RoutingParts
  readonly #table: EventfulTable
  /** By the text of their keys. */
  readonly #announced = new BoundedMap<string, Announcement>(announcementsMax)
  readonly #stopped = new AbortController()
  #timer: Cancel | undefined
  #dueMs = Number.POSITIVE_INFINITY
  #announcing = false

  constructor(parts: RoutingParts) {
    this.#parts = parts
    this.#table = (parts.host.services.dht as SingleKadDHT).routingTable as unknown as EventfulTable
    assert(typeof this.#table.addEventListener === 'function', 'the routing table tells of new peers')
    this.#table.addEventListener('peer:add', () => this.#onTablePeer())
  }

  get tableSize(): number {
    return this.#table.size
  }

  get mode(): 'client' | 'server' {
    return this.#parts.host.services.dht.getMode()
  }

  async setMode(mode: 'client' | 'server'): Promise<void> {
    if (mode !== this.mode) await this.#parts.host.services.dht.setMode(mode)
  }

  start(): void {
    this.#schedule(announceIntervalMs)
  }

  stop(): void {
    this.#stopped.abort(networkErrors.network_stopped('The network is stopping.'))
    this.#timer?.()
  }

  async provide(key: Uint8Array, signal?: AbortSignal): Promise<void> {
    const cid = cidOf(key)
    const text = cid.toString()
    if (!this.#announced.has(text)) {
      this.#announced.set(text, { cid, atMs: undefined, dropped: new AbortController() })
    }
    await this.#announce(text, signal)
  }

  async unprovide(key: Uint8Array): Promise<void> {
    const cid = cidOf(key)
    const entry = this.#announced.get(cid.toString())
    this.#announced.delete(cid.toString())
    entry?.dropped.abort()
    await this.#forget(cid)
  }

  /** Removes our own provider record, which the DHT would answer with and repeat; unless it is announced again. */
  async #forget(cid: CID): Promise<void> {
    if (this.#announced.has(cid.toString())) return
    await this.#parts.host.contentRouting.cancelReprovide(cid).catch((error: unknown) => {
      this.#parts.log.warn('announcement_not_forgotten', { message: String(error) })
    })
  }

  async *findProviders(key: Uint8Array, signal?: AbortSignal): AsyncIterable<PeerAddress> {
    const { clock, host, self } = this.#parts
    const cid = cidOf(key)
    const late = new Error('search over')
    const limit = deadline(clock, findProvidersTimeoutMs, () => late, signal)
    const stop = AbortSignal.any([limit.signal, this.#stopped.signal])
    const seen = new Set<PeerId>()
    try {
      await this.#untilPeers(stop)
      for await (const info of host.contentRouting.findProviders(cid, { signal: stop })) {
        const found = toPeerAddress(info)
        if (found === undefined || found.peerId === self || seen.has(found.peerId)) continue
        seen.add(found.peerId)
        yield found
        if (seen.size >= findProvidersMax) return
      }
    } catch (error) {
      // Running out of time, or of peers to ask, is how a search ends; only the caller's own signal is an error.
      if (signal?.aborted) throw signal.reason
      this.#parts.log.debug('search_ended', { reason: error instanceof Error ? error.name : String(error) })
    } finally {
      limit.done()
    }
  }

  /** Right after the first connection the table is empty for the moment that identify takes. */
  async #untilPeers(signal: AbortSignal): Promise<void> {
    const { clock, host } = this.#parts
    const untilMs = clock.monotonicMs() + routingWaitMs
    while (this.tableSize === 0 && host.getConnections().length > 0 && clock.monotonicMs() < untilMs) {
      await sleep(clock, waitStepMs, { signal })
    }
  }

  async #announce(text: string, signal?: AbortSignal): Promise<void> {
    const entry = this.#announced.get(text)
    if (entry === undefined) return
    const { clock, host, metrics } = this.#parts
    const late = new Error('announcement over')
    const limit = deadline(clock, provideTimeoutMs, () => late, signal)
    const stop = AbortSignal.any([limit.signal, this.#stopped.signal, entry.dropped.signal])
    try {
      await this.#untilPeers(stop)
      const toSomebody = this.tableSize > 0
      await host.contentRouting.provide(entry.cid, { signal: stop })
      if (toSomebody) entry.atMs = clock.monotonicMs()
      metrics.count('network_announcements', 1, { result: toSomebody ? 'told' : 'kept' })
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      if (this.#stopped.signal.aborted) throw this.#stopped.signal.reason
      if (entry.dropped.signal.aborted) return
      metrics.count('network_announcements', 1, { result: 'failed' })
      this.#parts.log.debug('announcement_failed', { reason: error instanceof Error ? error.name : String(error) })
    } finally {
      limit.done()
      // It may have written our record after that was removed.
      if (entry.dropped.signal.aborted) await this.#forget(entry.cid)
    }
  }

  #onTablePeer(): void {
    if (this.#announced.size === 0 || this.tableSize > neighbourhoodPeers) return
    for (const entry of this.#announced.values()) entry.atMs = undefined
    this.#schedule(announceDelayMs)
  }

  #schedule(delayMs: number): void {
    if (this.#stopped.signal.aborted) return
    const { clock } = this.#parts
    const dueMs = clock.monotonicMs() + delayMs
    if (dueMs >= this.#dueMs) return
    this.#timer?.()
    this.#dueMs = dueMs
    this.#timer = clock.after(delayMs, () => {
      this.#dueMs = Number.POSITIVE_INFINITY
      void this.#announceDue()
    })
  }

  async #announceDue(): Promise<void> {
    if (this.#announcing) {
      this.#schedule(announceDelayMs)
      return
    }
    this.#announcing = true
    const { clock } = this.#parts
    const isDue = (atMs: number | undefined) =>
      atMs === undefined || clock.monotonicMs() - atMs >= announceIntervalMs - announceDelayMs
    const due = [...this.#announced.entries()].filter(([, entry]) => isDue(entry.atMs)).map(([text]) => text)
    const worker = async () => {
      for (let text = due.shift(); text !== undefined; text = due.shift()) await this.#announce(text)
    }
    await Promise.allSettled(Array.from({ length: announcementsParallelMax }, worker))
    this.#announcing = false
    this.#schedule(announceIntervalMs)
  }
}

export function createRouting(parts: RoutingParts): Routing {
  return new DhtRouting(parts)
}
