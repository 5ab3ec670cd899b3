// The doctor's checks of this computer: clock, disk, file watchers, keystore, database, and what went wrong unnoticed.
// Each says what was found and, where something is off, what to do. Reads only; nothing is repaired here.

import { constants as fsConstants } from 'node:fs'
import { access, readFile, stat, statfs } from 'node:fs/promises'
import type { Database } from '../base/database.ts'
import type { Clock } from '../base/ports.ts'
import type { DoctorCheck } from '../network/types.ts'
import { isoTime } from './adapters.ts'
import type { Home } from './home.ts'
import { diskFreeBytesMin, watchesMin } from './limits.ts'
import type { StrayError } from './stray-errors.ts'

export interface LocalDoctorParts {
  readonly home: Home
  readonly clock: Clock
  readonly database: Database
  /** Where gets write by default. */
  readonly downloads: () => string
  readonly lastClockJumpMs: () => number
  readonly strayErrors: () => readonly StrayError[]
}

export async function diagnoseComputer(parts: LocalDoctorParts): Promise<readonly DoctorCheck[]> {
  const checks: Promise<DoctorCheck>[] = [
    checkClock(parts),
    checkDisk('disk-home', 'Disk of the data folder', parts.home.folder),
    checkDisk('disk-downloads', 'Disk of the downloads', parts.downloads()),
    checkWatches(),
    checkKeystore(parts.home),
    Promise.resolve(checkDatabase(parts.database)),
    Promise.resolve(checkStrayErrors(parts)),
  ]
  return Promise.all(checks)
}

/**
 * Nobody outside is asked for the time. What can be told from here: the clock is before what this computer has itself
 * written, or it jumped while we ran.
 */
async function checkClock(parts: LocalDoctorParts): Promise<DoctorCheck> {
  const base = { id: 'clock', title: 'Clock' }
  const advice =
    'Let the system keep the time by itself (on Linux: `timedatectl set-ntp true`). Connections and transfers need no ' +
    'clock. But while it is behind, relays are asked too late and drop this computer, peers that met it before take no ' +
    'new addresses from it, and shared files that are newer than the clock are read anew at each scan.'
  const writtenMs = await newestWriteMs(parts.home)
  const behindMs = writtenMs - parts.clock.nowMs()
  if (behindMs > 60_000) {
    const finding = `The clock says ${isoTime(parts.clock.nowMs())}, but this computer wrote a file at ${isoTime(writtenMs)}.`
    return { ...base, state: 'failed', finding, advice }
  }
  const jumpMs = parts.lastClockJumpMs()
  if (jumpMs !== 0) {
    const finding = `The clock jumped by ${Math.round(jumpMs / 1000)} s while Peerhood ran (a suspend, or a correction).`
    return { ...base, state: 'warning', finding, advice }
  }
  return { ...base, state: 'ok', finding: `${isoTime(parts.clock.nowMs())}, steady and plausible.` }
}

/** Of files that were there before this run, so that a clock set back since then shows. */
async function newestWriteMs(home: Home): Promise<number> {
  const times = await Promise.all(
    [home.keystore, home.token, home.settings].map((path) =>
      stat(path).then(
        (found) => found.mtimeMs,
        () => 0,
      ),
    ),
  )
  return Math.max(...times)
}

async function checkDisk(id: string, title: string, folder: string): Promise<DoctorCheck> {
  const base = { id, title }
  try {
    await access(folder, fsConstants.W_OK)
    const { bavail, bsize } = await statfs(folder)
    const freeBytes = bavail * bsize
    const finding = `${folder} can be written and has ${(freeBytes / 1e9).toFixed(1)} GB free.`
    if (freeBytes >= diskFreeBytesMin) return { ...base, state: 'ok', finding }
    return { ...base, state: 'warning', finding, advice: 'Free some space: a full disk stops transfers.' }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') {
      return {
        ...base,
        state: 'ok',
        finding: `${folder} does not exist yet; it is made when something is written to it.`,
      }
    }
    const finding = `${folder} can't be written (${String(code)}).`
    return { ...base, state: 'failed', finding, advice: 'Mend its permissions, or choose another folder.' }
  }
}

/** Linux gives each user a number of watches; other systems watch whole trees and need none. */
async function checkWatches(): Promise<DoctorCheck> {
  const base = { id: 'watches', title: 'File watchers' }
  if (process.platform !== 'linux') return { ...base, state: 'ok', finding: 'This system watches whole folders.' }
  try {
    const watches = Number(await readFile('/proc/sys/fs/inotify/max_user_watches', 'utf8'))
    const finding = `This system lets a user watch ${watches} files and folders.`
    if (watches >= watchesMin) return { ...base, state: 'ok', finding }
    const advice = 'Raise it, or changes in large shares are seen late: `sysctl fs.inotify.max_user_watches=524288`.'
    return { ...base, state: 'warning', finding, advice }
  } catch {
    return { ...base, state: 'skipped', finding: 'This system does not say how many files may be watched.' }
  }
}

async function checkKeystore(home: Home): Promise<DoctorCheck> {
  const base = { id: 'keystore', title: 'Keystore' }
  try {
    const { mode } = await stat(home.keystore)
    if (process.platform === 'win32' || (mode & 0o077) === 0) {
      return { ...base, state: 'ok', finding: 'Only you can read it.' }
    }
    const finding = `Others can read ${home.keystore} (mode ${(mode & 0o777).toString(8)}).`
    return { ...base, state: 'failed', finding, advice: `Run \`chmod 600 ${home.keystore}\`.` }
  } catch (error) {
    return {
      ...base,
      state: 'failed',
      finding: `It can't be read: ${String(error)}.`,
      advice: 'Restore it from your phrase.',
    }
  }
}

function checkDatabase(database: Database): DoctorCheck {
  const base = { id: 'database', title: 'Database' }
  try {
    const found = database.prepare('PRAGMA quick_check(1)').get()
    const verdict = String(Object.values(found ?? {})[0] ?? 'no answer')
    if (verdict === 'ok') return { ...base, state: 'ok', finding: 'It is whole.' }
    const advice = 'Start Peerhood anew: it puts the damaged file aside and begins a new one. Check the disk.'
    return { ...base, state: 'failed', finding: `It is damaged: ${verdict}.`, advice }
  } catch (error) {
    return { ...base, state: 'failed', finding: `It can't be read: ${String(error)}.`, advice: 'Check the disk.' }
  }
}

function checkStrayErrors(parts: LocalDoctorParts): DoctorCheck {
  const base = { id: 'stray-errors', title: 'Unexpected errors' }
  const errors = parts.strayErrors()
  const last = errors.at(-1)
  if (last === undefined) return { ...base, state: 'ok', finding: 'None since the start.' }
  const finding = `${errors.length} since the start; the last one at ${isoTime(last.atMs)}: ${last.message}.`
  return { ...base, state: 'warning', finding, advice: `Please report it with ${parts.home.log}.` }
}
