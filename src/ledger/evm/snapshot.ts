// The whole state after one block, in parts, for newcomers: accounts and slots in the order of their hashes, read from the tries
// of that block, then codes. A part is found by where the one before it ended, so nothing is kept between two questions; the
// block's state must be kept as long as it is handed out.

import { concatBytes } from '../../base/bytes.ts'
import { decodeAccount } from './account-wire.ts'
import { evmErrors } from './errors.ts'
import { encodeChunk, type SnapshotAccount } from './snapshot-wire.ts'
import type { StateStore, StoredRoot } from './state-store.ts'
import { leavesAfter, stubOf } from './trie.ts'
import { StoredTrie } from './trie-store.ts'
import type { SnapshotPart } from './types.ts'

/** Where a part ended. In accounts: 0, the hash of the last account, and the last slot where more of its slots follow. In codes: 1 and the last hash. */
type Place =
  | { readonly kind: 'accounts'; readonly account: Uint8Array | undefined; readonly slot: Uint8Array | undefined }
  | { readonly kind: 'codes'; readonly hash: Uint8Array }

const noHash = new Uint8Array(32)

export function snapshotPart(
  store: StateStore,
  at: StoredRoot,
  after: Uint8Array | undefined,
  bytesMax: number,
): SnapshotPart {
  const place = placeOf(after)
  const filling = new Filling(store, at, bytesMax)
  return place.kind === 'codes' ? filling.codes(place.hash) : filling.accounts(place)
}

class Filling {
  readonly #store: StateStore
  readonly #at: StoredRoot
  readonly #bytesMax: number
  readonly #accounts: SnapshotAccount[] = []
  #bytes = 0

  constructor(store: StateStore, at: StoredRoot, bytesMax: number) {
    this.#store = store
    this.#at = at
    this.#bytesMax = bytesMax
  }

  accounts({ account, slot }: Extract<Place, { kind: 'accounts' }>): SnapshotPart {
    const source = new StoredTrie(this.#store, undefined, this.#at.height)
    // The account in whose slots the last part ended comes once more.
    const from = account !== undefined && slot !== undefined ? before(account) : account
    let continued = slot
    for (const { key, value } of leavesAfter(stubOf(this.#at.root), from, source)) {
      const ended = this.#addAccount(key, value, continued)
      continued = undefined
      if (ended !== undefined) return this.#part(concatBytes(Uint8Array.of(0), key, ended))
      if (this.#bytes >= this.#bytesMax) return this.#part(concatBytes(Uint8Array.of(0), key))
    }
    return this.#part(concatBytes(Uint8Array.of(1), noHash))
  }

  /** Adds an account with as many of its slots as there is room for; returns the last one where more follow. */
  #addAccount(hash: Uint8Array, value: Uint8Array, afterSlot: Uint8Array | undefined): Uint8Array | undefined {
    const account = decodeAccount(value)
    if (account === undefined) throw evmErrors.state_damaged('An account of the state is damaged.')
    const slots: [Uint8Array, Uint8Array][] = []
    const source = new StoredTrie(this.#store, hash, this.#at.height)
    this.#bytes += value.length + 40
    let more = false
    for (const leaf of leavesAfter(stubOf(account.storageRoot), afterSlot, source)) {
      if (this.#bytes >= this.#bytesMax && slots.length > 0) {
        more = true
        break
      }
      slots.push([leaf.key, leaf.value])
      this.#bytes += leaf.value.length + 40
    }
    this.#accounts.push({ hash, value, slots, more })
    return more ? slots[slots.length - 1]?.[0] : undefined
  }

  codes(after: Uint8Array): SnapshotPart {
    const codes: Uint8Array[] = []
    let next: Uint8Array | undefined
    for (const [hash, code] of this.#store.codesAfter(after)) {
      if (this.#bytes + code.length > this.#bytesMax && codes.length > 0) return this.#codePart(codes, next)
      codes.push(code)
      this.#bytes += code.length + 4
      next = concatBytes(Uint8Array.of(1), hash)
    }
    return this.#codePart(codes, undefined)
  }

  #codePart(codes: readonly Uint8Array[], next: Uint8Array | undefined): SnapshotPart {
    return { bytes: encodeChunk({ accounts: [], codes }), next }
  }

  #part(next: Uint8Array): SnapshotPart {
    return { bytes: encodeChunk({ accounts: this.#accounts, codes: [] }), next }
  }
}

function placeOf(after: Uint8Array | undefined): Place {
  if (after === undefined) return { kind: 'accounts', account: undefined, slot: undefined }
  const rest = after.subarray(1)
  if (after[0] === 1 && rest.length === 32) return { kind: 'codes', hash: rest }
  if (after[0] === 0 && rest.length === 32) return { kind: 'accounts', account: rest, slot: undefined }
  if (after[0] === 0 && rest.length === 64) {
    return { kind: 'accounts', account: rest.subarray(0, 32), slot: rest.subarray(32) }
  }
  throw evmErrors.call_unusable('This is no place in a snapshot.')
}

/** The greatest hash that is less. */
function before(hash: Uint8Array): Uint8Array | undefined {
  const less = hash.slice()
  for (let at = 31; at >= 0; at--) {
    const byte = less[at] ?? 0
    less[at] = byte === 0 ? 255 : byte - 1
    if (byte !== 0) return less
  }
  return undefined
}
