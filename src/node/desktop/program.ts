// The program that shows a notification on this desktop: `notify-send` (libnotify), found on PATH.
//
// Must stay true: it is run as it is, without a shell, with what is shown as arguments that can't be taken for options; and
// it is given of our environment only what a desktop needs, so no passphrase.

import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { nodeErrors } from '../errors.ts'
import { notifyTimeoutMs } from '../limits.ts'
import { type DesktopNotification, escapeMarkup } from './core.ts'

export const notifyProgram = 'notify-send'

export interface DesktopProgram {
  /** Where the program is now; undefined: not installed. */
  find(): string | undefined
  /** Whether there is a session that could show something. */
  hasSession(): boolean
  /** Throws `notify_unavailable`, `notify_failed`. */
  show(notification: DesktopNotification): Promise<void>
}

type Variables = Readonly<Record<string, string | undefined>>

export function createDesktopProgram(environment: Variables): DesktopProgram {
  const find = () => findOnPath(notifyProgram, environment.PATH ?? '')
  return {
    find,
    hasSession: () =>
      ['DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS'].some((name) => (environment[name] ?? '') !== ''),
    async show({ title, body }) {
      const path = find()
      if (path === undefined) throw nodeErrors.notify_unavailable(`${notifyProgram} is not installed.`)
      await run(path, ['--app-name=Peerhood', '--', title, escapeMarkup(body)], desktopOnly(environment))
    },
  }
}

/** A file that may be run, in a folder of PATH; relative ones would depend on where the daemon was started. */
export function findOnPath(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      if (statSync(file).isFile()) return file
    } catch {
      // Not there, or not for us.
    }
  }
  return undefined
}

const needed =
  /^(PATH|HOME|USER|LANG|LC_[A-Z]+|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|DBUS_SESSION_BUS_ADDRESS|XDG_[A-Z_]+)$/

export function desktopOnly(environment: Variables): Record<string, string> {
  const kept = Object.entries(environment).filter(([name, value]) => needed.test(name) && value !== undefined)
  return Object.fromEntries(kept) as Record<string, string>
}

function run(path: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(nodeErrors.notify_failed(`${notifyProgram} failed (${why}).`))
    const options = { shell: false, stdio: 'ignore', env, cwd: '/', timeout: notifyTimeoutMs, killSignal: 'SIGKILL' }
    const child = spawn(path, args, options as Parameters<typeof spawn>[2])
    child.once('error', (error) => fail('code' in error ? String(error.code) : error.message))
    child.once('close', (code, signal) => (code === 0 ? resolve() : fail(signal ?? `exit code ${code}`)))
  })
}
