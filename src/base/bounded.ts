// Collections and rates with a limit, for everything that a stranger can grow.

/** A Map that forgets its least recently used entry once it holds more than `entriesMax`. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>()
  readonly #entriesMax: number

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax
  }

  get size(): number {
    return this.#entries.size
  }

  /** Reads an entry and marks it as just used. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  has(key: Key): boolean {
    return this.#entries.has(key)
  }

  /** Writes an entry and returns the one that had to make room for it, if any. */
  set(key: Key, value: Value): [Key, Value] | undefined {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#entriesMax) return undefined
    const oldest = this.#entries.entries().next().value
    if (oldest !== undefined) this.#entries.delete(oldest[0])
    return oldest
  }

  delete(key: Key): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  keys(): IterableIterator<Key> {
    return this.#entries.keys()
  }

  values(): IterableIterator<Value> {
    return this.#entries.values()
  }

  entries(): IterableIterator<[Key, Value]> {
    return this.#entries.entries()
  }
}

/** Allows `burst` at once and `perSecond` on average. Time comes in from outside (`monotonicMs`). */
export class TokenBucket {
  #tokens: number
  #updatedMs: number
  readonly #perSecond: number
  readonly #burst: number

  constructor(options: { perSecond: number; burst: number; nowMs: number }) {
    this.#perSecond = options.perSecond
    this.#burst = options.burst
    this.#tokens = options.burst
    this.#updatedMs = options.nowMs
  }

  /** Takes `amount` tokens if there are enough; false changes nothing. */
  take(nowMs: number, amount = 1): boolean {
    const elapsedMs = Math.max(0, nowMs - this.#updatedMs)
    this.#updatedMs = Math.max(nowMs, this.#updatedMs)
    this.#tokens = Math.min(this.#burst, this.#tokens + (elapsedMs * this.#perSecond) / 1000)
    if (this.#tokens < amount) return false
    this.#tokens -= amount
    return true
  }
}
