// A community as its devices live it, with real keys and seals but no signatures: each device has its own log and keyring,
// opens what it can, resolves, and writes as an honest program does. Whoever was removed goes on listening.

import { createHash } from 'node:crypto'
import { encode } from '@ipld/dag-cbor'
import { assert } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import { deviceKeyOf } from '../identity/core.ts'
import type { DeviceKey, PersonDid } from '../identity/types.ts'
import { deviceIdOf, idBytes } from '../log/ids.ts'
import { compareTimes } from '../log/time-core.ts'
import type { CommunityId, DeviceId, Entry, EntryId, KeyId, Lane } from '../log/types.ts'
import { type Act, encodeAct, type KnownAct, readAct } from './acts-wire.ts'
import { type OpenedAct, Past, type Resolution, resolve } from './core.ts'
import { type Certified, certificate, person as personCodec } from './fields-wire.ts'
import { Keyring } from './keyring.ts'
import { keyToWrite, owedInvites, owedKeys, predecessorsOf, recipientsOf, unreadOf } from './keyring-core.ts'
import { generateAccess, generateEpochKey, keyIdOf } from './keys.ts'
import type { Payload } from './payload-wire.ts'
import type { EpochKey, InviteId } from './types.ts'

const noBytes = new Uint8Array(0)

/** A person's or device's seed, the same for the same name in all worlds: making keys takes longest. */
const seeds = new Map<string, { readonly seed: Uint8Array; readonly key: DeviceKey }>()

function seedOf(name: string): { readonly seed: Uint8Array; readonly key: DeviceKey } {
  let made = seeds.get(name)
  if (made === undefined) {
    const seed = new Uint8Array(createHash('sha256').update(name).digest())
    made = { seed, key: deviceKeyOf(seed) }
    seeds.set(name, made)
  }
  return made
}

export class World {
  readonly random: Random
  readonly entries = new Map<EntryId, Entry>()
  readonly nodes: Node[] = []
  nowMs = 1_700_000_000_000
  community: CommunityId | undefined

  constructor(random: Random) {
    this.random = random
  }

  /** A new device: `ann` is the first of the person `ann`, `ann.2` the second. */
  node(name: string): Node {
    const node = new Node(this, name)
    this.nodes.push(node)
    return node
  }

  found(name: string, history: 'all' | 'since-joining'): Node {
    const node = this.node(name)
    const key = generateEpochKey(this.random)
    node.keyring.add(key)
    const founding: KnownAct = {
      ...{
        kind: 'found' as const,
        purpose: 'group' as const,
        name: 'Village',
        description: '',
        history,
        access: generateAccess(this.random),
      },
      ...{ memberName: name, certificate: node.certificate, deviceName: name },
    }
    const entry = node.write(
      founding,
      { key: keyIdOf(key), epoch: 0 },
      node.keyring.boxesFor(key, { devices: [node.device] })[0],
    )
    this.community = entry.id as string as CommunityId
    return node
  }
}

export interface MadeInvite {
  readonly id: InviteId
  readonly seed: Uint8Array
  readonly entry: Entry
  readonly usesMax: number
}

export class Node {
  readonly world: World
  readonly name: string
  readonly device: DeviceId
  readonly person: PersonDid
  readonly keyring: Keyring
  readonly seen = new Set<EntryId>()
  readonly acts = new Map<EntryId, OpenedAct>()
  #sealed: Entry[] = []
  #last: Entry | undefined
  #resolution: Resolution | undefined
  #past: Past | undefined

  constructor(world: World, name: string) {
    this.world = world
    this.name = name
    const { seed, key } = seedOf(name)
    this.device = deviceIdOf(key)
    this.person = personCodec.read(seedOf(`person ${name.split('.')[0]}`).key)
    this.keyring = new Keyring({ deviceSeed: seed, random: world.random })
  }

  get certificate(): Certified {
    const payload = encode({ device: idBytes(this.device), issuedMs: 0, person: personCodec.write(this.person), v: 1 })
    return certificate.read(encode([payload, new Uint8Array(64), new Uint8Array(64)]))
  }

