// Ledgers, with the threads that they run in and the folders that they lie in.

import { mkdirSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CommunityService } from '../community/service.ts'
import type { Announced } from '../ledger/announced.ts'
import type { Thread, ThreadEvents } from '../ledger/host.ts'
import { threadHeapMb, threadYoungMb } from '../ledger/limits.ts'
import { createLedgers } from '../ledger/service.ts'
import type { Ledgers } from '../ledger/service-types.ts'
import type { FromLedger, LedgerSeed } from '../ledger/thread/messages.ts'
import type { Network } from '../network/types.ts'
import type { Foundation } from './foundation.ts'

export interface LedgerFeatureParts {
  readonly foundation: Foundation
  readonly network: Network
  readonly communities: CommunityService
  readonly announced: Announced
  readonly version: string
}

export function createLedgerFeature(parts: LedgerFeatureParts): Ledgers {
  const { foundation, communities } = parts
  return createLedgers({
    ...foundation,
    ...parts,
    topic: (community) => communities.topic(community, 'ledger'),
    folder: foundation.home.ledgers,
    makeFolder: (path) => void mkdirSync(path, { recursive: true, mode: 0o700 }),
    startThread,
  })
}

function startThread(seed: LedgerSeed, events: ThreadEvents): Thread {
  const file = import.meta.url.endsWith('.ts') ? './ledger-thread.ts' : './ledger-thread.js'
  const cache = getCompileCacheDir()
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: seed,
    // Its modules from the cache too, or starting takes three times as long.
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) },
    resourceLimits: { maxOldGenerationSizeMb: threadHeapMb, maxYoungGenerationSizeMb: threadYoungMb },
  })
  let failure: unknown = 'it ended'
  worker.on('message', (message: FromLedger) => events.message(message))
  worker.on('error', (error) => {
    failure = error
  })
  worker.on('exit', () => events.over(failure))
  return {
    post: (message) => worker.postMessage(message),
    async terminate() {
      await worker.terminate()
    },
  }
}
