// Copies that the page uploaded, and when they go. A list in the database names every file that an upload brought below
// `dropped/`, with its stamp; it is written before the files get their final place. Once no share needs a copy, just
// those files are deleted, and folders that are empty then. What must stay true: a file that is not on the list, or that
// has been written to or exchanged since, is a person's own and stays, whatever folder it lies in.

import type { BigIntStats } from 'node:fs'
import { lstat, readdir, realpath, rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { type Database, migrate, transaction } from '../base/database.ts'
import type { Log } from '../base/ports.ts'
import { foldName } from '../content/library/safe-names.ts'

export interface Dropped {
  /** Lists the files of `staged` (a file or folder) as those that `name` in the folder is about to have. */
  note(name: string, staged: string): Promise<void>
  /** Deletes the copies that no path of `shared` lies in, is, or holds. Those named in `pending` stay. */
  clear(shared: readonly string[], pending: ReadonlySet<string>): Promise<void>
}

export interface DroppedParts {
  /** `dropped/` of the data folder. */
  readonly folder: string
  readonly database: Database
  readonly log: Log
}

const schema: readonly string[] = [
  `CREATE TABLE dropped_files (
    name TEXT NOT NULL,  -- of the entry in dropped/
    path TEXT NOT NULL,  -- below the entry, "/" between names; empty for an entry that is a file
    stamp TEXT NOT NULL,
    PRIMARY KEY (name, path)
  ) STRICT, WITHOUT ROWID`,
]

export function createDropped(parts: DroppedParts): Dropped {
  const { folder, database, log } = parts
  migrate(database, 'dropped', schema)
  const names = database.prepare('SELECT DISTINCT name FROM dropped_files')
  const files = database.prepare('SELECT path, stamp FROM dropped_files WHERE name = ?')
  const insert = database.prepare('INSERT INTO dropped_files (name, path, stamp) VALUES (?, ?, ?)')
  const forget = database.prepare('DELETE FROM dropped_files WHERE name = ?')

  async function clearOne(real: string, name: string): Promise<void> {
    const listed = files.all(name).map(({ path, stamp }) => ({ path: String(path), stamp: String(stamp) }))
    try {
      const kept = await deleteFiles(real, name, listed)
      forget.run(name)
      log.info('dropped_copy_deleted', { name, files: listed.length - kept, kept })
    } catch (error) {
      // It stays on the list, so the next start tries again.
      log.warn('dropped_copy_not_deleted', { name, message: String(error) })
    }
  }

  return {
    async note(name, staged) {
      const stamped = await stampFiles(staged)
      transaction(database, () => {
        forget.run(name)
        for (const { path, stamp } of stamped) insert.run(name, path, stamp)
      })
    },
    async clear(shared, pending) {
      const listed = names.all().map((row) => String(row.name))
      const real = await realpath(folder).catch(() => folder)
      for (const name of listed) {
        const isNeeded = pending.has(name) || shared.some((path) => overlaps(path, join(real, name)))
        if (!isNeeded) await clearOne(real, name)
      }
    },
  }
}

interface Listed {
  readonly path: string
  readonly stamp: string
}

async function stampFiles(staged: string): Promise<readonly Listed[]> {
  const root = await lstat(staged, { bigint: true })
  if (root.isFile()) return [{ path: '', stamp: stampOf(root) }]
  const entries = await readdir(staged, { recursive: true, withFileTypes: true })
  const listed: Listed[] = []
  for (const entry of entries.filter((found) => found.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const stamp = stampOf(await lstat(path, { bigint: true }))
    listed.push({ path: relative(staged, path).replaceAll(sep, '/'), stamp })
  }
  return listed
}

/** What stays the same when a file is moved, and changes when it is written to or exchanged. */
function stampOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino}:${size}:${mtimeNs}`
}

/** Gives the number of files that stay because they are not as they were uploaded. */
async function deleteFiles(folder: string, name: string, listed: readonly Listed[]): Promise<number> {
  let kept = 0
  const folders = new Set<string>()
  for (const { path, stamp } of listed) {
    const place = join(folder, name, ...path.split('/'))
    if (path !== '') for (const above of foldersAbove(path)) folders.add(join(folder, name, above))
    if (!(await deleteFile(place, stamp))) kept += 1
  }
  const deepestFirst = [...folders].sort((a, b) => b.length - a.length)
  // A folder in which something else lies is not empty and stays.
  for (const path of deepestFirst) if (await isPlainFolder(path)) await rmdir(path).catch(() => undefined)
  return kept
}

/** `a/b/c` gives ``, `a`, `a/b`. */
function foldersAbove(path: string): string[] {
  const names = path.split('/').slice(0, -1)
  return ['', ...names.map((_, index) => names.slice(0, index + 1).join('/'))]
}

async function deleteFile(path: string, stamp: string): Promise<boolean> {
  const stats = await lstat(path, { bigint: true }).catch(ifGone)
  if (stats === undefined) return true
  // A link in the place of a folder leads to somewhere that is not ours.
  const isHere = stats.isFile() && stampOf(stats) === stamp && (await isPlainFolder(dirname(path)))
  if (isHere) await rm(path, { force: true })
  return isHere
}

async function isPlainFolder(path: string): Promise<boolean> {
  return (await realpath(path).catch(ifGone)) === path
}

function ifGone(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
}

/** One is, or lies in, the other; alike names count as the same, as they do on file systems that ignore case. */
function overlaps(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => `${foldName(path)}${sep}`) as [string, string]
  return one.startsWith(other) || other.startsWith(one)
}
