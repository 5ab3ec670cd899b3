// The transfers of the in-memory services: bytes of an offer arrive file by file, `stepBytes` a step, until all are
// here; pause stops the steps, cancel ends them, a link that nobody offers keeps searching.

import { randomUUID } from 'node:crypto'
import type { Event, Transfer, TransferRequest } from '../../src/api/schemas.ts'
import { Emitter } from '../../src/base/events.ts'
import type { Cancel, Clock } from '../../src/base/ports.ts'
import { type MemoryFiles, type MemoryOffer, memoryErrors } from './services-files.ts'

export interface MemoryTransfers {
  list(): Transfer[]
  view(id: string): Transfer
  add(request: TransferRequest): Transfer
  pause(id: string): Transfer
  resume(id: string): Transfer
  cancel(id: string): Transfer
  remove(id: string): void
  filesOf(id: string): MemoryFiles
  /** Bytes of one file that have arrived. */
  bytesDone(id: string, path: string): number
  /** Resolves when the first `bytes` of a file are here. */
  arrived(id: string, path: string, bytes: number, signal: AbortSignal): Promise<void>
}

interface Entry {
  transfer: Transfer
  readonly link: string
  readonly files: MemoryFiles
  cancelStep: Cancel | undefined
}

interface TransferParts {
  readonly clock: Clock
  readonly stepMs: number
  readonly stepBytes: number
  readonly offers: (link: string) => MemoryOffer | undefined
  readonly emit: (event: Event) => void
}

const noFiles: MemoryFiles = new Map()
const ended: readonly Transfer['state'][] = ['done', 'failed', 'cancelled']

export function createMemoryTransfers({ clock, stepMs, stepBytes, offers, emit }: TransferParts): MemoryTransfers {
  const entries = new Map<string, Entry>()
  const progress = new Emitter<string>()

  function take(id: string): Entry {
    const entry = entries.get(id)
    if (entry === undefined) throw memoryErrors.transfer_unknown('There is no such transfer.')
    return entry
  }

  function update(entry: Entry, change: Partial<Transfer>): Transfer {
    entry.transfer = { ...entry.transfer, ...change }
    emit({ type: 'transfer', transfer: entry.transfer })
    progress.emit(entry.transfer.id)
    return entry.transfer
  }

  function schedule(entry: Entry): void {
    entry.cancelStep = clock.after(stepMs, () => step(entry))
  }

  function step(entry: Entry): void {
    const { transfer } = entry
    const bytesDone = Math.min(transfer.bytes, transfer.bytesDone + stepBytes)
    const filesDone = [...entry.files.keys()].filter((path) => isWhole(entry, path, bytesDone)).length
    if (bytesDone < transfer.bytes) {
      update(entry, { bytesDone, filesDone, blocksDone: filesDone, state: 'transferring', sentence: 'Fetching.' })
      schedule(entry)
      return
    }
    const counts = { bytesDone, filesDone, blocksDone: filesDone }
    update(entry, { ...counts, state: 'done', endedAtMs: clock.nowMs(), secondsLeft: null, sentence: 'Done.' })
  }

  function isWhole(entry: Entry, path: string, bytesDone: number): boolean {
    return bytesDoneOf(entry.files, path, bytesDone) === entry.files.get(path)?.length
  }

  const bytesDone = (id: string, path: string) => {
    const { files, transfer } = take(id)
    return bytesDoneOf(files, path, transfer.bytesDone)
  }

  return {
    list: () => [...entries.values()].map(({ transfer }) => transfer),
    view: (id) => take(id).transfer,
    filesOf: (id) => take(id).files,
    bytesDone,
    add(request) {
      if (!/^peerhood:[0-9a-f]{92}$/.test(request.link)) {
        throw memoryErrors.link_damaged('This link is cut or mistyped.')
      }
      const offer = offers(request.link)
      const transfer = newTransfer(request, offer, clock.nowMs())
      const entry: Entry = { transfer, link: request.link, files: offer?.files ?? noFiles, cancelStep: undefined }
      entries.set(transfer.id, entry)
      emit({ type: 'transfer', transfer })
      if (offer !== undefined) schedule(entry)
      return transfer
    },
    pause(id) {
      const entry = take(id)
      entry.cancelStep?.()
      return update(entry, { state: 'paused', sentence: 'Paused.' })
    },
    resume(id) {
      const entry = take(id)
      const transfer = update(entry, { state: 'searching', sentence: 'Searching.' })
      if (entry.files.size > 0) schedule(entry)
      return transfer
    },
    cancel(id) {
      const entry = take(id)
      entry.cancelStep?.()
      return update(entry, { state: 'cancelled', endedAtMs: clock.nowMs(), sentence: 'Cancelled.' })
    },
    remove(id) {
      const { transfer } = take(id)
      if (!ended.includes(transfer.state)) throw memoryErrors.transfer_running('This transfer has not ended.')
      entries.delete(id)
      emit({ type: 'transfer-removed', id })
    },
    arrived(id, path, bytes, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const look = () => {
        if (bytesDone(id, path) >= bytes) resolve()
      }
      const off = progress.on((changed) => changed === id && look())
      const onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
      look()
      return promise.finally(() => {
        off()
        signal.removeEventListener('abort', onAbort)
      })
    },
  }
}

/** Files arrive one after the other. */
function bytesDoneOf(files: MemoryFiles, path: string, bytesDone: number): number {
  let before = 0
  for (const [name, bytes] of files) {
    if (name === path) return Math.max(0, Math.min(bytes.length, bytesDone - before))
    before += bytes.length
  }
  return 0
}

function newTransfer(request: TransferRequest, offer: MemoryOffer | undefined, nowMs: number): Transfer {
  const share = offer?.share
  return {
    id: randomUUID(),
    shareId: request.link.slice('peerhood:'.length, 61),
    mode: request.mode ?? 'get',
    state: 'searching',
    name: share?.name ?? null,
    kind: share?.kind ?? null,
    path: share === undefined ? null : `${request.to ?? '/downloads'}/${share.name}`,
    only: request.only ?? null,
    bytes: share?.bytes ?? 0,
    bytesDone: 0,
    bytesReused: 0,
    files: share?.files ?? 0,
    filesDone: 0,
    blocks: share?.blocks ?? 0,
    blocksDone: 0,
    bytesPerSecond: 0,
    secondsLeft: null,
    peers: [],
    startedAtMs: nowMs,
    endedAtMs: null,
    seconds: 0,
    sentence: 'Searching for peers.',
    problem: null,
  }
}
