// The thread that reads long logs for the apps (community/reading.ts), as the main thread sees it: started with the first
// job, ended with the last. While there is a thread, who writes the views takes their lock, here as there (views-lock.ts).
//
//   read ──► job ──► reading-thread.ts ──► progress, end        exclusively ──► lock ──► work ──► free, a little later
//
// Must stay true: nobody waits for a thread that is gone, or that has not begun; the thread gets secrets of this device and
// keeps them to itself.

import type { Worker } from 'node:worker_threads'
import type { Database } from '../base/database.ts'
import type { Cancel, Clock, Log } from '../base/ports.ts'
import type { Reading, ReadingEnd, ReadingJob } from '../community/reading.ts'
import type { PersonDid } from '../identity/types.ts'
import { viewsHeldMs, viewsHeldMsMax, walPagesMax } from './limits.ts'
import { startThread } from './thread.ts'
import { createLockWords, freeLock, hurryThread, type LockWords, takeLock } from './views-lock.ts'

/** What the thread starts with. */
export interface ReadingSeed {
  readonly database: string
  readonly views: string
  readonly deviceSeed: Uint8Array
  readonly did: PersonDid
  readonly lock: LockWords
}

export type ToThread =
  | { readonly type: 'read'; readonly id: number; readonly job: ReadingJob }
  | { readonly type: 'stop'; readonly id: number }

export type FromThread =
  | { readonly type: 'progress'; readonly id: number; readonly given: number }
  | { readonly type: 'end'; readonly id: number; readonly how: ReadingEnd['how']; readonly why?: string }
  | { readonly type: 'unproven'; readonly id: number; readonly entry: string }

interface Running {
  readonly job: ReadingJob
  readonly onProgress: (given: number) => void
  settle(end: ReadingEnd): void
}

export interface ReadingService extends Reading {
  stop(): Promise<void>
}

interface ReadingParts {
  readonly clock: Clock
  readonly log: Log
  /** The main thread's connection to the views. */
  readonly views: Database
  readonly seed: () => Omit<ReadingSeed, 'lock'>
}

export function createReading(parts: ReadingParts): ReadingService {
  return new ThreadReading(parts)
}

class ThreadReading implements ReadingService {
  readonly #parts: ReadingParts
  readonly #running = new Map<number, Running>()
  readonly #lock = createLockWords()
  #worker: Worker | undefined
  #nextId = 1
  /** Resolves when the lock is taken, and stays until it is freed. */
  #taken: Promise<void> | undefined
  /** When it is freed at the latest, in monotonic ms. */
  #freeByMs = 0
  #freeing: Cancel | undefined

  constructor(parts: ReadingParts) {
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
        hurryThread(this.#lock, true)
      }
      const settle = (end: ReadingEnd) => {
        signal.removeEventListener('abort', onAbort)
        this.#running.delete(id)
        hurryThread(this.#lock, false)
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
    this.#taken ??= this.#take()
    try {
      await this.#taken
      return work()
    } finally {
      this.#freeSoon()
    }
  }

  async #take(): Promise<void> {
    await takeLock(this.#lock, 'main')
    this.#freeByMs = this.#parts.clock.monotonicMs() + viewsHeldMsMax
  }

  /** Who writes once mostly writes again: else each of many writes would wait for another transaction of the thread's. */
  #freeSoon(): void {
    const { clock } = this.#parts
    this.#freeing?.()
    const delayMs = Math.max(0, Math.min(viewsHeldMs, this.#freeByMs - clock.monotonicMs()))
    this.#freeing = clock.after(delayMs, () => {
      this.#taken = undefined
      freeLock(this.#lock, 'main')
    })
  }

  async stop(): Promise<void> {
    this.#freeing?.()
    await this.#worker?.terminate()
  }

  #post(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  #start(): Worker {
    const seed: ReadingSeed = { ...this.#parts.seed(), lock: this.#lock }
    const worker = startThread('reading-thread', seed)
    worker.unref()
    worker.on('message', (message: FromThread) => this.#hear(message))
    worker.on('error', (error) => this.#parts.log.error('reading_thread_failed', { message: String(error) }))
    worker.on('exit', () => this.#ended(worker))
    // Else a message that is written here would fold the thread's whole journal in, and everybody wait for that.
    this.#parts.views.exec('PRAGMA wal_autocheckpoint = 0')
    return worker
  }

  #hear(message: FromThread): void {
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
    // It may have gone in the middle of a transaction, which has gone with it.
    freeLock(this.#lock, 'thread')
    this.#parts.views.exec(`PRAGMA wal_autocheckpoint = ${walPagesMax}`)
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#let()
    for (const { settle } of [...this.#running.values()]) settle({ how: 'failed' })
  }
}
