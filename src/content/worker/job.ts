// What the block worker does with one block: reading and sealing what is asked of us, checking, opening and writing what
// arrived; and with the small files of a scan. Runs in the worker's thread and may take its time: everything is synchronous.
//
//   read:  file ──► plain ──► seal ──► hash ──► equal to the digest: the wire bytes are in shared memory
//   store: wire bytes in shared memory ──► hash and open ──► equal to the digest: written to every place
//   hash:  files ──► plain ──► seal ──► hash: their digests, and nothing of their content
//
// Must stay true: a block is handed out, or written, only after its wire bytes had the digest that the author signed.

import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import type { ShareKeys } from '../format/keys.ts'
import { leafBytes } from '../format/limits.ts'
import { createSealer, type Sealer } from '../format/seal.ts'
import { readPieces } from '../library/file-read.ts'
import { noFollow, wholeFlags, writeAndClose, writeFlags, writeNow } from '../library/file-write.ts'
import { createSmallHasher, type FileHash, type LargerFile, type SmallHasher } from '../library/hash-file.ts'
import { isAtOrBelow } from '../library/open-files.ts'
import type { Digest } from '../types.ts'
import { directAlignBytes, workerFilesMax } from './limits.ts'

/** Where a leaf lies; `whole`: the file is nothing else. */
export interface BlockPlace {
  readonly path: string
  readonly start: number
  readonly whole: boolean
}

/** Bytes of the shared memory. */
export interface Span {
  readonly offset: number
  readonly length: number
}

export type Job =
  /** The keys that later jobs name by number. */
  | { readonly kind: 'keys'; readonly sealer: number; readonly keys: ShareKeys }
  | {
      readonly kind: 'read'
      readonly id: number
      readonly sealer: number
      readonly digest: Digest
      readonly path: string
      readonly start: number
      readonly bytes: number
      readonly seal: Uint8Array | undefined
      /** Where the wire bytes go. */
      readonly wire: Span
    }
  | {
      readonly kind: 'store'
      readonly id: number
      readonly sealer: number
      readonly digest: Digest
      readonly wire: Span
      readonly places: readonly BlockPlace[]
    }
  | { readonly kind: 'hash'; readonly id: number; readonly sealer: number; readonly paths: readonly string[] }
  /** Closes what is open at or below a folder. */
  | { readonly kind: 'close'; readonly id: number; readonly folder: string }

/** How a job ended. `wrong`: the bytes are not those of the digest (a read's file has changed, or is gone). */
export type Outcome =
  | { readonly id: number; readonly how: 'done' | 'wrong' }
  | { readonly id: number; readonly how: 'hashed'; readonly hashes: (FileHash | LargerFile)[] }
  /** The digest is right, and the key does not open it. */
  | { readonly id: number; readonly how: 'sealed' }
  | {
      readonly id: number
      readonly how: 'failed'
      readonly path: string
      readonly code: string
      readonly message: string
    }

export interface JobRunner {
  /** Undefined for a job without an answer. */
  run(job: Job): Outcome | undefined
}

class WriteFailure extends Error {
  override readonly name = 'WriteFailure'
  readonly path: string
  constructor(path: string, cause: unknown) {
    super('a write failed', { cause })
    this.path = path
  }
}

