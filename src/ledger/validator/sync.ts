// Catching up: final blocks that others have are fetched, checked against the certificates of our set, executed and made final, from
// one peer at a time. A block without a certificate of its own is final by a later one's, so it waits for that.
//
// Must stay true: nothing is executed before a quorum of the set that we know has signed for it; a peer that gives what does not hold
// is blamed and not asked again before it said something new.

import { isPeerhoodError } from '../../base/errors.ts'
import type { Log } from '../../base/ports.ts'
import type { Chain } from '../chain/types.ts'
import type { Recover } from '../consensus/types.ts'
import type { Block, Hash } from '../types.ts'
import { fault, type LedgerFault, recoveryUnknown } from './errors.ts'
import { checkFinality } from './finality.ts'
import { blocksPerRequest, uncertifiedMax } from './limits.ts'
import type { Peer, Peers } from './peers.ts'
import { faultOf, type Requests } from './requests.ts'
import type { PeerName, SyncState } from './types.ts'
import type { FinalBlock } from './wire.ts'

export interface SyncParts {
  readonly chain: Chain
  readonly peers: Peers
  readonly requests: Requests
  readonly recover: Recover
  readonly log: Log
  /** How far others may be ahead before blocks are fetched: a voting validator gets the next ones by itself. */
  slack(): number
  blame(peer: PeerName, code: LedgerFault): void
  /** Behind by more than this, a snapshot is taken, where one is offered and the chain can. */
  readonly snapshotAfter: number
  /** Undefined: this chain takes no snapshots. */
  readonly join: ((peer: PeerName, told: (state: SyncState) => void, signal: AbortSignal) => Promise<void>) | undefined
  /** Throws, in the end, unless this block may be believed to be the validators'. */
  trust(height: number, hash: Hash, told: (state: SyncState) => void, signal: AbortSignal): Promise<void>
  /** Blocks became final. */
  advanced(): void
  /** A quorum finalized what is invalid here. */
  disagrees(code: string, sentence: string): void
  changed(): void
}

export interface Sync {
  readonly state: SyncState
  /** Somebody says that it went on by a recovery that nobody confirmed here; whether it is so, no computer can tell. */
  readonly isRecoveryUnknown: boolean
  /** Somebody may be further: fetch, if nothing is being fetched. `now`: whatever the slack. */
  consider(now?: boolean): void
  stop(): Promise<void>
}

