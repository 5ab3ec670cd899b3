// One session of the bitswap client: a few peers, and the blocks wanted of them. Who answered well is asked first, the
// least busy of them; who is late or gone is passed over.

import type { CID } from 'multiformats/cid'
import type { PeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock } from '../base/ports.ts'
import type { PeerId } from '../network/types.ts'
import type { WantEntry } from './bitswap-wire.ts'
import { type BlockKey, inlineBlock, keyOf } from './cid.ts'
import type { BlockSession } from './client.ts'
import { ipfsErrors } from './errors.ts'
import { blockTimeoutMs, haveTimeoutMs, lateMax, sessionPeersMax } from './limits.ts'

export interface Session extends BlockSession {
  block(peerId: PeerId, key: BlockKey, bytes: Uint8Array): void
  presence(peerId: PeerId, key: BlockKey, has: boolean): void
  heard(peerId: PeerId): void
  /** The peer can't be asked, or has gone. */
  failed(peerId: PeerId): void
}

export interface SessionParts {
  readonly clock: Clock
  readonly post: (peerId: PeerId, entry: WantEntry) => void
  /** From now on blocks of this key are this session's too, or no more. Throws `ipfs_wants_too_many`. */
  readonly register: (key: BlockKey, isWanted: boolean) => void
  readonly closed: () => void
}

interface Peer {
  /** `good`: it has said that it has something, or sent it. */
  state: 'unknown' | 'good' | 'dead'
  asked: number
  late: number
  heardMs: number
}

interface Want {
  readonly cid: CID
  readonly key: BlockKey
  readonly waiters: Set<{ resolve(bytes: Uint8Array): void; reject(error: unknown): void }>
  /** Was asked for the block. */
  asked: PeerId | undefined
  /** Were asked whether they have it, and have not answered. */
  probed: Set<PeerId>
  readonly passed: Set<PeerId>
  readonly late: Set<PeerId>
  isSecondRound: boolean
  stopTimer: Cancel
}

const nothing = () => {}

