// Promises that resolve at the next change: what readers of an unfinished file wait on.

export interface Waiters {
  /** Resolves at the next `wake`; rejects when the signal aborts or after `end`. */
  next(signal: AbortSignal): Promise<void>
  wake(): void
  /** Rejects everyone, now and later. */
  end(error: unknown): void
}

export function createWaiters(): Waiters {
  const waiting = new Set<{ resolve(): void; reject(error: unknown): void }>()
  let ended: { readonly error: unknown } | undefined
  return {
    next(signal) {
      if (ended !== undefined) return Promise.reject(ended.error)
      if (signal.aborted) return Promise.reject(signal.reason)
      return new Promise((resolve, reject) => {
        const onAbort = () => waiter.reject(signal.reason)
        const settle = (run: () => void) => {
          waiting.delete(waiter)
          signal.removeEventListener('abort', onAbort)
          run()
        }
        const waiter = {
          resolve: () => settle(resolve),
          reject: (error: unknown) => settle(() => reject(error)),
        }
        waiting.add(waiter)
        signal.addEventListener('abort', onAbort, { once: true })
      })
    },
    wake() {
      for (const waiter of [...waiting]) waiter.resolve()
    },
    end(error) {
      ended = { error }
      for (const waiter of [...waiting]) waiter.reject(error)
    },
  }
}
