// The block worker as the library uses it: a thread of its own for hashing, sealing and the disk, started when the first
// block comes and ended when none has come for a while. Whatever it can't take now (it is starting, its memory is full,
// it has failed) the caller does on its own thread: `read` and `store` then return undefined.
//
//   read, store ──► jobs of this turn ──► one message ──► thread.ts ──► outcomes ──► promises
//
// Must stay true: memory that the thread may touch is given back only by its outcome, or when the thread is gone.

import type { Worker } from 'node:worker_threads'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import { openThread } from '../../program/program.ts'
import { formatErrors } from '../format/errors.ts'
import type { ShareKeys } from '../format/keys.ts'
import { writeError } from '../library/errors.ts'
import type { FileHash, LargerFile } from '../library/hash-file.ts'
import type { Digest } from '../types.ts'
import { type BlockBuffers, type BufferPool, createBufferPool } from './buffers.ts'
import type { BlockPlace, Job, Outcome, Span } from './job.ts'
import { jobsMax, placesPerJobMax, workerIdleMs } from './limits.ts'

export interface ReadRequest {
  readonly keys: ShareKeys
  readonly digest: Digest
  /** Of the wire bytes. */
  readonly length: number
  readonly path: string
  /** Where in the file the plain bytes lie. */
  readonly start: number
  readonly bytes: number
  /** The block's id, if it is known; see `Sealer.sealAgain`. */
  readonly seal: Uint8Array | undefined
}

export interface StoreRequest {
  readonly keys: ShareKeys
  readonly digest: Digest
  /** Left alone until the promise settles; afterwards, if they lie in a buffer, they are no longer what they were. */
  readonly wire: Uint8Array
  readonly places: readonly BlockPlace[]
}

export interface HashRequest {
  readonly keys: ShareKeys
  readonly paths: readonly string[]
}

export interface BlockWorker {
  readonly buffers: BlockBuffers
  /** Starts the thread, which the first request does otherwise: that one comes too early for it. */
  start(): void
  /**
   * The wire bytes of a leaf that lies in a file, to be given back to `buffers`; resolves with undefined when the file
   * does not hold them (any more).
   */
  read(request: ReadRequest): Promise<Uint8Array | undefined> | undefined
  /**
   * Checks and opens a block and writes it to its places. Rejects with `block_hash_wrong`, `block_seal_wrong`, `disk_full`,
   * `folder_read_only`, `folder_missing`, `disk_failed`.
   */
  store(request: StoreRequest): Promise<void> | undefined
  /** Hashes small files, and tells of larger ones how long they are; resolves with undefined when the thread ended. */
  hashFiles(request: HashRequest): Promise<(FileHash | LargerFile)[] | undefined> | undefined
  /** Closes files at or below a folder. */
  closeBelow(folder: string): Promise<void>
  stop(): Promise<void>
}

export interface BlockWorkerParts {
  readonly clock: Clock
  readonly log: Log
}

/** Does nothing: every block is done by the caller's thread. */
export function noBlockWorker(): BlockWorker {
  return {
    buffers: createBufferPool(),
    start: () => undefined,
    read: () => undefined,
    store: () => undefined,
    hashFiles: () => undefined,
    closeBelow: async () => {},
    stop: async () => {},
  }
}

type Settle = (outcome: Outcome) => void

interface State extends BlockWorkerParts {
  readonly pool: BufferPool
  readonly running: Map<number, Settle>
  sealers: WeakMap<ShareKeys, number>
  nextSealer: number
  thread: Worker | undefined
  /** The thread has begun (its first message is empty), and is not being ended. */
  ready: boolean
  /** It is being ended. */
  ending: boolean
  /** It could not be started, or died: this process goes on without. */
  broken: boolean
  /** Jobs of this turn. */
  jobs: Job[]
  sending: boolean
  nextId: number
  cancelIdle: Cancel
}

export function createBlockWorker(parts: BlockWorkerParts): BlockWorker {
  const state: State = {
    ...parts,
    pool: createBufferPool(),
    running: new Map(),
    sealers: new WeakMap(),
    nextSealer: 0,
    thread: undefined,
    ready: false,
    ending: false,
    broken: false,
    jobs: [],
    sending: false,
    nextId: 1,
    cancelIdle: () => {},
  }
  return {
    buffers: state.pool,
    start: () => void isFree(state),
    read: (request) => read(state, request),
    store: (request) => store(state, request),
    hashFiles: (request) => hashFiles(state, request),
    closeBelow: (folder) => closeBelow(state, folder),
    stop: () => end(state),
  }
}

function read(state: State, request: ReadRequest): Promise<Uint8Array | undefined> | undefined {
  const wire = isFree(state) ? state.pool.lend(request.length) : undefined
  if (wire === undefined) return undefined
  const { digest, path, start, bytes, seal } = request
  const sealer = sealerNumber(state, request.keys)
  return new Promise((resolve, reject) => {
    const job = { kind: 'read', id: state.nextId++, sealer, path, start, bytes, wire: spanOf(wire) } as const
    // Copies, because a message takes along the whole memory that a view is of.
    add(state, { ...job, digest: copyDigest(digest), seal: seal?.slice() }, (outcome) => {
      if (outcome.how === 'done') return resolve(wire)
      state.pool.give(wire)
      if (outcome.how === 'failed') reject(new Error(outcome.message))
      else resolve(undefined)
    })
  })
}

