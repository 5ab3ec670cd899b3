// Writes leaves into the files in which they lie: the worker what comes from peers, this thread what was found here and
// what has more places than the worker takes.

import { dirname } from 'node:path'
import type { Clock } from '../../base/ports.ts'
import type { ShareKeys } from '../format/keys.ts'
import type { Digest } from '../types.ts'
import type { BlockPlace } from '../worker/job.ts'
import { placesPerJobMax } from '../worker/limits.ts'
import type { BlockWorker } from '../worker/worker.ts'
import { createBreath } from './breathe.ts'
import type { Disk } from './disk.ts'
import { smallFileBytesMax } from './limits.ts'
import type { OpenFiles } from './open-files.ts'

export interface LeafWriter {
  /** Writes a checked leaf to all places. */
  write(places: Iterable<BlockPlace>, plain: Uint8Array): Promise<void>
  /** Checks and opens a leaf's wire bytes and writes them beside this thread; undefined: not now, `write` them. */
  store(places: Iterable<BlockPlace>, digest: Digest, wire: Uint8Array): Promise<void> | undefined
  makeFolder(path: string): void
  /** Closes files at or below a folder. */
  closeBelow(folder: string): Promise<void>
}

export interface LeafWriterParts {
  readonly clock: Clock
  readonly disk: Disk
  readonly files: OpenFiles
  readonly worker: BlockWorker
  /** Writes of all gets on this thread, with pauses. */
  readonly pace: (work: () => void) => Promise<void>
}

export function createLeafWriter(keys: ShareKeys, { clock, disk, files, worker, pace }: LeafWriterParts): LeafWriter {
  const folders = new Set<string>()

  const makeFolder = (path: string) => {
    if (folders.has(path)) return
    disk.makeFolder(path)
    folders.add(path)
  }
  const writeAt = async ({ path, start, whole }: BlockPlace, plain: Uint8Array) => {
    makeFolder(dirname(path))
    // Hundreds of small files arrive at once, and making one may take a millisecond.
    if (whole && plain.length <= smallFileBytesMax) await pace(() => disk.writeWhole(path, plain))
    else await files.use(path, (descriptor) => disk.write(descriptor, path, plain, start))
  }
  return {
    makeFolder,
    async write(places, plain) {
      const breathe = createBreath(clock)
      for (const place of places) {
        await writeAt(place, plain)
        // A stranger's leaf may have millions of places.
        await breathe()
      }
    },
    store(places, digest, wire) {
      const few: BlockPlace[] = []
      // One too many is enough for the worker to leave it.
      for (const place of places) if (few.push(place) > placesPerJobMax) break
      return worker.store({ keys, digest, wire, places: few })
    },
    async closeBelow(folder) {
      files.closeBelow(folder)
      await worker.closeBelow(folder)
    },
  }
}
