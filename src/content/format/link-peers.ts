// The peers of a link in binary: count ‖ for each: Ed25519 key (32) ‖ count ‖ for each address: length ‖ multiaddr.
// Addresses are hints: what cannot be written or read is left out, so that links outlive kinds of addresses.

import { multiaddr } from '@multiformats/multiaddr'
import { base58 } from '@scure/base'
import { concatBytes, equalBytes } from '../../base/bytes.ts'
import type { PeerAddress, PeerId } from '../../network/types.ts'
import { formatErrors } from './errors.ts'
import { linkAddressBytesMax, linkAddressesMax, linkPeersMax } from './limits.ts'

const keyBytes = 32

/** What a PeerId has before an Ed25519 key: identity multihash of 36 bytes, protobuf of key type 1 and 32 bytes. */
const peerIdPrefix = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** Writes the first peers and addresses that can be written, up to the limits. */
export function encodePeers(peers: readonly PeerAddress[]): Uint8Array {
  const encoded = peers.flatMap((peer) => encodePeer(peer)).slice(0, linkPeersMax)
  return concatBytes(Uint8Array.of(encoded.length), ...encoded)
}

function encodePeer({ peerId, addresses }: PeerAddress): Uint8Array[] {
  const key = keyOfPeerId(peerId)
  if (key === undefined) return []
  const encoded = addresses.flatMap((address) => encodeAddress(address, peerId)).slice(0, linkAddressesMax)
  const prefixed = encoded.map((address) => concatBytes(Uint8Array.of(address.length), address))
  return [concatBytes(key, Uint8Array.of(encoded.length), ...prefixed)]
}

function encodeAddress(address: string, peerId: PeerId): Uint8Array[] {
  const suffix = `/p2p/${peerId}`
  try {
    const { bytes } = multiaddr(address.endsWith(suffix) ? address.slice(0, -suffix.length) : address)
    return bytes.length > 0 && bytes.length <= linkAddressBytesMax ? [bytes] : []
  } catch {
    return []
  }
}

/** Strict in its frame, which must take all of `bytes`; throws `link_malformed`. */
export function decodePeers(bytes: Uint8Array): readonly PeerAddress[] {
  let offset = 0
  const take = (length: number): Uint8Array => {
    const taken = bytes.subarray(offset, offset + length)
    if (taken.length < length) throw malformed('ends inside the list of peers')
    offset += length
    return taken
  }
  const takeCount = (max: number): number => {
    const count = take(1)[0] ?? 0
    if (count > max) throw malformed('has too many peers or addresses')
    return count
  }
  const peers = Array.from({ length: takeCount(linkPeersMax) }, () => {
    const peerId = peerIdOfKey(take(keyBytes))
    const addresses = Array.from({ length: takeCount(linkAddressesMax) }, () => take(takeCount(linkAddressBytesMax)))
    return { peerId, addresses: addresses.flatMap(decodeAddress) }
  })
  if (offset !== bytes.length) throw malformed('goes on after the list of peers')
  return peers
}

function decodeAddress(bytes: Uint8Array): string[] {
  try {
    const text = multiaddr(bytes).toString()
    const isPlain = /^[\x21-\x7e]{2,}$/.test(text)
    return isPlain && equalBytes(multiaddr(text).bytes, bytes) ? [text] : []
  } catch {
    return []
  }
}

function keyOfPeerId(peerId: PeerId): Uint8Array | undefined {
  try {
    const bytes = base58.decode(peerId)
    const isEd25519 = bytes.length === peerIdPrefix.length + keyBytes
    return isEd25519 && equalBytes(bytes.subarray(0, peerIdPrefix.length), peerIdPrefix)
      ? bytes.subarray(peerIdPrefix.length)
      : undefined
  } catch {
    return undefined
  }
}

function peerIdOfKey(key: Uint8Array): PeerId {
  return base58.encode(concatBytes(peerIdPrefix, key)) as PeerId
}

function malformed(what: string) {
  return formatErrors.link_malformed(`The link is whole, but ${what}.`)
}
