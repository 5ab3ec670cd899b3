// A file's stamp: what tells without reading it whether it is the file that was verified. Times in nanoseconds, because
// milliseconds miss quick edits.

import type { BigIntStats } from 'node:fs'
import { racyWindowMs } from './limits.ts'

/** What a stamp is made of; unlike Node's own object it crosses threads for little. */
export type FileStats = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino'>

export function statsOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileStats {
  return { size, mtimeNs, ctimeNs, ino }
}

/**
 * Size, change times and inode, as one comparable text. Joined: V8 would keep a template's text as its pieces, four times as
 * much, and a get holds one for each of its files.
 */
export function stampOf({ size, mtimeNs, ctimeNs, ino }: FileStats): string {
  return [size, mtimeNs, ctimeNs, ino].join(':')
}

/** A stamp that matches no file: its content is looked at again. */
export const noStamp = ''

/** Rows of the index that stand for an empty folder end in this. */
export const folderMark = '/'

/**
 * The stamp to remember for a file that was read from `readAtMs` on: none when it was written so shortly before that a
 * later write could leave no trace in its times (git calls such an entry "racily clean").
 */
export function lastingStamp(stats: FileStats, readAtMs: number): string {
  const changedMs = Math.max(Number(stats.mtimeNs / 1_000_000n), Number(stats.ctimeNs / 1_000_000n))
  return changedMs + racyWindowMs >= readAtMs ? noStamp : stampOf(stats)
}
