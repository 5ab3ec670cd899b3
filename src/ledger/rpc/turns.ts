// Whose question is worked on next: a few at once, and callers take turns, so that one who floods waits for itself and not the
// others for it.

export interface FairTurns {
  /** Starts `work` when it is `caller`'s turn; its result is that of `work`. */
  run<Result>(caller: object, work: () => Promise<Result>): Promise<Result>
}

/** Between two jobs the thread does what else waits, since a job holds it from begin to end. */
export function createFairTurns(atOnceMax: number): FairTurns {
  // Callers that wait, in the order of their turns; each with its jobs in the order in which they came.
  const waiting = new Map<object, (() => void)[]>()
  let running = 0

  function next(): void {
    const [first] = waiting
    if (first === undefined) {
      running -= 1
      return
    }
    const [caller, jobs] = first
    const job = jobs.shift()
    waiting.delete(caller)
    if (jobs.length > 0) waiting.set(caller, jobs)
    job?.()
  }

  function turn(caller: object): Promise<void> {
    if (running < atOnceMax) {
      running += 1
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const jobs = waiting.get(caller)
      if (jobs === undefined) waiting.set(caller, [resolve])
      else jobs.push(resolve)
    })
  }

  return {
    async run(caller, work) {
      await turn(caller)
      try {
        return await work()
      } finally {
        setImmediate(next)
      }
    },
  }
}
