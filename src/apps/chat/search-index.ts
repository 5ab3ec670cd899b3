// What the search index holds, kept in step with the messages. What changes is gathered while entries are taken and written
// once, in the order of the rowids: FTS5 flushes what it has gathered itself whenever a rowid is not above the one before,
// so that writing it as it comes, from several authors, takes four times as long. What is put in is read from the tables by
// one statement: handing over each text took half as long again, and kept all of them until then.
//
// Must stay true: `write` is called before the transaction ends; what was gathered for one that failed is forgotten; a
// message is changed in the tables in the same transaction in which `change` is told of it.

import { type Database, execute } from '../../base/database.ts'

/** What the index holds of a message: a text under the tags of its channel. */
export interface Indexed {
  /** Empty: nothing. */
  readonly text: string
  readonly tags: string
}

/** Pages that one step of joining writes: some 10 ms. A bigint is bound as what FTS5 asks for, a whole number. */
const mergedPagesMax = 256n

export const notIndexed: Indexed = { text: '', tags: '' }

/** Words of the index that name community and channel, so that a search stays within them: as chat_searchable has them. */
export function tagsOf(community: number, channel: number): string {
  return `k${community} c${channel}`
}

export type SearchIndex = ReturnType<typeof createSearchIndex>

export function createSearchIndex(database: Database) {
  // json_each gives the numbers in their order, and the join keeps it.
  const insertAll = database.prepare(
    `INSERT INTO chat_search (rowid, text, tags)
     SELECT n, text, tags FROM json_each(?) CROSS JOIN chat_searchable ON n = json_each.value`,
  )
  const remove = database.prepare("INSERT INTO chat_search (chat_search, rowid, text, tags) VALUES ('delete', ?, ?, ?)")
  const removeAll = database.prepare("INSERT INTO chat_search (chat_search) VALUES ('delete-all')")
  const automerge = database.prepare("INSERT INTO chat_search (chat_search, rank) VALUES ('automerge', ?)")
  const merge = database.prepare("INSERT INTO chat_search (chat_search, rank) VALUES ('merge', ?)")
  // FTS5 §6.9: a merge that changes less than two rows had nothing to do.
  const totalChanges = database.prepare('SELECT total_changes() AS changes')
  /** Messages that the index is to hold as the tables have them, by their rowids. */
  let added = new Set<number>()
  /** What the index holds and is not to: FTS5 takes an entry out by what it was put in with. */
  let removed = new Map<number, Indexed>()
  let isGathering = false

  function forget(): void {
    added = new Set()
    removed = new Map()
  }

  return {
    /** `n`: the message's rowid. */
    change(n: number, was: Indexed, is: Indexed): void {
      if (was.text === is.text && was.tags === is.tags) return
      // What was only gathered is not in the index yet.
      if (was.text !== '' && !added.delete(n)) removed.set(n, was)
      if (is.text !== '') added.add(n)
    },
    write(): void {
      if (removed.size > 0) {
        const sorted = [...removed].sort(([a], [b]) => a - b)
        for (const [n, { text, tags }] of sorted) execute(remove, n, text, tags)
      }
      if (added.size > 0) execute(insertAll, JSON.stringify([...added].sort((a, b) => a - b)))
      forget()
    },
    forget,
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
