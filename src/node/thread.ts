// How a thread that works much is started: with room for new objects.
//
// What V8 gives a thread for new objects at its start it has for good: bin/peerhood.mjs ends their growth, which an idle daemon
// would keep. That is 1 MB, so the thread that reads logs collected every seventy entries, a fifth of its time, and in that
// of a ledger what was needed for one block became old: 534 MB under load. Only a flag of the whole process makes it more;
// it is read while a thread starts.

import { setFlagsFromString } from 'node:v8'
import type { Worker } from 'node:worker_threads'
import { openThread } from '../program/program.ts'
import { threadNurseryMb } from './limits.ts'

let starting = 0

/** `heapMb`: past it the thread ends. Default: V8's own bound. */
export function startThread(
  name: 'reading-thread' | 'ledger-thread',
  workerData: unknown,
  options: { readonly heapMb?: number } = {},
): Worker {
  starting += 1
  setFlagsFromString(`--min-semi-space-size=${threadNurseryMb}`)
  const worker = openThread(`node/${name}`, {
    workerData,
    resourceLimits: {
      // V8 counts three: two halves, and what it may copy them to.
      maxYoungGenerationSizeMb: 3 * threadNurseryMb,
      ...(options.heapMb === undefined ? {} : { maxOldGenerationSizeMb: options.heapMb }),
    },
  })
  let hasBegun = false
  const begun = () => {
    if (hasBegun) return
    hasBegun = true
    starting -= 1
    if (starting === 0) setFlagsFromString('--min-semi-space-size=0')
  }
  worker.once('online', begun)
  worker.once('exit', begun)
  return worker
}
