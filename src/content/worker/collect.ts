// V8's garbage collector, called by name where waiting for it would hold memory for long.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export type Collect = (
  options: { readonly type: 'minor' } | { readonly type: 'major'; readonly flavor?: 'last-resort' },
) => void

/** Collects in the thread that asks; no flag on the command line is needed. */
export function garbageCollector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}
