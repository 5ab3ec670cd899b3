// Performs what core.ts decides for one holding that is being filled: pages first, then blocks. Owns the tick, the
// bookkeeping of blocks that may still come late, and the way of a block from the channel into the holding.

import { isPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Random } from '../base/ports.ts'
import { createUniform } from '../base/uniform.ts'
import type { Holding } from '../content/types.ts'
import type { BlockBuffers } from '../content/worker/buffers.ts'
import { createFetch, type FetchEffect, type FetchInput, type FetchState, stepFetch } from './core.ts'
import { peerErrors } from './errors.ts'
import type { FetchBudget } from './fetch-budget.ts'
import { here } from './fetch-state.ts'
import { rangesPerFrameMax, speedHalfLifeMs, storesMax, storesQueuedMax, tickMs } from './limits.ts'
import { createPages } from './pages.ts'
import { indexesToRanges, pieces } from './ranges.ts'
import { createRate, type Rate } from './rate.ts'
import type { Session } from './session-types.ts'
import { createStores } from './stores.ts'
import { createTellTale } from './told.ts'

export interface FetchParts {
  readonly clock: Clock
  readonly random: Random
  readonly budget: FetchBudget
  readonly blockBuffers: BlockBuffers
  /** Inner nodes at the front of the inventory; 0 when unknown. */
  readonly nodes: number
  /** Everything that is wanted now is here. May be called again when more becomes wanted. */
  complete(): void
  /** Our disk, or the share itself: not a peer's fault. */
  failed(error: unknown): void
  /** Something that people see changed. */
  changed(): void
}

export interface Fetch {
  readonly holding: Holding
  readonly rate: Rate
  readonly bytesOutstanding: number
  readonly bytesArrived: number
  /** Wanted blocks that are not here; undefined before the inventory is. */
  readonly left: number | undefined
  /** Sessions that serve us now. */
  readonly serving: number
  join(session: Session): void
  leave(session: Session): void
  /** Asks nothing more of it, and takes what it was asked for. */
  retire(session: Session): void
  /** Blocks asked of it that have not come. */
  asked(session: Session): number
  haveAll(session: Session): void
  haveBits(session: Session, bits: Uint8Array): void
  have(session: Session, indexes: readonly number[]): void
  missing(session: Session, indexes: readonly number[]): void
  choke(session: Session, on: boolean): void
  page(session: Session, page: number, bytes: Uint8Array): void
  /** Whether a block that begins to arrive is worth keeping; throws `block_not_asked`, `block_length_wrong`. */
  admitBlock(session: Session, index: number, length: number): 'keep' | 'skip'
  block(session: Session, index: number, bytes: Uint8Array): void
  flushed(session: Session): void
  /** Blocks that a reader waits for, the most urgent first; empty when it has gone. */
  read(reader: number, indexes: readonly number[]): void
  /** Asks for more, when the budget may have room again. */
  fill(): void
  stop(): void
}

