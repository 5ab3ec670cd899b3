// One community on this computer that can be read: opens what its log stores, resolves the acts of lane 0, and gives the
// apps what counts of lane 1.
//
//   log entries ──► keyring (boxes) ──► open ──┬─ lane 0: acts ──► resolve ──► state
//                                              └─ lane 1: counts? ──► apps (projection.ts)
//
// Must stay true: between two resets apps see every entry that counts once, whatever order entries, keys and members came
// in; a batch never holds the thread for long; what can't be opened yet waits and is not lost.

import { Emitter } from '../base/events.ts'
import type { Cancel } from '../base/ports.ts'
import { createTurns } from '../base/turns.ts'
import type { CommunityLog, Draft, Entry, EntryId, KeyId, Vector } from '../log/types.ts'
import type { PeerId } from '../network/types.ts'
import { type Act, communityApp, encodeAct, type KnownAct, readAct } from './acts-wire.ts'
import { allowancesOf } from './allowance-core.ts'
import { type Counted, Past, type Resolution, resolve } from './core.ts'
import { communityErrors } from './errors.ts'
import { openedOf, openWith } from './giving.ts'
import type { OpenedAct } from './items-core.ts'
import type { Keyring } from './keyring.ts'
import { keyToWrite } from './keyring-core.ts'
import { entriesPerTurnMax } from './limits.ts'
import { encodePayload, type Payload } from './payload-wire.ts'
import { type Judge, Projection, type ProjectionParts } from './projection.ts'
import { isProven } from './proofs.ts'
import type { CommunityStore } from './store.ts'
import type { CommunityFacts, CommunityState, KeyFacts, OpenedEntry, VoidCode } from './types.ts'

export interface RoomParts extends ProjectionParts {
  readonly store: CommunityStore
  /** Resolves when this device may write. */
  readonly beforeWriting: () => Promise<void>
}

export type RoomEvent =
  /** Acts came, or keys: `state` may be another. */
  | { readonly type: 'state' }
  /** Entries of lane 1 that now count; never those of a rebuild. */
  | { readonly type: 'entries'; readonly entries: readonly OpenedEntry[] }
  | { readonly type: 'rebuilt' }
  /** How far the reading of much is (`progress`) has changed. */
  | { readonly type: 'reading' }

export class Room {
  readonly events = new Emitter<RoomEvent>()
  readonly log: CommunityLog
  readonly keyring: Keyring
  readonly #parts: RoomParts
  readonly #projection: Projection
  readonly #turn = createTurns(1)
  readonly #writing = createTurns(1)
  readonly #past: Past
  readonly #acts = new Map<EntryId, OpenedAct>()
  /** Entries of lane 0 whose key is not here. */
  readonly #sealed = new Map<KeyId, Entry[]>()
  /** Forks that are taken into account. */
  #forks = 0
  /** Acts whose past is on disk, and what was found out about their proofs. */
  readonly #kept = new Set<EntryId>()
  readonly #proven = new Map<EntryId, boolean>()
  #isRemembered = false
  /** Up to which number of each device verdicts were used; undefined after a start: any may have been. */
  #judged: Vector | undefined
  /** Something came to the log since it was last read. */
  #isStale = true
  readonly #offLog: Cancel
  #resolution: Resolution
  /** Up to which arrival lane 0 was read, and up to which `state` has it. */
  #read = 0
  #judgedUpTo = 0
  #stopped = false

