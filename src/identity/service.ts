// Opens the identity of a data folder, or makes one at the first start, and changes it on request. keystore.json is the
// truth: every request reads it anew, so the recovery phrase is in memory only while something is done with it, and what
// is acknowledged is on disk. In memory stay the public side and this device's seed, which libp2p needs all the time.

import { timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'
import { equalBytes } from '../base/bytes.ts'
import { isPeerhoodError } from '../base/errors.ts'
import type { Clock, Log, Random } from '../base/ports.ts'
import { entropyToPhrase } from './core.ts'
import { deviceNameFrom, readDeviceName } from './device-name.ts'
import { identityErrors } from './errors.ts'
import { type KeystoreDisk, nodeDisk } from './keystore-disk.ts'
import { checkPassphrase } from './keystore-seal.ts'
import { createKeystoreStore, damagedAt, type KeystoreStore } from './keystore-store.ts'
import type { Keystore, Secrets } from './keystore-wire.ts'
import { entropyBytes, scryptLog2N } from './limits.ts'
import { readPhrase } from './phrase.ts'
import type { Identity, IdentityView } from './types.ts'
import { certify, type PublicSide, protect, recognise, unlock, type VaultParts } from './vault.ts'

export interface IdentityOptions {
  /** The data folder; made with mode 0700 where it is missing. */
  readonly home: string
  /** Of the keystore; a keystore made now is locked with it. */
  readonly passphrase?: string | undefined
  /** What the system calls this computer; names the device at the first start only. */
  readonly deviceName: string
  /** scrypt's cost for what is sealed from now on, as a power of two; default {@link scryptLog2N}. */
  readonly scryptLog2N?: number
}

export interface IdentityParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Default: this computer's. */
  readonly disk?: KeystoreDisk
}

/**
 * Opens or makes the identity. Call it while holding the folder's lock. Throws `passphrase_needed`, `passphrase_wrong`,
 * `passphrase_unusable` (first start), `keystore_damaged`, `keystore_exposed`, `keystore_newer`, `keystore_exists`,
 * `keystore_unreadable`, `keystore_unwritable`.
 */
export function openIdentity(options: IdentityOptions) {
  return async (parts: IdentityParts): Promise<Identity> => {
    const { clock, random, log } = parts
    const store = createKeystoreStore(options.home)({ disk: parts.disk ?? nodeDisk, random, log })
    const vault = { random, log2N: options.scryptLog2N ?? scryptLog2N }
    await store.prepare()
    const found = await store.load()
    const opened = found === undefined ? await create() : await open(found)
    return new KeystoreIdentity({ ...opened, created: found === undefined, store, vault, clock, log })

    async function create(): Promise<Opened> {
      const secrets = { entropy: random.bytes(entropyBytes), deviceSeed: random.bytes(32) }
      const publicSide = certify(secrets, clock.nowMs())
      const keystore = {
        deviceName: deviceNameFrom(options.deviceName),
        certificate: publicSide.certificate.bytes,
        secrets: await protect(secrets, options.passphrase, vault),
      }
      await store.create(keystore)
      log.info('identity_created', { did: publicSide.did, peerId: publicSide.peerId })
      return { keystore, publicSide, deviceSeed: secrets.deviceSeed }
    }

    async function open(keystore: Keystore): Promise<Opened> {
      const secrets = await unlock(keystore, options.passphrase)
      const publicSide = recognise(keystore, secrets)
      if (publicSide === undefined) {
        throw damagedAt(store.path, 'The keystore is damaged: its certificate is not that of its keys.')
      }
      if (keystore.secrets.kind === 'plain' && options.passphrase !== undefined) log.warn('passphrase_not_in_use')
      return { keystore, publicSide, deviceSeed: secrets.deviceSeed }
    }
  }
}

interface Opened {
  readonly keystore: Keystore
  readonly publicSide: PublicSide
  readonly deviceSeed: Uint8Array
}

interface Parts extends Opened {
  readonly created: boolean
  readonly store: KeystoreStore
  readonly vault: VaultParts
  readonly clock: Clock
  readonly log: Log
}

