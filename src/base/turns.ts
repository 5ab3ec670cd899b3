// Lets a few of many jobs run at once, in the order in which they asked.

/** `run(work)` starts `work` when fewer than `atOnceMax` are running; its result is that of `work`. */
export function createTurns(atOnceMax: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= atOnceMax) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      // The next one takes over this place, so that none who comes later gets between.
      if (next === undefined) running -= 1
      else next()
    }
  }
}
