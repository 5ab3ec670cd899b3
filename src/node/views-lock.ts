// Who writes the views' database now, the main thread or the one that reads logs: a lock in memory that both share. SQLite
// has one of its own, but whoever meets that waits with the whole thread.
//
// Must stay true: the main thread waits for one slice of the other's at most, since that ends its transaction when it is
// wanted and does not begin another before the main one has had its turn; no wait holds a thread.

/** Words: who has it, whether the main thread waits for it, whether the reading thread is to be quick for another reason. */
const [owner, wanted, hurried] = [0, 1, 2]
const nobody = 0

/** Who can have it. */
export const lockSides = { main: 1, thread: 2 } as const
type Side = keyof typeof lockSides

export type LockWords = Int32Array

export function createLockWords(): LockWords {
  return new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT))
}

/** Resolves when this side has it. */
export async function takeLock(words: LockWords, side: Side): Promise<void> {
  if (side === 'main') set(words, wanted, 1)
  for (;;) {
    // It goes after whoever waits.
    while (side === 'thread' && Atomics.load(words, wanted) === 1) await changed(words, wanted, 1)
    const present = Atomics.compareExchange(words, owner, nobody, lockSides[side])
    if (present === nobody) break
    await changed(words, owner, present)
  }
  if (side === 'main') set(words, wanted, 0)
}

/** Does nothing where that side does not have it. */
export function freeLock(words: LockWords, side: Side): void {
  if (Atomics.compareExchange(words, owner, lockSides[side], nobody) === lockSides[side]) Atomics.notify(words, owner)
}

/** Whether the reading thread's transaction is to end. */
export function isLockWanted(words: LockWords): boolean {
  return Atomics.load(words, wanted) === 1 || Atomics.load(words, hurried) === 1
}

/** Whether the transaction is to end because something is to be heard. */
export function hurryThread(words: LockWords, isHurried: boolean): void {
  set(words, hurried, Number(isHurried))
}

function set(words: LockWords, at: number, value: number): void {
  Atomics.store(words, at, value)
  Atomics.notify(words, at)
}

async function changed(words: LockWords, at: number, from: number): Promise<void> {
  const wait = Atomics.waitAsync(words, at, from)
  if (wait.async) await wait.value
}
