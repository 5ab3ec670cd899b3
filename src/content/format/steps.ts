// Long work cut into steps: a generator that yields where others may have the thread. Who runs it decides: to its end at
// once, or with pauses. What must stay true: between two yields lies a bounded amount of work, a millisecond or so,
// whatever a stranger's share looks like.

export type Steps<Result> = Generator<undefined, Result, undefined>

/** Things of about a microsecond each (a name, an entry) between two yields; a yield costs about as much as one. */
export const itemsPerStep = 256

/** Entries of a packed list that are read, looked up or copied (a tenth of a microsecond each) between two yields. */
export const entriesPerStep = 4_096

/** Numbers moved about (some ten nanoseconds each) between two yields. */
export const numbersPerStep = 16_384

/** Sorted at once in {@link sortSteps}: a millisecond or two. */
const itemsPerRun = 4_096

/** Runs to the end, keeping the thread. */
export function runSteps<Result>(steps: Steps<Result>): Result {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

/** Runs to the end; `breathe` is waited for after each step. What it throws ends the work. */
export async function runStepsBreathing<Result>(steps: Steps<Result>, breathe: () => Promise<void>): Promise<Result> {
  let step = steps.next()
  while (step.done !== true) {
    await breathe()
    step = steps.next()
  }
  return step.value
}

/** A sorted copy; equals keep their order. Merges sorted runs, since `sort` alone holds the thread for all of them. */
export function* sortSteps<Item>(items: readonly Item[], compare: (a: Item, b: Item) => number): Steps<Item[]> {
  let runs: Item[][] = []
  for (let start = 0; start < items.length; start += itemsPerRun) {
    runs.push(items.slice(start, start + itemsPerRun).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const merged: Item[][] = []
    for (let pair = 0; pair < runs.length; pair += 2) {
      merged.push(yield* mergeSteps(runs[pair] ?? [], runs[pair + 1] ?? [], compare))
    }
    runs = merged
  }
  return runs[0] ?? []
}

function* mergeSteps<Item>(
  a: readonly Item[],
  b: readonly Item[],
  compare: (a: Item, b: Item) => number,
): Steps<Item[]> {
  const merged: Item[] = []
  let [nextA, nextB] = [0, 0]
  while (nextA < a.length || nextB < b.length) {
    const takesA = nextB >= b.length || (nextA < a.length && compare(a[nextA] as Item, b[nextB] as Item) <= 0)
    merged.push((takesA ? a[nextA++] : b[nextB++]) as Item)
    if (merged.length % itemsPerStep === 0) yield
  }
  return merged
}
