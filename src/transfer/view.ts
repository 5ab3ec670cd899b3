// How a transfer looks from outside: the view that API, page and command line show, and the summary kept in its row.

import type { FetchedHolding, FileEntry, Holding, ReadableHolding } from '../content/types.ts'
import type { PeerView } from '../network/types.ts'
import type { Fetch } from './fetch.ts'
import { patienceMs } from './limits.ts'
import { type Activity, sentenceOf } from './sentences.ts'
import type { Session } from './session-types.ts'
import { emptySummary, type Summary, type TransferRow } from './store.ts'
import type { Swarm } from './swarm.ts'
import type { TransferPeerView, TransferState, TransferView } from './types.ts'

export interface ViewParts {
  readonly row: TransferRow
  readonly holding: Holding | undefined
  /** Bytes of the holding that an earlier transfer fetched. */
  readonly takenUp: number
  readonly fetch: Fetch | undefined
  readonly swarm: Swarm | undefined
  readonly peers: readonly PeerView[]
  readonly nowMs: number
  readonly activeMs: number
  readonly finishing: boolean
  readonly opening: boolean
  /** Since when there is no useful session. */
  readonly lonelySinceMs: number
}

export function isReadable(holding: Holding): holding is ReadableHolding {
  return 'readLeaf' in holding
}

export function isFetched(holding: Holding): holding is FetchedHolding {
  return 'finish' in holding
}

export function viewOf(parts: ViewParts): TransferView {
  const { row, fetch, nowMs } = parts
  const active = [...(parts.swarm?.sessions.values() ?? [])].filter((session) => session.phase === 'active')
  const activity = activityOf(parts, active)
  const running = row.state === 'running'
  const summary = running || row.state === 'paused' ? summaryOf(row, parts.holding, parts.takenUp) : row.summary
  const bytesPerSecond =
    running && fetch !== undefined && active.length > 0 ? Math.round(fetch.rate.perSecond(nowMs)) : 0
  return {
    id: row.id,
    shareId: row.shareId,
    mode: row.mode,
    state: stateOf(row, activity),
    only: row.only,
    ...summary,
    bytesPerSecond,
    secondsLeft:
      bytesPerSecond > 0 && summary.bytes > 0 ? (summary.bytes - summary.bytesDone) / bytesPerSecond : undefined,
    peers: running ? peerViews(active, parts.peers, nowMs) : [],
    startedAtMs: row.startedMs,
    endedAtMs: row.endedMs,
    seconds: parts.activeMs / 1000,
    sentence: sentenceOf(activity),
    problem: row.problem,
  }
}

/** The content's figures as they are now; those last known when there is no holding. */
export function summaryOf(row: TransferRow, holding: Holding | undefined, takenUp: number): Summary {
  if (holding === undefined) return row.summary
  const { record, have } = holding
  const blocks = { blocks: record.blocks, blocksDone: have.ones }
  if (!isFetched(holding)) {
    const bytesDone = holding.complete ? record.bytes : Math.floor((record.bytes * have.ones) / record.blocks)
    return { ...emptySummary, ...blocks, bytes: record.bytes, bytesDone }
  }
  return {
    ...blocks,
    name: holding.meta.name,
    kind: holding.meta.kind,
    path: holding.path,
    bytes: holding.bytesWanted,
    bytesDone: holding.bytesDone,
    bytesReused: holding.bytesReused + takenUp,
    files: holding.filesWanted,
    filesDone: holding.filesDone,
  }
}

function stateOf(row: TransferRow, activity: Activity): TransferState {
  if (row.state !== 'running') return row.state
  if (activity.type === 'checking' || activity.type === 'listing') return 'preparing'
  return activity.type === 'looking' ? 'searching' : 'transferring'
}

function activityOf(parts: ViewParts, active: readonly Session[]): Activity {
  const { row, fetch } = parts
  if (row.state === 'failed') return { type: 'failed', message: row.problem?.message ?? 'It failed.' }
  if (row.state !== 'running') return { type: row.state }
  if (parts.finishing) return { type: 'finishing' }
  if (parts.opening) return { type: 'checking' }
  if (active.length === 0 || fetch === undefined) {
    return { type: 'looking', long: parts.nowMs - parts.lonelySinceMs >= patienceMs }
  }
  if (fetch.left === undefined) return { type: 'listing' }
  if (fetch.bytesOutstanding > 0) {
    return { type: 'fetching', peers: active.filter((session) => session.blockBytesIn > 0).length || active.length }
  }
  return { type: fetch.serving === 0 ? 'queued' : 'incomplete', peers: active.length }
}

function peerViews(sessions: readonly Session[], peers: readonly PeerView[], nowMs: number): TransferPeerView[] {
  const known = new Map(peers.map((peer) => [peer.peerId, peer]))
  return sessions.map((session) => ({
    peerId: session.peerId,
    path: known.get(session.peerId)?.path ?? 'none',
    blocksHave: session.traffic.theirBlocks,
    bytesIn: session.bytesIn,
    bytesOut: session.bytesOut,
    bytesPerSecond: Math.round(session.rateIn.perSecond(nowMs)),
  }))
}

export function fileViews(
  holding: ReadableHolding | undefined,
  done: boolean,
): readonly { entry: FileEntry; bytesDone: number; wanted: boolean }[] {
  const layout = holding?.layout ?? []
  return layout.map((entry, index) => {
    if (holding !== undefined && isFetched(holding)) return { entry, ...holding.fileProgress(index) }
    return { entry, bytesDone: done ? entry.bytes : 0, wanted: true }
  })
}
