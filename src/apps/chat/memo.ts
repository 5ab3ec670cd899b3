// What was looked up in the view's tables, remembered while one batch of entries is taken and no longer: between batches
// another thread may write them.

export interface Memo<Key, Value> {
  /** What is remembered, or what `find` finds. */
  get(key: Key, find: () => Value): Value
  /** It may be otherwise now. */
  drop(key: Key): void
  clear(): void
}

/** Remembers only while `isOpen` says so. */
export function createMemo<Key, Value>(isOpen: () => boolean): Memo<Key, Value> {
  const known = new Map<Key, Value>()
  return {
    get(key, find) {
      if (!isOpen()) return find()
      const present = known.get(key)
      if (present !== undefined) return present
      const found = find()
      if (found !== undefined) known.set(key, found)
      return found
    },
    drop: (key) => void known.delete(key),
    clear: () => known.clear(),
  }
}
