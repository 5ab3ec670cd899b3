// What was handed to a log and not looked at yet: requests in their order, cut into chunks that are judged and stored
// together. A chunk may hold entries of several requests; each request gets its own results, in its own order.

import { logErrors } from './errors.ts'
import { chunkBytesMax, chunkEntriesMax, intakeBytesMax, intakeEntriesMax } from './limits.ts'
import type { Received } from './types.ts'

/** One entry of a request; `settle` says what became of it. */
export interface Item {
  readonly bytes: Uint8Array
  readonly wanted: boolean
  settle(received: Received): void
  fail(error: unknown): void
}

interface Request {
  readonly items: readonly Item[]
  next: number
  over: boolean
}

export class Intake {
  #requests: Request[] = []
  #entries = 0
  #bytes = 0

  get isEmpty(): boolean {
    return this.#requests.length === 0
  }

  /** Resolves when all of them are settled. Throws `log_busy`; rejects with the signal's reason. */
  add(
    entries: readonly Uint8Array[],
    options: { readonly wanted: boolean; readonly signal: AbortSignal | undefined },
  ): Promise<readonly Received[]> {
    const { wanted, signal } = options
    signal?.throwIfAborted()
    const bytes = entries.reduce((sum, entry) => sum + entry.length, 0)
    if (this.#entries + entries.length > intakeEntriesMax || this.#bytes + bytes > intakeBytesMax) {
      throw logErrors.log_busy(`${this.#entries} entries wait to be checked already.`)
    }
    if (entries.length === 0) return Promise.resolve([])
    this.#entries += entries.length
    this.#bytes += bytes
    return new Promise((resolve, reject) => {
      const results: Received[] = new Array(entries.length)
      let left = entries.length
      const fail = (error: unknown) => {
        signal?.removeEventListener('abort', onAbort)
        this.#drop(request)
        reject(error)
      }
      const onAbort = () => fail(signal?.reason)
      signal?.addEventListener('abort', onAbort, { once: true })
      const settle = (index: number, received: Received) => {
        results[index] = received
        left -= 1
        if (left > 0) return
        signal?.removeEventListener('abort', onAbort)
        resolve(results)
      }
      const items = entries.map((entry, index) => ({
        // Copies, because buffers of the network are used again, and what was checked must not change afterwards.
        bytes: new Uint8Array(entry),
        wanted,
        settle: (received: Received) => settle(index, received),
        fail,
      }))
      const request: Request = { items, next: 0, over: false }
      this.#requests.push(request)
    })
  }

  /** The next items, at most a chunk's worth, at least one if there are any. */
  take(): readonly Item[] {
    const chunk: Item[] = []
    let bytes = 0
    while (chunk.length < chunkEntriesMax) {
      const [request] = this.#requests
      const item = request?.items[request.next]
      if (request === undefined || item === undefined) break
      if (chunk.length > 0 && bytes + item.bytes.length > chunkBytesMax) break
      chunk.push(item)
      bytes += item.bytes.length
      request.next += 1
      if (request.next === request.items.length) this.#requests.shift()
    }
    this.#entries -= chunk.length
    this.#bytes -= bytes
    return chunk
  }

  /** Fails all that is left. */
  failAll(error: unknown): void {
    for (const { items } of [...this.#requests]) items[0]?.fail(error)
  }

  #drop(request: Request): void {
    if (request.over) return
    request.over = true
    const rest = request.items.slice(request.next)
    this.#entries -= rest.length
    this.#bytes -= rest.reduce((sum, { bytes }) => sum + bytes.length, 0)
    this.#requests = this.#requests.filter((other) => other !== request)
  }
}
