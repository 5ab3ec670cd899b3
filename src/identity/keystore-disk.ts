// The few disk operations that a keystore needs, as a port: tests crash between any two of them. The functions here are
// plain; in which order they keep a keystore safe is keystore-store.ts's business.

import { constants } from 'node:fs'
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'

export interface DiskFile {
  readonly bytes: Uint8Array
  /** Permission bits, as in `chmod`; undefined where the system has none (Windows). */
  readonly mode: number | undefined
}

export interface KeystoreDisk {
  /** Undefined when there is none. At most `bytesMax + 1` bytes are read. What is no regular file rejects. */
  read(path: string, bytesMax: number): Promise<DiskFile | undefined>
  /** Makes the folder with mode 0700 where it is missing; resolves to its mode, as {@link DiskFile} has it. */
  makeFolder(folder: string): Promise<number | undefined>
  names(folder: string): Promise<readonly string[]>
  /** Writes a file that was not there, mode 0600, and waits until the disk has it. */
  write(path: string, bytes: Uint8Array): Promise<void>
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>
  /** Gives a file a second name; false when `to` exists. */
  link(from: string, to: string): Promise<boolean>
  /** Not there is fine. */
  remove(path: string): Promise<void>
  /** Makes names (write, rename, link, remove) in the folder last through a power cut. */
  syncFolder(folder: string): Promise<void>
}

const isWindows = process.platform === 'win32'

export const nodeDisk: KeystoreDisk = {
  read: readBounded,
  async makeFolder(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return isWindows ? undefined : (await stat(folder)).mode & 0o7777
  },
  names: (folder) => readdir(folder),
  write: writeNew,
  rename,
  link: linkNew,
  remove: (path) => rm(path, { force: true }),
  syncFolder,
}

async function readBounded(path: string, bytesMax: number): Promise<DiskFile | undefined> {
  const file = await openIfThere(path)
  if (file === undefined) return undefined
  try {
    const about = await file.stat()
    if (!about.isFile()) throw new Error('it is not a regular file')
    const buffer = new Uint8Array(bytesMax + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    return { bytes: buffer.subarray(0, length), mode: isWindows ? undefined : about.mode & 0o7777 }
  } finally {
    await file.close()
  }
}

async function openIfThere(path: string) {
  try {
    // O_NONBLOCK: a pipe in the keystore's place must not hold the start up for ever.
    return await open(path, isWindows ? 'r' : constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
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

/** `ENOENT` and the like, of whatever was thrown. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
