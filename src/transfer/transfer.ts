// One transfer: from a link to files on disk, over pauses, restarts and new versions. Chooses the record, opens the
// holding, joins search, swarm and fetch, and tells people where it stands.
//
//   running ── record chosen ──► opening ──► fetching ──► finishing ──► done
//      ▲  └── pause / resume                    └── our disk fails ──► failed ── resume ──► running
//      └── a newer record: opening again

import { type PeerhoodError, toPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log, Random } from '../base/ports.ts'
import { shareIdOf } from '../content/format/keys.ts'
import { openRecord } from '../content/format/record.ts'
import type { FileEntry, Holding, Library, ReadableHolding, ShareLink } from '../content/types.ts'
import type { BlockBuffers } from '../content/worker/buffers.ts'
import { parsePeerId } from '../network/addresses.ts'
import type { Network, PeerAddress } from '../network/types.ts'
import { transferErrors } from './errors.ts'
import { createFetchDriver, type Fetch } from './fetch.ts'
import type { FetchBudget } from './fetch-budget.ts'
import { readersMax, recordSettleMs } from './limits.ts'
import { readFile } from './read.ts'
import { createSearch } from './search.ts'
import type { TransferRow, TransferStore } from './store.ts'
import type { Seeker, Swarm } from './swarm.ts'
import type { Swarms } from './swarms.ts'
import type { TransferView } from './types.ts'
import { type KnownVersion, knownVersion } from './version.ts'
import { fileViews, isFetched, isReadable, summaryOf, viewOf } from './view.ts'
import { createWaiters } from './waiters.ts'
import type { ExchangedPeer } from './wire.ts'

export interface TransferParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly network: Network
  readonly library: Library
  readonly swarms: Swarms
  readonly budget: FetchBudget
  readonly blockBuffers: BlockBuffers
  readonly store: TransferStore
  /** Something that people see changed; `now`: its state did. */
  changed(now: boolean): void
  /** There is something to announce. */
  provide(): void
  /** Whether another keep of the same share needs the copy that this one makes. */
  isKeptByAnother(): boolean
}

