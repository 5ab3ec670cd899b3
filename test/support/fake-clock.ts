// Another wall clock for a daemon, which the test sets while it runs: libfaketime between the process and the system. The
// monotonic clock stays, as it does when a person or a time server sets a computer's clock.

import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface FakeClock {
  /** For `PeerOptions.env`. */
  readonly env: Readonly<Record<string, string>>
  /** The wall clock is this far off from now on; the process notices within a second. */
  set(offset: `${'+' | '-'}${number}d`): void
}

/** `folder` holds the file that says what time it is. Undefined where libfaketime is not installed. */
export function fakeClock(folder: string): FakeClock | undefined {
  const [library] = globSync('/usr/lib/{*/,}faketime/libfaketimeMT.so.1')
  if (library === undefined) return undefined
  const file = join(folder, 'time')
  const set = (offset: string) => writeFileSync(file, offset)
  set('+0')
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // Files keep the times that the system gives them.
    NO_FAKE_STAT: '1',
  }
  return { env, set }
}
