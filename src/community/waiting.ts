// Entries that could not be opened yet, by the key that they wait for. Ids only, and not without end: past the limit a
// key's entries have to be read again from the log when it comes.

import type { EntryId, KeyId } from '../log/types.ts'
import { waitingIdsMax } from './limits.ts'

export class Waiting {
  readonly #ids = new Map<KeyId, EntryId[] | 'many'>()
  #count = 0

  add(key: KeyId, id: EntryId): void {
    const ids = this.#ids.get(key)
    if (ids === 'many') return
    if (this.#count >= waitingIdsMax) {
      this.#count -= ids?.length ?? 0
      this.#ids.set(key, 'many')
      return
    }
    this.#count += 1
    if (ids === undefined) this.#ids.set(key, [id])
    else ids.push(id)
  }

  /** What waited for a key, in the order of arrival, and waits no longer; `many`: read all of its entries again. */
  take(key: KeyId): readonly EntryId[] | 'many' {
    const ids = this.#ids.get(key) ?? []
    this.#ids.delete(key)
    if (ids !== 'many') this.#count -= ids.length
    return ids
  }

  /** Keys that something waits for. */
  keys(): readonly KeyId[] {
    return [...this.#ids.keys()]
  }
}
