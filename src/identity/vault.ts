// Between what lies in a keystore and what it stands for: locking, unlocking, and the check that all of it belongs
// together. Nothing here touches the disk.

import { equalBytes } from '../base/bytes.ts'
import type { Random } from '../base/ports.ts'
import { deviceKeyOf, didOf, entropyToSeed, ethereumAddressFromSeed, peerIdOf, personFromSeed } from './core.ts'
import { identityErrors } from './errors.ts'
import { openSecrets, sealSecrets } from './keystore-seal.ts'
import type { Keystore, Secrets, StoredSecrets } from './keystore-wire.ts'
import type { DeviceCertificate, EthereumAddress, PersonDid } from './types.ts'
import { issueCertificate, readCertificate } from './wire.ts'

export interface VaultParts {
  readonly random: Random
  /** scrypt's cost for what is sealed from now on. */
  readonly log2N: number
}

/** The public side of an identity whose secrets have been seen and fit it. */
export interface PublicSide {
  readonly did: PersonDid
  readonly ethereumAddress: EthereumAddress
  readonly peerId: string
  readonly certificate: DeviceCertificate
}

/** The secrets of a keystore. Throws `passphrase_needed`, `passphrase_wrong`. A plain one needs none, whatever is given. */
export async function unlock(keystore: Keystore, passphrase: string | undefined): Promise<Secrets> {
  const { secrets } = keystore
  if (secrets.kind === 'plain') return { entropy: secrets.entropy, deviceSeed: secrets.deviceSeed }
  if (passphrase === undefined) {
    throw identityErrors.passphrase_needed('The keystore is locked with a passphrase, and none was given.')
  }
  return openSecrets(secrets, passphrase)
}

/** Secrets as a keystore stores them: sealed when there is a passphrase. Throws `passphrase_unusable`. */
export async function protect(
  secrets: Secrets,
  passphrase: string | undefined,
  parts: VaultParts,
): Promise<StoredSecrets> {
  if (passphrase === undefined) return { kind: 'plain', ...secrets }
  return { kind: 'sealed', ...(await sealSecrets(secrets, passphrase, parts)) }
}

/** Makes person, wallet and certificate from secrets. Takes some 100 ms of computing. */
export function certify(secrets: Secrets, nowMs: number): PublicSide {
  const seed = entropyToSeed(secrets.entropy)
  const certificate = issueCertificate({
    personSecret: personFromSeed(seed).secret,
    deviceSeed: secrets.deviceSeed,
    issuedMs: Math.max(0, Math.floor(nowMs)),
  })
  return publicSide(seed, certificate)
}

/** Checks that a keystore's certificate is good and is that of its secrets; undefined when not. */
export function recognise(keystore: Keystore, secrets: Secrets): PublicSide | undefined {
  const seed = entropyToSeed(secrets.entropy)
  const certificate = readCertificateIfGood(keystore.certificate)
  if (certificate === undefined) return undefined
  const fits =
    equalBytes(certificate.person, personFromSeed(seed).key) &&
    equalBytes(certificate.device, deviceKeyOf(secrets.deviceSeed))
  return fits ? publicSide(seed, certificate) : undefined
}

function readCertificateIfGood(bytes: Uint8Array): DeviceCertificate | undefined {
  try {
    return readCertificate(bytes)
  } catch {
    return undefined
  }
}

function publicSide(seed: Uint8Array, certificate: DeviceCertificate): PublicSide {
  return {
    did: didOf(certificate.person),
    ethereumAddress: ethereumAddressFromSeed(seed),
    peerId: peerIdOf(certificate.device),
    certificate,
  }
}
