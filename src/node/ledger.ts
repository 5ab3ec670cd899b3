// Ledgers, with the threads that they run in and the folders that they lie in.

import { mkdirSync } from 'node:fs'
import type { CommunityService } from '../community/service.ts'
import type { Announced } from '../ledger/announced.ts'
import type { Thread, ThreadEvents } from '../ledger/host.ts'
import { threadHeapMb } from '../ledger/limits.ts'
import { createLedgers } from '../ledger/service.ts'
import type { Ledgers } from '../ledger/service-types.ts'
import type { FromLedger, LedgerSeed } from '../ledger/thread/messages.ts'
import type { Network } from '../network/types.ts'
import type { Foundation } from './foundation.ts'
import { startThread } from './thread.ts'

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
    startThread: startLedger,
  })
}

function startLedger(seed: LedgerSeed, events: ThreadEvents): Thread {
  const worker = startThread('ledger-thread', seed, { heapMb: threadHeapMb })
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
