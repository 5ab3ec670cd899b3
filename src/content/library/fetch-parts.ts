// What a get uses of the rest of the library, passed in by fetches.ts.

import type { Clock, Log } from '../../base/ports.ts'
import type { BlockWorker } from '../worker/worker.ts'
import type { HoldingRow } from './block-index.ts'
import type { Committer } from './committer.ts'
import type { Disk } from './disk.ts'
import type { FetchedHoldingOnDisk } from './fetched-holding.ts'
import type { LocalBlocksParts } from './local-blocks.ts'
import type { OpenFiles } from './open-files.ts'

export interface FetchParts extends LocalBlocksParts {
  readonly clock: Clock
  readonly log: Log
  readonly disk: Disk
  readonly committer: Committer
  readonly files: OpenFiles
  readonly worker: BlockWorker
  /** Runs what is written on this thread, of all gets, with pauses. */
  readonly pace: (work: () => void) => Promise<void>
  /** Chooses another final path, when something took the one that was meant. */
  readonly freePath: (path: string) => string
  /** Deletes what else a holding has in the database, its row being gone. */
  readonly sweep: (holding: HoldingRow) => void
  /** The get ended: `finish` or `discard` is through. */
  readonly onEnd: (holding: FetchedHoldingOnDisk, how: 'finished' | 'discarded') => void
}