export function createSession(parts: SessionParts): Session {
  const { clock, post, register } = parts
  const peers = new Map<PeerId, Peer>()
  const wants = new Map<BlockKey, Want>()
  let searches = 0
  let isClosed = false

  const entryOf = (want: Want, change: Partial<WantEntry>): WantEntry => {
    return { cid: want.cid, type: 'block', priority: 1, cancel: false, sendDontHave: true, ...change }
  }

  /** Asks the best peer that is left. */
  function ask(want: Want): void {
    want.stopTimer()
    want.stopTimer = nothing
    const left = [...peers].filter(([peerId, peer]) => peer.state !== 'dead' && !want.passed.has(peerId))
    const good = left.filter(([, peer]) => peer.state === 'good').sort(([, a], [, b]) => a.asked - b.asked)[0]
    if (good !== undefined) askFor(want, good[0], good[1])
    else if (want.probed.size > 0) return
    else if (left.length > 0) probe(want, [...left.map(([peerId]) => peerId)])
    else nobodyLeft(want)
  }

  function nobodyLeft(want: Want): void {
    if (want.late.size > 0 && !want.isSecondRound) {
      want.isSecondRound = true
      for (const peerId of want.late) want.passed.delete(peerId)
      ask(want)
    } else if (searches === 0) settle(want, (waiter) => waiter.reject(notFound(want)))
    // Whoever a search finds is asked then (addPeer).
  }

  function askFor(want: Want, peerId: PeerId, peer: Peer): void {
    want.asked = peerId
    peer.asked += 1
    const askedMs = clock.monotonicMs()
    post(peerId, entryOf(want, {}))
    const look = () => {
      // Blocks come one after the other: as long as something comes from it, this one may be on its way.
      const quietMs = clock.monotonicMs() - Math.max(askedMs, peer.heardMs)
      if (quietMs < blockTimeoutMs) {
        want.stopTimer = clock.after(blockTimeoutMs - quietMs, look)
        return
      }
      peer.late += 1
      if (peer.late >= lateMax) peer.state = 'dead'
      want.late.add(peerId)
      post(peerId, entryOf(want, { cancel: true }))
      pass(want, peerId)
    }
    want.stopTimer = clock.after(blockTimeoutMs, look)
  }

  function probe(want: Want, candidates: readonly PeerId[]): void {
    want.probed = new Set(candidates)
    for (const peerId of candidates) post(peerId, entryOf(want, { type: 'have' }))
    want.stopTimer = clock.after(haveTimeoutMs, () => {
      for (const peerId of want.probed) {
        want.late.add(peerId)
        want.passed.add(peerId)
      }
      want.probed.clear()
      ask(want)
    })
  }

  /** The peer will not send it: the next one. */
  function pass(want: Want, peerId: PeerId): void {
    want.passed.add(peerId)
    want.probed.delete(peerId)
    if (want.asked === peerId) release(want)
    if (want.asked === undefined && want.probed.size === 0) ask(want)
  }

  function release(want: Want): void {
    const peer = want.asked === undefined ? undefined : peers.get(want.asked)
    if (peer !== undefined) peer.asked -= 1
    want.asked = undefined
  }

  function settle(
    want: Want,
    tell: (waiter: { resolve(bytes: Uint8Array): void; reject(error: unknown): void }) => void,
  ) {
    want.stopTimer()
    release(want)
    wants.delete(want.key)
    register(want.key, false)
    for (const waiter of want.waiters) tell(waiter)
  }

  function drop(want: Want): void {
    for (const peerId of [want.asked, ...want.probed]) {
      if (peerId !== undefined) post(peerId, entryOf(want, { cancel: true }))
    }
    settle(want, nothing)
  }

  function begin(cid: CID, key: BlockKey): Want {
    register(key, true)
    const want: Want = {
      ...{ cid, key, waiters: new Set(), asked: undefined, probed: new Set(), passed: new Set(), late: new Set() },
      ...{ isSecondRound: false, stopTimer: nothing },
    }
    wants.set(key, want)
    return want
  }

  function get(cid: CID, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Uint8Array> {
    const inline = inlineBlock(cid)
    if (inline !== undefined) return Promise.resolve(inline)
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (isClosed) throw ipfsErrors.ipfs_block_not_found(`Nobody is asked for ${cid} any more.`)
      const key = keyOf(cid)
      const known = wants.get(key)
      const want = known ?? begin(cid, key)
      const onAbort = () => {
        want.waiters.delete(waiter)
        if (want.waiters.size === 0 && wants.get(key) === want) drop(want)
        reject(signal?.reason)
      }
      const done = () => signal?.removeEventListener('abort', onAbort)
      const waiter = {
        resolve(bytes: Uint8Array) {
          done()
          resolve(bytes)
        },
        reject(error: unknown) {
          done()
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      want.waiters.add(waiter)
      if (known === undefined) ask(want)
    })
  }

  return {
    get,
    addPeer(peerId) {
      if (isClosed || peers.has(peerId) || peers.size >= sessionPeersMax) return
      peers.set(peerId, { state: 'unknown', asked: 0, late: 0, heardMs: 0 })
      for (const want of [...wants.values()]) if (want.asked === undefined && want.probed.size === 0) ask(want)
    },
    search(work) {
      searches += 1
      void work.catch(nothing).finally(() => {
        searches -= 1
        for (const want of [...wants.values()]) if (want.asked === undefined && want.probed.size === 0) ask(want)
      })
    },
    close() {
      if (isClosed) return
      isClosed = true
      for (const want of [...wants.values()]) settle(want, (waiter) => waiter.reject(notFound(want)))
      parts.closed()
    },
    block(peerId, key, bytes) {
      const want = wants.get(key)
      if (want === undefined) return
      const peer = peers.get(peerId)
      if (peer !== undefined) peer.state = 'good'
      for (const other of [want.asked, ...want.probed]) {
        if (other !== undefined && other !== peerId) post(other, entryOf(want, { cancel: true }))
      }
      settle(want, (waiter) => waiter.resolve(bytes))
    },
    presence(peerId, key, has) {
      const [want, peer] = [wants.get(key), peers.get(peerId)]
      if (want === undefined || peer === undefined) return
      if (!has) return pass(want, peerId)
      if (peer.state === 'unknown') peer.state = 'good'
      want.probed.delete(peerId)
      if (want.asked === undefined) ask(want)
    },
    heard(peerId) {
      const peer = peers.get(peerId)
      if (peer !== undefined) peer.heardMs = clock.monotonicMs()
    },
    failed(peerId) {
      const peer = peers.get(peerId)
      if (peer === undefined || peer.state === 'dead') return
      peer.state = 'dead'
      for (const want of [...wants.values()]) {
        if (want.asked === peerId || want.probed.has(peerId)) pass(want, peerId)
      }
    },
  }
}

function notFound({ cid, late }: Want): PeerhoodError {
  if (late.size > 0) return ipfsErrors.ipfs_block_late(`Those who were asked for ${cid} did not answer in time.`)
  return ipfsErrors.ipfs_block_not_found(`Nobody who was asked has ${cid}.`)
}
