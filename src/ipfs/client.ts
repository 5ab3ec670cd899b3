// What we want of others by bitswap: who is asked for what, in sessions of a few peers each.
//
//   session.get(cid) ─► asked of a peer known to have it ─► block ─► checked ─► resolved
//                   └► nobody known: all are asked whether they have it ─► the first that says so is asked
//   "don't have", late, gone ─► the next peer ─► none left: wait for more (a search), or ipfs_block_not_found
//
// Must stay true: a block counts only by the hash of its bytes; what nobody wants is dropped before it costs more than that.

import type { CID } from 'multiformats/cid'
import { toPeerhoodError } from '../base/errors.ts'
import type { Clock, Log, Metrics } from '../base/ports.ts'
import type { Network, PeerId } from '../network/types.ts'
import { emptyMessage, encodeMessage, type WantEntry } from './bitswap-wire.ts'
import type { GetBlock } from './blocks.ts'
import { type BlockKey, keyOf } from './cid.ts'
import { ipfsErrors } from './errors.ts'
import { wantEntriesMax, wantsMax } from './limits.ts'
import { bitswapProtocol } from './protocol.ts'
import { createSession, type Session } from './session.ts'

export interface BitswapClientParts {
  readonly network: Pick<Network, 'openStream'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** Blocks from a few peers. */
export interface BlockSession {
  readonly get: GetBlock
  addPeer(peerId: PeerId): void
  /** While this is under way, what nobody has yet waits for peers that it may add. */
  search(work: Promise<unknown>): void
  /** Ends it: what is still wanted fails. */
  close(): void
}

export interface BitswapClient {
  session(peers: readonly PeerId[]): BlockSession
  /** Nobody wants anything: blocks that come need not be looked at. */
  readonly isIdle: boolean
  /** Whether a block of this key is wanted. */
  wants(key: BlockKey): boolean
  block(peerId: PeerId, key: BlockKey, bytes: Uint8Array): void
  presence(peerId: PeerId, cid: CID, has: boolean): void
  /** Bytes of any kind came from the peer. */
  heard(peerId: PeerId): void
  gone(peerId: PeerId): void
}

export function createBitswapClient(parts: BitswapClientParts): BitswapClient {
  const { network, clock, log, metrics } = parts
  const sessions = new Set<Session>()
  const wanting = new Map<BlockKey, Set<Session>>()
  const outbox = new Map<PeerId, Map<BlockKey, WantEntry>>()
  const flushing = new Set<PeerId>()
  let wanted = 0

  function post(peerId: PeerId, entry: WantEntry): void {
    const entries = outbox.get(peerId) ?? new Map<BlockKey, WantEntry>()
    outbox.set(peerId, entries)
    const key = keyOf(entry.cid)
    // Nothing was said yet, so there is nothing to take back.
    if (entry.cancel && entries.delete(key)) return
    entries.set(key, entry)
    if (flushing.has(peerId)) return
    flushing.add(peerId)
    // What is wanted in the same turn goes in one message.
    queueMicrotask(() => void flush(peerId))
  }

  async function flush(peerId: PeerId): Promise<void> {
    try {
      for (let entries = take(peerId); entries.length > 0; entries = take(peerId)) {
        const stream = await network.openStream(peerId, bitswapProtocol)
        if (!stream.send(...encodeMessage({ ...emptyMessage, wants: entries }))) await stream.drained()
        await stream.close()
      }
    } catch (thrown) {
      const { code } = toPeerhoodError(thrown)
      log.debug('bitswap_ask_failed', { peerId, code })
      outbox.delete(peerId)
      for (const session of [...sessions]) session.failed(peerId)
    } finally {
      flushing.delete(peerId)
      if (outbox.has(peerId)) {
        flushing.add(peerId)
        queueMicrotask(() => void flush(peerId))
      }
    }
  }

  function take(peerId: PeerId): WantEntry[] {
    const entries = outbox.get(peerId)
    if (entries === undefined) return []
    const taken = [...entries].slice(0, wantEntriesMax)
    for (const [key] of taken) entries.delete(key)
    if (entries.size === 0) outbox.delete(peerId)
    return taken.map(([, entry]) => entry)
  }

  function register(session: Session, key: BlockKey, isWanted: boolean): void {
    const those = wanting.get(key) ?? new Set<Session>()
    if (isWanted) {
      if (wanted >= wantsMax) throw ipfsErrors.ipfs_wants_too_many('Too many blocks are wanted already.')
      wanting.set(key, those.add(session))
      wanted += 1
    } else if (those.delete(session)) {
      wanted -= 1
      if (those.size === 0) wanting.delete(key)
    }
  }

  return {
    session(peers) {
      const session: Session = createSession({
        clock,
        post,
        register: (key, isWanted) => register(session, key, isWanted),
        closed: () => sessions.delete(session),
      })
      sessions.add(session)
      for (const peerId of peers) session.addPeer(peerId)
      return session
    },
    get isIdle() {
      return wanted === 0
    },
    wants: (key) => wanting.has(key),
    block(peerId, key, bytes) {
      const those = wanting.get(key)
      if (those === undefined) {
        metrics.count('ipfs_blocks_unwanted')
        return
      }
      metrics.count('ipfs_blocks_received')
      metrics.count('ipfs_bytes_received', bytes.length)
      for (const session of [...those]) session.block(peerId, key, bytes)
    },
    presence(peerId, cid, has) {
      const key = keyOf(cid)
      for (const session of [...(wanting.get(key) ?? [])]) session.presence(peerId, key, has)
    },
    heard(peerId) {
      for (const session of sessions) session.heard(peerId)
    },
    gone(peerId) {
      outbox.delete(peerId)
      for (const session of [...sessions]) session.failed(peerId)
    },
  }
}
