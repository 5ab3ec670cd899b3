// The author's side: performs what core.ts decides about the copies of this computer's shares, remembers it, and tells people
// how it stands.

import { BoundedMap } from '../base/bounded.ts'
import { equalBytes } from '../base/bytes.ts'
import { toPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log, Random } from '../base/ports.ts'
import { createUniform } from '../base/uniform.ts'
import type { LibraryService } from '../content/library/library.ts'
import type { ShareService } from '../content/library/shares.ts'
import type { ShareId } from '../content/types.ts'
import type { Network, PeerAddress, PeerId } from '../network/types.ts'
import { step } from './core.ts'
import { copiesErrors, fault } from './errors.ts'
import {
  copiesMax,
  keepersMax,
  linkHolderAddressesMax,
  linkHoldersMax,
  nonceBytes,
  proofBlocksMax,
  proofMs,
} from './limits.ts'
import { copiesDueMs } from './plan-core.ts'
import { proofOf } from './proof.ts'
import {
  type CopiesAction,
  type CopiesEvent,
  type CopiesState,
  type Copy,
  createCopiesState,
  restoreCopy,
  restoreKeeper,
  type ShareFacts,
} from './state-core.ts'
import type { CopiesStore } from './store.ts'
import { blame, exchange } from './talk.ts'
import type { KeeperView, ShareCopies } from './types.ts'
import { createViews } from './views.ts'
import type { Answer, Asked, HeldState } from './wire.ts'

export interface AuthorParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly network: Network
  readonly library: Pick<LibraryService, 'byShare'>
  readonly shares: Pick<ShareService, 'list' | 'has' | 'link' | 'on'>
  readonly store: CopiesStore
  /** That of this device, as it goes over the wire. */
  readonly certificate: () => Uint8Array
  readonly selfAddress: () => PeerAddress
  readonly changed: (share?: ShareId) => void
}

export interface Author {
  start(): void
  stop(): Promise<void>
  /** A peer may have agreed to keep copies. */
  met(peer: PeerId): void
  connection(peer: PeerId, how: 'connected' | 'disconnected'): void
  views(): readonly ShareCopies[]
  view(share: ShareId): ShareCopies
  set(share: ShareId, copies: number): ShareCopies
  keepers(): readonly KeeperView[]
  knows(peer: PeerId): boolean
  holders(share: ShareId): readonly PeerAddress[]
}