export function createFetchDriver(holding: Holding, parts: FetchParts): Fetch {
  const { clock, budget } = parts
  const rate = createRate(speedHalfLifeMs, clock.monotonicMs())
  const sessions = new Map<number, Session>()
  const unchoked = new Set<number>()
  const told = createTellTale(holding.record.blocks)
  const pages = createPages(holding, holding.record.pages.length, parts.failed)
  const stores = createStores(storesMax, { put, stored, failed, dropped: parts.blockBuffers.give })
  const senders = new Map<number, number>()
  /** The block that is coming from a peer although nobody asked for it when it began. */
  const lateComing = new Map<Session, number>()
  let state: FetchState | undefined
  let tickTimer: Cancel | undefined
  let fillScheduled = false
  let stopped = false

  const step = (input: FetchInput) => {
    if (state !== undefined && !stopped) perform(stepFetch(state, input, clock.monotonicMs()))
  }

  function perform(effects: readonly FetchEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'complete') parts.complete()
      else if (effect.type !== 'store') performFor(sessions.get(effect.peer), effect)
    }
  }

  function performFor(
    session: Session | undefined,
    effect: Exclude<FetchEffect, { type: 'complete' | 'store' }>,
  ): void {
    if (session === undefined) return
    switch (effect.type) {
      case 'want':
        sendRanges(session, 'want', effect.indexes)
        break
      case 'cancel':
        session.traffic.late.expect(effect.indexes)
        sendRanges(session, 'cancel', effect.indexes)
        break
      case 'forget':
        session.traffic.late.expect(effect.indexes)
        break
      case 'interest':
        tellInterest(session, effect.on)
        break
      case 'blame':
        session.fail(peerErrors.block_hash_wrong('A peer sent a block that is not the signed one.'))
        break
      case 'leave':
        session.fail(peerErrors.peer_stalled('A peer promised blocks and sent none.'))
    }
  }

  function tellInterest(session: Session, on: boolean): void {
    if (session.traffic.ourInterest === on) return
    session.traffic.ourInterest = on
    session.send({ kind: 'interest', on })
  }

  function sendRanges(session: Session, kind: 'want' | 'cancel', indexes: readonly number[]): void {
    for (const ranges of pieces(indexesToRanges(indexes), rangesPerFrameMax)) session.send({ kind, ranges })
  }

  // ---- inventory

  function begin(): void {
    const { inventory } = holding
    if (inventory === undefined || state !== undefined || stopped) return
    state = createFetch({
      blocks: inventory.count,
      nodes: Math.min(parts.nodes, inventory.count),
      lengthOf: (index) => inventory.length(index),
      isWanted: (index) => holding.isWanted(index),
      isHere: (index) => holding.have.has(index),
      random: createUniform(parts.random),
    })
    for (const session of sessions.values()) introduce(session)
    if (state.left === 0) parts.complete()
    fill()
  }

  function introduce(session: Session): void {
    step({ type: 'joined', peer: session.key })
    const before = told.take(session.key)
    if (before?.all === true) step({ type: 'have-all', peer: session.key })
    else if (before?.all === false) step({ type: 'have-bits', peer: session.key, bits: before.bits })
    if (unchoked.has(session.key)) step({ type: 'choke', peer: session.key, on: false })
  }

  // ---- blocks

  async function put(index: number, bytes: Uint8Array): Promise<void> {
    try {
      await holding.putBlock(index, bytes)
    } finally {
      parts.blockBuffers.give(bytes)
    }
  }

  function stored(index: number): void {
    senders.delete(index)
    step({ type: 'stored', index })
    scheduleFill()
    parts.changed()
  }

  function failed(index: number, error: unknown): void {
    const peer = senders.get(index)
    senders.delete(index)
    if (isPeerhoodError(error) && error.code === 'block_hash_wrong' && peer !== undefined) {
      step({ type: 'bad', peer, index })
      scheduleFill()
    } else parts.failed(error)
  }

  function scheduleFill(): void {
    if (fillScheduled) return
    fillScheduled = true
    queueMicrotask(() => {
      fillScheduled = false
      budget.fillAll()
    })
  }

  function fill(peer?: number): void {
    if (stopped) return
    if (state === undefined) pages.fill(sessions.values(), clock.monotonicMs())
    if (state === undefined || stores.pending > storesQueuedMax) return
    const { budgetBytes, mayExceed } = budget.room()
    step({ type: 'fill', budgetBytes, mayExceed, ...(peer === undefined ? {} : { peer }) })
  }

  const isAsked = (session: Session, index: number) => state?.peers.get(session.key)?.asked.has(index) === true

  // ---- time

  function startTicking(): void {
    if (tickTimer === undefined && sessions.size > 0 && !stopped) tickTimer = clock.after(tickMs, tick)
  }

  function tick(): void {
    tickTimer = undefined
    for (const session of sessions.values()) {
      step({ type: 'progress', peer: session.key, bytes: session.blockBytesIn })
    }
    fill()
    step({ type: 'tick' })
    startTicking()
  }

  const offHolding = holding.on((event) => {
    if (event.type === 'inventory') begin()
    else if (event.type === 'block') step({ type: 'stored', index: event.index })
    else if (event.type === 'wanted') {
      step({ type: 'refresh' })
      scheduleFill()
    }
  })

  const driver: Fetch = {
    holding,
    rate,
    get bytesOutstanding() {
      return state === undefined ? 0 : state.askedBytes + state.arrivedBytes
    },
    get bytesArrived() {
      return state?.arrivedBytes ?? 0
    },
    get left() {
      return state?.left
    },
    get serving() {
      return unchoked.size
    },
    join(session) {
      sessions.set(session.key, session)
      session.traffic.fetching = true
      tellInterest(session, true)
      if (state === undefined) fill()
      else introduce(session)
      startTicking()
    },
    leave(session) {
      sessions.delete(session.key)
      lateComing.delete(session)
      unchoked.delete(session.key)
      told.take(session.key)
      pages.left(session)
      step({ type: 'left', peer: session.key })
      scheduleFill()
    },
    retire: (session) => step({ type: 'retire', peer: session.key }),
    asked: (session) => state?.peers.get(session.key)?.asked.size ?? 0,
    haveAll(session) {
      if (state === undefined) told.all(session.key)
      else step({ type: 'have-all', peer: session.key })
    },
    haveBits(session, bits) {
      if (state === undefined) told.bits(session.key, bits)
      else step({ type: 'have-bits', peer: session.key, bits: bits.slice() })
    },
    have(session, indexes) {
      if (state === undefined) told.more(session.key, indexes)
      else step({ type: 'have', peer: session.key, indexes })
    },
    missing(session, indexes) {
      step({ type: 'missing', peer: session.key, indexes })
    },
    choke(session, on) {
      if (on) unchoked.delete(session.key)
      else unchoked.add(session.key)
      step({ type: 'choke', peer: session.key, on })
      parts.changed()
    },
    page(session, page, bytes) {
      pages.arrived(session, page, bytes)
    },
    admitBlock(session, index, length) {
      const wasAsked = isAsked(session, index)
      if (!wasAsked && !session.traffic.late.has(index))
        throw peerErrors.block_not_asked('A peer sent a block not asked for.')
      if (length !== holding.inventory?.length(index)) {
        throw peerErrors.block_length_wrong('A peer sent a block of the wrong length.')
      }
      lateComing.delete(session)
      if (wasAsked) return 'keep'
      session.traffic.late.take(index)
      if ((state?.status[index] ?? here) >= 3) return 'skip'
      lateComing.set(session, index)
      return 'keep'
    },
    block(session, index, bytes) {
      if (state === undefined || stopped) return parts.blockBuffers.give(bytes)
      const nowMs = clock.monotonicMs()
      // Asked anew while it was on its way: the answer to that is still to come.
      if (lateComing.get(session) === index && isAsked(session, index)) session.traffic.late.expect([index])
      lateComing.delete(session)
      rate.add(bytes.length, nowMs)
      session.rateIn.add(bytes.length, nowMs)
      const effects = stepFetch(state, { type: 'arrived', peer: session.key, index }, nowMs)
      perform(effects)
      if (!effects.some((effect) => effect.type === 'store')) return parts.blockBuffers.give(bytes)
      senders.set(index, session.key)
      // Small blocks are views of what the network read: kept so, they would hold all of that for as long.
      stores.add(index, parts.blockBuffers.keep(bytes))
    },
    flushed: (session) => fill(session.key),
    read(reader, indexes) {
      step({ type: 'read', reader, indexes })
      if (indexes.length > 0) scheduleFill()
    },
    fill: () => fill(),
    stop() {
      stopped = true
      tickTimer?.()
      stores.stop()
      offHolding()
      budget.drivers.delete(driver)
      for (const session of sessions.values()) {
        session.traffic.late.expect(state?.peers.get(session.key)?.asked.keys() ?? [])
        session.traffic.fetching = false
        tellInterest(session, false)
      }
      sessions.clear()
    },
  }
  budget.drivers.add(driver)
  begin()
  return driver
}
