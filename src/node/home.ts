// The data folder: what lies where in it. Made with 0700 at the first start; everything secret in it is 0600.

import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { nodeErrors } from './errors.ts'

export interface Home {
  readonly folder: string
  readonly keystore: string
  readonly database: string
  /** What is made from the communities' logs, and is made again when it is deleted. */
  readonly views: string
  readonly lock: string
  readonly token: string
  /** What a person shows beside the token, through page or CLI, when they confirm something. */
  readonly confirmKey: string
  /** Where the running daemon says how to reach it. */
  readonly daemon: string
  readonly settings: string
  /** Ports of the last run. */
  readonly ports: string
  readonly log: string
  readonly blocks: string
  /** What the page uploaded. */
  readonly dropped: string
  /** Chains of communities, a folder each, made when there is one. */
  readonly ledgers: string
}

export function homeAt(folder: string): Home {
  return {
    folder,
    keystore: join(folder, 'keystore.json'),
    database: join(folder, 'peerhood.db'),
    views: join(folder, 'views.db'),
    lock: join(folder, 'daemon.lock'),
    token: join(folder, 'api-token'),
    confirmKey: join(folder, 'confirm-key'),
    daemon: join(folder, 'daemon.json'),
    settings: join(folder, 'settings.json'),
    ports: join(folder, 'ports.json'),
    log: join(folder, 'peerhood.log'),
    blocks: join(folder, 'blocks'),
    dropped: join(folder, 'dropped'),
    ledgers: join(folder, 'ledger'),
  }
}

/** Makes the folder where it is missing. Throws `home_not_usable`. */
export function prepareHome(home: Home): void {
  try {
    mkdirSync(home.folder, { recursive: true, mode: 0o700 })
    accessSync(home.folder, constants.R_OK | constants.W_OK | constants.X_OK)
    mkdirSync(home.blocks, { recursive: true, mode: 0o700 })
    mkdirSync(home.dropped, { recursive: true, mode: 0o700 })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw nodeErrors.home_not_usable(`The data folder ${home.folder} can't be used: ${reason}.`, { cause: error })
  }
}

/** Replaces a small file in one step: after a crash it is the old or the new one, never half of one. Mode 0600. */
export function writeFileAtomic(path: string, text: string): void {
  const part = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    const fd = openSync(part, 'wx', 0o600)
    try {
      writeFileSync(fd, text)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(part, path)
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
  syncFolder(dirname(path))
}

/** Makes a rename itself durable; Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
