// Finds the daemon of a data folder: `daemon.json` says where it listens, `api-token` lets us in, `confirm-key` shows that it is the
// person who acts. All are 0600, so who
// can't read them is told so. A file left by a daemon that was cut off points nowhere, or at someone else's port: both
// mean that no daemon runs here.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Peerhood } from '../sdk/types.ts'
import { cliErrors } from './errors.ts'

export interface DaemonAddress {
  readonly url: string
  readonly token: string
  /** Undefined: written by a Peerhood that had none. */
  readonly confirmKey: string | undefined
  readonly pid: number
}

/** Throws `no_daemon`, `daemon_file_not_readable`. */
export function findDaemon(home: string): DaemonAddress {
  const file = readJson(home, readText(home, 'daemon.json'))
  const token = readText(home, 'api-token').trim()
  return { ...file, token, confirmKey: readConfirmKey(home) }
}

export async function connectDaemon(home: string): Promise<Peerhood> {
  const { url, token, confirmKey } = findDaemon(home)
  const { createPeerhood } = await import('../sdk/client.ts')
  return createPeerhood({ url, token, confirmKey })
}

/** The page's address. The daemon trades both secrets for the page's cookies and takes them out of the address. */
export function pageAddress({ url, token, confirmKey }: Pick<DaemonAddress, 'url' | 'token' | 'confirmKey'>): string {
  return `${url}/?token=${token}${confirmKey === undefined ? '' : `&confirm=${confirmKey}`}`
}

export function noDaemon(home: string) {
  return cliErrors.no_daemon(`No Peerhood runs on ${home}.`, { details: { home } })
}

function readConfirmKey(home: string): string | undefined {
  try {
    return readFileSync(join(home, 'confirm-key'), 'utf8').trim()
  } catch {
    return undefined
  }
}

function readText(home: string, name: string): string {
  try {
    return readFileSync(join(home, name), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') throw noDaemon(home)
    throw cliErrors.daemon_file_not_readable(`${join(home, name)} can't be read (${String(code)}).`, { cause: error })
  }
}

function readJson(home: string, text: string): { url: string; pid: number } {
  try {
    const { url, pid } = JSON.parse(text)
    if (typeof url === 'string' && typeof pid === 'number') return { url, pid }
  } catch {
    // Falls through: half a file is as good as none.
  }
  throw noDaemon(home)
}
