// The rules that an entry must keep against its parents. docs/protocol/log.md, "Rules". They look at nothing else, so they
// come out the same for everybody, for ever: an entry that breaks one can never be valid.

import { compareTimes } from './time-core.ts'
import type { CommunityId, DeviceId, Entry, EntryId, LogTime, RefusalCode } from './types.ts'

/** What an entry's children are judged by. */
export interface Facts {
  readonly device: DeviceId
  readonly seq: number
  readonly time: LogTime
  readonly epoch: number
}

/** All that an entry names, the device's own entry before it first. */
export function parentsOf({ prev, heads }: Pick<Entry, 'prev' | 'heads'>): readonly EntryId[] {
  return prev === undefined ? heads : [prev, ...heads]
}

/** A founding entry is of the community that it begins. */
export function communityOfEntry({ community, id }: Pick<Entry, 'community' | 'id'>): CommunityId {
  return community ?? (id as string as CommunityId)
}

/** The rule that an entry breaks; `parents` are the facts of {@link parentsOf}, in its order. */
export function judgeParents(entry: Entry, parents: readonly Facts[]): RefusalCode | undefined {
  if (!isPlaced(entry, parents)) return 'entry_misplaced'
  if (parents.some(({ time }) => compareTimes(time, entry.time) >= 0)) return 'entry_time_backwards'
  return judgeEpoch(entry, parents)
}

/** `prev` is the device's entry with the number before; heads are of other devices. */
function isPlaced({ device, seq, prev }: Entry, parents: readonly Facts[]): boolean {
  const heads = prev === undefined ? parents : parents.slice(1)
  if (heads.some((head) => head.device === device)) return false
  const [before] = parents
  return prev === undefined || (before?.device === device && before.seq === seq - 1)
}

/** An epoch is that of the parents, or the next one if the entry brings its key to somebody. */
function judgeEpoch({ epoch, lane, boxes }: Entry, parents: readonly Facts[]): RefusalCode | undefined {
  const latest = parents.reduce((highest, parent) => Math.max(highest, parent.epoch), 0)
  if (epoch < latest) return 'entry_epoch_backwards'
  if (epoch === latest) return undefined
  return epoch === latest + 1 && lane === 0 && boxes.length > 0 ? undefined : 'entry_epoch_jumped'
}
