// What the environment says: the only place outside node/ that reads it.

import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { LogLevel } from '../base/ports.ts'
import { cliErrors } from './errors.ts'

export interface Environment {
  /** Absolute path of the data folder. */
  readonly home: string
  readonly passphrase: string | undefined
  readonly logLevel: LogLevel | undefined
}

type Variables = Readonly<Record<string, string | undefined>>

/** Throws `environment_malformed`. */
export function readEnvironment(variables: Variables, platform: NodeJS.Platform): Environment {
  const home = variables.PEERHOOD_HOME
  return {
    home: home === undefined || home === '' ? defaultHome(variables, platform) : resolve(home),
    // Set to nothing is not set.
    passphrase: variables.PEERHOOD_PASSPHRASE || undefined,
    logLevel: parseLogLevel(variables.PEERHOOD_LOG),
  }
}

/** The platform's folder for data of programs. */
function defaultHome(variables: Variables, platform: NodeJS.Platform): string {
  if (platform === 'win32') return join(variables.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Peerhood')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Peerhood')
  // XDG base directories: a relative path is to be ignored.
  const data = variables.XDG_DATA_HOME
  return join(data?.startsWith('/') ? data : join(homedir(), '.local', 'share'), 'peerhood')
}

const logLevels: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies readonly LogLevel[]

function parseLogLevel(text: string | undefined): LogLevel | undefined {
  if (text === undefined || text === '') return undefined
  if (!logLevels.includes(text)) {
    throw cliErrors.environment_malformed(`PEERHOOD_LOG is "${text}".`, {
      hint: `Use one of ${logLevels.join(', ')}.`,
    })
  }
  return text as LogLevel
}
