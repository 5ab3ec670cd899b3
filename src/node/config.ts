// What this daemon was told: options of `peerhood start` over what `settings.json` keeps over the defaults. The file
// holds only what a person changed, so that better defaults reach everyone.

import { readFileSync, statSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { type Settings, type SettingsPatch, settingsPatchSchema } from '../api/schemas.ts'
import { isPeerhoodError } from '../base/errors.ts'
import type { LogLevel } from '../base/ports.ts'
import { nodeErrors } from './errors.ts'
import { type Home, writeFileAtomic } from './home.ts'
import { settingsFileBytesMax } from './limits.ts'

/** What `peerhood start` was given; undefined means: as the settings say. */
export interface StartOptions {
  /** Absolute path of the data folder. */
  readonly home: string
  readonly passphrase: string | undefined
  readonly logLevel: LogLevel | undefined
  /** Port of the API on 127.0.0.1; 0 takes any free one. */
  readonly port: number | undefined
  /** Multiaddrs to listen on; empty: the network's defaults. */
  readonly listen: readonly string[]
  /** Added to those of the settings. */
  readonly bootstrap: readonly string[]
  readonly mdns: boolean | undefined
  readonly upnp: boolean | undefined
  readonly relay: boolean | undefined
}

const fileSchema = z.strictObject(settingsPatchSchema.shape)

export function defaultSettings(): Settings {
  return {
    deviceName: hostname().slice(0, 64) || 'computer',
    downloads: join(homedir(), 'Downloads'),
    mdns: true,
    upnp: true,
    relay: true,
    bootstrap: [],
  }
}

export interface SettingsStore {
  get(): Settings
  /** Checks, writes to disk, then answers with the new whole. Throws `request_malformed`, `home_not_usable`. */
  change(patch: SettingsPatch): Settings
}

/** Throws `settings_damaged` with what is wrong in it. */
export function openSettings(home: Home): SettingsStore {
  let changed = readSettings(home.settings)
  const whole = (): Settings => ({ ...defaultSettings(), ...withoutUndefined(changed) })
  return {
    get: whole,
    change(patch) {
      if (patch.downloads !== undefined && !isAbsolute(patch.downloads)) {
        throw nodeErrors.request_malformed(`${patch.downloads} is no absolute path.`, {
          hint: 'Give the whole path of the folder, from the root on.',
        })
      }
      const next = { ...changed, ...withoutUndefined(patch) }
      try {
        writeFileAtomic(home.settings, `${JSON.stringify(next, undefined, 2)}\n`)
      } catch (error) {
        throw nodeErrors.home_not_usable(`${home.settings} can't be written: ${String(error)}.`, { cause: error })
      }
      changed = next
      return whole()
    },
  }
}

function readSettings(path: string): SettingsPatch {
  let text: string
  try {
    if (statSync(path).size > settingsFileBytesMax) throw nodeErrors.settings_damaged(`${path} is far too large.`)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    if (isPeerhoodError(error)) throw error
    throw nodeErrors.home_not_usable(`${path} can't be read: ${String(error)}.`, { cause: error })
  }
  const parsed = fileSchema.safeParse(parseJson(path, text))
  if (parsed.success) return parsed.data
  throw nodeErrors.settings_damaged(`${path} does not hold valid settings: ${z.prettifyError(parsed.error)}`)
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw nodeErrors.settings_damaged(`${path} is no JSON: ${String(error)}.`, { cause: error })
  }
}

function withoutUndefined<Values extends object>(
  values: Values,
): { [Key in keyof Values]: Exclude<Values[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}
