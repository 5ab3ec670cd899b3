// What stands before any service: the data folder and its lock, the log, settings, database, token, identity. In this
// order, because each needs those before it; what fails takes down what stood.

import { isPeerhoodError } from '../base/errors.ts'
import type { Clock, Log, LogLevel, Metrics, Random } from '../base/ports.ts'
import { openIdentity } from '../identity/service.ts'
import type { Identity } from '../identity/types.ts'
import { createLog, createMetrics, type LogSink, systemClock, systemRandom } from './adapters.ts'
import { defaultDeviceName, moveDeviceName, openSettings, type SettingsStore, type StartOptions } from './config.ts'
import { removeDaemonFile } from './daemon-file.ts'
import { type OpenDatabase, openDatabase, openViews } from './database.ts'
import { type Home, homeAt, prepareHome } from './home.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { logFileBytesMax, stopMsMax } from './limits.ts'
import { takeLock } from './lock.ts'
import { openLogFile } from './log-file.ts'
import { type Notice, Notices } from './notices.ts'
import { loadConfirmKey, loadToken } from './token.ts'

export interface Foundation {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics & { text(): Promise<string> }
  readonly home: Home
  readonly settings: SettingsStore
  readonly database: OpenDatabase['database']
  /** What is made from what is in the database. */
  readonly views: OpenDatabase['database']
  readonly token: string
  readonly confirmKey: string
  readonly identity: Identity
  readonly notices: Notices
  readonly lifecycle: Lifecycle
}

export interface StartParts {
  /** Asks the person at the terminal; absent when nobody is there. */
  readonly askPassphrase: (() => Promise<string>) | undefined
  /** Ends a start that is under way. */
  readonly signal: AbortSignal
}

/** Throws `home_in_use`, `home_not_usable`, `settings_damaged`, and what identity/ throws. */
export async function layFoundation(options: StartOptions, parts: StartParts): Promise<Foundation> {
  const [clock, random] = [systemClock, systemRandom]
  const home = homeAt(options.home)
  prepareHome(home)
  const lock = takeLock(home)
  const { log, close } = openLog(home, options.logLevel)
  const lifecycle = createLifecycle({ clock, log, stopMsMax, stopped: close })
  lifecycle.onStop('lock', () => {
    // Together and in this order: whoever sees the file gone may start at once and must find the lock free.
    removeDaemonFile(home)
    lock.release()
  })
  try {
    const notices = new Notices()
    const settings = openSettings(home)
    const { database, notices: repairs, close: closeDatabase } = openDatabase({ path: home.database, clock })
    lifecycle.onStop('database', closeDatabase)
    const { database: views, close: closeViews } = openViews({ path: home.views })
    lifecycle.onStop('views', closeViews)
    const { token, notices: tokenNotices } = loadToken(home, random)
    const { confirmKey, notices: keyNotices } = loadConfirmKey(home, random)
    for (const notice of [...repairs, ...tokenNotices, ...keyNotices]) {
      notices.add(notice)
      log.warn(notice.code, { sentence: notice.sentence })
    }
    const deviceName = settings.deviceName ?? defaultDeviceName()
    const identity = await openLocked(options, parts, (passphrase) =>
      openIdentity({ home: home.folder, passphrase, deviceName })({ clock, random, log: log.child('identity') }),
    )
    if (identity.created) notices.add(newIdentityNotice)
    await moveDeviceName({ settings, identity, notices, log })
    const metrics = createMetrics()
    return {
      clock,
      random,
      log,
      metrics,
      home,
      settings,
      database,
      views,
      token,
      confirmKey,
      identity,
      notices,
      lifecycle,
    }
  } catch (error) {
    await lifecycle.stop()
    throw error
  }
}

const newIdentityNotice: Notice = {
  code: 'identity_created',
  sentence: 'This computer has a new identity.',
  advice:
    'Write its 24 words down, on paper: `peerhood identity phrase` shows them. They bring it back if this computer is lost.',
}

/** Asks for the passphrase only when the keystore turns out to have one. */
async function openLocked(
  options: StartOptions,
  parts: StartParts,
  open: (passphrase: string | undefined) => Promise<Identity>,
): Promise<Identity> {
  try {
    return await open(options.passphrase)
  } catch (error) {
    const asks = isPeerhoodError(error) && error.code === 'passphrase_needed'
    if (!asks || parts.askPassphrase === undefined) throw error
    return open(await parts.askPassphrase())
  }
}

/** To the file from `info` on, to stderr only what is wrong; `PEERHOOD_LOG` sets both. */
function openLog(home: Home, level: LogLevel | undefined): { log: Log; close: () => void } {
  const file = openLogFile(home.log, level ?? 'info', logFileBytesMax)
  const stderr: LogSink = { level: level ?? 'error', write: (line) => process.stderr.write(line) }
  return { log: createLog([file, stderr]), close: () => file.close() }
}
