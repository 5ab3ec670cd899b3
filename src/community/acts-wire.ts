// Acts: what entries of lane 0 say. One codec a kind, from which the type `Act` follows; docs/protocol/community.md,
// "Acts", says what each means. A kind that is not here is kept and ignored: whoever is newer reads it.

import type { DeviceId, EntryId, KeyId } from '../log/types.ts'
import type { Codec } from './fields-wire.ts'
import * as field from './fields-wire.ts'
import {
  descriptionCharactersMax,
  grantKeysMax,
  inviteUsesMax,
  keeperAddressCharactersMax,
  keeperAddressesMax,
  noteCharactersMax,
  previousKeysMax,
  roleCapabilitiesMax,
  roleRankMax,
  unreadMax,
} from './limits.ts'
import type { Capability, CommunityAccess, InviteId } from './types.ts'

/** The `app` of all entries of lane 0. */
export const communityApp = 'community'

/** Names that own roles can't take: what they mean stands in the program. */
export const builtInRoleNames = ['owner', 'admin', 'member', 'guest'] as const

/** An earlier key that a rotation hands on, wrapped (seal.ts, `wrapKey`). */
export interface PreviousKey {
  readonly key: KeyId
  /** Its control sub-key, under `controlChainKey` of the new one's. */
  readonly control: Uint8Array
  /** All of it, under the chain sub-key of the new one; undefined where newcomers may not read what was before. */
  readonly whole: Uint8Array | undefined
}

const wrappedBytes = 60
/** Ephemeral key, keys, tag (boxes.ts, `sealGrant`). */
const sealedGrantBytes = (keys: number) => 32 + 32 * keys + 16

const device = field.hex<DeviceId>(32)
const invite = field.hex<InviteId>(32)
const keyId = field.hex<KeyId>(16)
const entryId = field.hex<EntryId>(32)
const access = field.bytes(32) as Codec<CommunityAccess>
const time = field.integer(0, Number.MAX_SAFE_INTEGER)
const role = field.word<string>()
const history = field.oneOf('all', 'since-joining')
const purpose = field.oneOf('group', 'direct')
const description = field.lines(descriptionCharactersMax)
const note = field.lines(noteCharactersMax)
const { name, person, peer, certificate } = field

/** A list of three on the wire: key, control, whole or null. */
const previousKey: Codec<PreviousKey> = {
  read(value) {
    if (!Array.isArray(value) || value.length !== 3) throw field.malformed('has an earlier key that is none')
    const [key, control, whole] = value
    return {
      key: keyId.read(key),
      control: field.bytes(wrappedBytes).read(control),
      whole: field.orNull(field.bytes(wrappedBytes)).read(whole),
    }
  },
  write: ({ key, control, whole }) => [keyId.write(key), control, whole ?? null],
}

const ownRole: Codec<string> = {
  read(value) {
    const read = role.read(value)
    if (builtInRoleNames.some((builtIn) => builtIn === read)) throw field.malformed('defines a built-in role')
    return read
  },
  write: (value) => value,
}

const address: Codec<string> = {
  read(value) {
    const isAddress = typeof value === 'string' && value.length <= keeperAddressCharactersMax
    if (!isAddress || !/^[\x21-\x7e]+$/.test(value)) throw field.malformed('has an address that is none')
    return value
  },
  write: (value) => value,
}

const bodies = {
  found: field.map({ purpose, name, description, history, access, memberName: name, certificate, deviceName: name }),
  /**
   * `unread`: acts before it that its author could not open, having no key for them yet. It is not taken for knowing of a
   * removal that is among them.
   */
  rotate: field.map({ previous: field.list(previousKey, previousKeysMax), unread: field.list(entryId, unreadMax) }),
  /** `keys` names what is sealed, so that everybody sees what a device still lacks. */
  grant: field.map({
    device,
    keys: field.list(keyId, grantKeysMax, 1),
    sealed: field.bytesUpTo(sealedGrantBytes(grantKeysMax), sealedGrantBytes(1)),
  }),
  invite: field.map({ invite, role, usesMax: field.integer(1, inviteUsesMax), expiresMs: field.orNull(time), note }),
  revoke: field.map({ invite }),
  join: field.map({ invite, proof: field.bytes(64), certificate, memberName: name, deviceName: name }),
  admit: field.map({ certificate, role, memberName: name, deviceName: name }),
  device: field.map({ certificate, deviceName: name }),
  'device-remove': field.map({ device }),
  remove: field.map({ person }),
  role: field.map({ person, role }),
  'role-define': field.map({
    name: ownRole,
    rank: field.integer(0, roleRankMax),
    capabilities: field.sortedList(field.word<Capability>(), roleCapabilitiesMax),
  }),
  settings: field.someOf({ name, description, history }),
  profile: field.map({ memberName: name }),
  keeper: field.map({ peerId: peer, addresses: field.list(address, keeperAddressesMax), name, bytesMax: time }),
  'keeper-remove': field.map({ peerId: peer }),
} as const

type Bodies = typeof bodies
export type ActKind = keyof Bodies
type BodyOf<Kind extends ActKind> = Bodies[Kind] extends Codec<infer Body> ? Body : never

/** An act of a kind that is known. */
export type ActOf<Kind extends ActKind> = { readonly kind: Kind } & BodyOf<Kind>
export type KnownAct = { [Kind in ActKind]: ActOf<Kind> }[ActKind]

export type Act =
  | KnownAct
  /** Of a later version: kept, and without effect here. */
  | { readonly kind: 'unknown'; readonly name: string }
  /** Of a known kind, but not what it should be: kept, and void for everybody. */
  | { readonly kind: 'malformed'; readonly name: string }

/** Reads an act strictly. Throws `act_malformed`; an unknown kind is none of its business. */
export function decodeAct(kind: string, body: unknown): Act {
  if (!isActKind(kind)) return { kind: 'unknown', name: kind }
  return { kind, ...(bodies[kind] as Codec<object>).read(body) } as KnownAct
}

/** The same for what others wrote: what is malformed is said to be. */
export function readAct(kind: string, body: unknown): Act {
  try {
    return decodeAct(kind, body)
  } catch {
    return { kind: 'malformed', name: kind }
  }
}

/** Kind and body of an act, ready for payload-wire.ts. */
export function encodeAct(act: KnownAct): { readonly kind: ActKind; readonly body: unknown } {
  const { kind, ...body } = act
  return { kind, body: (bodies[kind] as Codec<object>).write(body) }
}

function isActKind(kind: string): kind is ActKind {
  return Object.hasOwn(bodies, kind)
}
