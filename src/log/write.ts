// Makes entries of this device: chain, heads, time and signature around what the author drafted.

import { deviceIdOf, entryIdOf } from './ids.ts'
import type { CommunityId, Draft, Entry, EntryId, LogAuthor, LogTime } from './types.ts'
import { decodeEntry, encodeEntry, encodeHeader, signedBytes } from './wire.ts'

/** Where an entry stands. */
export interface Place {
  readonly community: CommunityId | undefined
  readonly seq: number
  readonly prev: EntryId | undefined
  /** Sorted by id. */
  readonly heads: readonly EntryId[]
  readonly time: LogTime
}

/** Throws `entry_too_long`, `entry_malformed` (a draft that is none), and what `draft.seal` throws. */
export function writeEntry(author: LogAuthor, draft: Draft, place: Place): Entry {
  const device = deviceIdOf(author.deviceKey)
  const { epoch, key, lane, boxes } = draft
  const { community, seq } = place
  const sealed = draft.seal({ community, device, seq, lane })
  const header = encodeHeader({ ...place, device, epoch, key, lane, boxes, sealed })
  const bytes = encodeEntry(header, author.sign(signedBytes(header)))
  return decodeEntry(bytes, entryIdOf(bytes))
}
