// What the page uploads by drag and drop. Files arrive one by one under `dropped/.unfinished/<id>/`; sharing the upload
// moves it to `dropped/<name>` in one step, and from there it is shared like any other path. What was never shared is
// deleted when the upload is cancelled, when nothing has come for it for long (its page was closed, its computer sleeps),
// and at the next start; what is shared no more, by dropped.ts. Names come from a page: each becomes a safe one, and `..`
// or an absolute path is refused, so nothing leaves the upload's folder.

import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isPeerhoodError } from '../base/errors.ts'
import type { Cancel, Clock, Log, Random } from '../base/ports.ts'
import { createTurns } from '../base/turns.ts'
import { cleanName, foldName, nameWithSuffix } from '../content/library/safe-names.ts'
import type { Dropped } from './dropped.ts'
import { nodeErrors } from './errors.ts'
import { uploadDepthMax, uploadFilesMax, uploadQuietMs, uploadsMax } from './limits.ts'

export interface UploadState {
  readonly id: string
  readonly bytes: number
}

export interface Uploads {
  /** Deletes what earlier runs left unfinished. */
  start(): Promise<void>
  begin(): Promise<UploadState>
  /** Throws `upload_unknown`, `upload_name_unsafe`, `upload_too_large`, `upload_failed`. A file sent again replaces itself. */
  write(id: string, path: string, body: Readable, options: { signal: AbortSignal }): Promise<UploadState>
  cancel(id: string): Promise<void>
  /** Ends the upload; `share` gets the path of the file or folder that it became. When that throws, the copy is no more. */
  finish<Result>(id: string, share: (path: string) => Promise<Result>): Promise<Result>
  /** Deletes the copies that no share needs any more. */
  clear(): Promise<void>
  /** Waits for nothing any more; what is unfinished goes at the next start. */
  stop(): void
}

interface Unfinished {
  readonly folder: string
  /** By the path that the page gave. */
  readonly files: Map<string, { readonly place: string; bytes: number }>
  /** Places taken, folded as file systems that ignore case do. */
  readonly taken: Set<string>
  /** Writes under way. */
  readonly writes: Set<Promise<number>>
  /** Aborts when the upload is dropped, which ends them. */
  readonly dropped: AbortController
  /** When a byte of it or a request for it last came (monotonic). */
  movedMs: number
  cancelWatch: Cancel
}

export interface UploadsParts {
  readonly folder: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly dropped: Dropped
  /** Paths of all that is shared from here now. */
  readonly shared: () => readonly string[]
  readonly filesMax?: number
}

export function createUploads(parts: UploadsParts): Uploads {
  const { folder, clock, random, log, dropped, shared, filesMax = uploadFilesMax } = parts
  const unfinishedFolder = join(folder, '.unfinished')
  const uploads = new Map<string, Unfinished>()
  /** Names of copies that are about to be shared. */
  const pending = new Set<string>()
  // Names are taken, and copies looked through, one after the other.
  const inTurn = createTurns(1)
  const clear = () => inTurn(() => dropped.clear(shared(), pending))

  /** Gives the name that the upload got in the folder. */
  async function place(upload: Unfinished): Promise<string> {
    const { from, path } = await choosePlace(upload, folder)
    const name = basename(path)
    // Listed first: what a crash leaves between the two is deleted at the next start.
    await dropped.note(name, from)
    await rename(from, path)
    pending.add(name)
    await rm(upload.folder, { recursive: true, force: true })
    return name
  }

  /** Whoever asks for an upload shows that somebody still wants it. */
  function find(id: string): Unfinished {
    const upload = uploads.get(id)
    if (upload === undefined) throw nodeErrors.upload_unknown('There is no such upload.', { details: { id } })
    upload.movedMs = clock.monotonicMs()
    return upload
  }

  /** Drops the upload once nothing has come for it for `uploadQuietMs`. */
  function watch(id: string, upload: Unfinished): void {
    const leftMs = upload.movedMs + uploadQuietMs - clock.monotonicMs()
    if (leftMs > 0) {
      upload.cancelWatch = clock.after(leftMs, () => watch(id, upload))
      return
    }
    log.info('upload_dropped', { id, bytes: bytesOf(upload) })
    drop(id, upload).catch((error) => log.warn('upload_not_deleted', { id, message: String(error) }))
  }

  /** Its place is free at once, its files are gone when this resolves. */
  async function drop(id: string, upload: Unfinished): Promise<void> {
    uploads.delete(id)
    upload.cancelWatch()
    upload.dropped.abort(nodeErrors.upload_unknown('This upload was dropped.', { details: { id } }))
    await Promise.allSettled(upload.writes)
    await onDisk(() => rm(upload.folder, { recursive: true, force: true }))
  }

  async function receive(upload: Unfinished, path: string, body: Readable, caller: AbortSignal): Promise<void> {
    const file = takePlace(upload, path, filesMax)
    const signal = AbortSignal.any([caller, upload.dropped.signal])
    const moved = () => {
      upload.movedMs = clock.monotonicMs()
    }
    const writing = onDisk(() => writeFile(join(upload.folder, file.place), body, moved, signal))
    upload.writes.add(writing)
    try {
      file.bytes = await writing
    } catch (error) {
      leavePlace(upload, path, file.place)
      upload.dropped.signal.throwIfAborted()
      throw error
    } finally {
      upload.writes.delete(writing)
      moved()
    }
  }

  return {
    async start() {
      await rm(unfinishedFolder, { recursive: true, force: true })
      await mkdir(unfinishedFolder, { recursive: true, mode: 0o700 })
    },

    async begin() {
      if (uploads.size >= uploadsMax) {
        throw nodeErrors.uploads_too_many(`${uploads.size} uploads are under way; more don't go at once.`)
      }
      const id = Buffer.from(random.bytes(16)).toString('hex')
      const upload = newUpload(join(unfinishedFolder, id), clock.monotonicMs())
      uploads.set(id, upload)
      watch(id, upload)
      try {
        await onDisk(() => mkdir(upload.folder, { recursive: true, mode: 0o700 }))
      } catch (error) {
        await drop(id, upload).catch(() => undefined)
        throw error
      }
      return { id, bytes: 0 }
    },

    async write(id, path, body, options) {
      const upload = find(id)
      await receive(upload, path, body, options.signal)
      return { id, bytes: bytesOf(upload) }
    },

    cancel: async (id) => drop(id, find(id)),

    async finish(id, share) {
      const upload = find(id)
      if (upload.files.size === 0 || upload.writes.size > 0) {
        throw nodeErrors.request_malformed('The upload has no files, or one is still being sent.', {
          hint: 'Share it once all of it has been sent.',
        })
      }
      uploads.delete(id)
      upload.cancelWatch()
      const name = await inTurn(() => onDisk(() => place(upload))).catch(async (error) => {
        await drop(id, upload).catch(() => undefined)
        throw error
      })
      try {
        return await share(join(folder, name)).finally(() => pending.delete(name))
      } catch (error) {
        await clear()
        throw error
      }
    },
    clear,

    stop() {
      for (const upload of uploads.values()) upload.cancelWatch()
    },
  }
}

