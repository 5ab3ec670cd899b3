// The TransferService: keeps the transfers, wires them to the network and the library, serves every holding, announces
// them, and turns the many small changes into few events.

import { toHex } from '../base/bytes.ts'
import type { Database } from '../base/database.ts'
import { toPeerhoodError } from '../base/errors.ts'
import { Emitter } from '../base/events.ts'
import type { Cancel, Clock, Log, Metrics, Random } from '../base/ports.ts'
import { shareIdOf } from '../content/format/keys.ts'
import type { Holding, Library, ShareId, ShareLink } from '../content/types.ts'
import type { BlockBuffers } from '../content/worker/buffers.ts'
import { createProvider } from '../network/provider.ts'
import type { Network } from '../network/types.ts'
import { createCoalescer } from './coalescer.ts'
import { transferErrors } from './errors.ts'
import { createFetchBudget } from './fetch-budget.ts'
import { eventEveryMs, transfersMax } from './limits.ts'
import { createTransferStore, emptySummary, type TransferRow } from './store.ts'
import { createSwarms } from './swarms.ts'
import { createTransfer, type Transfer } from './transfer.ts'
import type { TransferEvent, TransferId, TransferService } from './types.ts'
import { createUploadTotals } from './upload-totals.ts'
import { createUploads } from './uploads.ts'

export interface TransferServiceParts {
  readonly network: Network
  readonly library: Library
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** Memory for blocks, the library's: what is gathered there need not be copied to be written. */
  readonly blockBuffers: BlockBuffers
  /** Reads a link's text again after a restart; throws a PeerhoodError. */
  parseLink(text: string): ShareLink
  /** Absolute path of the folder that a get without `to` writes into. */
  downloads(): string
}