  constructor(log: CommunityLog, keyring: Keyring, parts: RoomParts) {
    this.log = log
    this.keyring = keyring
    this.#parts = parts
    this.#offLog = log.on(({ type }) => {
      if (type !== 'allowed') this.#isStale = true
    })
    this.#past = new Past(log)
    this.#projection = new Projection(log, this.#judge(), parts)
    this.#resolution = resolve(log.community, [], this.#past)
    log.allow(allowancesOf(this.state))
  }

  get state(): CommunityState {
    return this.#resolution.state
  }

  /** Whether the founding act could be read, so that `state` says something. */
  get isReadable(): boolean {
    return this.#resolution.state.members.size > 0
  }

  act(id: EntryId): Act | undefined {
    return this.#acts.get(id)?.act
  }

  /** Reads everything that the log has and that was not read before. Resolves when the apps have it. */
  catchUp(): Promise<void> {
    return this.#turn(async () => {
      // Whoever writes asks before and after, and so does whoever is told by the log: once is enough.
      if (!this.#isStale || this.#stopped) return
      this.#isStale = false
      try {
        await this.#takeAll()
      } catch (error) {
        this.#isStale = true
        throw error
      }
    })
  }

  /**
   * Runs what reads the state and then writes by it, one such thing at a time, on everything that the log has and, after a
   * restore, should have.
   */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#writing(async () => {
      await this.#parts.beforeWriting()
      await this.catchUp()
      return work()
    })
  }

  /** Resolves when everything handed in so far is done with. */
  async settled(): Promise<void> {
    await this.#turn(async () => {})
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#offLog()
    await this.#turn(() => this.#projection.stop())
  }

  /** How many entries the apps were given of how many, while there is much to read. */
  get progress(): CommunityFacts['reading'] {
    const { given } = this.#projection
    if (given === undefined) return undefined
    const of = this.log.counts().entries - this.#acts.size
    return { entries: Math.min(given, of), of }
  }

  /** What is judged of the acts. */
  get resolution(): Resolution {
    return this.#resolution
  }

  /** The key to write with; undefined: one has to be made first. */
  keyToWrite(): KeyFacts | undefined {
    return keyToWrite(this.state, this.epochMax())
  }

  /** The highest epoch of any entry: epochs never fall along parents, so some head has it. */
  epochMax(): number {
    return Math.max(0, ...this.log.heads().map((id) => this.log.get(id)?.epoch ?? 0))
  }

  /** The epoch in which a peer's device, or its person, was removed: the last that they had a key of. */
  removalEpoch(peer: PeerId): number | undefined {
    const { members, voided } = this.state
    const member = [...members.values()].find(({ devices }) => devices.some(({ peerId }) => peerId === peer))
    const device = member?.devices.find(({ peerId }) => peerId === peer)
    const epochs = [...this.#acts.values()].flatMap(({ entry, act }) => {
      const isOf =
        (act.kind === 'remove' && act.person === member?.person) ||
        (act.kind === 'device-remove' && act.device === device?.device)
      return isOf && !voided.has(entry.id) ? [entry.epoch] : []
    })
    return epochs.length === 0 ? undefined : Math.max(...epochs)
  }

  /** Entries of lane 0 that can't be opened yet. */
  sealedActs(): readonly Entry[] {
    return [...this.#sealed.values()].flat()
  }

  /** Keys that were made here, on disk before they are used. */
  keepKeys(): void {
    this.#parts.store.putKeys(this.log.community, this.keyring.export())
  }

  /** What an entry says; undefined when its key is not here, `malformed` when it is not what it should be. */
  open(entry: Entry): Payload | 'malformed' | undefined {
    return openWith(this.keyring, entry)
  }

  /** Whether an entry of lane 1 counts, and what its author may. */
  counts(entry: Entry): Counted | VoidCode {
    return this.#resolution.counts(entry)
  }

  /** Writes an act, sealed with `key`; `boxes` bring that key to others. Resolves when its effect is in `state`. */
  async writeAct(
    act: KnownAct,
    key: Pick<KeyFacts, 'key' | 'epoch'>,
    boxes: Uint8Array = new Uint8Array(0),
    knowing: Pick<Draft, 'readUpTo'> = {},
  ): Promise<Entry> {
    const { kind, body } = encodeAct(act)
    const entry = await this.#write({ app: communityApp, kind, body }, { ...key, lane: 0, boxes, ...knowing })
    await this.catchUp()
    return entry
  }

  /**
   * {@link writeAct}, for what says that its author knew all that it follows: with more in the log than `state` has, it is not
   * written. Throws `draft_outdated`.
   */
  writeKnowing(act: KnownAct, key: Pick<KeyFacts, 'key' | 'epoch'>, boxes?: Uint8Array): Promise<Entry> {
    return this.writeAct(act, key, boxes, { readUpTo: this.#judgedUpTo })
  }

  /** Writes an entry of an app with the key to write with. Resolves with what the apps were given. */
  async writeEntry(payload: Payload, key: Pick<KeyFacts, 'key' | 'epoch'>): Promise<OpenedEntry> {
    const entry = await this.#write(payload, { ...key, lane: 1, boxes: new Uint8Array(0) })
    await this.catchUp()
    const counted = this.counts(entry)
    if (typeof counted === 'string')
      throw communityErrors.not_a_member('You can’t write in this community.', { details: { code: counted } })
    return openedOf(this.log.community, { arrival: 0, entry }, payload, counted)
  }

  async #write(payload: Payload, draft: Omit<Draft, 'seal'>): Promise<Entry> {
    if (this.keyring.get(draft.key) === undefined) {
      throw communityErrors.key_missing('The key of this community has not reached this computer yet.')
    }
    // Once before it is written: what can't be said is refused here, not in the middle of the log's work.
    encodePayload(payload)
    await this.#parts.beforeWriting()
    return this.log.append({ ...draft, seal: (place) => this.keyring.seal(draft.key, place, payload) })
  }

  #judge(): Judge {
    return {
      counts: (entry) => this.counts(entry),
      open: (entry) => this.open(entry),
      job: () => ({
        community: this.log.community,
        keys: this.keyring.export(),
        acts: [...this.#acts.values()],
        past: this.#past.export(),
        forks: this.log.forks(),
      }),
      inTurn: (work) =>
        this.#turn(async () => {
          if (!this.#stopped) await work()
        }),
      emit: (event) => this.events.emit(event),
    }
  }

  // ---- lane 0

  /** What the apps' entries were judged by when this ended last: whether a verdict changed since is told from there. */
  async #remember(): Promise<void> {
    const { store } = this.#parts
    const { community } = this.log
    const { devices, acts } = store.acts(community)
    this.#past.import({ devices, vectors: [...acts].map(([id, { past }]) => [id, past]) })
    for (const [id, { proven }] of acts) {
      this.#proven.set(id, proven)
      this.#kept.add(id)
    }
    await this.#takeActs(this.#projection.actsRead)
    this.#forks = this.log.forks().length
    this.#resolve()
    await this.#projection.begin(this.keyring.export().map(({ key }) => key))
    this.#isRemembered = true
  }

  async #takeAll(): Promise<void> {
    if (!this.#isRemembered) await this.#remember()
    const before = this.#resolution
    const forks = this.log.forks().length
    const { acts, keys } = await this.#takeActs(Number.POSITIVE_INFINITY)
    if (keys.size > 0) {
      this.keepKeys()
      await this.#projection.woken(keys)
    }
    this.#judgedUpTo = this.#read
    if (acts || forks !== this.#forks) {
      this.#forks = forks
      this.#resolve()
      const difference = this.#resolution.changedSince(before, this.#judged)
      await this.#projection.judgedAnew(before, difference, this.#read)
      this.#keepActs()
    }
    if (acts || keys.size > 0) this.events.emit({ type: 'state' })
    await this.#projection.project()
    this.#judged = this.log.vector()
  }

  #resolve(): void {
    this.#resolution = resolve(this.log.community, [...this.#acts.values()], this.#past)
    this.log.allow(allowancesOf(this.state))
  }

  /** Walking back through a long log, and checking certificates, is done once for each act. */
  #keepActs(): void {
    const { devices, vectors } = this.#past.export(this.#kept)
    const known = [...vectors].flatMap(([id, past]) => {
      const proven = this.#acts.get(id)?.proven
      return proven === undefined ? [] : [[id, { past, proven }] as const]
    })
    for (const [id] of known) this.#kept.add(id)
    if (known.length > 0) this.#parts.store.addActs(this.log.community, { devices, acts: new Map(known) })
  }

  /** Reads what came of lane 0, and what waited for a key that came with it. */
  async #takeActs(upTo: number): Promise<Took> {
    const took: Took = { acts: false, keys: new Set() }
    for (;;) {
      const page = this.log.entriesAfter(this.#read, entriesPerTurnMax, { lane: 0 })
      const due = page.filter(({ arrival }) => arrival <= upTo)
      for (const stored of due) this.#takeAct(stored.entry, took)
      this.#read = due.at(-1)?.arrival ?? this.#read
      if (due.length < entriesPerTurnMax) return took
      await nextTurn()
    }
  }

  #takeAct(first: Entry, took: Took): void {
    const open = [first]
    for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
      const gained = [...this.keyring.meet(entry)]
      const payload = this.open(entry)
      if (payload === undefined) {
        const waiting = this.#sealed.get(entry.key)
        if (waiting === undefined) this.#sealed.set(entry.key, [entry])
        else waiting.push(entry)
      } else {
        const act = actOf(payload)
        gained.push(...this.keyring.learn(entry, act))
        const proven = this.#proven.get(entry.id) ?? isProven(this.log.community, act)
        this.#acts.set(entry.id, { entry, act, proven })
        took.acts = true
      }
      for (const key of gained) {
        took.keys.add(key)
        open.push(...(this.#sealed.get(key) ?? []).filter((one) => one !== entry))
        this.#sealed.delete(key)
      }
    }
  }
}

/** What reading lane 0 brought: acts, and keys that are newly here, or newly whole. */
interface Took {
  acts: boolean
  readonly keys: Set<KeyId>
}

function actOf(payload: Payload | 'malformed'): Act {
  if (payload === 'malformed') return { kind: 'malformed', name: '' }
  return payload.app === communityApp ? readAct(payload.kind, payload.body) : { kind: 'unknown', name: payload.kind }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
