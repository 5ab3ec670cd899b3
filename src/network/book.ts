// The address book: peers that worked, so that the next start finds the network without anyone's help. Held in memory
// (at most `bookPeersMax`), written behind in one transaction every few seconds and at the end: losing the last seconds
// costs a dial, not data.

import { type Database, migrate, transaction } from '../base/database.ts'
import type { Cancel, Clock, Log } from '../base/ports.ts'
import { cleanAddresses, parsePeerId } from './addresses.ts'
import { bookPeersMax } from './limits.ts'
import { bookMigrations } from './schema.ts'
import type { PeerId } from './types.ts'

const flushDelayMs = 5_000
/** A peer that failed this often since it last worked is forgotten. */
const failuresMax = 12

export interface BookEntry {
  readonly peerId: PeerId
  /** The one that worked last first. */
  readonly addresses: readonly string[]
  readonly lastSuccessMs: number
  readonly failures: number
}

export interface Book {
  /** Most recent success first. */
  entries(): readonly BookEntry[]
  get(peerId: PeerId): BookEntry | undefined
  /** The peer was connected; `addresses` are its own, best first. */
  worked(peerId: PeerId, addresses: readonly string[]): void
  failed(peerId: PeerId): void
  /** Writes what is pending and stops writing. */
  stop(): void
}

function readAddresses(peerId: PeerId, json: unknown): string[] {
  try {
    const list: unknown = JSON.parse(String(json))
    return Array.isArray(list) ? cleanAddresses(peerId, list.map(String)) : []
  } catch {
    return []
  }
}

function readEntries(database: Database): BookEntry[] {
  const rows = database
    .prepare(
      'SELECT peer_id, addresses, last_success_ms, failures FROM network_peers ORDER BY last_success_ms DESC LIMIT ?',
    )
    .all(bookPeersMax)
  return rows.flatMap((row) => {
    try {
      const peerId = parsePeerId(String(row.peer_id))
      const addresses = readAddresses(peerId, row.addresses)
      const lastSuccessMs = Number(row.last_success_ms)
      return [{ peerId, addresses, lastSuccessMs, failures: Number(row.failures) }]
    } catch {
      return [] // not written by us
    }
  })
}

class SqliteBook implements Book {
  readonly #parts: { readonly clock: Clock; readonly database: Database; readonly log: Log }
  // Oldest success first, so that the first key is the one to forget.
  readonly #entries = new Map<PeerId, BookEntry>()
  readonly #dirty = new Set<PeerId>()
  #timer: Cancel | undefined
  #stopped = false

  constructor(parts: { readonly clock: Clock; readonly database: Database; readonly log: Log }) {
    this.#parts = parts
    migrate(parts.database, 'network', bookMigrations)
    for (const entry of readEntries(parts.database).reverse()) this.#entries.set(entry.peerId, entry)
  }

  entries(): readonly BookEntry[] {
    return [...this.#entries.values()].reverse()
  }

  get(peerId: PeerId): BookEntry | undefined {
    return this.#entries.get(peerId)
  }

  worked(peerId: PeerId, addresses: readonly string[]): void {
    const known = this.#entries.get(peerId)?.addresses ?? []
    const merged = cleanAddresses(peerId, [...addresses, ...known])
    if (merged.length === 0) return
    this.#entries.delete(peerId)
    this.#entries.set(peerId, {
      peerId,
      addresses: merged,
      lastSuccessMs: this.#parts.clock.nowMs(),
      failures: 0,
    })
    this.#touch(peerId)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= bookPeersMax) break
      this.#forget(oldest)
    }
  }

  failed(peerId: PeerId): void {
    const entry = this.#entries.get(peerId)
    if (entry === undefined) return
    if (entry.failures + 1 >= failuresMax) this.#forget(peerId)
    else {
      this.#entries.set(peerId, { ...entry, failures: entry.failures + 1 })
      this.#touch(peerId)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#flush()
  }

  #flush(): void {
    this.#timer?.()
    this.#timer = undefined
    if (this.#dirty.size === 0) return
    const { database, log } = this.#parts
    try {
      transaction(database, () => {
        for (const peerId of this.#dirty) this.#write(peerId)
      })
      this.#dirty.clear()
    } catch (error) {
      log.warn('address_book_not_written', { reason: error instanceof Error ? error.message : String(error) })
    }
  }

  #forget(peerId: PeerId): void {
    this.#entries.delete(peerId)
    this.#touch(peerId)
  }

  #touch(peerId: PeerId): void {
    if (this.#stopped) return
    this.#dirty.add(peerId)
    this.#timer ??= this.#parts.clock.after(flushDelayMs, () => this.#flush())
  }

  #write(peerId: PeerId): void {
    const { database } = this.#parts
    const entry = this.#entries.get(peerId)
    if (entry === undefined) {
      database.prepare('DELETE FROM network_peers WHERE peer_id = ?').run(peerId)
      return
    }
    database
      .prepare(
        'INSERT OR REPLACE INTO network_peers (peer_id, addresses, last_success_ms, failures) VALUES (?, ?, ?, ?)',
      )
      .run(peerId, JSON.stringify(entry.addresses), entry.lastSuccessMs, entry.failures)
  }
}

export function createBook(parts: { readonly clock: Clock; readonly database: Database; readonly log: Log }): Book {
  return new SqliteBook(parts)
}