export function createAuthor(parts: AuthorParts): Author {
  const { clock, log, store, shares, library } = parts
  const uniform = createUniform(parts.random)
  const now = () => clock.monotonicMs()
  const running = new Set<Promise<void>>()
  /** Where keepers were reached last. */
  const places = new BoundedMap<PeerId, PeerAddress>(keepersMax)
  let state: CopiesState = createCopiesState()
  let stopping = new AbortController()
  let timer: Cancel | undefined
  let off: Cancel = () => {}
  const views = createViews({ clock, state: () => state })

  /** Wall clock from this run's time, and back: what is remembered outlives the run. */
  const toWall = (ms: number) => Math.round(clock.nowMs() - (now() - ms))
  const fromWall = (ms: number) => now() - (clock.nowMs() - ms)

  function happened(event: CopiesEvent): void {
    if (stopping.signal.aborted) return
    const before = views.digest()
    const nowMs = now()
    for (const action of step(state, event, nowMs)) perform(action)
    schedule(nowMs)
    for (const share of views.changedSince(before)) parts.changed(share)
    if (event.type === 'offered' || event.type === 'unreachable') parts.changed()
  }

  /** `atMs`: when the last step was. What has come due since was not looked at, so it is not past. */
  function schedule(atMs: number): void {
    timer?.()
    const dueMs = copiesDueMs(state, atMs)
    timer = dueMs === undefined ? undefined : clock.after(Math.max(1, dueMs - now()), () => happened({ type: 'tick' }))
  }

  function perform(action: CopiesAction): void {
    switch (action.type) {
      case 'save-keeper':
        saveKeeper(action)
        break
      case 'save-copy':
        saveCopy(action)
        break
      default: {
        const work = talk(action).then(
          (event) => happened(event),
          (error: unknown) => failed(action.peer, error),
        )
        running.add(work)
        void work.finally(() => running.delete(work))
      }
    }
  }

  function failed(peer: PeerId, error: unknown): void {
    log.debug('keeper_unreachable', { peerId: peer, code: toPeerhoodError(error).code })
    happened({ type: 'unreachable', peer })
  }

  function saveKeeper({ peer, keeper }: Extract<CopiesAction, { type: 'save-keeper' }>): void {
    if (keeper === undefined) store.removeKeeper(peer)
    else store.putKeeper({ peer, label: keeper.label, losses: keeper.losses, seenMs: toWall(keeper.seenMs) })
  }

  function saveCopy({ share, peer, copy }: Extract<CopiesAction, { type: 'save-copy' }>): void {
    if (copy === undefined) {
      store.removePlaced(share, peer)
      return
    }
    const { discovery, agreedSequence, provenSequence } = copy
    const times = { placedMs: toWall(copy.placedMs), provenMs: toWall(copy.provenMs) }
    store.putPlaced({ share, peer, discovery, agreedSequence, provenSequence, ...times })
  }

  // ---- what is said

  type Talk = Extract<CopiesAction, { type: 'ask' | 'keep' | 'prove' | 'drop' }>

  async function talk(action: Talk): Promise<CopiesEvent> {
    const { peer } = action
    if (action.type === 'ask') return asked(peer, action.shares)
    const { share } = action.copy
    if (action.type === 'prove') return prove(peer, action.copy)
    if (action.type === 'drop') {
      const answer = await say(peer, { kind: 'drop', share: action.copy.discovery })
      return eventOf(answer, peer, share, { type: 'dropped', peer, share })
    }
    const version = library.byShare(share)
    // The file changes just now, or its disk is away.
    if (version === undefined) return { type: 'refused', peer, share, reason: 'busy', free: 0 }
    const { link, keepLink } = shares.link(share, [parts.selfAddress()])
    const { recordBytes, record } = version
    const answer = await say(peer, { kind: 'keep', record: recordBytes, link: keepLink ?? link })
    return eventOf(answer, peer, share, { type: 'kept', peer, share, sequence: record.sequence })
  }

  async function asked(peer: PeerId, about: readonly Copy[]): Promise<CopiesEvent> {
    const answer = await say(peer, { kind: 'ask', shares: about.map(({ discovery }) => discovery) })
    if (answer.kind !== 'offer') return refusedOr(answer, peer, undefined)
    if (answer.states.length !== about.length) throw blamed(peer, fault('copies_frame_malformed'))
    const states = new Map(about.map(({ share }, at) => [share, answer.states[at] as HeldState]))
    return { type: 'offered', peer, free: answer.free, label: answer.label, states }
  }

  async function prove(peer: PeerId, { share, discovery }: Copy): Promise<CopiesEvent> {
    const holding = library.byShare(share)
    if (holding === undefined) return { type: 'proved', peer, share, sequence: 0, how: 'unknown' }
    const { sequence, blocks: count } = holding.record
    const chosen = new Set(Array.from({ length: proofBlocksMax }, () => Math.floor(uniform() * count)))
    const blocks = [...chosen]
    const nonce = parts.random.bytes(nonceBytes)
    const digest = await proofOf(holding, nonce, blocks, stopping.signal).catch(() => undefined)
    if (digest === undefined) return { type: 'proved', peer, share, sequence, how: 'unknown' }
    const answer = await say(peer, { kind: 'prove', share: discovery, sequence, nonce, blocks }, proofMs)
    if (answer.kind !== 'proof') return refusedOr(answer, peer, share)
    const how = equalBytes(answer.digest, digest) ? 'right' : 'wrong'
    if (how === 'wrong') {
      const error = blamed(peer, fault('copies_proof_wrong'))
      log.warn(error.code, { peerId: peer, share })
    }
    return { type: 'proved', peer, share, sequence, how }
  }

  function eventOf(answer: Answer, peer: PeerId, share: ShareId, done: CopiesEvent): CopiesEvent {
    return answer.kind === 'done' ? done : refusedOr(answer, peer, share)
  }

  function refusedOr(answer: Answer, peer: PeerId, share: ShareId | undefined): CopiesEvent {
    if (answer.kind !== 'refuse') throw blamed(peer, fault('copies_frame_out_of_order'))
    const { reason, free } = answer
    return { type: 'refused', peer, share, reason, free }
  }

  function blamed(peer: PeerId, error: ReturnType<typeof fault>) {
    blame(parts.network, peer, error)
    return error
  }

  type Unsigned = Asked extends infer One ? (One extends Asked ? Omit<One, 'certificate'> : never) : never

  async function say(peer: PeerId, frame: Unsigned, limitMs?: number): Promise<Answer> {
    const address = (await parts.network.addressesOf(peer)) ?? { peerId: peer, addresses: [] }
    const whole = { ...frame, certificate: parts.certificate() } as Asked
    const answer = await exchange(parts, address, whole, stopping.signal, limitMs)
    const reached = await parts.network.addressesOf(peer)
    if (reached !== undefined) places.set(peer, reached)
    return answer
  }

  // ---- what is shared

  function factsOf(id: ShareId, copies: number): ShareFacts | undefined {
    const holding = library.byShare(id)
    const placed = [...(state.copies.get(id)?.values() ?? [])][0]
    const share = shares.list().find((one) => one.id === id)
    if (share === undefined) return undefined
    // While its files are away it keeps its copies as they are.
    const discovery = holding?.discovery ?? placed?.discovery
    if (discovery === undefined) return undefined
    const sequence = holding?.record.sequence ?? share.sequence
    return { id, discovery, copies, sequence, bytes: holding?.record.bytes ?? share.bytes }
  }

  function look(id: ShareId): void {
    const facts = factsOf(id, store.wanted().get(id) ?? 0)
    const known = state.shares.get(id)
    if (facts === undefined || (facts.copies === 0 && known === undefined)) return
    const isSame = known?.sequence === facts.sequence && known.copies === facts.copies && known.bytes === facts.bytes
    if (!isSame) happened({ type: 'share', share: facts })
  }

  function restore(): void {
    state = createCopiesState()
    for (const row of store.keepers()) restoreKeeper(state, { ...row, seenMs: fromWall(row.seenMs) }, now())
    for (const row of store.placed()) {
      const times = { placedMs: fromWall(row.placedMs), provenMs: fromWall(row.provenMs) }
      restoreCopy(state, { ...row, ...times }, now())
    }
    // Before anything is decided: a share that is not known yet would lose its copies.
    for (const [id, copies] of store.wanted()) {
      const facts = factsOf(id, copies)
      if (facts !== undefined) state.shares.set(id, facts)
    }
  }

  return {
    start() {
      stopping = new AbortController()
      restore()
      off = shares.on((event) => {
        if (event.type === 'share') return look(event.share.id)
        store.putWanted(event.id, 0)
        happened({ type: 'unshared', id: event.id })
      })
      happened({ type: 'tick' })
    },
    async stop() {
      off()
      timer?.()
      for (const keeper of state.keepers.values()) {
        if (keeper.free !== undefined) saveKeeper({ type: 'save-keeper', peer: keeper.peer, keeper })
      }
      stopping.abort(copiesErrors.copies_stopped('Peerhood is stopping.'))
      await Promise.all(running)
    },
    met: (peer) => happened({ type: 'met', peer }),
    connection: (peer, type) => happened({ type, peer }),
    views: views.shares,
    view: views.share,
    set(share, copies) {
      if (!Number.isInteger(copies) || copies < 0 || copies > copiesMax) {
        throw copiesErrors.copies_number_wrong(`A share has from 0 to ${copiesMax} copies.`)
      }
      if (!shares.has(share)) throw copiesErrors.copies_not_own('Only who shares something sets its copies.')
      store.putWanted(share, copies)
      look(share)
      parts.changed(share)
      return views.share(share, copies)
    },
    keepers: views.keepers,
    knows: (peer) => state.keepers.has(peer),
    holders(share) {
      const alive = views.share(share).where.filter(({ standing }) => standing === 'alive')
      const known = alive.flatMap(({ peer }) => places.get(peer) ?? [])
      return known
        .slice(0, linkHoldersMax)
        .map(({ peerId, addresses }) => ({ peerId, addresses: addresses.slice(0, linkHolderAddressesMax) }))
    },
  }
}
