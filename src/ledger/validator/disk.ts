// The folder of one ledger on a real disk: `LedgerDisk` for the vote log, the signer guard, lock and marker. Plain operations; in
// which order they keep votes safe is wal.ts's and guard.ts's business, and tests bring a disk that tears and fills up.

import { mkdirSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { utf8 } from '../../base/bytes.ts'
import { validatorErrors } from './errors.ts'
import { lockBytesMax, markerBytesMax } from './limits.ts'
import type { LedgerDisk, LogFile } from './types.ts'

const isWindows = process.platform === 'win32'

export function nodeLedgerDisk(folder: string): LedgerDisk {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = (name: string) => join(folder, name)
  return {
    read: (name, bytesMax) => readBounded(path(name), bytesMax),
    async replace(name, bytes) {
      const fresh = path(`${name}.new`)
      await writeSynced(fresh, bytes)
      await rename(fresh, path(name))
      await syncFolder(folder)
    },
    async openLog(name, length) {
      const file = await open(path(name), 'a', 0o600)
      try {
        if ((await file.stat()).size > length) await file.truncate(length)
        await file.sync()
        await syncFolder(folder)
      } catch (error) {
        await file.close()
        throw error
      }
      return logFile(file)
    },
    lock: (name) => lock(path(name)),
    async marker(name) {
      const before = await readBounded(path(name), markerBytesMax)
      if (before === undefined) return 'new'
      return Buffer.from(before).toString('ascii') === (await identityOf(path(name))) ? 'same' : 'restored'
    },
    mark: (name) => writeMarker(folder, path(name)),
  }
}

/**
 * A marker holds its own inode and time of birth, which no copy can have; made anew at each start, so that one that a restore wrote
 * into the file in its place is told as well.
 */
async function writeMarker(folder: string, path: string): Promise<void> {
  const fresh = `${path}.new`
  await rm(fresh, { force: true })
  const file = await open(fresh, 'wx', 0o600)
  try {
    await file.writeFile(await identityOf(fresh))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  await syncFolder(folder)
}

async function identityOf(path: string): Promise<string> {
  const { ino, birthtimeNs } = await stat(path, { bigint: true })
  return `${ino}/${birthtimeNs}`
}

function logFile(file: FileHandle): LogFile {
  return {
    append: (bytes) => file.writeFile(bytes),
    sync: () => file.datasync(),
    close: () => file.close(),
  }
}

async function readBounded(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    if ((await stat(path)).size > bytesMax) {
      throw validatorErrors.ledger_file_damaged(`${path} is longer than it can be.`, { details: { path, bytesMax } })
    }
    return await readFile(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (isWindows) return // has no such call and needs none
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * The file holds the process id of who has it. One that a dead process left is taken over; a process id that was given to
 * another program since looks alive, so the sentence above says how to go on.
 */
async function lock(path: string): Promise<(() => Promise<void>) | undefined> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600)
      await file.writeFile(utf8(String(process.pid)))
      await file.close()
      return () => rm(path, { force: true })
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const holder = Number(Buffer.from((await readBounded(path, lockBytesMax)) ?? []).toString('ascii'))
    if (isAlive(holder)) return undefined
    await rm(path, { force: true })
  }
  return undefined
}

/** One node a process and folder is what service.ts keeps, so our own id means that a process before us had it too. */
function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
