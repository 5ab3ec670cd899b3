// Forgetting a community's view, part by part, so that nobody waits long: every table that follows from entries, so that
// applying them again gives the same.

import type { Database } from '../../base/database.ts'
import type { CommunityId } from '../../log/types.ts'
import { forgottenTogetherMax } from './limits.ts'
import { readMessage, searchableOf } from './messages.ts'
import { numberOf, textOf } from './rows.ts'
import { notIndexed, type SearchIndex } from './search-index.ts'

const ofChannel = ['chat_fields', 'chat_steps', 'chat_keys']
const ofMessage = ['chat_edits', 'chat_reactions', 'chat_refs', 'chat_threads']
const ofCommunity = ['chat_waiting', 'chat_mutes', 'chat_reports', 'chat_reads', 'chat_acts', 'chat_channels']

export function createClear({ database, index }: { readonly database: Database; readonly index: SearchIndex }) {
  const numberOfId = database.prepare('SELECT n FROM chat_communities WHERE id = ?')
  const idOfNumber = database.prepare('SELECT id FROM chat_communities WHERE n = ?')
  const others = database.prepare('SELECT 1 FROM chat_communities WHERE n <> ? LIMIT 1')
  const some = database.prepare(
    `SELECT * FROM chat_messages WHERE channel IN (SELECT n FROM chat_channels WHERE community = ?)
     LIMIT ${forgottenTogetherMax}`,
  )
  const dropMessage = database.prepare('DELETE FROM chat_messages WHERE n = ?')
  const dropOfMessage = ofMessage.map((table) => database.prepare(`DELETE FROM ${table} WHERE message = ?`))
  // Without a condition SQLite gives all pages back at once.
  const dropAll = [...ofMessage, 'chat_messages', ...ofChannel].map((table) => database.prepare(`DELETE FROM ${table}`))
  const dropRest = [
    ...ofChannel.map((table) => {
      return `DELETE FROM ${table} WHERE channel IN (SELECT n FROM chat_channels WHERE community = ?)`
    }),
    ...ofCommunity.map((table) => `DELETE FROM ${table} WHERE community = ?`),
    'DELETE FROM chat_communities WHERE n = ?',
  ].map((sql) => database.prepare(sql))

  /** Whether no message is left. */
  function dropSomeMessages(community: number): boolean {
    if (others.get(community) === undefined) {
      index.clear()
      for (const statement of dropAll) statement.run()
      return true
    }
    const rows = some.all(community).map(readMessage)
    for (const row of rows) {
      index.change(row.n, searchableOf(row, row), notIndexed)
      for (const statement of dropOfMessage) statement.run(row.n)
      dropMessage.run(row.n)
    }
    index.write()
    return rows.length < forgottenTogetherMax
  }

  return {
    idOf(community: number): CommunityId | undefined {
      const row = idOfNumber.get(community)
      return row === undefined ? undefined : (textOf(row, 'id') as CommunityId)
    },
    /** Forgets a part; the number that the community has, and whether nothing is left of it. */
    some(id: CommunityId): { readonly number: number | undefined; readonly isEmpty: boolean } {
      const row = numberOfId.get(id)
      if (row === undefined) return { number: undefined, isEmpty: true }
      const number = numberOf(row, 'n')
      if (!dropSomeMessages(number)) return { number, isEmpty: false }
      for (const statement of dropRest) statement.run(number)
      return { number, isEmpty: true }
    },
  }
}
