// The keys of one community that this device has: how they come in (lockboxes, grants, the chain of rotations), what they
// open, and how a new one is made for everybody. docs/protocol/community.md, "Keys for everybody".
//
//   entry ──meet──► key from its boxes?  ──open──► payload ──(rotate, grant) learn──► more keys ──► what waited for them
//
// What must stay true: a key is taken only when its id commits to it; of control sub-keys, to which no id does, several are
// tried; and nothing here forgets a key, since it may be the only one that opens what was written under it.

import { BoundedMap } from '../base/bounded.ts'
import { assert, isPeerhoodError } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import { idBytes } from '../log/ids.ts'
import type { DeviceId, Entry, EntryId, KeyId } from '../log/types.ts'
import type { Act, ActOf, PreviousKey } from './acts-wire.ts'
import { type BoxSecret, boxSecretOf, openBoxes, openGrant, sealBoxes, sealGrant } from './boxes.ts'
import type { Predecessor, Recipients } from './keyring-core.ts'
import { asEpochKey, controlChainKey, generateEpochKey, keyIdOf, subKey } from './keys.ts'
import {
  boxesMax,
  chainListsMax,
  controlCandidatesMax,
  entriesMetMax,
  grantKeysMax,
  inviteSecretsMax,
} from './limits.ts'
import { decodePayload, encodePayload, type Payload } from './payload-wire.ts'
import { openContent, type SealPlace, sealContent, unwrapKey, wrapKey } from './seal.ts'
import type { EpochKey, InviteId } from './types.ts'

/** What is known of one key; to be kept on disk as it is. */
export interface HeldKey {
  readonly key: KeyId
  readonly whole: EpochKey | undefined
  /** Sub-keys of lane 0, when `whole` is not here; one once it has opened something. */
  readonly controls: readonly Uint8Array[]
  /** Earlier keys that wait for `whole` to be unwrapped. */
  readonly chains: readonly (readonly PreviousKey[])[]
}

interface Held {
  whole: EpochKey | undefined
  app: Uint8Array | undefined
  controls: Uint8Array[]
  isControlSure: boolean
  chains: (readonly PreviousKey[])[]
}

export interface RotationPlan {
  readonly recipients: Recipients
  readonly predecessors: { readonly first: readonly Predecessor[]; readonly rest: readonly Predecessor[] }
  readonly unread: readonly EntryId[]
}

/** A new key, ready to be written: the first boxes go with the act, the others each with an entry of its own. */
export interface Rotation {
  readonly key: EpochKey
  readonly keyId: KeyId
  readonly acts: readonly ActOf<'rotate'>[]
  readonly boxes: readonly Uint8Array[]
}

export class Keyring {
  readonly #random: Random
  readonly #device: BoxSecret
  readonly #invites: BoxSecret[] = []
  readonly #held = new Map<KeyId, Held>()
  /** Entries whose boxes held nothing for us, and how many secrets there had been by then. */
  readonly #met = new BoundedMap<EntryId, number>(entriesMetMax)
  #secrets = 1

  constructor({ deviceSeed, random }: { readonly deviceSeed: Uint8Array; readonly random: Random }) {
    this.#device = boxSecretOf(deviceSeed)
    this.#random = random
  }

