// Read markers: kept in a table of this computer at once, and told the person's other devices by an entry now and then, all
// channels together. Where there is no other device nothing is written; when one comes, what is in the table follows.

import type { Database } from '../../base/database.ts'
import type { Cancel, Clock, Log } from '../../base/ports.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { comparePlaces } from './core.ts'
import { marksPerReadMax, readDelayMs, readEveryMs } from './limits.ts'
import { devicesOf } from './members.ts'
import { columnsOf, placeOfRow, textOf } from './rows.ts'
import type { ChannelId } from './types.ts'
import type { Vault } from './vault.ts'
import type { Place } from './wire.ts'

export function createMarks(parts: {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  /** The view, which says what was written. */
  readonly views: Database
  readonly vault: Vault
  readonly self: () => PersonDid
}) {
  const { clock, log, database, views, vault, self } = parts
  const write = database.prepare(
    `INSERT INTO chat_marks (community, channel, ms, count, id) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT DO UPDATE SET ms = ?3, count = ?4, id = ?5 WHERE (?3, ?4, ?5) > (ms, count, id)`,
  )
  const forgetAll = database.prepare('DELETE FROM chat_marks WHERE community = ?')
  const all = database.prepare('SELECT * FROM chat_marks WHERE community = ? ORDER BY channel')
  const written = views.prepare(
    `SELECT chat_reads.* FROM chat_reads JOIN chat_communities ON chat_communities.n = chat_reads.community
     WHERE chat_communities.id = ? AND channel = ?`,
  )
  const timers = new Map<CommunityId, Cancel>()
  const writtenMs = new Map<CommunityId, number>()
  let stopped = false

  function pending(id: CommunityId) {
    const pending: (Place & { readonly channel: ChannelId })[] = []
    for (const row of all.iterate(id)) {
      const [channel, place] = [textOf(row, 'channel') as ChannelId, placeOfRow(row)]
      const known = written.get(id, channel)
      if (known === undefined || comparePlaces(place, placeOfRow(known)) > 0) pending.push({ channel, ...place })
      if (pending.length === marksPerReadMax) break
    }
    return pending
  }

  function hasOtherDevices(id: CommunityId): boolean {
    return devicesOf(vault.stateOf(id), [self()]).length > 1
  }

  async function publish(id: CommunityId): Promise<void> {
    const marks = pending(id)
    if (marks.length === 0 || !hasOtherDevices(id)) return
    writtenMs.set(id, clock.monotonicMs())
    const channel = await vault.own(id)
    if (channel === undefined || stopped) return
    await vault.say(id, channel, { kind: 'read', marks })
    schedule(id)
  }

  /** Writes what is not written yet, no sooner than is allowed. */
  function schedule(id: CommunityId): void {
    if (stopped || timers.has(id) || !hasOtherDevices(id) || pending(id).length === 0) return
    const lastMs = writtenMs.get(id)
    const waitMs = lastMs === undefined ? 0 : lastMs + readEveryMs - clock.monotonicMs()
    const run = () => {
      timers.delete(id)
      publish(id).catch((error: unknown) => log.warn('chat_read_not_written', { message: String(error) }))
    }
    timers.set(id, clock.after(Math.max(readDelayMs, waitMs), run))
  }

  return {
    set(id: CommunityId, channel: ChannelId, place: Place): void {
      write.run(id, channel, ...columnsOf(place))
      schedule(id)
    },
    schedule,
    forget(id: CommunityId): void {
      timers.get(id)?.()
      timers.delete(id)
      writtenMs.delete(id)
      forgetAll.run(id)
    },
    stop(): void {
      stopped = true
      for (const cancel of timers.values()) cancel()
      timers.clear()
    },
  }
}
