// The public DHT ("Amino"), where it is on: names this peer as a provider of the roots of its public shares, and finds
// who provides what. Off unless a person asks for it: it tells strangers which public shares are here.

import type { CID } from 'multiformats/cid'
import { toPeerhoodError } from '../base/errors.ts'
import { type Cancel, type Clock, deadline, type Log } from '../base/ports.ts'
import type { Library } from '../content/types.ts'
import type { PeerAddress, PublicDht } from '../network/types.ts'
import { type BlockKey, keyOf } from './cid.ts'
import { ipfsErrors } from './errors.ts'
import {
  publicFindTimeoutMs,
  publicProvideEveryMs,
  publicProvidersMax,
  publicProvideTimeoutMs,
  publicRootsMax,
} from './limits.ts'

/** A share that has just come is provided once it was quiet for so long. */
const settleMs = 2_000
/** While nobody of the DHT is known yet, or a root could not be told to anybody. */
const againMs = 30_000

export interface PublicRouting {
  start(): void
  stop(): void
  findProviders(cid: CID, signal: AbortSignal): AsyncIterable<PeerAddress>
  readonly peers: number
  /** Roots that were told to somebody. */
  readonly provided: number
}

export interface PublicRoutingParts {
  readonly dht: PublicDht
  readonly library: Pick<Library, 'on'>
  /** Roots of public shares. */
  readonly roots: () => readonly CID[]
  readonly clock: Clock
  readonly log: Log
}

export function createPublicRouting(parts: PublicRoutingParts): PublicRouting {
  const { dht, library, roots, clock, log } = parts
  const stopping = new AbortController()
  /** When each root was last told. */
  const told = new Map<BlockKey, number>()
  let offs: Cancel[] = []
  let cancelTimer: Cancel = () => {}
  let isProviding = false

  const schedule = (delayMs: number) => {
    cancelTimer()
    if (!stopping.signal.aborted) cancelTimer = clock.after(delayMs, () => void provideDue())
  }

  async function provideDue(): Promise<void> {
    if (isProviding) return schedule(settleMs)
    isProviding = true
    try {
      const present = roots().slice(0, publicRootsMax)
      await forget(present)
      for (const cid of present) {
        const atMs = told.get(keyOf(cid))
        if (atMs !== undefined && clock.monotonicMs() - atMs < publicProvideEveryMs) continue
        if (await provide(cid)) told.set(keyOf(cid), clock.monotonicMs())
      }
      schedule(present.some((cid) => !told.has(keyOf(cid))) ? againMs : publicProvideEveryMs)
    } finally {
      isProviding = false
    }
  }

  async function forget(present: readonly CID[]): Promise<void> {
    const keys = new Set(present.map(keyOf))
    for (const key of [...told.keys()]) if (!keys.has(key)) told.delete(key)
    await dht.keepOnly(present)
  }

  async function provide(cid: CID): Promise<boolean> {
    if (dht.peers === 0 || stopping.signal.aborted) return false
    const late = () => ipfsErrors.ipfs_block_late('Nobody of the public DHT answered in time.')
    const limit = deadline(clock, publicProvideTimeoutMs, late, stopping.signal)
    try {
      await dht.provide(cid, { signal: limit.signal })
      return true
    } catch (error) {
      log.debug('ipfs_provide_failed', { code: toPeerhoodError(error).code })
      return false
    } finally {
      limit.done()
    }
  }

  return {
    start() {
      offs = [library.on(() => schedule(settleMs)), dht.onFirstPeer(() => schedule(settleMs))]
      schedule(settleMs)
    },
    stop() {
      stopping.abort(ipfsErrors.ipfs_job_cancelled('Peerhood is stopping.'))
      cancelTimer()
      for (const off of offs) off()
    },
    async *findProviders(cid, signal) {
      const over = () => ipfsErrors.ipfs_block_late('The search is over.')
      const limit = deadline(clock, publicFindTimeoutMs, over, AbortSignal.any([signal, stopping.signal]))
      let found = 0
      try {
        for await (const peer of dht.findProviders(cid, { signal: limit.signal })) {
          yield peer
          if (++found >= publicProvidersMax) return
        }
      } catch (error) {
        // Running out of time is how a search ends.
        log.debug('ipfs_search_ended', { code: toPeerhoodError(error).code })
      } finally {
        limit.done()
      }
    },
    get peers() {
      return dht.peers
    },
    get provided() {
      return told.size
    },
  }
}
