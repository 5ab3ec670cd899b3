// What the rest of Peerhood sees of who it is: a person (recovery phrase → root key → did:key, and by BIP-44 a wallet),
// this device (a key of its own), and the certificate that binds the two. docs/protocol/identity.md is the normative page.

import type { Brand } from '../base/brand.ts'

/** 32 bytes: the Ed25519 public key that a person's recovery phrase gives. */
export type PersonKey = Brand<Uint8Array, 'PersonKey'>
/** 32 bytes: the Ed25519 public key of one device; libp2p's PeerId is another spelling of it. */
export type DeviceKey = Brand<Uint8Array, 'DeviceKey'>
/** A person as others write it: `did:key:z6Mk…`. */
export type PersonDid = Brand<string, 'PersonDid'>
/** An Ethereum account with EIP-55 capitals: `0x` and 40 hex digits. */
export type EthereumAddress = Brand<string, 'EthereumAddress'>

/** Says that person and device both agreed that the device is the person's. Exists only with both signatures checked. */
export interface DeviceCertificate {
  readonly person: PersonKey
  readonly device: DeviceKey
  /** When the device made it, ms since 1970, by its own clock: for people to read, never to decide by. */
  readonly issuedMs: number
  /** The certificate as it goes over the wire. */
  readonly bytes: Uint8Array
}

/** All that is public about an identity, ready for the API. */
export interface IdentityView {
  readonly did: PersonDid
  readonly ethereumAddress: EthereumAddress
  /** The device key as libp2p writes it: `12D3Koo…`. */
  readonly peerId: string
  readonly deviceName: string
  /** `person` is the did, `device` the peer id that it certifies. */
  readonly certificate: { readonly issuedAtMs: number; readonly person: PersonDid; readonly device: string }
  /** Whether a passphrase protects the keystore. */
  readonly passphrase: boolean
}

/**
 * Who this Peerhood is. Methods run one at a time, and a change is on disk before its promise resolves. All of them
 * reject with `keystore_changed`, `keystore_damaged`, `keystore_exposed` or `keystore_unreadable` when the file is no
 * longer what was opened. `deviceSeed` is the only secret here, and neither `util.inspect` nor JSON shows it.
 */
export interface Identity extends IdentityView {
  /** True when this start made the identity: the moment to tell the person about the recovery phrase. */
  readonly created: boolean
  readonly deviceKey: DeviceKey
  readonly deviceCertificate: DeviceCertificate
  /** 32 bytes: the secret from which libp2p makes this device's Ed25519 key. A copy. */
  readonly deviceSeed: Uint8Array

  show(): IdentityView

  /** The 24 words. Throws `passphrase_needed`, `passphrase_wrong` when a passphrase protects them. */
  phrase(passphrase?: string): Promise<string>

  /**
   * Becomes the person whose phrase this is. The device keeps its key and gets a new certificate; the identity until
   * now stays in a file of its own, whose path is `replaced` (undefined when the phrase is the present one and nothing
   * changes). Throws `phrase_word_count`, `phrase_word_unknown`, `phrase_checksum_wrong`, `passphrase_needed`,
   * `passphrase_wrong`, `keystore_unwritable`.
   */
  restore(
    phrase: string,
    passphrase?: string,
  ): Promise<{ readonly identity: IdentityView; readonly replaced: string | undefined }>

  /**
   * Sets, changes (`current` is the present one) or with null removes the passphrase, also of the identities that
   * `restore` put aside; `left` are the paths of those that it could not open or write and left as they
   * were. Throws
   * `passphrase_unusable`, `passphrase_needed`, `passphrase_wrong`, `keystore_unwritable`.
   */
  lock(
    passphrase: string | null,
    current?: string,
  ): Promise<{ readonly identity: IdentityView; readonly left: readonly string[] }>

  /** Renames this device. Throws `device_name_unusable`, `keystore_unwritable`. */
  rename(deviceName: string): Promise<IdentityView>
}
