// V8's garbage collector, called by name where waiting for it would hold memory for long.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { collectBytes } from './limits.ts'

export type Collect = (
  options: { readonly type: 'minor' } | { readonly type: 'major'; readonly flavor?: 'last-resort' },
) => void

/** Collects in the thread that asks; no flag on the command line is needed. */
export function garbageCollector(): Collect {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as Collect
}

/**
 * Makes malloc keep what is freed, up to twice `collectBytes`, instead of giving it back to the system and faulting it in
 * again page by page, a third of a second for each GiB. glibc measures that by the largest mapping it was ever given back
 * (M_TRIM_THRESHOLD in mallopt(3)); where malloc is another one this does nothing.
 */
export function keepFreedMemory(collect: Collect): void {
  map()
  collect({ type: 'minor' })
}

/** Never touched, so it takes no memory. Its own function, or the collector would still see it. */
function map(): number {
  return new ArrayBuffer(collectBytes).byteLength
}
