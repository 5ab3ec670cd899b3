// Reads leaves of files that others may change, replace or delete meanwhile. Files are opened without following links
// and without waiting (a FIFO that took a file's place would block for ever).

import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { smallFileBytesMax } from './limits.ts'

export const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * `length` bytes of the regular file at `path` from `start`; undefined when the file has no such bytes, is gone, or
 * can't be read. Small pieces are read on this thread, which is faster.
 */
export async function readPiece(path: string, start: number, length: number): Promise<Uint8Array | undefined> {
  try {
    return length <= smallFileBytesMax ? readPieceNow(path, start, length) : await readPieceInPool(path, start, length)
  } catch {
    return undefined
  }
}

function readPieceNow(path: string, start: number, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
  return readPieces(path, start, (read) => (read(bytes, 0) ? bytes : undefined))
}

function openRegular(path: string): number | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, readFlags)
    if (fstatSync(descriptor).isFile()) return descriptor
  } catch {}
  if (descriptor !== undefined) closeSync(descriptor)
  return undefined
}

/**
 * Lets `use` read the regular file at `path` piece by piece, each from so many bytes after `start`; undefined when there is
 * no such file. A piece that the file does not have in full is not read.
 */
export function readPieces<T>(
  path: string,
  start: number,
  use: (read: (piece: Uint8Array, at: number) => boolean) => T,
): T | undefined {
  const descriptor = openRegular(path)
  if (descriptor === undefined) return undefined
  try {
    return use((piece, at) => {
      try {
        return readFully(descriptor, piece, start + at) === piece.length
      } catch {
        return false
      }
    })
  } finally {
    closeSync(descriptor)
  }
}

/** Fills `bytes` from `start` on; returns how many there were. */
export function readFully(descriptor: number, bytes: Uint8Array, start: number): number {
  let done = 0
  while (done < bytes.length) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, start + done)
    if (read === 0) break
    done += read
  }
  return done
}

async function readPieceInPool(path: string, start: number, length: number): Promise<Uint8Array | undefined> {
  const handle = await open(path, readFlags)
  try {
    if (!(await handle.stat()).isFile()) return undefined
    const bytes = Buffer.allocUnsafeSlow(length)
    return (await fillFrom(handle, bytes, start)) === length ? new Uint8Array(bytes.buffer) : undefined
  } finally {
    await handle.close()
  }
}

/** {@link readFully} in the thread pool. */
export async function fillFrom(handle: FileHandle, bytes: Uint8Array, start: number): Promise<number> {
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

/** Whether the file was the same before and after it was read. */
export function isSameFile(before: BigIntStats, after: BigIntStats): boolean {
  return (
    before.size === after.size &&
    before.mtimeNs === after.mtimeNs &&
    before.ctimeNs === after.ctimeNs &&
    before.ino === after.ino
  )
}
