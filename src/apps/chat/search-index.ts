// What the search index holds, kept in step with the messages. Changes are gathered while entries are taken and written
// once, in the order of the rowids: FTS5 flushes what it has gathered itself whenever a rowid is not above the one before,
// so that writing them as they come, from several authors, takes four times as long.
//
// Must stay true: `write` is called before the transaction ends; what was gathered for one that failed is forgotten.

import type { Database } from '../../base/database.ts'

/** What the index holds of a message: a text under the tags of its channel. */
export interface Indexed {
  /** Empty: nothing. */
  readonly text: string
  readonly tags: string
}

interface Change {
  /** As it was in the index. FTS5 takes an entry out by what it was put in with. */
  readonly was: Indexed
  is: Indexed
}

/** Pages that one step of joining writes: some 10 ms. A bigint is bound as what FTS5 asks for, a whole number. */
const mergedPagesMax = 256n

export const notIndexed: Indexed = { text: '', tags: '' }

/** Words of the index that name community and channel, so that a search stays within them. */
export function tagsOf(community: number, channel: number): string {
  return `k${community} c${channel}`
}

export type SearchIndex = ReturnType<typeof createSearchIndex>

export function createSearchIndex(database: Database) {
  const insert = database.prepare('INSERT INTO chat_search (rowid, text, tags) VALUES (?, ?, ?)')
  const remove = database.prepare("INSERT INTO chat_search (chat_search, rowid, text, tags) VALUES ('delete', ?, ?, ?)")
  const removeAll = database.prepare("INSERT INTO chat_search (chat_search) VALUES ('delete-all')")
  const automerge = database.prepare("INSERT INTO chat_search (chat_search, rank) VALUES ('automerge', ?)")
  const merge = database.prepare("INSERT INTO chat_search (chat_search, rank) VALUES ('merge', ?)")
  // FTS5 §6.9: a merge that changes less than two rows had nothing to do.
  const totalChanges = database.prepare('SELECT total_changes() AS changes')
  let changes = new Map<number, Change>()
  let isGathering = false

  return {
    /** `n`: the message's rowid. */
    change(n: number, was: Indexed, is: Indexed): void {
      const present = changes.get(n)
      if (present !== undefined) present.is = is
      else if (was.text !== is.text || was.tags !== is.tags) changes.set(n, { was, is })
    },
    write(): void {
      if (changes.size === 0) return
      const sorted = [...changes].sort(([a], [b]) => a - b)
      changes = new Map()
      for (const [n, { was, is }] of sorted) {
        if (was.text === is.text && was.tags === is.tags) continue
        if (was.text !== '') remove.run(n, was.text, was.tags)
        if (is.text !== '') insert.run(n, is.text, is.tags)
      }
    },
    forget(): void {
      changes = new Map()
    },
    get isGathering(): boolean {
      return isGathering
    },
    /**
     * While very much comes changes are gathered over several batches, until whoever asked for it writes them; and parts of
     * the index are joined when there are many of them, instead of few.
     */
    gather(isMuch: boolean): void {
      isGathering = isMuch
      automerge.run(isMuch ? 16n : 4n)
    },
    /** Joins some of the parts that were left unjoined; false when there is nothing to do. */
    merge(): boolean {
      const before = Number(totalChanges.get()?.changes)
      merge.run(mergedPagesMax)
      return Number(totalChanges.get()?.changes) - before > 1
    },
    /** Empties the index of all communities. */
    clear(): void {
      removeAll.run()
    },
  }
}
