// `peerhood.db` and `views.db`: opened here alone and handed to the features, each of which brings its own tables up to date.
// Journal in WAL, synchronous FULL: what a service has acknowledged is on disk after a power cut. After an unclean stop
// SQLite replays its journal by itself; we check the whole file before anyone uses it. A damaged database is moved
// aside, never deleted, and the daemon starts with an empty one: shared files and fetched files are not in it.

import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Database } from '../base/database.ts'
import type { Clock } from '../base/ports.ts'
import { nodeErrors } from './errors.ts'
import { viewsPageBytes, walPagesMax } from './limits.ts'
import type { Notice } from './notices.ts'

export interface OpenDatabase {
  readonly database: Database
  /** What was found and mended, for the person. */
  readonly notices: readonly Notice[]
  /** Folds the journal into the file and lets go of it. */
  close(): void
}

/** Call it while holding the folder's lock. Throws `home_not_usable` when there is no way to open or make the file. */
export function openDatabase(parts: { path: string; clock: Clock }): OpenDatabase {
  const { path, clock } = parts
  // The last one to close a database folds its journal in and deletes it.
  const stoppedUncleanly = existsSync(`${path}-wal`)
  try {
    const database = open(path)
    const damage = stoppedUncleanly ? checkIntegrity(database) : undefined
    if (damage === undefined) return opened(database, stoppedUncleanly ? [recovered()] : [])
    database.close()
    return startAnew(path, damage, clock)
  } catch (error) {
    if (!isDamage(error)) {
      throw nodeErrors.home_not_usable(`The database ${path} can't be opened: ${messageOf(error)}.`, { cause: error })
    }
    return startAnew(path, messageOf(error), clock)
  }
}

/** Raised when tables of the views change otherwise than by steps: what was made so is made anew from the logs. */
const viewsVersion = 3

/**
 * `views.db`: what is made from the logs in the database. One that is damaged, or of another version, is deleted and made
 * anew; it does not wait for the disk, since what a power cut takes is read again.
 */
export function openViews({ path }: { readonly path: string }): Pick<OpenDatabase, 'database' | 'close'> {
  try {
    return openedViews(openOfVersion(path) ?? makeViews(path))
  } catch (error) {
    if (!isDamage(error)) {
      throw nodeErrors.home_not_usable(`The database ${path} can't be opened: ${messageOf(error)}.`, { cause: error })
    }
    return openedViews(makeViews(path))
  }
}

function openedViews(database: DatabaseSync) {
  database.exec(`PRAGMA wal_autocheckpoint = ${walPagesMax}`)
  return opened(database, [])
}

/** Undefined: it is new, or of another version. */
function openOfVersion(path: string): DatabaseSync | undefined {
  if (!existsSync(path)) return undefined
  const database = open(path, viewsPageBytes)
  if (database.prepare('PRAGMA user_version').get()?.user_version === viewsVersion) return database
  database.close()
  return undefined
}

function makeViews(path: string): DatabaseSync {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
  const database = open(path, viewsPageBytes)
  database.exec(`PRAGMA user_version = ${viewsVersion}`)
  return database
}

/** The chain of one ledger; what is damaged in it is the chain's to mend, since it knows what others can give it again. */
export function openLedgerDatabase(path: string): Pick<OpenDatabase, 'database' | 'close'> {
  return opened(open(path), [])
}

/** A second connection to a database that is open and up to date. */
export function openToRead(path: string): Database {
  return new DatabaseSync(path, { readOnly: true, timeout: 2_000 })
}

function open(path: string, pageBytes = 4_096): DatabaseSync {
  // Keys of shares are in it; SQLite gives its journal the mode of the database.
  closeSync(openSync(path, 'a', 0o600))
  const database = new DatabaseSync(path, { timeout: 2_000, enableForeignKeyConstraints: true })
  try {
    // The size of a page counts where there are none yet.
    database.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA journal_mode = WAL`)
    database.exec('PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF')
    // Reads the first page and the schema, so that a file that is no database says so here.
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function opened(database: DatabaseSync, notices: readonly Notice[]): OpenDatabase {
  return {
    database,
    notices,
    close() {
      if (!database.isOpen) return
      try {
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } finally {
        database.close()
      }
    },
  }
}

/** The first thing found wrong, or undefined. */
function checkIntegrity(database: DatabaseSync): string | undefined {
  const found = database.prepare('PRAGMA quick_check(1)').get()
  const verdict = String(Object.values(found ?? {})[0] ?? 'no answer')
  return verdict === 'ok' ? undefined : verdict
}

function startAnew(path: string, damage: string, clock: Clock): OpenDatabase {
  const aside = `${path}.damaged-${Math.floor(clock.nowMs() / 1000)}`
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`)
  }
  return opened(open(path), [
    {
      code: 'database_damaged',
      sentence: `The database was damaged (${damage.split('\n', 1)[0] ?? damage}); it was moved to ${aside} and a new one begun.`,
      advice:
        'Your files are untouched. Share your folders again and repeat unfinished gets: blocks on disk are reused. Check the disk.',
    },
  ])
}

function recovered(): Notice {
  return {
    code: 'recovered',
    sentence: 'Peerhood was ended without a goodbye last time; the database was checked and is whole.',
    advice: null,
  }
}

/** SQLITE_CORRUPT (11) and SQLITE_NOTADB (26). */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  return code === 11 || code === 26
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