function store(state: State, request: StoreRequest): Promise<void> | undefined {
  const { wire, digest, places } = request
  if (places.length > placesPerJobMax || !isFree(state)) return undefined
  const shared = state.pool.keep(wire)
  if (!state.pool.holds(shared)) return undefined
  const sealer = sealerNumber(state, request.keys)
  return new Promise((resolve, reject) => {
    const job = { kind: 'store', id: state.nextId++, sealer, places, wire: spanOf(shared) } as const
    add(state, { ...job, digest: copyDigest(digest) }, (outcome) => {
      if (shared !== wire) state.pool.give(shared)
      if (outcome.how === 'done') resolve()
      else reject(storeError(outcome))
    })
  })
}

function hashFiles(
  state: State,
  { keys, paths }: HashRequest,
): Promise<(FileHash | LargerFile)[] | undefined> | undefined {
  if (!isFree(state)) return undefined
  const sealer = sealerNumber(state, keys)
  return new Promise((resolve) => {
    add(state, { kind: 'hash', id: state.nextId++, sealer, paths }, (outcome) => {
      resolve(outcome.how === 'hashed' ? outcome.hashes : undefined)
    })
  })
}

async function closeBelow(state: State, folder: string): Promise<void> {
  if (state.thread === undefined || !state.ready) return
  return new Promise((resolve) => add(state, { kind: 'close', id: state.nextId++, folder }, () => resolve()))
}

/** Whether a job may be given now; starts the thread when there is none. */
function isFree(state: State): boolean {
  if (state.broken) return false
  if (state.thread === undefined) start(state)
  return state.ready && state.running.size < jobsMax
}

function copyDigest(digest: Digest): Digest {
  return digest.slice() as Digest
}

function spanOf(bytes: Uint8Array): Span {
  return { offset: bytes.byteOffset, length: bytes.length }
}

function sealerNumber(state: State, keys: ShareKeys): number {
  const known = state.sealers.get(keys)
  if (known !== undefined) return known
  const sealer = state.nextSealer++
  state.sealers.set(keys, sealer)
  const { share, visibility, secret } = keys
  state.jobs.push({ kind: 'keys', sealer, keys: { share, visibility, secret } })
  return sealer
}

function add(state: State, job: Job & { readonly id: number }, settle: Settle): void {
  if (state.running.size === 0) state.thread?.ref()
  state.running.set(job.id, settle)
  state.jobs.push(job)
  if (state.sending) return
  state.sending = true
  // All jobs of one turn go together: a message costs more than a small block.
  queueMicrotask(() => queueMicrotask(() => send(state)))
}

function send(state: State): void {
  const { jobs, thread } = state
  state.sending = false
  state.jobs = []
  thread?.postMessage(jobs)
}

// ---- the thread's life

function start(state: State): void {
  const { pool, log } = state
  // The pool makes its memory when the first buffer is taken.
  const first = pool.lend(0)
  const { memory } = pool
  if (first === undefined || memory === undefined) return
  const thread = openThread('content/worker/thread', { workerData: { memory } })
  state.thread = thread
  thread.unref()
  thread.on('message', (outcomes: readonly Outcome[]) => {
    if (state.thread !== thread) return
    if (outcomes.length === 0) state.ready = !state.ending
    for (const outcome of outcomes) finish(state, outcome)
    restartIdle(state)
  })
  thread.on('error', (error) => {
    log.error('block_worker_failed', { message: String(error) })
    state.broken = true
  })
  thread.on('exit', () => {
    pool.give(first)
    if (state.thread === thread) forget(state)
  })
}

function finish(state: State, outcome: Outcome): void {
  const settle = state.running.get(outcome.id)
  state.running.delete(outcome.id)
  if (state.running.size === 0) state.thread?.unref()
  settle?.(outcome)
}

/** The thread is gone: what it had not finished fails, and later blocks are done without it or by the next one. */
function forget(state: State): void {
  state.thread = undefined
  state.ready = false
  state.ending = false
  state.sealers = new WeakMap()
  state.jobs = []
  for (const id of [...state.running.keys()]) {
    finish(state, { id, how: 'failed', path: '', code: '', message: 'The block worker ended.' })
  }
  state.pool.release()
}

function restartIdle(state: State): void {
  state.cancelIdle()
  if (state.running.size > 0 || state.ending) return
  state.cancelIdle = state.clock.after(workerIdleMs, () => {
    if (state.running.size === 0) void end(state)
  })
}

async function end(state: State): Promise<void> {
  state.cancelIdle()
  // Nothing is given to a thread that is about to go; the next one starts when it is gone.
  state.ready = false
  state.ending = true
  await state.thread?.terminate()
}

function storeError(outcome: Outcome): Error {
  if (outcome.how === 'failed') {
    const cause = Object.assign(new Error(outcome.message), { code: outcome.code })
    return writeError(cause, outcome.path)
  }
  if (outcome.how === 'sealed') return formatErrors.block_seal_wrong('The key of this link does not open the block.')
  return formatErrors.block_hash_wrong('The block is not the one that the author signed.')
}
