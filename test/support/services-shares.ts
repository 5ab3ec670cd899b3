// The shares and uploads of the in-memory services: what `disk` or an upload holds is scanned one file a step, then gets
// a CID and a link made from its bytes.

import { createHash, randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Event, Share, ShareRequest, Upload } from '../../src/api/schemas.ts'
import type { Clock } from '../../src/base/ports.ts'
import { bytesOf, cidOf, type MemoryFiles, type MemoryOffer, memoryErrors, nameOf } from './services-files.ts'

export interface MemoryShares {
  list(): Share[]
  view(id: string): Share
  add(request: ShareRequest): Share
  remove(id: string): void
  filesOf(id: string): MemoryFiles
  offer(link: string): MemoryOffer | undefined
  beginUpload(): Upload
  writeUpload(id: string, path: string, body: Readable, options: { signal: AbortSignal }): Promise<Upload>
  cancelUpload(id: string): void
}

interface ShareParts {
  readonly clock: Clock
  readonly stepMs: number
  readonly disk: ReadonlyMap<string, MemoryFiles>
  readonly diskBytesMax: number
  readonly emit: (event: Event) => void
}

export function createMemoryShares({ clock, stepMs, disk, diskBytesMax, emit }: ShareParts): MemoryShares {
  const shares = new Map<string, { share: Share; readonly files: MemoryFiles }>()
  const uploads = new Map<string, Map<string, Uint8Array>>()

  function take(id: string) {
    const entry = shares.get(id)
    if (entry === undefined) throw memoryErrors.share_unknown('There is no such share.')
    return entry
  }

  function takeUpload(id: string): Map<string, Uint8Array> {
    const files = uploads.get(id)
    if (files === undefined) throw memoryErrors.upload_unknown('There is no such upload.')
    return files
  }

  function update(id: string, change: Partial<Share>): void {
    const entry = shares.get(id)
    if (entry === undefined) return
    entry.share = { ...entry.share, ...change, updatedMs: clock.nowMs() }
    emit({ type: 'share', share: entry.share })
  }

  /** One file a step. */
  function scan(id: string, done: number): void {
    const files = shares.get(id)?.files
    if (files === undefined) return
    if (done < files.size) {
      const scanned = new Map([...files].slice(0, done + 1))
      const totals = { filesTotal: files.size, bytesTotal: bytesOf(files) }
      update(id, { scan: { files: scanned.size, bytes: bytesOf(scanned), ...totals } })
      clock.after(stepMs, () => scan(id, done + 1))
      return
    }
    const cid = cidOf(files)
    update(id, { state: 'ready', scan: null, sequence: 1, cid, link: `peerhood:${id}${cid.slice(0, 40)}` })
  }

  function addFiles(files: MemoryFiles, name: string, path: string | null, isPublic: boolean): Share {
    const id = createHash('sha256').update(randomUUID()).digest('hex').slice(0, 52)
    const share = newShare({ id, name, path, isPublic, files, nowMs: clock.nowMs() })
    shares.set(id, { share, files })
    emit({ type: 'share', share })
    clock.after(stepMs, () => scan(id, 0))
    return share
  }

  return {
    list: () => [...shares.values()].map(({ share }) => share),
    view: (id) => take(id).share,
    filesOf: (id) => take(id).files,
    add(request) {
      const isPublic = request.public ?? false
      if (request.upload !== undefined) {
        const files = takeUpload(request.upload)
        uploads.delete(request.upload)
        return addFiles(files, nameOf([...files.keys()][0] ?? 'upload'), null, isPublic)
      }
      const path = request.path ?? ''
      const files = disk.get(path)
      if (files === undefined) {
        throw memoryErrors.path_unknown('There is no such file or folder.', { details: { path } })
      }
      return addFiles(files, path.slice(path.lastIndexOf('/') + 1), path, isPublic)
    },
    remove(id) {
      take(id)
      shares.delete(id)
      emit({ type: 'share-removed', id })
    },
    offer(link) {
      for (const { share, files } of shares.values()) if (share.link === link) return { share, files }
      return undefined
    },
    beginUpload() {
      const id = randomUUID()
      uploads.set(id, new Map())
      return { id, bytes: 0 }
    },
    async writeUpload(id, path, body, { signal }) {
      const files = takeUpload(id)
      const room = diskBytesMax - bytesOf(files)
      files.set(path, await readUpTo(room, body, signal))
      return { id, bytes: bytesOf(files) }
    },
    cancelUpload(id) {
      takeUpload(id)
      uploads.delete(id)
    },
  }
}

async function readUpTo(bytesMax: number, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    signal.throwIfAborted()
    bytes += chunk.length
    if (bytes > bytesMax) throw memoryErrors.disk_full('The disk is full.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function newShare(made: {
  readonly id: string
  readonly name: string
  readonly path: string | null
  readonly isPublic: boolean
  readonly files: MemoryFiles
  readonly nowMs: number
}): Share {
  const { id, name, path, isPublic, files, nowMs } = made
  const blocks = files.size
  return {
    id,
    origin: 'own',
    visibility: isPublic ? 'public' : 'private',
    state: 'scanning',
    name,
    kind: files.size === 1 && files.has(name) ? 'file' : 'folder',
    path,
    link: null,
    keepLink: null,
    cid: null,
    sequence: 0,
    files: files.size,
    bytes: bytesOf(files),
    blocks,
    blocksHere: blocks,
    scan: { files: 0, bytes: 0, filesTotal: files.size, bytesTotal: bytesOf(files) },
    skipped: [],
    skippedCount: 0,
    problem: null,
    fetching: [],
    uploadedBytes: 0,
    createdMs: nowMs,
    updatedMs: nowMs,
  }
}
