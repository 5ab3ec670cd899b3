// Forgetting a community's view: every table that follows from entries, so that applying them again gives the same. The
// marks of this computer (chat_marks) stay; they are no entry's.

import type { Database } from '../../base/database.ts'
import type { CommunityId } from '../../log/types.ts'
import { tagsOf } from './messages.ts'
import { numberOf, textOf } from './rows.ts'

const ofChannel = ['chat_fields', 'chat_steps', 'chat_keys']
const ofMessage = ['chat_edits', 'chat_reactions']
const ofCommunity = ['chat_waiting', 'chat_mutes', 'chat_reports', 'chat_reads', 'chat_messages', 'chat_channels']

export function createClear(database: Database) {
  const numberOfId = database.prepare('SELECT n FROM chat_communities WHERE id = ?')
  const idOfNumber = database.prepare('SELECT id FROM chat_communities WHERE n = ?')
  const others = database.prepare('SELECT count(*) AS count FROM chat_communities WHERE n <> ?')
  const indexed = database.prepare(
    "SELECT n, channel, text FROM chat_messages WHERE community = ? AND shown = 1 AND deleted = 0 AND hidden = 0 AND text <> ''",
  )
  const unindex = database.prepare(
    "INSERT INTO chat_search (chat_search, rowid, text, tags) VALUES ('delete', ?, ?, ?)",
  )
  const unindexAll = database.prepare("INSERT INTO chat_search (chat_search) VALUES ('delete-all')")
  const deletes = [
    ...ofChannel.map((table) => {
      return `DELETE FROM ${table} WHERE channel IN (SELECT n FROM chat_channels WHERE community = ?)`
    }),
    ...ofMessage.map((table) => {
      return `DELETE FROM ${table} WHERE message IN (SELECT n FROM chat_messages WHERE community = ?)`
    }),
    ...ofCommunity.map((table) => `DELETE FROM ${table} WHERE community = ?`),
    'DELETE FROM chat_communities WHERE n = ?',
  ].map((sql) => database.prepare(sql))

  /** FTS5 takes entries out one by one, by what they were put in with; or all, which is far faster. */
  function clearIndex(community: number): void {
    if (numberOf(others.get(community) ?? {}, 'count') === 0) {
      unindexAll.run()
      return
    }
    for (const row of indexed.iterate(community)) {
      unindex.run(numberOf(row, 'n'), textOf(row, 'text'), tagsOf(community, numberOf(row, 'channel')))
    }
  }

  return {
    idOf(community: number): CommunityId | undefined {
      const row = idOfNumber.get(community)
      return row === undefined ? undefined : (textOf(row, 'id') as CommunityId)
    },
    /** The number that the community had. */
    run(id: CommunityId): number | undefined {
      const row = numberOfId.get(id)
      if (row === undefined) return undefined
      const community = numberOf(row, 'n')
      clearIndex(community)
      for (const statement of deletes) statement.run(community)
      return community
    },
  }
}
