// Where each block lies: in a file of a holding (path, start, length), or stored in the database. Keyed by digest within
// a holding, so that a new version of a share changes only the rows of files that changed. What must stay true: a row
// is a hint that a digest is checked against whenever its block is read, never a proof.

import { type Database, lazyTransaction, transaction } from '../../base/database.ts'
import { asDigest } from '../format/keys.ts'
import type { Digest } from '../types.ts'
import { type LeftoverRows, leftoverRows } from './leftovers.ts'
import { rowsPerReadMax, rowsPerTransactionMax } from './limits.ts'

/** Row id of a holding in the database; never leaves this computer. */
export type HoldingRow = number

/** A leaf as a file's rows hold it. */
export interface IndexedLeaf {
  readonly digest: Digest
  /** First byte in the file. */
  readonly start: number
  /** Plain length. */
  readonly bytes: number
  /** Private shares: the 32-byte block id that sealing begins with. */
  readonly seal: Uint8Array | undefined
}

export interface IndexedFile {
  readonly id: number
  /** Below the holding's path, "/" between names; empty for a share that is a single file. */
  readonly path: string
  readonly bytes: number
  readonly stamp: string
}

/** A place in a file that should hold a block. */
export interface LeafPlace extends Omit<IndexedLeaf, 'digest'> {
  readonly file: number
  /** Which of the file's leaves it is. */
  readonly number: number
  readonly path: string
}

export interface FollowingLeaf extends LeafPlace {
  readonly holding: HoldingRow
  readonly digest: Digest
}

export interface BlockIndex extends LeftoverRows {
  /** The file at `path`, as last indexed. */
  file(holding: HoldingRow, path: string): IndexedFile | undefined
  /** The first `max` files by path, or the next ones after `path`. */
  filesAfter(holding: HoldingRow, path: string | undefined, max: number): IndexedFile[]
  fileCount(holding: HoldingRow): number
  leavesOf(file: number): IndexedLeaf[]
  /** Replaces what is known of the file at `path`; returns its id. Leaves follow. */
  putFile(holding: HoldingRow, file: Omit<IndexedFile, 'id'>): number
  addLeaves(holding: HoldingRow, file: number, firstNumber: number, leaves: readonly IndexedLeaf[]): void
  removeFile(file: number): void
  setStamp(file: number, stamp: string): void
  /** Places in files where the block may lie, at most `max`. */
  places(holding: HoldingRow, digest: Digest, max: number): LeafPlace[]
  /** The leaves behind a place in the order in which files were indexed, whatever their holding. */
  leavesAfter(place: Pick<LeafPlace, 'file' | 'number'>, max: number): FollowingLeaf[]
  hasLeaf(holding: HoldingRow, digest: Digest): boolean

  stored(holding: HoldingRow, digest: Digest): Uint8Array | undefined
  isStored(holding: HoldingRow, digest: Digest): boolean
  /** The next `max` of them in their order; from the first with an empty `digest`. */
  storedAfter(holding: HoldingRow, digest: Uint8Array, max: number): Digest[]
  putStored(holding: HoldingRow, digest: Digest, wire: Uint8Array): void
  removeStored(holding: HoldingRow, digest: Digest): void

  /** Runs `work` in one transaction. */
  atomically<Result>(work: () => Result): Result
  /** The same without waiting for the disk: after a loss of power it stays if `atomically` has returned since. */
  lazily<Result>(work: () => Result): Result
}

/**
 * Collects writes, so that thousands of rows share one transaction. None of them waits for the disk, which would stop the
 * thread for 5 ms and more each time: whoever writes so many says by `BlockIndex.atomically` at the end that they count.
 */
export interface IndexWriter {
  /** Queues `write`, which changes about `rows` rows; runs all that is queued when that is enough for a transaction. */
  add(rows: number, write: () => void): void
  /** Runs what is queued. */
  flush(): void
}

export function createIndexWriter(index: Pick<BlockIndex, 'lazily'>): IndexWriter {
  let queue: (() => void)[] = []
  let queuedRows = 0
  const flush = () => {
    if (queue.length === 0) return
    const writes = queue
    queue = []
    queuedRows = 0
    index.lazily(() => {
      for (const write of writes) write()
    })
  }
  return {
    add(rows, write) {
      queue.push(write)
      queuedRows += rows
      if (queuedRows >= rowsPerTransactionMax) flush()
    },
    flush,
  }
}

/** All blocks that a holding has in the database, some at a time; those that were given may be deleted meanwhile. */
export function storedPages(index: Pick<BlockIndex, 'storedAfter'>, holding: HoldingRow): Generator<Digest[]> {
  return pages((last) => index.storedAfter(holding, last ?? new Uint8Array(0), rowsPerReadMax))
}

/** The same of its files, by path. */
export function filePages(index: Pick<BlockIndex, 'filesAfter'>, holding: HoldingRow): Generator<IndexedFile[]> {
  return pages((last) => index.filesAfter(holding, last?.path, rowsPerReadMax))
}

function* pages<Item>(readAfter: (last: Item | undefined) => Item[]): Generator<Item[]> {
  for (let page = readAfter(undefined); page.length > 0; page = readAfter(page.at(-1))) yield page
}

type FileRows = Pick<
  BlockIndex,
  'file' | 'filesAfter' | 'fileCount' | 'removeFile' | 'setStamp' | 'putFile' | 'addLeaves'
>
type LeafRows = Pick<BlockIndex, 'leavesOf' | 'places' | 'leavesAfter' | 'hasLeaf'>
type StoredRows = Pick<BlockIndex, 'stored' | 'isStored' | 'storedAfter' | 'putStored' | 'removeStored'>