export function createJobRunner(memory: ArrayBufferLike): JobRunner {
  const sealers = new Map<number, Sealer>()
  const hashers = new Map<number, SmallHasher>()
  const files = createFiles()
  const view = ({ offset, length }: Span) => new Uint8Array(memory, offset, length)
  const sealerOf = (number: number): Sealer => {
    const sealer = sealers.get(number)
    if (sealer === undefined) throw new Error('assertion failed: keys come before the jobs that need them')
    return sealer
  }

  function read(job: Extract<Job, { kind: 'read' }>): Outcome {
    const { id, digest, path, start, bytes, seal } = job
    const sealer = sealerOf(job.sealer)
    const wire = view(job.wire)
    if (bytes + sealer.overheadBytes !== wire.length) return { id, how: 'wrong' }
    const found = readPieces(path, start, (readPiece) => sealer.sealPieces(wire, readPiece, seal))
    return { id, how: found !== undefined && equalBytes(found, digest) ? 'done' : 'wrong' }
  }

  function store(job: Extract<Job, { kind: 'store' }>): Outcome {
    const { id, places } = job
    const { digest, plain } = sealerOf(job.sealer).openPieces(view(job.wire))
    if (!equalBytes(digest, job.digest)) return { id, how: 'wrong' }
    if (plain === undefined) return { id, how: 'sealed' }
    for (const place of places) files.write(place, plain)
    return { id, how: 'done' }
  }

  function hash({ id, sealer, paths }: Extract<Job, { kind: 'hash' }>): Outcome {
    let hashSmall = hashers.get(sealer)
    if (hashSmall === undefined) {
      hashSmall = createSmallHasher(sealerOf(sealer))
      hashers.set(sealer, hashSmall)
    }
    return { id, how: 'hashed', hashes: paths.map(hashSmall) }
  }

  return {
    run(job) {
      if (job.kind === 'keys') {
        sealers.set(job.sealer, createSealer(job.keys))
        return undefined
      }
      try {
        if (job.kind === 'read') return read(job)
        if (job.kind === 'store') return store(job)
        if (job.kind === 'hash') return hash(job)
        files.closeBelow(job.folder)
        return { id: job.id, how: 'done' }
      } catch (error) {
        return outcomeOf(job.id, error)
      }
    },
  }
}

function outcomeOf(id: number, error: unknown): Outcome {
  const cause = error instanceof WriteFailure ? error.cause : error
  const code = (cause as { code?: unknown } | undefined)?.code
  return {
    id,
    how: 'failed',
    path: error instanceof WriteFailure ? error.path : '',
    code: typeof code === 'string' ? code : '',
    message: String(cause),
  }
}

// ---- writing

// Whole leaves go to the disk around the page cache where the system can do that: filling the cache takes several times
// the processor time of the write itself, pushes out what other programs read, and only puts the flush off.
const direct = process.platform === 'linux' ? constants.O_DIRECT : undefined

interface OpenFile {
  readonly descriptor: number
  /** Undefined before it was tried, 0 where the file system refuses. */
  direct: number | undefined
}

interface Files {
  write(place: BlockPlace, plain: Uint8Array): void
  closeBelow(folder: string): void
}

function createFiles(): Files {
  // In the order of last use.
  const files = new Map<string, OpenFile>()

  const close = (path: string, file: OpenFile) => {
    files.delete(path)
    closeSync(file.descriptor)
    if (file.direct) closeSync(file.direct)
  }
  const fileAt = (path: string): OpenFile => {
    const known = files.get(path)
    if (known !== undefined) {
      files.delete(path)
      files.set(path, known)
      return known
    }
    for (const [oldest, file] of files) {
      if (files.size < workerFilesMax) break
      close(oldest, file)
    }
    const file: OpenFile = { descriptor: openMaking(path, writeFlags), direct: undefined }
    files.set(path, file)
    return file
  }
  const write = ({ path, start, whole }: BlockPlace, plain: Uint8Array) => {
    if (whole && plain.length < leafBytes) return writeAndClose(openMaking(path, wholeFlags), plain)
    const file = fileAt(path)
    const isAligned = plain.length > 0 && (plain.length | start | plain.byteOffset) % directAlignBytes === 0
    if (!isAligned || !writeDirect(file, path, plain, start)) writeNow(file.descriptor, plain, start)
  }
  return {
    write(place, plain) {
      try {
        write(place, plain)
      } catch (error) {
        throw new WriteFailure(place.path, error)
      }
    },
    closeBelow(folder) {
      for (const [path, file] of [...files]) {
        if (isAtOrBelow(path, folder)) close(path, file)
      }
    },
  }
}

/** Opens a file, and makes the folders that lead to it when they are missing. */
function openMaking(path: string, flags: number): number {
  try {
    return openSync(path, flags, 0o666)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, flags, 0o666)
  }
}

/** False where this file can't be written so: file systems differ in what they want, and some have no such thing. */
function writeDirect(file: OpenFile, path: string, bytes: Uint8Array, start: number): boolean {
  if (direct === undefined || file.direct === 0) return false
  try {
    file.direct ??= openSync(path, constants.O_WRONLY | noFollow | direct)
    return writeSync(file.direct, bytes, 0, bytes.length, start) === bytes.length
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code !== 'EINVAL' && code !== 'EOPNOTSUPP') throw error
    if (file.direct) closeSync(file.direct)
    file.direct = 0
    return false
  }
}
