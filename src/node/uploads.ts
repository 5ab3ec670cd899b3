// What the page uploads by drag and drop. Files arrive one by one under `dropped/.unfinished/<id>/`; sharing the upload
// moves it to `dropped/<name>` in one step, and from there it is shared like any other path. What was never shared is
// deleted when the upload is cancelled, and at the next start; what is shared no more, by dropped.ts. Names come from a
// page: each becomes a safe one, and `..` or an absolute path is refused, so nothing leaves the upload's folder.

import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isPeerhoodError } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import { cleanName, foldName, nameWithSuffix } from '../content/library/safe-names.ts'
import { createTurns } from '../content/library/turns.ts'
import type { Dropped } from './dropped.ts'
import { nodeErrors } from './errors.ts'
import { uploadDepthMax, uploadFilesMax, uploadsMax } from './limits.ts'

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
}

interface Unfinished {
  readonly folder: string
  /** By the path that the page gave. */
  readonly files: Map<string, { readonly place: string; bytes: number }>
  /** Places taken, folded as file systems that ignore case do. */
  readonly taken: Set<string>
  writing: number
}

export interface UploadsParts {
  readonly folder: string
  readonly random: Random
  readonly dropped: Dropped
  /** Paths of all that is shared from here now. */
  readonly shared: () => readonly string[]
  readonly filesMax?: number
}

export function createUploads(parts: UploadsParts): Uploads {
  const { folder, random, dropped, shared, filesMax = uploadFilesMax } = parts
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

  function find(id: string): Unfinished {
    const upload = uploads.get(id)
    if (upload === undefined) throw nodeErrors.upload_unknown('There is no such upload.', { details: { id } })
    return upload
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
      const upload = { folder: join(unfinishedFolder, id), files: new Map(), taken: new Set<string>(), writing: 0 }
      uploads.set(id, upload)
      await onDisk(() => mkdir(upload.folder, { recursive: true, mode: 0o700 }))
      return { id, bytes: 0 }
    },

    async write(id, path, body, options) {
      const upload = find(id)
      const file = takePlace(upload, path, filesMax)
      upload.writing += 1
      try {
        file.bytes = await onDisk(() => writeFile(join(upload.folder, file.place), body, options.signal))
      } finally {
        upload.writing -= 1
      }
      return { id, bytes: bytesOf(upload) }
    },

    async cancel(id) {
      const upload = find(id)
      uploads.delete(id)
      await onDisk(() => rm(upload.folder, { recursive: true, force: true }))
    },

    async finish(id, share) {
      const upload = find(id)
      if (upload.files.size === 0 || upload.writing > 0) {
        throw nodeErrors.request_malformed('The upload has no files, or one is still being sent.', {
          hint: 'Share it once all of it has been sent.',
        })
      }
      uploads.delete(id)
      const name = await inTurn(() => onDisk(() => place(upload)))
      try {
        return await share(join(folder, name)).finally(() => pending.delete(name))
      } catch (error) {
        await clear()
        throw error
      }
    },
    clear,
  }
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

async function writeFile(path: string, body: Readable, signal: AbortSignal): Promise<number> {
  let bytes = 0
  const counter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length
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
