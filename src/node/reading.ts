// The thread that reads long logs for the apps (community/reading.ts), as the main thread sees it: started with the first
// job, ended with the last. While there are jobs the views' database is the thread's to write; who wants to write it here
// asks it to hold still between two pages.
//
//   read ──► job ──► reading-thread.ts ──► progress, end        exclusively ──► hold ──► held ──► work ──► go on
//
// Must stay true: nobody waits for a thread that is gone; the thread gets secrets of this device and keeps them to itself.

import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Database } from '../base/database.ts'
import type { Log } from '../base/ports.ts'
import type { Reading, ReadingEnd, ReadingJob } from '../community/reading.ts'
import type { PersonDid } from '../identity/types.ts'
import { readingYoungMaxMb, walPagesMax } from './limits.ts'

/** What the thread starts with. */
export interface ReadingSeed {
  readonly database: string
  readonly views: string
  readonly deviceSeed: Uint8Array
  readonly did: PersonDid
  /** Shared: not zero while somebody wants to write the views. A message is not heard in the middle of a transaction. */
  readonly wanted: Int32Array
}

export type ToThread =
  | { readonly type: 'read'; readonly id: number; readonly job: ReadingJob }
  | { readonly type: 'stop'; readonly id: number }
  | { readonly type: 'hold'; readonly hold: number }
  | { readonly type: 'go on' }

export type FromThread =
  | { readonly type: 'progress'; readonly id: number; readonly given: number }
  | { readonly type: 'end'; readonly id: number; readonly how: ReadingEnd['how']; readonly why?: string }
  | { readonly type: 'unproven'; readonly id: number; readonly entry: string }
  /** `hold`: the one that it answers; it may be told twice. */
  | { readonly type: 'held'; readonly hold: number }

interface Running {
  readonly job: ReadingJob
  readonly onProgress: (given: number) => void
  settle(end: ReadingEnd): void
}

export interface ReadingService extends Reading {
  stop(): Promise<void>
}

export function createReading(parts: {
  readonly log: Log
  /** The main thread's connection to the views. */
  readonly views: Database
  readonly seed: () => Omit<ReadingSeed, 'wanted'>
}): ReadingService {
  return new ThreadReading(parts)
}

class ThreadReading implements ReadingService {
  readonly #parts
  readonly #running = new Map<number, Running>()
  readonly #wanted = new Int32Array(new SharedArrayBuffer(4))
  #worker: Worker | undefined
  #nextId = 1
  /** Who works here while the thread holds still, and what they wait for. */
  #holders = 0
  #held: PromiseWithResolvers<void> | undefined
  #hold = 0

  constructor(parts: {
    readonly log: Log
    readonly views: Database
    readonly seed: () => Omit<ReadingSeed, 'wanted'>
  }) {
    this.#parts = parts
  }

  read(
    job: ReadingJob,
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (given: number) => void },
  ): Promise<ReadingEnd> {
    return new Promise((resolve) => {
      const id = this.#nextId++
      const onAbort = () => {
        this.#post({ type: 'stop', id })
        // So that it ends its transaction and hears of it.
        Atomics.store(this.#wanted, 0, 1)
      }
      const settle = (end: ReadingEnd) => {
        signal.removeEventListener('abort', onAbort)
        this.#running.delete(id)
        if (this.#holders === 0) Atomics.store(this.#wanted, 0, 0)
        if (this.#running.size === 0) this.#rest()
        resolve(end)
      }
      this.#running.set(id, { job, onProgress, settle })
      this.#worker ??= this.#start()
      this.#post({ type: 'read', id, job })
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort)
    })
  }

  async exclusively<Result>(work: () => Result): Promise<Result> {
    if (this.#worker === undefined) return work()
    this.#holders += 1
    Atomics.store(this.#wanted, 0, 1)
    if (this.#held === undefined) {
      this.#held = Promise.withResolvers()
      this.#hold += 1
      this.#post({ type: 'hold', hold: this.#hold })
    }
    try {
      await this.#held.promise
      return work()
    } finally {
      this.#holders -= 1
      if (this.#holders === 0) {
        Atomics.store(this.#wanted, 0, 0)
        this.#held = undefined
        this.#post({ type: 'go on' })
      }
    }
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate()
  }

  #post(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  #start(): Worker {
    const file = import.meta.url.endsWith('.ts') ? './reading-thread.ts' : './reading-thread.js'
    const cache = getCompileCacheDir()
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: { ...this.#parts.seed(), wanted: this.#wanted } satisfies ReadingSeed,
      // Its modules from the cache too, or starting takes three times as long.
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
      resourceLimits: { maxYoungGenerationSizeMb: readingYoungMaxMb },
    })
    worker.unref()
    worker.on('message', (message: FromThread) => this.#take(message))
    worker.on('error', (error) => this.#parts.log.error('reading_thread_failed', { message: String(error) }))
    worker.on('exit', () => this.#ended(worker))
    // Else a message that is written here would fold the thread's whole journal in, and everybody wait for that.
    this.#parts.views.exec('PRAGMA wal_autocheckpoint = 0')
    return worker
  }

  #take(message: FromThread): void {
    if (message.type === 'held') {
      if (message.hold === this.#hold) this.#held?.resolve()
      return
    }
    const running = this.#running.get(message.id)
    if (running === undefined) return
    const { community } = running.job
    if (message.type === 'progress') running.onProgress(message.given)
    else if (message.type === 'unproven') {
      this.#parts.log.error('entry_unproven', { community, entry: message.entry })
    } else {
      if (message.how === 'failed') this.#parts.log.error('log_not_read', { community, message: message.why })
      running.settle({ how: message.how })
    }
  }

  /** No job is left: the thread goes, and takes its 60 MB with it. */
  #rest(): void {
    const worker = this.#worker
    this.#let()
    void worker?.terminate()
  }

  /** From here on the views are this thread's alone. */
  #let(): void {
    this.#worker = undefined
    this.#held?.resolve()
    this.#held = undefined
    this.#parts.views.exec(`PRAGMA wal_autocheckpoint = ${walPagesMax}`)
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#let()
    for (const { settle } of [...this.#running.values()]) settle({ how: 'failed' })
  }
}