export function createBlockIndex(database: Database): BlockIndex {
  return {
    ...fileRows(database),
    ...leafRows(database),
    ...storedRows(database),
    ...leftoverRows(database),
    atomically: (work) => transaction(database, work),
    lazily: (work) => lazyTransaction(database, work),
  }
}

function fileRows(database: Database): FileRows {
  const one = database.prepare('SELECT id, path, bytes, stamp FROM library_files WHERE holding = ? AND path = ?')
  const first = database.prepare(
    'SELECT id, path, bytes, stamp FROM library_files WHERE holding = ? ORDER BY path LIMIT ?',
  )
  const next = database.prepare(
    'SELECT id, path, bytes, stamp FROM library_files WHERE holding = ? AND path > ? ORDER BY path LIMIT ?',
  )
  const count = database.prepare('SELECT count(*) AS count FROM library_files WHERE holding = ?')
  const insertFile = database.prepare('INSERT INTO library_files (holding, path, bytes, stamp) VALUES (?, ?, ?, ?)')
  const insertLeaf = database.prepare(
    'INSERT OR REPLACE INTO library_leaves (file, number, holding, digest, start, bytes, seal) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const deleteFile = database.prepare('DELETE FROM library_files WHERE id = ?')
  const deleteLeaves = database.prepare('DELETE FROM library_leaves WHERE file = ?')
  const updateStamp = database.prepare('UPDATE library_files SET stamp = ? WHERE id = ?')
  const removeFile = (file: number) => {
    deleteLeaves.run(file)
    deleteFile.run(file)
  }
  return {
    file(holding, path) {
      const row = one.get(holding, path)
      return row === undefined ? undefined : toFile(row)
    },
    filesAfter: (holding, path, max) =>
      (path === undefined ? first.all(holding, max) : next.all(holding, path, max)).map(toFile),
    fileCount: (holding) => Number(count.get(holding)?.count ?? 0),
    putFile(holding, file) {
      const before = one.get(holding, file.path)
      if (before !== undefined) removeFile(Number(before.id))
      return Number(insertFile.run(holding, file.path, file.bytes, file.stamp).lastInsertRowid)
    },
    addLeaves(holding, file, firstNumber, leaves) {
      leaves.forEach(({ digest, start, bytes, seal }, at) => {
        insertLeaf.run(file, firstNumber + at, holding, digest, start, bytes, seal ?? null)
      })
    },
    removeFile,
    setStamp: (file, stamp) => void updateStamp.run(stamp, file),
  }
}

function leafRows(database: Database): LeafRows {
  const leaves = database.prepare(
    'SELECT digest, start, bytes, seal FROM library_leaves WHERE file = ? ORDER BY number',
  )
  const place = database.prepare(
    `SELECT file, number, path, start, library_leaves.bytes AS bytes, seal FROM library_leaves
     JOIN library_files ON library_files.id = file WHERE library_leaves.holding = ? AND digest = ? LIMIT ?`,
  )
  // Not by holding: the way to the next leaf of this one may lead over all the leaves of others.
  const after = database.prepare(
    `SELECT file, number, path, start, library_leaves.bytes AS bytes, seal, library_leaves.holding AS holding, digest
     FROM library_leaves JOIN library_files ON library_files.id = file WHERE (file, number) > (?, ?)
     ORDER BY file, number LIMIT ?`,
  )
  const known = database.prepare('SELECT 1 FROM library_leaves WHERE holding = ? AND digest = ? LIMIT 1')
  return {
    leavesOf: (file) => leaves.all(file).map((row) => ({ ...toLeaf(row), digest: asDigest(toBytes(row.digest)) })),
    places: (holding, digest, max) => place.all(holding, digest, max).map(toPlace),
    leavesAfter: ({ file, number }, max) =>
      after.all(file, number, max).map((row) => ({
        ...toPlace(row),
        holding: Number(row.holding),
        digest: asDigest(toBytes(row.digest)),
      })),
    hasLeaf: (holding, digest) => known.get(holding, digest) !== undefined,
  }
}

function storedRows(database: Database): StoredRows {
  const one = database.prepare('SELECT wire FROM library_stored WHERE holding = ? AND digest = ?')
  const known = database.prepare('SELECT 1 FROM library_stored WHERE holding = ? AND digest = ?')
  const next = database.prepare(
    'SELECT digest FROM library_stored WHERE holding = ? AND digest > ? ORDER BY digest LIMIT ?',
  )
  const insert = database.prepare('INSERT OR REPLACE INTO library_stored (holding, digest, wire) VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM library_stored WHERE holding = ? AND digest = ?')
  return {
    stored(holding, digest) {
      const row = one.get(holding, digest)
      return row === undefined ? undefined : toBytes(row.wire)
    },
    isStored: (holding, digest) => known.get(holding, digest) !== undefined,
    storedAfter: (holding, digest, max) => next.all(holding, digest, max).map((row) => asDigest(toBytes(row.digest))),
    putStored: (holding, digest, wire) => void insert.run(holding, digest, wire),
    removeStored: (holding, digest) => void remove.run(holding, digest),
  }
}

function toFile(row: Record<string, unknown>): IndexedFile {
  return { id: Number(row.id), path: String(row.path), bytes: Number(row.bytes), stamp: String(row.stamp) }
}

function toPlace(row: Record<string, unknown>): LeafPlace {
  return { ...toLeaf(row), file: Number(row.file), number: Number(row.number), path: String(row.path) }
}

function toLeaf(row: Record<string, unknown>): Omit<IndexedLeaf, 'digest'> {
  const seal = row.seal
  return {
    start: Number(row.start),
    bytes: Number(row.bytes),
    seal: seal instanceof Uint8Array ? seal : undefined,
  }
}

function toBytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array()
}
