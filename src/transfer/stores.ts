// Hands arrived blocks to the holding, a bounded number at a time, in the order in which they came.

export interface Stores {
  /** Blocks handed over or waiting for it. */
  readonly pending: number
  add(index: number, bytes: Uint8Array): void
  stop(): void
}

export interface StoresParts {
  put(index: number, bytes: Uint8Array): Promise<void>
  stored(index: number): void
  failed(index: number, error: unknown): void
  /** A block that waited when this was stopped. */
  dropped(bytes: Uint8Array): void
}

export function createStores(atOnceMax: number, parts: StoresParts): Stores {
  let waiting: { index: number; bytes: Uint8Array }[] = []
  let next = 0
  let running = 0
  let stopped = false

  function run(index: number, bytes: Uint8Array): void {
    running++
    parts.put(index, bytes).then(
      () => {
        running--
        if (!stopped) parts.stored(index)
        runNext()
      },
      (error) => {
        running--
        if (!stopped) parts.failed(index, error)
        runNext()
      },
    )
  }

  function runNext(): void {
    while (running < atOnceMax) {
      const block = waiting[next]
      if (block === undefined) {
        waiting = []
        next = 0
        return
      }
      next++
      run(block.index, block.bytes)
    }
  }

  return {
    get pending() {
      return running + waiting.length - next
    },
    add(index, bytes) {
      if (running < atOnceMax) run(index, bytes)
      else waiting.push({ index, bytes })
    },
    stop() {
      stopped = true
      for (const { bytes } of waiting.slice(next)) parts.dropped(bytes)
      waiting = []
      next = 0
    },
  }
}