export function createTransferService(parts: TransferServiceParts): TransferService {
  const { network, library, clock, random, blockBuffers } = parts
  const log = parts.log.child('transfer')
  const store = createTransferStore(parts.database, log)
  const events = new Emitter<TransferEvent>()
  const transfers = new Map<TransferId, Transfer>()
  const budget = createFetchBudget()
  const provider = createProvider({ network, clock, log })
  const coalescer = createCoalescer(clock, eventEveryMs)
  const uploads = createUploads({
    clock,
    log,
    totals: createUploadTotals(parts.database),
    swarms: () => swarms.all(),
    changed: emitUpload,
  })
  const swarms = createSwarms({
    clock,
    log,
    metrics: parts.metrics,
    network,
    library,
    blockBuffers,
    uploaded(swarm, bytes) {
      parts.metrics.count('transfer_bytes_out', bytes)
      uploads.count(swarm.names.shareId, bytes)
    },
    changed: (swarm) => uploads.changed(swarm.names.shareId),
  })
  let offLibrary: Cancel = () => {}

  function emitUpload(shareId: ShareId): void {
    coalescer.run(`upload ${shareId}`, false, () => {
      const upload = uploads.view(shareId)
      if (upload !== undefined) events.emit({ type: 'upload', upload })
    })
  }

  function emitTransfer(id: TransferId, now: boolean): void {
    coalescer.run(id, now, () => {
      const transfer = transfers.get(id)
      if (transfer !== undefined) events.emit({ type: 'transfer', transfer: transfer.view() })
    })
  }

  function adopt(row: TransferRow, link: ShareLink): Transfer {
    const transfer = createTransfer(row, link, {
      clock,
      random,
      log,
      network,
      library,
      swarms,
      budget,
      blockBuffers,
      store,
      changed: (now) => emitTransfer(row.id, now),
      provide: () => provider.add(link.discovery),
      isKeptByAnother: () => otherKeeps(row).length > 0,
    })
    transfers.set(row.id, transfer)
    return transfer
  }

  /** Other keeps of the same share that are under way, or may yet go on. */
  function otherKeeps(of: TransferRow): Transfer[] {
    const mayGoOn: readonly TransferRow['state'][] = ['running', 'paused', 'failed']
    return [...transfers.values()].filter(
      ({ row }) => row !== of && row.shareId === of.shareId && row.mode === 'keep' && mayGoOn.includes(row.state),
    )
  }

  function find(id: TransferId): Transfer {
    const transfer = transfers.get(id)
    if (transfer === undefined) throw transferErrors.transfer_unknown('There is no such transfer.')
    return transfer
  }

  function restore(row: TransferRow): void {
    try {
      adopt(row, parts.parseLink(row.link)).start()
    } catch (error) {
      log.error('transfer_not_restored', { id: row.id, code: toPeerhoodError(error).code })
      store.delete(row.id)
    }
  }

  function onAdded(holding: Holding): void {
    provider.add(holding.discovery)
    for (const swarm of swarms.all()) {
      if (swarm.seeker === undefined && swarm.names.shareId === holding.shareId) swarm.setHolding(holding)
    }
  }

  function onRemoved(holding: Holding): void {
    const current = library.byDiscovery(holding.discovery)
    if (current === undefined) provider.remove(holding.discovery)
    for (const swarm of swarms.all()) {
      if (swarm.holding !== holding || swarm.seeker !== undefined) continue
      if (current === undefined) swarm.endAll('not_shared')
      swarm.setHolding(current)
    }
  }

  /** The one that already does what is asked; throws when another folder is being filled with the same share. */
  function sameAs(link: ShareLink, to: string): Transfer | undefined {
    const shareId = shareIdOf(link.share)
    const running = [...transfers.values()].filter(
      ({ row }) => row.shareId === shareId && (row.state === 'running' || row.state === 'paused'),
    )
    const same = running.find(({ row }) => row.to === to)
    if (same === undefined && running.length > 0) {
      throw transferErrors.transfer_share_busy('This share is already being fetched into another folder.')
    }
    return same
  }

  /** One that failed goes on when the same is asked for again. */
  function failedBefore(
    request: Pick<TransferRow, 'mode' | 'to' | 'only'> & { link: ShareLink },
  ): Transfer | undefined {
    const shareId = shareIdOf(request.link.share)
    const { mode, to, only } = request
    return [...transfers.values()].find(
      ({ row }) =>
        row.state === 'failed' && row.shareId === shareId && row.mode === mode && row.to === to && row.only === only,
    )
  }

  return {
    async start() {
      offLibrary = library.on((event) => (event.type === 'added' ? onAdded(event.holding) : onRemoved(event.holding)))
      await swarms.start()
      for (const holding of library.holdings()) provider.add(holding.discovery)
      for (const row of store.load()) restore(row)
    },
    async stop() {
      offLibrary()
      provider.stop()
      await Promise.all([...transfers.values()].map((transfer) => transfer.stop()))
      await swarms.stop()
      uploads.stop()
      coalescer.stop()
    },
    list: () => [...transfers.values()].map((transfer) => transfer.view()),
    view: (id) => find(id).view(),
    uploads: () => uploads.views(),
    upload: (share) => uploads.view(share),
    async add({ link, linkText, mode, to, only }) {
      const destination = to ?? parts.downloads()
      const same = sameAs(link, destination) ?? failedBefore({ link, mode, to: destination, only })
      if (same?.row.state === 'failed') same.resume()
      if (same !== undefined) return same.view()
      if (transfers.size >= transfersMax)
        throw transferErrors.transfers_too_many('There are too many transfers in the list.')
      const row: TransferRow = {
        id: toHex(random.bytes(8)) as TransferId,
        shareId: shareIdOf(link.share),
        link: linkText,
        mode,
        to: destination,
        only,
        state: 'running',
        record: undefined,
        startedMs: clock.nowMs(),
        endedMs: undefined,
        activeMs: 0,
        summary: emptySummary,
        problem: undefined,
      }
      store.save(row)
      const transfer = adopt(row, link)
      transfer.start()
      return transfer.view()
    },
    async pause(id) {
      const transfer = find(id)
      transfer.pause()
      return transfer.view()
    },
    async resume(id) {
      const transfer = find(id)
      if (transfer.row.state === 'failed') checkFree(transfer)
      transfer.resume()
      return transfer.view()
    },
    async cancel(id) {
      const transfer = find(id)
      await transfer.cancel()
      return transfer.view()
    },
    async remove(id) {
      const { row } = find(id)
      if (row.state === 'running' || row.state === 'paused') {
        throw transferErrors.transfer_state_wrong('This transfer has not ended.', { hint: 'Cancel it first.' })
      }
      transfers.delete(id)
      store.delete(id)
      events.emit({ type: 'removed', id })
    },
    holding: (id) => find(id).holding,
    files: (id) => find(id).files(),
    read: (id, entry, range, { signal }) => find(id).read(entry, range, signal),
    on: (listener) => events.on(listener),
  }

  /** A failed transfer gave its place up; somebody else may have taken it. */
  function checkFree({ row }: Transfer): void {
    const others = [...transfers.values()].some(
      (other) =>
        other.row !== row && other.row.shareId === row.shareId && ['running', 'paused'].includes(other.row.state),
    )
    if (others) throw transferErrors.transfer_share_busy('This share is already being fetched.')
  }
}
