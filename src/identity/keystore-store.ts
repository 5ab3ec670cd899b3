// Keystore files in the data folder: who may read them, and in which order they are written so that one is never lost.
//
//   write:  part file (0600, fsync) ──rename──► keystore.json ──► fsync of the folder
//   first:  part file (0600, fsync) ──link────► keystore.json, which fails when there is one ──► fsync of the folder
//
// Must stay true: a file that is there is replaced only after it was read and understood, by a whole and durable one; at
// any instant `keystore.json` is the old or the new one. Part files are leftovers of a crash and go at the next start.

import { join } from 'node:path'
import { toHex } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import type { Log, Random } from '../base/ports.ts'
import { identityErrors } from './errors.ts'
import { errorCode, type KeystoreDisk } from './keystore-disk.ts'
import { decodeKeystore, encodeKeystore, type Keystore } from './keystore-wire.ts'
import { keystoreBytesMax } from './limits.ts'

const replacedName = /^keystore\.replaced-\d+(-\d+)?\.json$/
const leftoverName = /^keystore(\.replaced-\d+(-\d+)?)?\.json\.[0-9a-f]{16}\.part$/

export interface KeystoreStore {
  /** The path of keystore.json. */
  readonly path: string
  /** Makes the folder and clears leftovers. Throws `keystore_unwritable`. */
  prepare(): Promise<void>
  /**
   * Undefined when there is none. Throws `keystore_exposed`, `keystore_damaged`, `keystore_newer`,
   * `keystore_unreadable`.
   */
  load(path?: string): Promise<Keystore | undefined>
  /** Writes the first one. Throws `keystore_exists`, `keystore_unwritable`. */
  create(keystore: Keystore): Promise<void>
  /** Replaces one that `load` has understood. Throws `keystore_unwritable`. */
  replace(keystore: Keystore, path?: string): Promise<void>
  /** Puts a copy aside as `keystore.replaced-<nowMs>.json` and resolves to its path. Throws `keystore_unwritable`. */
  keep(keystore: Keystore, nowMs: number): Promise<string>
  /** Paths of all that `keep` has put aside, oldest name first. */
  kept(): Promise<readonly string[]>
}

export function createKeystoreStore(home: string) {
  return ({ disk, random, log }: { disk: KeystoreDisk; random: Random; log: Log }): KeystoreStore => {
    const path = join(home, 'keystore.json')

    const removeLeftovers = async () => {
      const leftovers = (await disk.names(home)).filter((name) => leftoverName.test(name))
      for (const name of leftovers) await disk.remove(join(home, name))
      if (leftovers.length > 0) log.info('keystore_leftovers_removed', { count: leftovers.length })
    }

    /** Runs `publish` on a whole and durable part file; whatever happens, the part is gone afterwards. */
    const publish = async (target: string, keystore: Keystore, into: (part: string) => Promise<boolean>) => {
      const part = `${target}.${toHex(random.bytes(8))}.part`
      try {
        await disk.write(part, encodeKeystore(keystore))
        const published = await into(part)
        await disk.remove(part)
        await disk.syncFolder(home)
        return published
      } catch (error) {
        await disk.remove(part).catch(() => undefined) // the first error is the one to tell
        throw unwritable(target, error)
      }
    }

    /** False when there is a file of this name already, which stays as it is. */
    const publishNew = (target: string, keystore: Keystore) =>
      publish(target, keystore, async (part) => {
        try {
          return await disk.link(part, target)
        } catch {
          // Some file systems (FAT, some network ones) have no hard links. The daemon's lock on the folder keeps
          // other Peerhoods out between these two lines.
          if ((await disk.names(home)).some((name) => join(home, name) === target)) return false
          await disk.rename(part, target)
          return true
        }
      })

    return {
      path,
      async prepare() {
        try {
          const mode = await disk.makeFolder(home)
          if (mode !== undefined && mode & 0o022) log.warn('home_exposed', { home, mode: (mode & 0o7777).toString(8) })
          await removeLeftovers()
        } catch (error) {
          throw unwritable(path, error)
        }
      },
      async load(of = path) {
        const file = await disk.read(of, keystoreBytesMax).catch((error: unknown) => {
          throw unreadable(of, error)
        })
        if (file === undefined) return undefined
        if (file.mode !== undefined && file.mode & 0o077) throw exposed(of, file.mode)
        return decodeAt(of, file.bytes)
      },
      async create(keystore) {
        if (await publishNew(path, keystore)) return
        throw identityErrors.keystore_exists(`There is a keystore at ${path} already.`)
      },
      async replace(keystore, target = path) {
        await publish(target, keystore, async (part) => {
          await disk.rename(part, target)
          return true
        })
      },
      async keep(keystore, nowMs) {
        // The clock may have jumped back to the time of an earlier one, which must not be written over.
        for (let turn = 0; ; turn++) {
          const target = join(home, `keystore.replaced-${nowMs}${turn === 0 ? '' : `-${turn}`}.json`)
          if (await publishNew(target, keystore)) return target
        }
      },
      async kept() {
        const names = await disk.names(home).catch((error: unknown) => {
          throw unreadable(home, error)
        })
        return names
          .filter((name) => replacedName.test(name))
          .sort()
          .map((name) => join(home, name))
      },
    }
  }
}

/** Says which file it is, and the commands that mend it. */
function decodeAt(path: string, bytes: Uint8Array): Keystore {
  try {
    return decodeKeystore(bytes)
  } catch (error) {
    if (!isPeerhoodError(error) || error.code !== 'keystore_damaged') throw error
    throw damagedAt(path, error.message)
  }
}

/** `keystore_damaged` for the file at `path`. */
export function damagedAt(path: string, message: string) {
  const aside = `mv ${quoted(path)} ${quoted(`${path}.damaged`)}`
  return identityErrors.keystore_damaged(`${message} (${path})`, {
    details: { path },
    hint: `Put a good copy in its place. If there is none: ${aside}, start again, and give your recovery phrase to \`peerhood identity restore\`.`,
  })
}

function exposed(path: string, mode: number) {
  return identityErrors.keystore_exposed(
    `Others on this computer may use ${path} (mode ${(mode & 0o777).toString(8)}), which holds your keys.`,
    {
      details: { path, mode: (mode & 0o777).toString(8) },
      hint: `chmod 600 ${quoted(path)}`,
    },
  )
}

function unreadable(path: string, cause: unknown) {
  return identityErrors.keystore_unreadable(`${path} can’t be read: ${reasonOf(cause)}.`, { cause, details: { path } })
}

function unwritable(path: string, cause: unknown) {
  return identityErrors.keystore_unwritable(`${path} can’t be written: ${reasonOf(cause)}.`, {
    cause,
    details: { path },
  })
}

function reasonOf(error: unknown): string {
  const reasons: Readonly<Record<string, string>> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'your share of the disk is used up',
    EROFS: 'the disk is read-only',
    EACCES: 'permission was denied',
    EPERM: 'permission was denied',
    EISDIR: 'a folder has its name',
    ENOTDIR: 'a file has the name of its folder',
  }
  const code = errorCode(error)
  return reasons[code ?? ''] ?? (error instanceof Error ? error.message : String(error))
}

/** As a POSIX shell takes it, whatever is in the name. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}
