// Kept blocks that are too large for the database, each a file under `$home/blocks/<share>/`, named by its digest. A file
// takes its name only once it is written to the end; whoever reads one checks it.

import { readdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, toHex } from '../../base/bytes.ts'
import { asDigest } from '../format/keys.ts'
import type { Digest, ShareId } from '../types.ts'
import type { Disk } from './disk.ts'

export interface BlockFiles {
  read(share: ShareId, digest: Digest): Promise<Uint8Array | undefined>
  write(share: ShareId, digest: Digest, wire: Uint8Array): Promise<void>
  remove(share: ShareId, digest: Digest): Promise<void>
  removeAll(share: ShareId): Promise<void>
  /** Blocks whose files are there; clears away what a crash left half written. Call before the first `write`. */
  recover(share: ShareId): Digest[]
  /** Forces what was written to the disk. */
  flush(share: ShareId, digests: readonly Digest[]): Promise<void>
}

export function createBlockFiles(options: { readonly home: string }): (parts: { readonly disk: Disk }) => BlockFiles {
  return ({ disk }) => {
    const folderOf = (share: ShareId) => join(options.home, 'blocks', share)
    const pathOf = (share: ShareId, digest: Digest) => join(folderOf(share), toHex(digest))
    let writes = 0
    return {
      read: (share, digest) => readFile(pathOf(share, digest)).catch(() => undefined),
      async write(share, digest, wire) {
        disk.makeFolder(folderOf(share))
        writes += 1
        const temporary = `${pathOf(share, digest)}.${writes}.tmp`
        const descriptor = disk.open(temporary)
        try {
          await disk.write(descriptor, temporary, wire, 0)
        } finally {
          disk.close(descriptor)
        }
        await disk.rename(temporary, pathOf(share, digest))
      },
      remove: (share, digest) => disk.remove(pathOf(share, digest)),
      removeAll: (share) => disk.remove(folderOf(share)),
      recover: (share) => recoverFolder(folderOf(share)),
      flush: (share, digests) =>
        disk.flush(
          folderOf(share),
          digests.map((digest) => pathOf(share, digest)),
        ),
    }
  }
}

function recoverFolder(folder: string): Digest[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    return []
  }
  return names.flatMap((name) => {
    const bytes = fromHex(name)
    if (bytes?.length === 32) return [asDigest(bytes)]
    rmSync(join(folder, name), { force: true, recursive: true })
    return []
  })
}