export interface Transfer {
  readonly row: TransferRow
  readonly swarm: Swarm | undefined
  readonly holding: ReadableHolding | undefined
  /** Begins, or goes on after a restart. */
  start(): void
  pause(): void
  resume(): void
  cancel(): Promise<void>
  /** Stops without ending: a restart goes on. */
  stop(): Promise<void>
  view(): TransferView
  files(): readonly { entry: FileEntry; bytesDone: number; wanted: boolean }[]
  read(
    entry: FileEntry,
    range: { readonly start: number; readonly end: number },
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>
}

export function createTransfer(row: TransferRow, link: ShareLink, parts: TransferParts): Transfer {
  const { clock, log, library, swarms } = parts
  const names = { shareId: shareIdOf(link.share), share: link.share, access: link.access, discovery: link.discovery }
  const waiters = createWaiters()
  let swarm: Swarm | undefined
  let holding: Holding | undefined
  /** Bytes that the holding had when it was opened and does not count as reused: an earlier transfer fetched them. */
  let takenUp = 0
  let fetch: Fetch | undefined
  let finishing = false
  let opening: Promise<void> | undefined
  let aborter = new AbortController()
  let best: KnownVersion | undefined
  let settleTimer: Cancel | undefined
  let runningSinceMs: number | undefined
  let lonelySinceMs = clock.monotonicMs()
  let readers = 0
  let readersNow = 0
  let offHolding: Cancel = () => {}

  const search = createSearch({
    network: parts.network,
    clock,
    random: parts.random,
    log,
    discovery: link.discovery,
    hasSession: (peerId) => swarm?.sessionOf(peerId) !== undefined,
    sessions: () => swarm?.sessions.size ?? 0,
    open: async (peerId, options) => {
      if (swarm !== undefined) await swarms.open(swarm, peerId, options)
    },
  })

  const seeker: Seeker = {
    record: onRecord,
    peers: (peers) => search.add(peers.flatMap(readPeer), 'exchange'),
    sessionActive(session) {
      search.sessionActive(session.peerId)
      changed(false)
    },
    sessionEnded(session, how) {
      search.sessionEnded(session.peerId, how)
      if (!hasActiveSession()) lonelySinceMs = clock.monotonicMs()
      changed(false)
    },
  }

  const hasActiveSession = () => [...(swarm?.sessions.values() ?? [])].some(({ phase }) => phase === 'active')

  function changed(now: boolean): void {
    waiters.wake()
    parts.changed(now)
  }

  function activeMs(): number {
    return row.activeMs + (runningSinceMs === undefined ? 0 : clock.monotonicMs() - runningSinceMs)
  }

  function save(): void {
    row.summary = summaryOf(row, holding, takenUp)
    parts.store.save({ ...row, activeMs: activeMs() })
  }

  function setState(state: TransferRow['state'], problem?: PeerhoodError): void {
    row.activeMs = activeMs()
    runningSinceMs = state === 'running' ? clock.monotonicMs() : undefined
    row.state = state
    row.problem = problem
    row.endedMs = state === 'running' || state === 'paused' ? undefined : clock.nowMs()
    save()
    changed(true)
  }

  // ---- running

  function run(): void {
    runningSinceMs ??= clock.monotonicMs()
    lonelySinceMs = clock.monotonicMs()
    swarm = swarms.of(names)
    swarm.setPaused(false)
    swarm.setSeeker(seeker)
    const known = row.record ?? library.byShare(names.shareId)?.recordBytes
    if (holding !== undefined) begin(holding)
    else if (known !== undefined) adopt(known)
    search.start()
    search.add(link.peers, 'link')
    changed(true)
  }

  function onRecord(version: KnownVersion): void {
    if (row.state !== 'running' || finishing || (best !== undefined && best.sequence >= version.sequence)) return
    best = version
    const promised = Math.max(...[...(swarm?.sessions.values() ?? [])].map(({ theirs }) => theirs?.sequence ?? 0))
    settleTimer?.()
    if (version.sequence >= promised) adopt(version.recordBytes)
    else settleTimer = clock.after(recordSettleMs, () => adopt(version.recordBytes))
  }

  function adopt(recordBytes: Uint8Array): void {
    settleTimer?.()
    detach()
    aborter.abort()
    aborter = new AbortController()
    const { signal } = aborter
    const before = opening ?? Promise.resolve()
    opening = before.then(() => open(recordBytes, signal))
    changed(true)
  }

  async function open(recordBytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    try {
      const opened =
        row.mode === 'keep'
          ? await library.openKept({ link, recordBytes })
          : await library.openFetched({ link, recordBytes, to: row.to, only: row.only, signal })
      if (signal.aborted) return
      best ??= knownVersion(openRecord(recordBytes, link.share), recordBytes)
      row.record = recordBytes
      takenUp = isFetched(opened) ? opened.bytesDone - opened.bytesReused : 0
      begin(opened)
    } catch (error) {
      if (!signal.aborted) openFailed(toPeerhoodError(error))
    } finally {
      if (!signal.aborted) opening = undefined
    }
  }

  /** A record that the library refuses does not end the search for a better one; our own disk does. */
  function openFailed(error: PeerhoodError): void {
    if (error.code === 'record_outdated' || error.code === 'record_not_trusted') {
      log.warn(error.code, { share: names.shareId, message: error.message })
      row.record = undefined
    } else fail(error)
  }

  function begin(opened: Holding): void {
    holding = opened
    offHolding = opened.on((event) => {
      if (event.type === 'wanted' || event.type === 'complete') void complete()
      waiters.wake()
    })
    swarm?.setHolding(opened)
    fetch = createFetchDriver(opened, {
      clock,
      random: parts.random,
      budget: parts.budget,
      blockBuffers: parts.blockBuffers,
      nodes: isReadable(opened) ? opened.meta.nodes : 0,
      complete: () => queueMicrotask(() => void complete()),
      failed: (error) => fail(toPeerhoodError(error)),
      changed: () => parts.changed(false),
    })
    swarm?.setFetch(fetch)
    save()
    parts.provide()
    changed(true)
  }

  function detach(): void {
    offHolding()
    fetch = undefined
    swarm?.setFetch(undefined)
  }

  async function complete(): Promise<void> {
    const current = holding
    if (row.state !== 'running' || finishing || current === undefined || fetch?.left !== 0) return
    // Nothing is wanted yet while a holding looks for what the disk has already: it says by itself when it is complete.
    if (!current.complete || (isReadable(current) && current.layout === undefined)) return
    finishing = true
    changed(true)
    try {
      if (isFetched(current)) await current.finish()
      if (row.state === 'running') end('done')
    } catch (error) {
      // Else a file was edited meanwhile, and is fetched again: the holding has said what it wants.
      if (row.state === 'running' && current.complete) fail(toPeerhoodError(error))
    } finally {
      finishing = false
    }
  }

  function fail(error: PeerhoodError): void {
    if (row.state !== 'running') return
    log.warn('transfer_failed', { share: names.shareId, code: error.code, message: error.message })
    end('failed', error)
  }

  function end(state: 'done' | 'failed' | 'cancelled' | 'paused', problem?: PeerhoodError): void {
    settleTimer?.()
    aborter.abort()
    search.stop()
    detach()
    setState(state, problem)
    if (state !== 'paused') leaveSwarm()
  }

  function leaveSwarm(): void {
    swarm?.setPaused(false)
    swarm?.setSeeker(undefined)
    if (swarm !== undefined) swarms.release(swarm)
  }

  function current(): ReadableHolding | undefined {
    const found = holding ?? library.byShare(names.shareId)
    return found !== undefined && isReadable(found) ? found : undefined
  }

  return {
    row,
    get swarm() {
      return swarm
    },
    get holding() {
      return current()
    },
    start() {
      if (row.state === 'running') run()
      else if (row.state === 'paused') {
        swarm = swarms.of(names)
        swarm.setSeeker(seeker)
        swarm.setPaused(true)
      }
    },
    pause() {
      if (row.state === 'paused') return
      if (row.state !== 'running') throw stateWrong('Only a transfer that runs can be paused.')
      end('paused')
      if (holding?.complete !== true) swarm?.setPaused(true)
    },
    resume() {
      if (row.state === 'running') return
      if (row.state !== 'paused' && row.state !== 'failed') throw stateWrong('This transfer has ended.')
      // After a failure what is on disk is checked anew.
      if (row.state === 'failed') holding = best = undefined
      setState('running')
      run()
    },
    async cancel() {
      if (row.state === 'cancelled') return
      if (row.state === 'done') throw stateWrong('This transfer is done.')
      const pending = opening
      end('cancelled')
      await pending?.catch(() => {})
      if (row.mode === 'get') await discardFetched()
      else if (!parts.isKeptByAnother()) await library.discardKept(names.shareId)
      holding = undefined
      swarm?.setHolding(library.byDiscovery(names.discovery))
      changed(true)
    },
    async stop() {
      settleTimer?.()
      aborter.abort()
      search.stop()
      detach()
      waiters.end(transferErrors.transfer_not_ready('Peerhood is stopping.'))
      await opening?.catch(() => {})
      save()
    },
    view: () =>
      viewOf({
        row,
        holding,
        takenUp,
        fetch,
        swarm,
        peers: parts.network.peers(),
        nowMs: clock.monotonicMs(),
        activeMs: activeMs(),
        finishing,
        opening: opening !== undefined,
        lonelySinceMs,
      }),
    files: () => fileViews(current(), row.state === 'done'),
    async *read(entry, range, signal) {
      const readable = current()
      if (readable === undefined) throw transferErrors.transfer_not_ready('The version is not known yet.')
      if (readersNow >= readersMax) throw transferErrors.readers_too_many('Too many readers at once.')
      const reader = ++readers
      readersNow++
      const callFor = (indexes: readonly number[]) => fetch?.read(reader, indexes)
      try {
        yield* readFile({ holding: readable, callFor, changed: nextChange }, entry, range, signal)
      } finally {
        readersNow--
      }
    },
  }

  /** Also what an earlier run left on disk. */
  async function discardFetched(): Promise<void> {
    const { record: recordBytes, to, only } = row
    const reopen = async () =>
      recordBytes === undefined ? undefined : await library.openFetched({ link, recordBytes, to, only })
    const discarded = holding ?? (await reopen().catch(() => undefined))
    if (discarded !== undefined && isFetched(discarded)) await discarded.discard()
  }

  async function nextChange(signal: AbortSignal): Promise<void> {
    if (row.state === 'failed' && row.problem !== undefined) throw row.problem
    if (row.state === 'cancelled' || row.state === 'done')
      throw transferErrors.transfer_not_ready('This part is not here.')
    await waiters.next(signal)
  }
}

/** A peer that another told us of; nobody when its id is none that we know how to read. */
function readPeer({ peerId, addresses }: ExchangedPeer): PeerAddress[] {
  try {
    return [{ peerId: parsePeerId(peerId), addresses }]
  } catch {
    return []
  }
}

function stateWrong(message: string): PeerhoodError {
  return transferErrors.transfer_state_wrong(message)
}
