// What flows in one session, apart from its order: who is interested, whom we serve, and what we send.

import { TokenBucket } from '../base/bounded.ts'
import type { Clock } from '../base/ports.ts'
import type { Holding } from '../content/types.ts'
import type { BlockBuffers } from '../content/worker/buffers.ts'
import type { Channel } from './channel.ts'
import { createLate, type Late } from './late.ts'
import { peersFramesBurst, peersFramesPerSecond, speedHalfLifeMs } from './limits.ts'
import { createRate, type Rate } from './rate.ts'
import { createUpload, type ServeBudget, type Upload, type UploadEvents } from './upload.ts'

export interface Traffic {
  /** The peer wants blocks of us. */
  theirInterest: boolean
  /** We told the peer that we want blocks of it. */
  ourInterest: boolean
  /** We fetch this share, if not of this peer at the moment. */
  fetching: boolean
  /** Blocks that may still come although nobody asks for them now. */
  readonly late: Late
  /** Inventory pages asked and not received. */
  readonly pagesAsked: Set<number>
  /** Whether we answer its wants now. */
  served: boolean
  /** When `served` last changed. */
  sinceMs: number
  /** When it was told that we serve it, and has not asked for anything since. */
  unansweredMs: number | undefined
  /** How long it takes to ask then; see choke-core.ts. */
  answerMs: number | undefined
  /** It was given blocks that nobody else was seen to have; see spread-core.ts. */
  hoards: boolean
  /** When it was last seen to wait for something that it asked for. */
  askedMs: number
  /** Blocks that the peer has, as it told. */
  theirBlocks: number
  theirAll: boolean
  /** It told what it has, or whether it serves us; a fetch that begins later has missed that. */
  hasTold: boolean
  /** How often it stated all it has. */
  statements: number
  /** The part of the share that the peer lacks, as it told: from 0 to 1. */
  readonly lacks: number
  readonly blocksOut: number
  readonly blockBytesOut: number
  readonly rateOut: Rate
  readonly upload: Upload | undefined
  /** Limits peer exchange from this peer. */
  readonly exchange: TokenBucket
  /** Either side wants something. */
  readonly isUseful: boolean
  /** From now on blocks of this holding may be sent. */
  serveFrom(holding: Holding, events: UploadEvents): void
  stop(): void
}

export function createTraffic(
  channel: Channel,
  parts: { readonly clock: Clock; readonly serveBudget: ServeBudget; readonly blockBuffers: BlockBuffers },
): Traffic {
  const { clock } = parts
  const startMs = clock.monotonicMs()
  const rateOut = createRate(speedHalfLifeMs, startMs)
  let upload: Upload | undefined
  let blocks = 0
  let blocksOut = 0
  let blockBytesOut = 0
  return {
    theirInterest: false,
    ourInterest: false,
    fetching: false,
    late: createLate(),
    pagesAsked: new Set(),
    served: false,
    sinceMs: startMs,
    unansweredMs: undefined,
    answerMs: undefined,
    hoards: false,
    askedMs: startMs,
    theirBlocks: 0,
    theirAll: false,
    hasTold: false,
    statements: 0,
    rateOut,
    exchange: new TokenBucket({ perSecond: peersFramesPerSecond, burst: peersFramesBurst, nowMs: startMs }),
    get blocksOut() {
      return blocksOut
    },
    get blockBytesOut() {
      return blockBytesOut
    },
    get upload() {
      return upload
    },
    get lacks() {
      return this.theirAll || blocks === 0 ? 0 : 1 - this.theirBlocks / blocks
    },
    get isUseful() {
      return this.theirInterest || this.ourInterest || this.fetching
    },
    serveFrom(holding, events) {
      upload?.stop()
      blocks = holding.record.blocks
      upload = createUpload(holding, channel, parts.serveBudget, parts, {
        ...events,
        sent(bytes) {
          blocksOut++
          blockBytesOut += bytes
          rateOut.add(bytes, clock.monotonicMs())
          events.sent(bytes)
        },
      })
    },
    stop() {
      upload?.stop()
    },
  }
}
