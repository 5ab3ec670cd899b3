// Keys of the simulated validators. The cheap scheme is a keyed mix of 32-bit words: whoever has not the key (a liar is given a
// function, no key) can't make what `recover` accepts. The real one, for a few seeds: real-keys.ts.

import type { Recover, Sign } from '../../../src/ledger/consensus/types.ts'
import type { Address } from '../../../src/ledger/types.ts'

export interface Keys {
  readonly addresses: readonly Address[]
  signOf(address: Address): Sign
  readonly recover: Recover
}

/** Sorted, as sets are. */
export function cheapKeys(count: number): Keys {
  const addresses = Array.from({ length: count }, (_, at) => `0x${(at + 1).toString(16).padStart(40, '0')}` as Address)
  const mix = (digest: Uint8Array, place: number) => {
    const view = new DataView(digest.buffer, digest.byteOffset, 32)
    let word = Math.imul(place + 0x9e3779b9, 0x85ebca6b)
    for (let at = 0; at < 32; at += 4) word = Math.imul(word ^ view.getUint32(at), 0xc2b2ae35) ^ (word >>> 13)
    return word >>> 0
  }
  return {
    addresses,
    signOf(address) {
      const place = addresses.indexOf(address)
      return (digest) => {
        const signature = new Uint8Array(65)
        const view = new DataView(signature.buffer)
        view.setUint32(0, place)
        view.setUint32(4, mix(digest, place))
        signature[64] = 27
        return signature
      }
    },
    recover(digest, signature) {
      const view = new DataView(signature.buffer, signature.byteOffset, 8)
      const place = view.getUint32(0)
      return view.getUint32(4) === mix(digest, place) ? addresses[place] : undefined
    },
  }
}
