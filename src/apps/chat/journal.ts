// Which entries made what is shown, by their arrival in the log: for each message what was done to it and what answers it,
// for each channel what made it, and for a community its mutes and reports. What was dropped from the view for being
// superseded is still named here, so that it comes back when what superseded it counts no longer (retract.ts).

import { type Database, execute } from '../../base/database.ts'
import { numberOf } from './rows.ts'

export interface Ref {
  readonly arrival: number
  /** Number of the message that this entry wrote, if it was one. */
  readonly child: number | undefined
}

/** Stands in place of a channel's number for what belongs to the community as such. */
export const noChannel = 0

export type Journal = ReturnType<typeof createJournal>

export function createJournal(database: Database) {
  const addRef = database.prepare('INSERT OR REPLACE INTO chat_refs (message, arrival, child) VALUES (?, ?, ?)')
  const refs = database.prepare('SELECT arrival, child FROM chat_refs WHERE message = ?')
  const dropRef = database.prepare('DELETE FROM chat_refs WHERE message = ? AND arrival = ?')
  const dropRefs = database.prepare('DELETE FROM chat_refs WHERE message = ?')
  const addAct = database.prepare('INSERT OR IGNORE INTO chat_acts (community, channel, arrival) VALUES (?, ?, ?)')
  const acts = database.prepare('SELECT arrival FROM chat_acts WHERE community = ? AND channel = ?')
  const dropActs = database.prepare('DELETE FROM chat_acts WHERE community = ? AND channel = ?')

  return {
    onMessage(message: number, arrival: number, child?: number): void {
      execute(addRef, message, arrival, child ?? null)
    },
    ofMessage(message: number): readonly Ref[] {
      return refs.all(message).map((row) => {
        return { arrival: numberOf(row, 'arrival'), child: row.child === null ? undefined : numberOf(row, 'child') }
      })
    },
    dropMessage(message: number): void {
      dropRefs.run(message)
    },
    /** That entry answers the message no longer. */
    dropAnswer(message: number, arrival: number): void {
      dropRef.run(message, arrival)
    },
    onChannel(community: number, channel: number, arrival: number): void {
      execute(addAct, community, channel, arrival)
    },
    /** What there was is no longer known here: whoever takes it gives it again. */
    takeChannel(community: number, channel: number): readonly number[] {
      const arrivals = acts.all(community, channel).map((row) => numberOf(row, 'arrival'))
      dropActs.run(community, channel)
      return arrivals
    },
  }
}
