// What two peers say over the relayed connection before they punch (docs/protocol/udx.md): two messages of one shape, and one
// byte, each after its length (libp2p's varint prefix). Big-endian.
//
//   0  version  1   1  mapping  1   2  token  16   18  seen  1   19  own  1   20  addresses  18 each: seen, then own

import { networkErrors } from '../errors.ts'
import { decodeSeen, encodeSeen, seenBytes, tokenBytes } from '../udx/datagram-wire.ts'
import type { Mapping, Side } from './core.ts'
import { addressesMax } from './limits.ts'

export interface Offer extends Side {
  readonly token: Uint8Array
}

const version = 1
const mappings: readonly Mapping[] = ['unknown', 'independent', 'dependent']
const tokenAt = 2
const seenCountAt = tokenAt + tokenBytes
const offerHeadBytes = seenCountAt + 2
export const offerBytesMax = offerHeadBytes + 2 * addressesMax * seenBytes

/** One more message: both go now. */
export const start = Uint8Array.of(version)

export function encodeOffer({ token, mapping, seen, own }: Offer): Uint8Array {
  const some = [seen.slice(0, addressesMax), own.slice(0, addressesMax)] as const
  const addresses = some.flat()
  const bytes = new Uint8Array(offerHeadBytes + addresses.length * seenBytes)
  bytes[0] = version
  bytes[1] = mappings.indexOf(mapping)
  bytes.set(token, tokenAt)
  bytes[seenCountAt] = some[0].length
  bytes[seenCountAt + 1] = some[1].length
  addresses.forEach((address, at) => {
    bytes.set(encodeSeen(address), offerHeadBytes + at * seenBytes)
  })
  return bytes
}

/** Throws `punch_malformed` for anything that `encodeOffer` does not make. */
export function decodeOffer(bytes: Uint8Array): Offer {
  const mapping = mappings[bytes[1] ?? mappings.length]
  const [seenCount = 0, ownCount = 0] = bytes.subarray(seenCountAt)
  const count = seenCount + ownCount
  if (bytes.length !== offerHeadBytes + count * seenBytes || bytes[0] !== version) throw malformed()
  if (mapping === undefined || seenCount > addressesMax || ownCount > addressesMax) throw malformed()
  const addresses = Array.from({ length: count }, (_, at) =>
    decodeSeen(bytes.subarray(offerHeadBytes + at * seenBytes, offerHeadBytes + (at + 1) * seenBytes)),
  )
  if (addresses.some(({ port }) => port === 0)) throw malformed()
  const token = bytes.slice(tokenAt, seenCountAt)
  return { token, mapping, seen: addresses.slice(0, seenCount), own: addresses.slice(seenCount) }
}

/** Throws `punch_malformed` for anything but `start`. */
export function checkStart(bytes: Uint8Array): void {
  if (bytes.length !== 1 || bytes[0] !== version) throw malformed()
}

function malformed() {
  return networkErrors.punch_malformed('What a peer says about a direct way is malformed.')
}
