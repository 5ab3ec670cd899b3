// `daemon.json` (0600): where the command line finds the running daemon. Written when the daemon is ready, deleted by an
// orderly stop as its last act. One that a SIGKILL left behind points nowhere, and the next start replaces it.

import { rmSync } from 'node:fs'
import { type Home, writeFileAtomic } from './home.ts'

export interface DaemonFile {
  /** Base URL of the API. */
  readonly url: string
  readonly pid: number
}

export function writeDaemonFile(home: Home, content: DaemonFile): void {
  writeFileAtomic(home.daemon, `${JSON.stringify(content)}\n`)
}

export function removeDaemonFile(home: Home): void {
  rmSync(home.daemon, { force: true })
}
