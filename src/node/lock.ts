// One daemon a data folder. The lock is SQLite's own exclusive file lock on `daemon.lock`, held open: the system lets go
// of it the moment the process ends, however it ends, so neither SIGKILL nor a reused process id can leave it behind.
// Who holds it is told by `daemon.json`; the lock file itself must never be opened in another way in this process, since
// closing any descriptor of a file drops the process's POSIX locks on it.

import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { nodeErrors } from './errors.ts'
import type { Home } from './home.ts'

export interface Lock {
  release(): void
}

/** Throws `home_in_use` while another process (or another daemon in this one) has the folder. */
export function takeLock(home: Home): Lock {
  const file = openLockFile(home)
  try {
    file.exec('PRAGMA journal_mode = MEMORY')
    file.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    file.close()
    if (isBusy(error)) throw inUse(home)
    throw nodeErrors.home_not_usable(`The lock ${home.lock} can't be taken: ${String(error)}.`, { cause: error })
  }
  return {
    release() {
      if (file.isOpen) file.close()
    },
  }
}

function openLockFile(home: Home): DatabaseSync {
  try {
    return new DatabaseSync(home.lock, { timeout: 0 })
  } catch (error) {
    throw nodeErrors.home_not_usable(`The lock ${home.lock} can't be opened: ${String(error)}.`, { cause: error })
  }
}

function isBusy(error: unknown): boolean {
  // SQLITE_BUSY (5) and SQLITE_LOCKED (6), with their extended codes in the higher bits.
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  return code === 5 || code === 6
}

function inUse(home: Home) {
  const holder = readHolder(home)
  const who = holder === undefined ? 'another Peerhood' : `the Peerhood with process id ${holder.pid} at ${holder.url}`
  return nodeErrors.home_in_use(`The data folder ${home.folder} is in use by ${who}.`, {
    details: { home: home.folder, pid: holder?.pid ?? null, api: holder?.url ?? null },
  })
}

/** What `daemon.json` says; undefined while the holder is only starting. */
function readHolder(home: Home): { pid: number; url: string } | undefined {
  try {
    const { pid, url } = JSON.parse(readFileSync(home.daemon, 'utf8'))
    return typeof pid === 'number' && typeof url === 'string' ? { pid, url } : undefined
  } catch {
    return undefined
  }
}
