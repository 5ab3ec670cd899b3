// What the frames of an active session mean for the share: wants go to the session's upload, blocks and what peers have
// to the fetch. Everything is checked against the version's number of blocks and pages before it counts; whatever these
// functions throw is the peer's fault and ends its session.

import type { Clock } from '../base/ports.ts'
import { inventoryPageBytes } from '../content/format/inventory.ts'
import type { Holding } from '../content/types.ts'
import type { Network } from '../network/types.ts'
import { isBitsOf } from './bits.ts'
import { answered } from './choke-core.ts'
import { peerErrors } from './errors.ts'
import type { Fetch } from './fetch.ts'
import { askedBlocksMax, haveStatementsMax } from './limits.ts'
import { indexesToRanges, rangesToIndexes } from './ranges.ts'
import type { Session } from './session-types.ts'
import type { Spreading } from './spreading.ts'
import type { ExchangedPeer, Frame, FrameKind, Range } from './wire.ts'

export interface SwarmFramesParts {
  readonly clock: Clock
  readonly network: Network
  holding(): Holding | undefined
  fetch(): Fetch | undefined
  readonly spreading: Spreading
  peers(peers: readonly ExchangedPeer[]): void
  interestChanged(): void
}

export interface SwarmFrames {
  /** See `FramePolicy.admit`. */
  admit(session: Session, kind: FrameKind, length: number, index: number | undefined): 'keep' | 'skip'
  accept(session: Session, frame: Frame): void
}

type Handlers = { readonly [Kind in FrameKind]?: (session: Session, frame: Extract<Frame, { kind: Kind }>) => void }

export function createSwarmFrames(parts: SwarmFramesParts): SwarmFrames {
  const blocks = () => parts.holding()?.record.blocks ?? 0

  // ---- before the body

  function admitBlock(session: Session, length: number, index: number): 'keep' | 'skip' {
    const fetch = parts.fetch()
    if (fetch !== undefined) return fetch.admitBlock(session, index, length)
    const { late } = session.traffic
    if (!late.has(index)) throw peerErrors.block_not_asked('A peer sent a block that nobody asked for.')
    late.take(index)
    return 'skip'
  }

  function admitPage(session: Session, length: number, page: number): 'keep' | 'skip' {
    if (!session.traffic.pagesAsked.delete(page)) {
      throw peerErrors.page_not_asked('A peer sent a page that nobody asked for.')
    }
    if (length !== 0 && length !== inventoryPageBytes(blocks(), page)) {
      throw peerErrors.block_length_wrong('A peer sent a page of the wrong length.')
    }
    return parts.fetch() === undefined ? 'skip' : 'keep'
  }

  // ---- what they ask

  function onWant(session: Session, { ranges }: { readonly ranges: readonly Range[] }): void {
    const indexes = rangesToIndexes(ranges, blocks(), askedBlocksMax)
    const holding = parts.holding()
    noteAnswer(session)
    // A want may cross our choke; it is dropped, as the peer will know when the choke arrives.
    if (!session.traffic.served || holding === undefined) return
    const here = indexes.filter((index) => holding.have.has(index))
    if (here.length < indexes.length) {
      const absent = indexes.filter((index) => !holding.have.has(index))
      session.send({ kind: 'missing', ranges: indexesToRanges(absent) })
    }
    session.traffic.upload?.want(parts.spreading.give(session, here))
  }

  function noteAnswer({ traffic }: Session): void {
    if (traffic.unansweredMs === undefined) return
    traffic.answerMs = answered(traffic.answerMs, parts.clock.monotonicMs() - traffic.unansweredMs)
    traffic.unansweredMs = undefined
  }

  function onWantPage(session: Session, page: number): void {
    if (page >= (parts.holding()?.record.pages.length ?? 0)) {
      throw peerErrors.index_out_of_range('A peer asks for a page that the share does not have.')
    }
    session.traffic.upload?.wantPage(page)
  }

  function onInterest(session: Session, on: boolean): void {
    const { traffic } = session
    if (traffic.theirInterest === on) return
    traffic.theirInterest = on
    if (!on) traffic.upload?.clear()
    parts.interestChanged()
  }

  // ---- what they have

  function onHave(session: Session, indexes: readonly number[]): void {
    if (indexes.some((index) => index >= blocks())) {
      throw peerErrors.index_out_of_range('A peer has a block that the share does not have.')
    }
    session.traffic.hasTold = true
    session.traffic.theirBlocks = Math.min(blocks(), session.traffic.theirBlocks + indexes.length)
    parts.spreading.seen(session, indexes)
    parts.fetch()?.have(session, indexes)
  }

  function countStatement(session: Session): void {
    session.traffic.hasTold = true
    if (++session.traffic.statements <= haveStatementsMax) return
    throw peerErrors.frames_too_fast('A peer says again and again what it has.')
  }

  function onHaveAll(session: Session): void {
    countStatement(session)
    session.traffic.theirAll = true
    session.traffic.theirBlocks = blocks()
    parts.fetch()?.haveAll(session)
  }

  function onHaveBits(session: Session, bits: Uint8Array): void {
    countStatement(session)
    if (!isBitsOf(bits, blocks())) throw peerErrors.frame_malformed('A peer sent bits past their end.')
    session.traffic.theirBlocks = countBits(bits)
    parts.fetch()?.haveBits(session, bits)
  }

  function onMissing(session: Session, ranges: readonly Range[]): void {
    const indexes = rangesToIndexes(ranges, blocks(), askedBlocksMax)
    session.traffic.theirAll = false
    parts.fetch()?.missing(session, indexes)
  }

  function onPeers(session: Session, peers: readonly ExchangedPeer[]): void {
    if (session.traffic.exchange.take(parts.clock.monotonicMs())) parts.peers(peers)
    else parts.network.blame(session.peerId, { code: 'frames_too_fast', verdict: 'ignore' })
  }

  const handlers: Handlers = {
    block: (session, { index, bytes }) => parts.fetch()?.block(session, index, bytes),
    page: (session, { page, bytes }) => parts.fetch()?.page(session, page, bytes),
    want: onWant,
    cancel: (session, { ranges }) => session.traffic.upload?.cancel(rangesToIndexes(ranges, blocks(), askedBlocksMax)),
    missing: (session, { ranges }) => onMissing(session, ranges),
    'want-page': (session, { page }) => onWantPage(session, page),
    interest: (session, { on }) => onInterest(session, on),
    choke(session, { on }) {
      session.traffic.hasTold = true
      parts.fetch()?.choke(session, on)
    },
    have: (session, { indexes }) => onHave(session, indexes),
    'have-all': onHaveAll,
    'have-bits': (session, { bits }) => onHaveBits(session, bits),
    peers: (session, { peers }) => onPeers(session, peers),
  }

  return {
    admit(session, kind, length, index = 0) {
      if (kind === 'block') return admitBlock(session, length, index)
      if (kind === 'page') return admitPage(session, length, index)
      if (kind === 'have-bits' && length !== Math.ceil(blocks() / 8)) {
        throw peerErrors.frame_malformed('A peer sent bits for another number of blocks.')
      }
      return 'keep'
    },
    accept(session, frame) {
      const handle = handlers[frame.kind] as ((session: Session, frame: Frame) => void) | undefined
      handle?.(session, frame)
    },
  }
}

function countBits(bits: Uint8Array): number {
  let ones = 0
  for (let byte of bits) for (; byte !== 0; byte &= byte - 1) ones++
  return ones
}
