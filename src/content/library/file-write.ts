// Writes into files on the calling thread: the counterpart of file-read.ts. Nothing is written through a symlink.

import { closeSync, constants, writeSync } from 'node:fs'

export const noFollow = constants.O_NOFOLLOW ?? 0
/** Opens for reading and writing, and makes the file when it is missing. */
export const writeFlags = constants.O_RDWR | constants.O_CREAT | noFollow
/** Opens a file that is to hold something else from now on. */
export const wholeFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | noFollow

/** Writes all of `bytes` from `start` on. */
export function writeNow(descriptor: number, bytes: Uint8Array, start: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, start + done)
  }
}

/** Writes all of an empty file and closes it. */
export function writeAndClose(descriptor: number, bytes: Uint8Array): void {
  try {
    writeNow(descriptor, bytes, 0)
  } finally {
    closeSync(descriptor)
  }
}
