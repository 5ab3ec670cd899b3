// What the disk side of content may cost, whoever asks for it. Units are in the names. Leaf size, files and blocks of a
// share, name lengths and depth are limits of the format: ../format/limits.ts.

/** Bytes of one ignore file. Git's own are a few KB; past this the file is not a list of patterns. */
export const ignoreFileBytesMax = 262_144

/** Names listed in a share's view as left out; the rest is only counted. */
export const skippedListedMax = 100

/** Files up to this size are read and hashed at once, on the calling thread: a thread-pool round trip costs more. */
export const smallFileBytesMax = 65_536

/** Time that small files may hold the thread before others get a turn; well under what a person notices. */
export const sliceMs = 8

/** Steps of a scan's walk that are taken together: with small files about a millisecond of hashing, and one message. */
export const stepsPerBatch = 32

/** Batches of a scan that the block worker has at once: enough that it never waits; this thread hashes the others. */
export const batchesWithWorkerMax = 4

/** Files of a scan from which on the block worker takes its share: it costs 30 MB and a twentieth of a second to start. */
export const filesForWorkerMin = 128

/** A scan that takes this long counts what is left, for its progress; before that a second walk would cost more than it tells. */
export const countAheadAfterMs = 1_000

/** Bytes of a get from which on the block worker is started before the first block comes. */
export const bytesForWorkerMin = 8_388_608

/** Batches of a scan that are hashed and not yet in the index. */
export const batchesInFlightMax = 8

/** Leaves that are read and hashed at once: keeps the pool's four threads busy at 1 MiB × 3 buffers each. */
export const leavesInFlightMax = 4

/** A file that changes under the reader this often is left out of the version and named. */
export const fileReadAttemptsMax = 3

/**
 * A file written this shortly before it was read may change again within one tick of the file system's clock without
 * a trace in its times (4 ms on Linux at 250 Hz, 2 s on FAT); it is read anew at the next scan.
 */
export const racyWindowMs = 100

/** Rows written in one transaction while scanning: holds the thread for about 10 ms. */
export const rowsPerTransactionMax = 512

/** Bytes of a block that are written in about the time of a file's row. */
export const bytesPerRow = 1024

/** Rows deleted at once of a holding that is gone: holds the thread for about 10 ms. */
export const sweepRowsMax = 192

/** Rows read at once where all of a holding are gone through with pauses: about 5 ms. */
export const rowsPerReadMax = 1024

/** Scans that run at once; more would only seek against each other. */
export const scansAtOnceMax = 2

/** Between two tellings of a scan's progress: what an eye can follow. */
export const progressEveryMs = 100

/** Leaves of a large file between two looks whether it changes under the reader: 32 MiB are soon read in vain. */
export const leavesPerLook = 32

/** Quiet time after the last change in a shared folder before it is scanned. */
export const changeQuietMs = 500

/** A folder that never falls quiet is scanned after this time all the same. */
export const changeWaitMaxMs = 10_000

/** The next scan waits at least this many times as long as the last one took: watching costs at most a tenth. After the first, once. */
export const scanPauseFactor = 10

/** Between two looks at a share that can't be watched. */
export const pollMs = 30_000

/** Between two looks for a shared path that vanished. */
export const vanishedPollMs = 5_000

/** Folder watchers of all shares together. Linux allows 8,192 a user by default, other programs need theirs. */
export const watchersMax = 4096

/** Own shares on one computer: each costs a watcher, two keys and a row. */
export const sharesMax = 10_000

/** Bytes of a path inside a fetched folder; leaves room for the folder itself below the 4,096 of Linux. */
export const pathBytesMax = 3072

/** Files open for writing at once, of all gets; far below the usual 1,024 descriptors of a process. */
export const openFilesMax = 64

/** Blocks up to this size are kept in the database: a file of their own would cost more than they hold. */
export const storedInDatabaseBytesMax = 16_384

/** Blocks that wait for a common commit, and how long at most: one flush to disk serves all of them. */
export const commitBlocksMax = 512
export const commitDelayMs = 4

/** Left free on the target's file system after a get. */
export const diskReserveBytes = 16_777_216

/** Files flushed one by one at the end of a get; above it one flush of the file system is cheaper. */
export const flushOneByOneMax = 128

/** Tries for a free name (`name (2)`, `name (3)`, …) before giving up. */
export const nameTriesMax = 1000

/** Characters of an `--only` pattern. */
export const onlyCharsMax = 1024

/** Other holdings that are searched for blocks of a get: each costs a look-up a block. */
export const reuseSourcesMax = 32

/** Files that are checked at once when a get goes on. */
export const checksAtOnceMax = 4

/** Places of one block that are tried when it is served; equal leaves may lie in many files. */
export const placesTriedMax = 4

/** Places that are read from the index together, ahead of being asked for: as many as a peer is served ahead. */
export const placesAheadMax = 64

/** Places read ahead that one share keeps: those of some peers that fetch from different ends, at 200 bytes each. */
export const placesAheadKeptMax = 512