export function createSync(parts: SyncParts): Sync {
  const { chain, peers, requests, log } = parts
  const stopping = new AbortController()
  /** Gave what did not hold, or nothing, at this height of theirs. */
  const failed = new Map<PeerName, number>()
  let state: SyncState = { kind: 'level' }
  let running: Promise<void> | undefined
  let isWanted = false
  let isRecoveryUnknown = false

  function told(next: SyncState): void {
    state = next
    parts.changed()
  }

  interface Candidate {
    readonly peer: Peer
    readonly to: number
    readonly bySnapshot: boolean
  }

  /** The one that is furthest; who tells stories fails once and is not asked again. */
  function candidate(slack: number): Candidate | undefined {
    const { height } = chain.head()
    const ahead = peers
      .greeted()
      .flatMap((peer) => (peer.progress === undefined ? [] : [{ peer, ...peer.progress }]))
      .filter((one) => one.height > height + slack && (failed.get(one.peer.name) ?? -1) < one.height)
      .sort((a, b) => b.height - a.height)
    const canJoin = parts.join !== undefined
    const snapshot = ahead.find((one) => canJoin && one.snapshot > height + parts.snapshotAfter)
    const blocks = ahead.find((one) => one.oldest <= height + 1)
    if (snapshot !== undefined) return { peer: snapshot.peer, to: snapshot.height, bySnapshot: true }
    if (blocks !== undefined) return { peer: blocks.peer, to: blocks.height, bySnapshot: false }
    // Nobody has the next block any more.
    const other = ahead.find((one) => canJoin && one.snapshot > height)
    return other === undefined ? undefined : { peer: other.peer, to: other.height, bySnapshot: true }
  }

  async function run(slack: number): Promise<void> {
    for (let next = candidate(slack); next !== undefined && !stopping.signal.aborted; next = candidate(0)) {
      const { peer, to, bySnapshot } = next
      try {
        if (bySnapshot) await parts.join?.(peer.name, told, stopping.signal)
        else await fetchFrom(peer, to)
        if (bySnapshot) parts.advanced()
        isRecoveryUnknown = false
      } catch (error) {
        if (stopping.signal.aborted) break
        failed.set(peer.name, to)
        complain(peer.name, error)
      }
    }
    for (const name of failed.keys()) if (peers.get(name) === undefined) failed.delete(name)
    told({ kind: 'level' })
  }

  function complain(peer: PeerName, error: unknown): void {
    const code = faultOf(error)
    if (code !== undefined) parts.blame(peer, code)
    if (isPeerhoodError(error) && error.code === 'ledger_recovery_unknown') isRecoveryUnknown = true
    if (isPeerhoodError(error)) log.warn('ledger_sync_failed', { peer, code: error.code })
    else log.error('ledger_sync_defect', { peer, error })
  }

  async function fetchFrom(peer: Peer, to: number): Promise<void> {
    let waiting: Block[] = []
    told({ kind: 'blocks', from: chain.head().height, to })
    while (chain.head().height < to && !stopping.signal.aborted) {
      const from = chain.head().height + waiting.length + 1
      const request = { kind: 'blocks' as const, from, count: blocksPerRequest }
      const { blocks } = await requests.ask<'blocks'>(peer.name, request, { signal: stopping.signal })
      const before = chain.head().height
      const first = blocks[0] === undefined ? undefined : chain.decode(blocks[0].block)
      // Sets follow from final blocks; another one after our head can come from a recovery alone.
      if (first?.parent === chain.head().hash && first.epoch > chain.validators().epoch) throw recoveryUnknown()
      if (first?.height === before + 1) await parts.trust(first.height, first.hash, told, stopping.signal)
      waiting = await takeAll(waiting, blocks)
      if (chain.head().height > before) parts.advanced()
      if (blocks.length === 0 || waiting.length > uncertifiedMax) throw fault('ledger_block_invalid')
    }
  }

  async function takeAll(before: Block[], blocks: readonly FinalBlock[]): Promise<Block[]> {
    let waiting = before
    for (const { block: bytes, certificate } of blocks) {
      const block = chain.decode(bytes)
      if (block === undefined) throw fault('ledger_block_invalid')
      // Consensus made it final in the meantime.
      if (block.height <= chain.head().height) continue
      waiting = waiting.filter(({ height }) => height > chain.head().height)
      const parent = waiting.at(-1) ?? chain.head()
      if (block.parent !== parent.hash || block.height !== parent.height + 1) throw fault('ledger_block_invalid')
      waiting.push(block)
      if (certificate.length === 0) continue
      await settle(waiting, certificate)
      waiting = []
    }
    return waiting
  }

  async function settle(blocks: readonly Block[], certificate: Uint8Array): Promise<void> {
    const last = blocks.at(-1)
    if (last === undefined) return
    const { genesisHash } = chain
    const set = chain.validators()
    if (blocks[0]?.parent === chain.head().hash && (blocks[0]?.epoch ?? 0) > set.epoch) throw recoveryUnknown()
    checkFinality(last, certificate, { set, genesisHash, recover: parts.recover })
    for (const block of blocks) {
      const verdict = await chain.check(block, { isFinal: true })
      if (verdict.ok) continue
      parts.disagrees(verdict.code, verdict.sentence)
      throw new Error(`a final block is invalid here: ${verdict.code}`)
    }
    await chain.finalize(last.hash, certificate)
  }

  return {
    get state() {
      return state
    },
    get isRecoveryUnknown() {
      return isRecoveryUnknown
    },
    consider(now = false) {
      if (running !== undefined) {
        isWanted = true
        return
      }
      const slack = now ? 0 : parts.slack()
      if (stopping.signal.aborted || candidate(slack) === undefined) return
      running = run(slack).finally(() => {
        running = undefined
        if (!isWanted) return
        isWanted = false
        this.consider()
      })
    },
    async stop() {
      stopping.abort(new Error('the ledger is being closed'))
      await running?.catch(() => {})
    },
  }
}
