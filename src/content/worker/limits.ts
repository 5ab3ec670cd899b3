// What the block worker and its buffers may cost.

import { blockBytesMax } from '../format/limits.ts'

/** Bytes of one buffer: the largest block, in whole 64 KiB pages so that each begins where the disk likes it. */
export const bufferBytes = Math.ceil(blockBytesMax / 65_536) * 65_536

/** Buffers of a pool: 34 MiB, of which only those that were ever used take memory, and none while nothing moves. */
export const buffersMax = 32

/** Buffers that blocks which still arrive may hold; the rest is for the worker's own, so that stalled peers stop nobody. */
export const gatherBuffersMax = 20

/** Blocks from this size on get a buffer of their own; smaller ones share one. */
export const ownBufferBytesMin = 262_144

/** Jobs with the worker at once; past it the caller's thread does them. One write that hangs must not hold all others. */
export const jobsMax = 512

/** Places that one job writes to. A block with more is written by the caller's thread, which breathes between them. */
export const placesPerJobMax = 16

/** Bytes of finished jobs after which the worker tells, although it has more to do. */
export const tellBytes = 524_288

/** Bytes of blocks after which the worker collects what ciphers left behind. */
export const collectBytes = 8_388_608

/** Files that the worker keeps open between blocks. */
export const workerFilesMax = 32

/** A worker and its buffers without work for this long are let go: 60 MB that an idle daemon need not hold. */
export const workerIdleMs = 20_000

/** Writes that go around the page cache begin and end at multiples of this (a multiple of every disk's sector). */
export const directAlignBytes = 4096