  /** Takes an invitation's seed (32 bytes) while joining by it. The oldest makes room for one too many. */
  addInvite(seed: Uint8Array): void {
    this.#secrets += 1
    this.#invites.push(boxSecretOf(seed))
    if (this.#invites.length > inviteSecretsMax) this.#invites.shift()
  }

  holds(key: KeyId): 'whole' | 'control' | undefined {
    const held = this.#held.get(key)
    return held === undefined || (held.whole === undefined && held.controls.length === 0)
      ? undefined
      : held.whole === undefined
        ? 'control'
        : 'whole'
  }

  /** A key that is here in whole. */
  get(key: KeyId): EpochKey | undefined {
    return this.#held.get(key)?.whole
  }

  /** Takes a key; the ids of all keys that are newly here, or newly whole, by it. */
  add(whole: EpochKey): readonly KeyId[] {
    const gained = new Set<KeyId>()
    this.#gainWhole(whole, gained)
    return [...gained]
  }

  /** All that is known, for the store. */
  export(): readonly HeldKey[] {
    return [...this.#held].map(([key, { whole, controls, chains }]) => ({
      key,
      whole,
      controls: whole === undefined ? controls : [],
      chains,
    }))
  }

  import(keys: Iterable<HeldKey>): void {
    for (const { key, whole, controls, chains } of keys) {
      const held = this.#of(key)
      held.chains = [...chains]
      if (whole === undefined) held.controls = controls.map((control) => Uint8Array.from(control))
      else this.#gainWhole(whole, new Set())
    }
  }

  /** Looks for a key in an entry's lockboxes; what is newly here by it. */
  meet({ id, key, boxes }: Pick<Entry, 'id' | 'key' | 'boxes'>): readonly KeyId[] {
    if (boxes.length === 0 || this.get(key) !== undefined || this.#met.get(id) === this.#secrets) return []
    this.#met.set(id, this.#secrets)
    for (const secret of [this.#device, ...this.#invites]) {
      const found = tryOpenBoxes(boxes, secret)
      if (found !== undefined && keyIdOf(asEpochKey(found)) === key) return this.add(asEpochKey(found))
    }
    return []
  }

  /** What an entry says; undefined while its key is missing, or when that does not open it. Throws `payload_malformed`. */
  open(entry: SealPlace & Pick<Entry, 'key' | 'sealed'>): Payload | undefined {
    const held = this.#held.get(entry.key)
    if (held === undefined) return undefined
    const keys = entry.lane === 1 ? [held.app] : held.controls
    for (const key of keys) {
      const content = key === undefined ? undefined : tryOpen(key, entry)
      if (content === undefined || key === undefined) continue
      if (entry.lane === 0 && !held.isControlSure) {
        held.controls = [key]
        held.isControlSure = true
      }
      return decodePayload(content)
    }
    return undefined
  }

  /** Takes the keys that an opened act hands on; the ids of those newly here, or newly whole. */
  learn(entry: Pick<Entry, 'key'>, act: Act): readonly KeyId[] {
    const gained = new Set<KeyId>()
    if (act.kind === 'rotate' && act.previous.length > 0) this.#learnChain(entry.key, act.previous, gained)
    if (act.kind === 'grant') {
      for (const key of openGrant(act.sealed, this.#device)) this.#gainWhole(asEpochKey(key), gained)
    }
    return [...gained]
  }

  /** Seals a payload. The key has to be here in whole. Throws `content_unusable`, `content_too_long`. */
  seal(key: KeyId, place: SealPlace, payload: Payload): Uint8Array {
    const held = this.#held.get(key)
    const laneKey = place.lane === 0 ? held?.controls[0] : held?.app
    assert(held?.whole !== undefined && laneKey !== undefined, 'one writes with a key that one has')
    return sealContent(laneKey, place, encodePayload(payload), this.#random)
  }

  /** Makes a key for everybody and takes it. What goes into it comes from keyring-core.ts. */
  rotation(
    { recipients, predecessors, unread }: RotationPlan,
    key: EpochKey = generateEpochKey(this.#random),
  ): Rotation {
    const boxes = this.boxesFor(key, recipients)
    const lists = [predecessors.first, ...chunksOf(predecessors.rest, Math.max(1, predecessors.first.length))]
    const previous = lists.map((list) => this.handOn(list, key))
    const count = Math.max(boxes.length, previous.length)
    const acts = Array.from({ length: count }, (_, place): ActOf<'rotate'> => {
      return { kind: 'rotate', previous: previous[place] ?? [], unread }
    })
    this.add(key)
    return { key, keyId: keyIdOf(key), acts, boxes }
  }

  /** Earlier keys for whoever has `under`: what a `rotate` with that key says. */
  handOn(predecessors: readonly Predecessor[], under: EpochKey): PreviousKey[] {
    return predecessors.flatMap((one) => this.#wrap(one, under))
  }

  /** Lockboxes with a key, for as many entries as they need. */
  boxesFor(key: EpochKey, { devices, invites }: Partial<Recipients>): Uint8Array[] {
    const ids: readonly (DeviceId | InviteId)[] = [...(devices ?? []), ...(invites ?? [])]
    return chunksOf(ids, boxesMax).map((some) => sealBoxes(key, some.map(edKeyOf), this.#random))
  }

  /** Hands keys to one device: those of `keys` that are here in whole. Undefined when none is, or it can't be sealed to. */
  grantFor(device: DeviceId, keys: readonly KeyId[]): ActOf<'grant'> | undefined {
    const handed = keys.filter((key) => this.get(key) !== undefined).slice(0, grantKeysMax)
    const wholes = handed.flatMap((key) => this.get(key) ?? [])
    const sealed = wholes.length === 0 ? undefined : sealGrant(wholes, edKeyOf(device), this.#random)
    return sealed === undefined ? undefined : { kind: 'grant', device, keys: handed, sealed }
  }

  #of(key: KeyId): Held {
    let held = this.#held.get(key)
    if (held === undefined) {
      held = { whole: undefined, app: undefined, controls: [], isControlSure: false, chains: [] }
      this.#held.set(key, held)
    }
    return held
  }

  #gainWhole(whole: EpochKey, gained: Set<KeyId>): void {
    const open = [whole]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const key = keyIdOf(next)
      const held = this.#of(key)
      if (held.whole !== undefined) continue
      gained.add(key)
      held.whole = Uint8Array.from(next) as EpochKey
      held.app = subKey(next, 'app')
      held.controls = [subKey(next, 'control')]
      held.isControlSure = true
      for (const chain of held.chains) open.push(...this.#unwrap(held, chain, gained))
      held.chains = []
    }
  }

  #learnChain(key: KeyId, chain: readonly PreviousKey[], gained: Set<KeyId>): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    for (const whole of this.#unwrap(held, chain, gained)) this.#gainWhole(whole, gained)
    if (held.whole === undefined && held.chains.length < chainListsMax) held.chains.push(chain)
  }

  /** Takes the control sub-keys in a chain; returns the whole keys in it. */
  #unwrap(held: Held, chain: readonly PreviousKey[], gained: Set<KeyId>): EpochKey[] {
    const under = held.controls.map(controlChainKey)
    const chainKey = held.whole === undefined ? undefined : subKey(held.whole, 'chain')
    return chain.flatMap(({ key, control, whole }) => {
      for (const one of under) this.#gainControl(key, unwrapKey(one, control), gained)
      const unwrapped = chainKey === undefined || whole === undefined ? undefined : unwrapKey(chainKey, whole)
      if (unwrapped === undefined) return []
      const epochKey = asEpochKey(unwrapped)
      return keyIdOf(epochKey) === key ? [epochKey] : []
    })
  }

  #gainControl(key: KeyId, control: Uint8Array | undefined, gained: Set<KeyId>): void {
    if (control === undefined) return
    const held = this.#of(key)
    if (held.isControlSure || held.controls.some((known) => Buffer.compare(known, control) === 0)) return
    held.controls.push(control)
    if (held.controls.length > controlCandidatesMax) held.controls.shift()
    gained.add(key)
  }

  #wrap({ key, whole }: Predecessor, under: EpochKey): PreviousKey[] {
    const held = this.#held.get(key)
    const control = held?.controls.at(-1)
    if (held === undefined || control === undefined) return []
    const wrapped =
      whole && held.whole !== undefined ? wrapKey(subKey(under, 'chain'), held.whole, this.#random) : undefined
    const chainKey = controlChainKey(subKey(under, 'control'))
    return [{ key, control: wrapKey(chainKey, control, this.#random), whole: wrapped }]
  }
}

function edKeyOf(id: DeviceId | InviteId): Uint8Array {
  return idBytes(id as DeviceId)
}

function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, place) => items.slice(place * size, (place + 1) * size))
}

/** Whoever wrote the boxes may have written nonsense. */
function tryOpenBoxes(boxes: Uint8Array, secret: BoxSecret): Uint8Array | undefined {
  try {
    return openBoxes(boxes, secret)
  } catch (error) {
    if (isPeerhoodError(error)) return undefined
    throw error
  }
}

function tryOpen(key: Uint8Array, entry: SealPlace & Pick<Entry, 'sealed'>): Uint8Array | undefined {
  try {
    return openContent(key, entry, entry.sealed)
  } catch (error) {
    if (isPeerhoodError(error) && error.code === 'seal_wrong') return undefined
    throw error
  }
}
