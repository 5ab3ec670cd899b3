// What the parts of the in-memory services share: their errors, and files that live in a Map.

import { createHash } from 'node:crypto'
import { mediaOf } from '../../src/api/media.ts'
import type { File, Share } from '../../src/api/schemas.ts'
import { defineErrors } from '../../src/base/errors.ts'

export const memoryErrors = defineErrors({
  notify_failed: { kind: 'local', hint: 'Look whether the desktop shows notifications of other programs.' },
  path_unknown: { kind: 'not-found', hint: 'Check the path.' },
  share_unknown: { kind: 'not-found', hint: 'See the list of shares.' },
  transfer_unknown: { kind: 'not-found', hint: 'See the list of transfers.' },
  transfer_running: { kind: 'conflict', hint: 'Cancel it first.' },
  file_unknown: { kind: 'not-found', hint: 'See the list of files.' },
  upload_unknown: { kind: 'not-found', hint: 'Begin a new upload.' },
  link_damaged: { kind: 'usage', hint: 'Copy the whole link.' },
  address_malformed: { kind: 'usage', hint: 'Give a multiaddr that ends in /p2p/<id>.' },
  passphrase_wrong: { kind: 'refused', hint: 'Try again.' },
  phrase_wrong: { kind: 'usage', hint: 'Check the words.' },
  disk_full: { kind: 'local', hint: 'Make room, then try again.' },
})

/** Files by relative path; a single file is a Map of one. */
export type MemoryFiles = ReadonlyMap<string, Uint8Array>

/** What a link of another peer stands for. */
export interface MemoryOffer {
  readonly share: Share
  readonly files: MemoryFiles
}

export function bytesOf(files: MemoryFiles): number {
  let total = 0
  for (const bytes of files.values()) total += bytes.length
  return total
}

export function nameOf(path: string): string {
  return path.split('/')[0] ?? path
}

export function cidOf(files: MemoryFiles): string {
  const hash = createHash('sha256')
  for (const [path, bytes] of files) hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  return hash.digest('hex')
}

export function fileOf(path: string, bytes: Uint8Array, bytesDone: number): File {
  return { path, bytes: bytes.length, bytesDone, wanted: true, mediaType: mediaOf(path).type }
}
