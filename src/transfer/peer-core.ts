// What the scheduler knows of one peer: what it has, what was asked of it, and how much may be asked at once. The window
// starts small, doubles while it proves too small, and settles at what the peer delivers in `windowMs` plus two round
// trips: deep enough to keep it busy, shallow enough that its blocks can be asked of others when it slows down.

import { hasBit } from './bits.ts'
import { pipelineBlocksMax, pipelineBytesMax, pipelineBytesMin, pipelineBytesStart } from './limits.ts'
import { createRate, type Rate } from './rate.ts'

/** Whom the service means: one number a session. */
export type PeerKey = number

export interface Asked {
  readonly atMs: number
  readonly bytes: number
}

export interface PeerState {
  readonly key: PeerKey
  /** Undefined: it has everything. */
  bits: Uint8Array | undefined
  /** False until it told what it has. */
  known: boolean
  choked: boolean
  /** In the order of asking. */
  readonly asked: Map<number, Asked>
  askedBytes: number
  windowBytes: number
  readonly rate: Rate
  /** Smoothed time from asking to the first byte of an idle peer. */
  roundTripMs: number
  /** When bytes last came from it. */
  progressMs: number
  /** Total bytes seen by the last progress report. */
  progressBytes: number
  /** Nothing came for long: its blocks were asked of others, and nothing more is asked until bytes come. */
  stalled: boolean
  /** Nothing more is asked of it; what was asked may come. */
  retired: boolean
  /** The epoch in which nothing was left to ask of it; see `FetchState.epoch`. */
  dryEpoch: number
  /** It said that these are missing, and was asked again. */
  readonly insisted: Set<number>
  /** A leaf came from it. */
  hasSent: boolean
  /** Continues the last run of neighbouring blocks. */
  runNext: number
  runBytes: number
  /** Where the search by bits goes on. */
  cursor: number
  /** It was told that we want blocks of it. */
  interested: boolean
  /** A block that we need and that it has, when last looked. */
  needed: number
}

const windowMs = 600
const rateHalfLifeMs = 1_500

export function createPeerState(key: PeerKey, nowMs: number): PeerState {
  return {
    key,
    bits: undefined,
    known: false,
    choked: true,
    asked: new Map(),
    askedBytes: 0,
    windowBytes: pipelineBytesStart,
    rate: createRate(rateHalfLifeMs, nowMs),
    roundTripMs: 0,
    progressMs: nowMs,
    progressBytes: 0,
    stalled: false,
    retired: false,
    dryEpoch: -1,
    insisted: new Set(),
    hasSent: false,
    runNext: -1,
    runBytes: 0,
    cursor: 0,
    interested: true,
    needed: 0,
  }
}

export function peerHas(peer: PeerState, index: number): boolean {
  return peer.known && (peer.bits === undefined || hasBit(peer.bits, index))
}

export function noteAsked(peer: PeerState, index: number, bytes: number, nowMs: number): void {
  if (peer.asked.size === 0 && !peer.stalled) peer.progressMs = nowMs
  peer.asked.set(index, { atMs: nowMs, bytes })
  peer.askedBytes += bytes
}

/** Takes back what was asked; undefined when it was not. */
export function forgetAsked(peer: PeerState, index: number): Asked | undefined {
  const asked = peer.asked.get(index)
  if (asked === undefined) return undefined
  peer.asked.delete(index)
  peer.askedBytes -= asked.bytes
  return asked
}

/** A block came: measures, and widens the window while the peer keeps up with it. */
export function noteArrival(peer: PeerState, asked: Asked | undefined, bytes: number, nowMs: number): void {
  peer.rate.add(bytes, nowMs)
  peer.progressMs = nowMs
  peer.stalled = false
  if (asked !== undefined && peer.roundTripMs === 0) peer.roundTripMs = Math.max(1, nowMs - asked.atMs)
  const target = (peer.rate.perSecond(nowMs) * (windowMs + 2 * Math.min(peer.roundTripMs, windowMs))) / 1000
  const next = peer.windowBytes < target ? Math.min(peer.windowBytes + bytes, target) : (peer.windowBytes + target) / 2
  peer.windowBytes = Math.min(pipelineBytesMax, Math.max(pipelineBytesMin, next))
}

/** Whether asking now is worth a frame: a quarter of the window is free. A choked or silent peer has no room. */
export function hasRoom(peer: PeerState): boolean {
  if (!peer.known || peer.choked || peer.stalled || peer.retired) return false
  if (peer.asked.size === 0) return true
  return peer.askedBytes <= peer.windowBytes * 0.75 && peer.asked.size <= pipelineBlocksMax * 0.75
}

/** Whether one more block of `bytes` fits; the first always does. */
export function fits(peer: PeerState, bytes: number): boolean {
  if (peer.asked.size === 0) return true
  return peer.askedBytes + bytes <= peer.windowBytes && peer.asked.size < pipelineBlocksMax
}

/** When `bytes` more would be here, from now. Infinite for a peer that never delivered. */
export function expectedMs(peer: PeerState, bytes: number, nowMs: number): number {
  const rate = peer.rate.perSecond(nowMs)
  return rate <= 0 ? Number.POSITIVE_INFINITY : peer.roundTripMs + ((peer.askedBytes + bytes) * 1000) / rate
}