function newUpload(folder: string, movedMs: number): Unfinished {
  const empty = { files: new Map(), taken: new Set<string>(), writes: new Set<Promise<number>>() }
  return { folder, ...empty, dropped: new AbortController(), movedMs, cancelWatch: () => undefined }
}

function bytesOf(upload: Unfinished): number {
  return [...upload.files.values()].reduce((sum, file) => sum + file.bytes, 0)
}

/** Where the file at this path of the page goes; the same path gets the same place. */
function takePlace(upload: Unfinished, path: string, filesMax: number): { readonly place: string; bytes: number } {
  const present = upload.files.get(path)
  if (present !== undefined) return present
  if (upload.files.size >= filesMax) {
    throw nodeErrors.upload_too_large(`One upload takes at most ${filesMax} files.`)
  }
  const place = freePlace(upload, safePath(path))
  const file = { place, bytes: 0 }
  upload.files.set(path, file)
  upload.taken.add(foldName(place))
  return file
}

/** After a write that failed: nothing of the file is here. */
function leavePlace(upload: Unfinished, path: string, place: string): void {
  upload.files.delete(path)
  upload.taken.delete(foldName(place))
}

function safePath(path: string): readonly string[] {
  const names = path.split('/')
  const unsafe = names.some((name) => name === '' || name === '.' || name === '..')
  if (unsafe || names.length > uploadDepthMax) {
    throw nodeErrors.upload_name_unsafe('The path of an uploaded file is not a relative one.', {
      details: { path: path.slice(0, 256) },
    })
  }
  return names.map(cleanName)
}

function freePlace(upload: Unfinished, names: readonly string[]): string {
  const folders = names.slice(0, -1)
  const name = names.at(-1) ?? '_'
  for (let number = 1; ; number++) {
    const place = [...folders, number === 1 ? name : nameWithSuffix(name, ` (${number})`)].join('/')
    if (!upload.taken.has(foldName(place))) return place
  }
}

/** `moved` is called for each piece that comes. */
async function writeFile(path: string, body: Readable, moved: () => void, signal: AbortSignal): Promise<number> {
  let bytes = 0
  const counter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length
      moved()
      done(undefined, chunk)
    },
  })
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    // Flushed, because the answer acknowledges it.
    await pipeline(body, counter, createWriteStream(path, { mode: 0o600, flush: true }), { signal })
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  return bytes
}

/** One file or folder keeps its name; several become a folder named after the first. */
async function choosePlace(
  upload: Unfinished,
  folder: string,
): Promise<{ readonly from: string; readonly path: string }> {
  const entries = await readdir(upload.folder)
  const [first = 'upload'] = entries
  const isSingle = entries.length === 1
  const name = isSingle ? first : cleanName(`${first} and ${entries.length - 1} more`)
  return { from: isSingle ? join(upload.folder, first) : upload.folder, path: await freePath(folder, name) }
}

async function freePath(folder: string, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const path = join(folder, number === 1 ? name : nameWithSuffix(name, ` (${number})`))
    const taken = await stat(path).then(
      () => true,
      () => false,
    )
    if (!taken) return path
  }
}

async function onDisk<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (isPeerhoodError(error) || (error instanceof Error && error.name === 'AbortError')) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : code
    throw nodeErrors.upload_failed(`The upload can't be written: ${reason}.`, { cause: error, details: { code } })
  }
}