  get community(): CommunityId {
    assert(this.world.community !== undefined, 'it was founded')
    return this.world.community
  }

  get state() {
    return this.resolution.state
  }

  get resolution(): Resolution {
    this.#past ??= new Past({ get: (id) => this.world.entries.get(id), forks: () => [] })
    this.#resolution ??= resolve(this.community, [...this.acts.values()], this.#past)
    return this.#resolution
  }

  get isMember(): boolean {
    const devices = this.state.members.get(this.person)?.devices ?? []
    return devices.some(({ device, state }) => device === this.device && state === 'active')
  }

  /** Reads what others have seen, and opens what it can. */
  hear(...others: readonly Node[]): void {
    const news = [...new Set(others.flatMap(({ seen }) => [...seen]))].filter((id) => !this.seen.has(id))
    const entries = news.flatMap((id) => this.world.entries.get(id) ?? [])
    for (const entry of entries.sort((a, b) => compareTimes(a.time, b.time))) this.#take(entry)
    this.openAll()
  }

  #take(entry: Entry): void {
    this.seen.add(entry.id)
    if (entry.lane === 0) this.#sealed.push(entry)
  }

  /** Opens acts until no key comes any more. */
  openAll(): void {
    for (let goOn = true; goOn; ) {
      goOn = false
      const waiting = this.#sealed
      this.#sealed = []
      for (const entry of waiting) {
        this.keyring.meet(entry)
        const payload = this.keyring.open(entry)
        if (payload === undefined) {
          this.#sealed.push(entry)
          continue
        }
        goOn = true
        const act: Act = readAct(payload.kind, payload.body)
        this.keyring.learn(entry, act)
        this.acts.set(entry.id, { entry, act, proven: true })
        this.#resolution = undefined
      }
    }
  }

  /** Acts that are here and can't be opened. */
  get unopened(): number {
    return this.#sealed.length
  }

  /** Takes back all that was opened: a device that starts again with the keys that it kept. */
  restarted(): Node {
    const again = new Node(this.world, this.name)
    again.keyring.import(this.keyring.export())
    again.hear(this)
    return again
  }

  read(entry: Entry): Payload | undefined {
    return this.keyring.open(entry)
  }

  write(act: KnownAct, key: { key: KeyId; epoch: number }, boxes: Uint8Array = noBytes): Entry {
    const { kind, body } = encodeAct(act)
    return this.#append(0, key, { app: 'community', kind, body }, boxes)
  }

  say(text: string): Entry {
    return this.#append(1, this.writingKey(), { app: 'chat', kind: 'message', body: text }, noBytes)
  }

  /** The key to write with; makes one where one is due. */
  writingKey(): { key: KeyId; epoch: number } {
    const present = keyToWrite(this.state, this.#epochMax())
    return present !== undefined && this.keyring.holds(present.key) === 'whole' ? present : this.rotate()
  }

  /** Newest key that is here: for whoever is no member yet. */
  newestKey(): { key: KeyId; epoch: number } | undefined {
    const epoch = this.#epochMax()
    return this.state.keys.find((one) => one.epoch === epoch && this.keyring.holds(one.key) === 'whole')
  }

  rotate(key: EpochKey = generateEpochKey(this.world.random)): { key: KeyId; epoch: number } {
    const predecessors = predecessorsOf(this.resolution, (one) => this.keyring.holds(one))
    const recipients = recipientsOf(this.state, this.world.nowMs)
    const unread = unreadOf(this.state, this.#sealed)
    const { keyId, acts, boxes } = this.keyring.rotation({ recipients, predecessors, unread }, key)
    const epoch = this.#epochMax() + 1
    for (const [place, act] of acts.entries())
      this.write(act, { key: keyId, epoch }, boxes[place] ?? boxes[0] ?? noBytes)
    return { key: keyId, epoch }
  }

  act(act: KnownAct, recipients: { devices?: readonly DeviceId[]; invites?: readonly InviteId[] } = {}): Entry {
    const key = this.writingKey()
    const whole = this.keyring.get(key.key)
    assert(whole !== undefined, 'one has the key that one writes with')
    return this.write(act, key, this.keyring.boxesFor(whole, recipients)[0])
  }

  invite(name: string, role: string, usesMax: number): MadeInvite {
    const { seed, key } = seedOf(`invite ${name}`)
    const id = Buffer.from(key).toString('hex') as InviteId
    const act = { kind: 'invite' as const, invite: id, role, usesMax, expiresMs: undefined, note: '' }
    const entry = this.act(act, { invites: [id] })
    // Whoever makes an invitation has its secret.
    this.keyring.addInvite(seed)
    return { id, seed, entry, usesMax }
  }

  join(invite: MadeInvite): boolean {
    this.keyring.addInvite(invite.seed)
    this.openAll()
    const key = this.acts.has(this.community as string as EntryId) ? this.newestKey() : undefined
    if (key === undefined || this.state.invites.get(invite.id)?.state !== 'open') return false
    const proof = new Uint8Array(64)
    const { certificate, name } = this
    this.write({ kind: 'join', invite: invite.id, proof, certificate, memberName: name, deviceName: name }, key)
    return true
  }

  /** Hands keys to whoever is owed them, as far as they are here. */
  payDebts(): boolean {
    let paid = false
    for (const [device, keys] of owedKeys(this.resolution)) {
      const grant = this.keyring.grantFor(device, keys)
      if (grant === undefined || device === this.device) continue
      // With its own key in a box: the device may have none yet that opens it.
      const key = this.writingKey()
      const whole = this.keyring.get(key.key)
      this.write(grant, key, whole && this.keyring.boxesFor(whole, { devices: [device] })[0])
      paid = true
    }
    const invites = owedInvites(this.resolution)
    const key = keyToWrite(this.state, this.#epochMax())
    const whole = key === undefined ? undefined : this.keyring.get(key.key)
    if (key === undefined || whole === undefined) return paid
    const { first } = predecessorsOf(this.resolution, (one) => this.keyring.holds(one), key.key)
    if (invites.length === 0 && first.length === 0) return paid
    const previous = this.keyring.handOn(first, whole)
    const unread = unreadOf(this.state, this.#sealed)
    this.write({ kind: 'rotate', previous, unread }, key, this.keyring.boxesFor(whole, { invites })[0])
    return true
  }

  #epochMax(): number {
    let max = 0
    for (const id of this.seen) max = Math.max(max, this.world.entries.get(id)?.epoch ?? 0)
    return max
  }

  #append(lane: Lane, { key, epoch }: { key: KeyId; epoch: number }, payload: Payload, boxes: Uint8Array): Entry {
    const { world, device } = this
    world.nowMs += 1_000
    const named = new Set<EntryId>()
    for (const id of this.seen) for (const parent of parentsOf(world.entries.get(id))) named.add(parent)
    const heads = [...this.seen].filter((id) => !named.has(id) && id !== this.#last?.id).sort()
    const seq = (this.#last?.seq ?? 0) + 1
    const community = world.entries.size === 0 ? undefined : world.community
    const sealed = this.keyring.seal(key, { community, device, seq, lane }, payload)
    const time = { ms: world.nowMs, count: 0 }
    const facts = { community, device, seq, prev: this.#last?.id, heads, time, epoch, key, lane, boxes, sealed }
    const id = createHash('sha256').update(`${device} ${seq}`).update(sealed).digest('hex') as EntryId
    const entry: Entry = { ...facts, id, bytes: noBytes }
    world.entries.set(id, entry)
    this.#last = entry
    this.#take(entry)
    if (world.community !== undefined || lane === 0) this.openAll()
    return entry
  }
}

function parentsOf(entry: Entry | undefined): readonly EntryId[] {
  if (entry === undefined) return []
  return entry.prev === undefined ? entry.heads : [entry.prev, ...entry.heads]
}