class KeystoreIdentity implements Identity {
  readonly created: boolean
  // Private fields, so that no dump of this object shows a secret.
  readonly #parts: Omit<Parts, keyof Opened>
  readonly #deviceSeed: Uint8Array
  #publicSide: PublicSide
  #deviceName: string
  #locked: boolean
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ keystore, publicSide, deviceSeed, ...parts }: Parts) {
    this.created = parts.created
    this.#parts = parts
    this.#deviceSeed = deviceSeed
    this.#publicSide = publicSide
    this.#deviceName = keystore.deviceName
    this.#locked = keystore.secrets.kind === 'sealed'
  }

  get did() {
    return this.#publicSide.did
  }

  get ethereumAddress() {
    return this.#publicSide.ethereumAddress
  }

  get peerId() {
    return this.#publicSide.peerId
  }

  get deviceName() {
    return this.#deviceName
  }

  get deviceKey() {
    return this.#publicSide.certificate.device
  }

  get deviceCertificate() {
    return this.#publicSide.certificate
  }

  get certificate() {
    return { issuedAtMs: this.deviceCertificate.issuedMs, person: this.did, device: this.peerId }
  }

  get passphrase() {
    return this.#locked
  }

  get deviceSeed() {
    return Uint8Array.from(this.#deviceSeed)
  }

  show(): IdentityView {
    const { did, ethereumAddress, peerId, deviceName, certificate, passphrase } = this
    return { did, ethereumAddress, peerId, deviceName, certificate, passphrase }
  }

  toJSON() {
    return this.show()
  }

  [inspect.custom]() {
    return this.show()
  }

  phrase(passphrase?: string): Promise<string> {
    return this.#inTurn(async () => entropyToPhrase((await unlock(await this.#load(), passphrase)).entropy))
  }

  restore(phrase: string, passphrase?: string) {
    return this.#inTurn(async () => {
      const entropy = readPhrase(phrase)
      const keystore = await this.#load()
      const secrets = await unlock(keystore, passphrase)
      if (timingSafeEqual(entropy, secrets.entropy)) return { identity: this.show(), replaced: undefined }
      const replaced = await this.#become(keystore, { entropy, deviceSeed: secrets.deviceSeed }, passphrase)
      return { identity: this.show(), replaced }
    })
  }

  lock(passphrase: string | null, current?: string) {
    return this.#inTurn(async () => {
      if (passphrase !== null) checkPassphrase(passphrase)
      const { store, vault, log } = this.#parts
      const keystore = await this.#load()
      const secrets = await unlock(keystore, current)
      const kept = await store.kept()
      await store.replace({ ...keystore, secrets: await protect(secrets, passphrase ?? undefined, vault) })
      this.#locked = passphrase !== null
      log.info(this.#locked ? 'keystore_locked' : 'keystore_unlocked')
      const left: string[] = []
      for (const path of kept) if (!(await this.#relock(path, passphrase, current))) left.push(path)
      return { identity: this.show(), left }
    })
  }

  rename(deviceName: string): Promise<IdentityView> {
    return this.#inTurn(async () => {
      const name = readDeviceName(deviceName)
      await this.#parts.store.replace({ ...(await this.#load()), deviceName: name })
      this.#deviceName = name
      return this.show()
    })
  }

  /** One request at a time: each reads the file and writes it back, and scrypt takes 128 MiB. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** The keystore as it is on disk now, which must still be the one that was opened. */
  async #load(): Promise<Keystore> {
    const { store } = this.#parts
    const keystore = await store.load()
    if (keystore !== undefined && equalBytes(keystore.certificate, this.deviceCertificate.bytes)) return keystore
    const what = keystore === undefined ? 'taken away' : 'exchanged'
    throw identityErrors.keystore_changed(`${store.path} was ${what} after Peerhood started.`, {
      details: { path: store.path },
    })
  }

  /** Puts `keystore` aside, then writes the one of the new secrets. Resolves to the path of what was put aside. */
  async #become(keystore: Keystore, secrets: Secrets, passphrase: string | undefined): Promise<string> {
    const { store, vault, clock, log } = this.#parts
    const nowMs = Math.max(0, Math.floor(clock.nowMs()))
    const publicSide = certify(secrets, nowMs)
    const next = {
      deviceName: keystore.deviceName,
      certificate: publicSide.certificate.bytes,
      secrets: await protect(secrets, keystore.secrets.kind === 'sealed' ? passphrase : undefined, vault),
    }
    const replaced = await store.keep(keystore, nowMs)
    await store.replace(next)
    log.warn('identity_replaced', { did: publicSide.did, previousDid: this.did, previousKeystore: replaced })
    this.#publicSide = publicSide
    return replaced
  }

  /** Gives a keystore that was put aside the new passphrase; false when it can't be opened or written. */
  async #relock(path: string, passphrase: string | null, current: string | undefined): Promise<boolean> {
    const { store, vault, log } = this.#parts
    try {
      const keystore = await store.load(path)
      if (keystore === undefined) return true
      const secrets = await unlock(keystore, current)
      await store.replace({ ...keystore, secrets: await protect(secrets, passphrase ?? undefined, vault) }, path)
      return true
    } catch (error) {
      if (!isPeerhoodError(error)) throw error
      log.warn('keystore_kept_left', { path, code: error.code })
      return false
    }
  }
}
