// Keys and names that follow from others: a device's validator key, what proves it and an account, a ledger's chain id.
//
//   device seed ──HKDF, community──► validator secret ──► address        community ──► chain id
//
// Must stay true: a validator's secret is of one device and one community, and gives nothing of the seed away.

import { createHash, hkdfSync } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes, fromHex, toHex, utf8 } from '../base/bytes.ts'
import type { PersonDid } from '../identity/types.ts'
import { idBytes } from '../log/ids.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import type { Address, Hash } from './types.ts'

/** HKDF-SHA256 (RFC 5869) of the device's seed. 48 bytes are reduced, so that no key is likelier than another (FIPS 186-5 A.2.1). */
export function validatorSecret(deviceSeed: Uint8Array, community: CommunityId): Uint8Array {
  const info = concatBytes(utf8('peerhood/ledger/validator/1'), idBytes(community))
  const wide = new Uint8Array(hkdfSync('sha256', deviceSeed, new Uint8Array(0), info, 48))
  const order = secp256k1.Point.Fn.ORDER
  const scalar = (BigInt(`0x${toHex(wide)}`) % (order - 1n)) + 1n
  return new Uint8Array(Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex'))
}

export function addressOfSecret(secret: Uint8Array): Address {
  return addressOfPoint(secp256k1.getPublicKey(secret, false))
}

/** Yellow Paper §F, eq. 324: the last 20 bytes of keccak-256 over the uncompressed point without its head byte. */
function addressOfPoint(point: Uint8Array): Address {
  return `0x${toHex(keccak_256(point.subarray(1)).subarray(12))}` as Address
}

/** Signs a digest of 32 bytes: recovery number, r, s. */
export function signDigest(digest: Uint8Array, secret: Uint8Array): Uint8Array {
  return secp256k1.sign(digest, secret, { prehash: false, format: 'recovered' })
}

/** Who signed it; undefined for what is no signature. */
export function signerOfDigest(digest: Uint8Array, proof: Uint8Array): Address | undefined {
  try {
    const key = secp256k1.recoverPublicKey(proof, digest, { prehash: false })
    return addressOfPoint(secp256k1.Point.fromBytes(key).toBytes(false))
  } catch {
    return undefined
  }
}

/** What a device's validator key signs, so that nobody can announce another's. */
export function willingDigest(community: CommunityId, device: DeviceId): Uint8Array {
  return digestOf('peerhood/ledger/willing/1', idBytes(community), idBytes(device))
}

/** What a device's validator key signs of a checkpoint: of this community, by this device. */
export function checkpointDigest(
  by: { readonly community: CommunityId; readonly device: DeviceId },
  said: {
    readonly chainId: number
    readonly genesisHash: Hash
    readonly height: number
    readonly block: Hash
    readonly timestamp: number
    readonly epoch: number
    readonly validators: readonly Address[]
  },
): Uint8Array {
  const { chainId, height, timestamp, epoch } = said
  const counts = new Uint8Array(32)
  const view = new DataView(counts.buffer)
  for (const [place, count] of [chainId, height, timestamp, epoch].entries())
    view.setBigUint64(8 * place, BigInt(count))
  const hex = (text: string) => fromHex(text.slice(2)) ?? new Uint8Array(0)
  return digestOf(
    'peerhood/ledger/checkpoint/1',
    ...[idBytes(by.community), idBytes(by.device), hex(said.genesisHash), hex(said.block), counts],
    ...said.validators.map(hex),
  )
}

/** SHA-256 of a label and what it is for; the parts have fixed lengths, but for the last. */
export function digestOf(label: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    createHash('sha256')
      .update(label)
      .update(concatBytes(...parts))
      .digest(),
  )
}

/** What an account signs to be somebody's in a community: any wallet can, as a text. */
export function accountText(community: CommunityId, person: PersonDid): string {
  return `This account is mine in a community on Peerhood.\n\nCommunity: ${community}\nPerson: ${person}`
}

/** EIP-191, version 0x45. */
export function textDigest(text: string): Uint8Array {
  const bytes = utf8(text)
  return keccak_256(concatBytes(utf8(`\x19Ethereum Signed Message:\n${bytes.length}`), bytes))
}

/**
 * A chain id of the community's own: 2^40 and 40 bits of a hash. No public chain is up there (chainlist.org), and wallets take
 * ids up to 2^52 (EIP-2294 gives 2^63 / 2 − 36; MetaMask 4,503,599,627,370,476).
 */
export function chainIdOf(community: CommunityId): number {
  const hash = createHash('sha256').update('peerhood/ledger/chain-id/1').update(idBytes(community)).digest()
  return 2 ** 40 + hash.readUIntBE(0, 5)
}
