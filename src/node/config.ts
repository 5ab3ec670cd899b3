// What this daemon was told: options of `peerhood start` over what `settings.json` keeps over the defaults. The file
// holds only what a person changed, so that better defaults reach everyone. The device's name is the keystore's: one that
// stands in the file (earlier versions wrote it there) is moved over at the start.

import { readFileSync, statSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { type Settings, type SettingsPatch, settingsPatchSchema } from '../api/schemas.ts'
import { isPeerhoodError, toPeerhoodError } from '../base/errors.ts'
import type { Log, LogLevel } from '../base/ports.ts'
import type { Identity } from '../identity/types.ts'
import { nodeErrors } from './errors.ts'
import { type Home, writeFileAtomic } from './home.ts'
import { settingsFileBytesMax } from './limits.ts'
import type { Notices } from './notices.ts'

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
  /** Port of the IPFS gateway on 127.0.0.1, 0 takes any free one; undefined: none. */
  readonly gateway: number | undefined
  /** Join the public DHT of IPFS. */
  readonly ipfs: boolean
  /** Multiaddrs of peers of it. */
  readonly ipfsBootstrap: readonly string[]
}

const fileSchema = z.strictObject(settingsPatchSchema.shape)

/** All settings but the device's name, which is in the keystore. */
export type StoredSettings = Omit<Settings, 'deviceName'>
type StoredPatch = Omit<SettingsPatch, 'deviceName'>

function defaultSettings(): StoredSettings {
  return {
    downloads: join(homedir(), 'Downloads'),
    mdns: true,
    upnp: true,
    relay: true,
    bootstrap: [],
    keepConversations: true,
    notifications: true,
  }
}

export interface SettingsStore {
  get(): StoredSettings
  /** Throws `request_malformed` for what `change` would refuse. */
  check(patch: StoredPatch): void
  /** Checks, writes to disk, then answers with the new whole. Throws `request_malformed`, `home_not_usable`. */
  change(patch: StoredPatch): StoredSettings
  /** A name for the device that stands in the file. */
  readonly deviceName: string | undefined
  /** Takes it out of the file. Throws `home_not_usable`. */
  dropDeviceName(): void
}

/** Throws `settings_damaged` with what is wrong in it. */
export function openSettings(home: Home): SettingsStore {
  let { deviceName, ...changed } = readSettings(home.settings)
  const write = (next: StoredPatch, name: string | undefined) => {
    const file = name === undefined ? next : { deviceName: name, ...next }
    try {
      writeFileAtomic(home.settings, `${JSON.stringify(file, undefined, 2)}\n`)
    } catch (error) {
      throw nodeErrors.home_not_usable(`${home.settings} can't be written: ${String(error)}.`, { cause: error })
    }
    changed = next
    deviceName = name
  }
  const get = (): StoredSettings => ({ ...defaultSettings(), ...withoutUndefined(changed) })
  return {
    get,
    check: checkPatch,
    change(patch) {
      checkPatch(patch)
      write({ ...changed, ...withoutUndefined(patch) }, deviceName)
      return get()
    },
    get deviceName() {
      return deviceName
    },
    dropDeviceName: () => write(changed, undefined),
  }
}

function checkPatch({ downloads }: StoredPatch): void {
  if (downloads === undefined || isAbsolute(downloads)) return
  throw nodeErrors.request_malformed(`${downloads} is no absolute path.`, {
    hint: 'Give the whole path of the folder, from the root on.',
  })
}

/** What a device is called until a person says otherwise. */
export function defaultDeviceName(): string {
  return hostname()
}

/** Moves a name that stands in the file into the keystore. The file lets go of it only once the keystore has it. */
export async function moveDeviceName(parts: {
  readonly settings: SettingsStore
  readonly identity: Identity
  readonly notices: Notices
  readonly log: Log
}): Promise<void> {
  const { settings, identity, notices, log } = parts
  const { deviceName: name } = settings
  if (name === undefined) return
  const before = identity.deviceName
  try {
    if (name !== before) await identity.rename(name)
    settings.dropDeviceName()
  } catch (error) {
    const { code, message } = toPeerhoodError(error)
    log.warn('device_name_not_moved', { name, code })
    notices.add({
      code: 'device_name_not_moved',
      sentence: `settings.json calls this device “${name}”, which could not be taken over: ${message}`,
      advice: 'Choose a name in the settings of the page, then delete `deviceName` from settings.json.',
    })
    return
  }
  log.info('device_name_moved', { name, before })
  if (name === before) return
  const sentence = `This device is called “${name}” now, as settings.json said; it was called “${before}”.`
  notices.add({ code: 'device_name_moved', sentence, advice: null })
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
  return parseSettings(path, text)
}

/** What a settings file says; `path` is for the sentence. Throws `settings_damaged`. */
export function parseSettings(path: string, text: string): SettingsPatch {
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
