// The writing side of the disk as a port, so that tests can fill it, break it or take it away. Everything that gets
// and kept copies write goes through it; errors come out as this folder's own.

import { execFile } from 'node:child_process'
import { closeSync, constants, mkdirSync, openSync, write as writeAsync, writeSync } from 'node:fs'
import { access, open, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeError } from './errors.ts'
import { wholeFlags, writeAndClose, writeFlags } from './file-write.ts'
import { flushOneByOneMax, smallFileBytesMax } from './limits.ts'

export interface Disk {
  /** Bytes that this user may still write to the file system that holds `path`. */
  freeBytes(path: string): Promise<number>
  /** Whether entries can be made in the folder. */
  isWritable(folder: string): Promise<boolean>
  /** Makes a folder; parents too when `recursive`. Not an error when it is there. */
  makeFolder(path: string): void
  /** Opens for reading and writing, never through a symlink; makes the file when it is missing. */
  open(path: string): number
  close(descriptor: number): void
  /** Writes all of `bytes` at `position`. */
  write(descriptor: number, path: string, bytes: Uint8Array, position: number): Promise<void>
  /** Makes a file that holds just `bytes`, in one go on the calling thread: for small ones. */
  writeWhole(path: string, bytes: Uint8Array): void
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Forces files (all under `folder`) to the disk. They may be gone through twice. */
  flush(folder: string, files: Iterable<string>): Promise<void>
  /** Forces a folder's entries to the disk. */
  flushFolder(folder: string): Promise<void>
}

/** The real disk. */
export function createDisk(): Disk {
  return {
    async freeBytes(path) {
      const { bavail, bsize } = await statfs(path)
      return bavail * bsize
    },
    isWritable: (folder) =>
      access(folder, constants.W_OK | constants.X_OK).then(
        () => true,
        () => false,
      ),
    makeFolder: (path) => attempt(path, () => void mkdirSync(path, { recursive: true })),
    open: (path) => attempt(path, () => openSync(path, writeFlags, 0o666)),
    close: (descriptor) => closeSync(descriptor),
    write: writeFully,
    writeWhole: (path, bytes) => attempt(path, () => writeAndClose(openSync(path, wholeFlags, 0o666), bytes)),
    rename: (from, to) => attemptAsync(to, () => rename(from, to)),
    remove: (path) => attemptAsync(path, () => rm(path, { recursive: true, force: true })),
    flush,
    flushFolder,
  }
}

function attempt<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw writeError(error, path)
  }
}

async function attemptAsync<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw writeError(error, path)
  }
}

async function writeFully(descriptor: number, path: string, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const rest = bytes.subarray(written)
    const at = position + written
    written += await attemptAsync(path, () => writeSome(descriptor, rest, at))
  }
}

function writeSome(descriptor: number, bytes: Uint8Array, position: number): Promise<number> | Promise<number> {
  if (bytes.length <= smallFileBytesMax) return Promise.resolve(writeSync(descriptor, bytes, 0, bytes.length, position))
  return new Promise((resolve, reject) => {
    writeAsync(descriptor, bytes, 0, bytes.length, position, (error, written) => {
      if (error === null) resolve(written)
      else reject(error)
    })
  })
}

/**
 * Ten thousand fsyncs take seconds where one flush of the whole file system takes a tenth of one (`sync -f`, syncfs(2)),
 * so many files go together where the system can do that.
 */
async function flush(folder: string, files: Iterable<string>): Promise<void> {
  const isMany = process.platform === 'linux' && hasMoreThan(flushOneByOneMax, files)
  if (isMany && (await syncFileSystem(folder))) return
  const queue = [...files]
  const folders = new Set(queue.map((file) => dirname(file)))
  const worker = async () => {
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      const next = path
      await attemptAsync(next, () => flushOne(next))
    }
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  for (const parent of folders) await flushFolder(parent)
}

function hasMoreThan(count: number, items: Iterable<unknown>): boolean {
  let left = count
  for (const _item of items) if (left-- === 0) return true
  return false
}

function syncFileSystem(folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('sync', ['-f', folder], (error) => resolve(error === null))
  })
}

async function flushOne(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Some file systems (and Windows) can't flush a folder; they journal its entries by themselves. */
async function flushFolder(folder: string): Promise<void> {
  await flushOne(folder).catch(() => undefined)
}
