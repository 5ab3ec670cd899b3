// A community in memory for the tests of chat: persons with roles and devices, computers with a database each, entries
// with hybrid logical times that the test delivers in whatever order it wants. No signatures, no epochs.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { decode, encode } from '@ipld/dag-cbor'
import { createChat } from '../../src/apps/chat/service.ts'
import type { ChannelKeys, Chat, ChatEvent } from '../../src/apps/chat/types.ts'
import { openView } from '../../src/apps/chat/view.ts'
import { transaction } from '../../src/base/database.ts'
import { Emitter } from '../../src/base/events.ts'
import type { Log } from '../../src/base/ports.ts'
import { hasCapability } from '../../src/community/roles-core.ts'
import type {
  AppReducer,
  Capability,
  Communities,
  CommunityEvent,
  CommunityFacts,
  CommunityState,
  Member,
  OpenedEntry,
  Role,
} from '../../src/community/types.ts'
import type { PersonDid } from '../../src/identity/types.ts'
import { nextTime } from '../../src/log/time-core.ts'
import type { CommunityId, DeviceId, Entry, EntryId, KeyId, LogTime } from '../../src/log/types.ts'
import { createRandom, type SeededRandom } from '../sim/random.ts'
import { createManualClock, type ManualClock } from './clock.ts'

export const community = 'c0'.repeat(32) as CommunityId

/** A did of the right form for a short name of base58 letters. */
export function didNamed(name: string): PersonDid {
  return `did:key:z6Mk${name}${'1'.repeat(44 - name.length)}` as PersonDid
}

export function entryIdNamed(name: string): EntryId {
  return createHash('sha256').update(name).digest('hex') as EntryId
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }

const roles: readonly Role[] = [
  { name: 'owner', capabilities: ['*' as Capability], rank: 3 },
  { name: 'admin', capabilities: ['*' as Capability], rank: 2 },
  { name: 'member', capabilities: ['post' as Capability, 'invite' as Capability], rank: 1 },
  { name: 'guest', capabilities: [], rank: 0 },
]

export function roleMay(role: string, capability: string): boolean {
  const found = roles.find(({ name }) => name === role)
  return found !== undefined && hasCapability(found, capability)
}

export interface Computer {
  readonly person: PersonDid
  readonly device: DeviceId
  readonly database: DatabaseSync
  readonly chat: Chat
  readonly reducer: AppReducer
  readonly communities: Communities
  readonly events: ChatEvent[]
  /** What it holds, in the order of arrival. */
  readonly entries: readonly OpenedEntry[]
  /** Takes what it does not have yet. */
  receive(entries: readonly OpenedEntry[]): void
  /** The view that these entries, in this order, give this computer: in a database of its own. */
  viewOf(entries: readonly OpenedEntry[]): DatabaseSync
  /** Drops the view and makes it anew, from entries in this order. */
  rebuild(entries?: readonly OpenedEntry[]): void
  /** Writes an entry past all checks, as a hostile or newer program would. */
  forge(kind: string, body: unknown, options?: { readonly time?: LogTime }): Promise<OpenedEntry>
}

export type World = ReturnType<typeof createWorld>

export function createWorld(seed = 'chat') {
  const random: SeededRandom = createRandom(seed)
  const clock: ManualClock = createManualClock()
  const members = new Map<
    PersonDid,
    { role: string; state: 'active' | 'removed'; devices: DeviceId[]; joinedMs: number }
  >()
  const removedDevices = new Set<DeviceId>()
  const computers: Computer[] = []
  const tellAll: (() => void)[] = []
  const all: OpenedEntry[] = []

  function state(): CommunityState {
    const view = [...members].map(([person, member], seniority): [PersonDid, Member] => [
      person,
      {
        person,
        name: person.slice(12).replace(/1+$/, ''),
        role: member.role,
        state: member.state,
        seniority,
        joinedMs: member.joinedMs,
        admittedBy: undefined,
        devices: member.devices.map((device) => {
          const gone = removedDevices.has(device)
          return { device, peerId: '' as never, name: '', state: gone ? 'removed' : 'active', addedMs: 0 }
        }),
      },
    ])
    return {
      purpose: 'group',
      id: community,
      settings: { name: 'test', description: '', history: 'all' },
      members: new Map(view),
      roles: new Map(roles.map((role) => [role.name, role])),
      invites: new Map(),
      keepers: [],
      keys: [],
      writingKey: undefined,
      voided: new Map(),
    }
  }

  function add(name: string, role = 'member'): PersonDid {
    const person = didNamed(name)
    members.set(person, { role, state: 'active', devices: [], joinedMs: clock.nowMs() })
    return person
  }

  function memberOf(person: PersonDid) {
    const member = members.get(person)
    if (member === undefined) throw new Error('assertion failed: the person is a member')
    return member
  }

  function changed(): void {
    for (const tell of tellAll) tell()
  }

  /** A device of a person with a Peerhood on it. */
  function computer(person: PersonDid): Computer {
    const device = createHash('sha256').update(`${person} ${computers.length}`).digest('hex') as DeviceId
    memberOf(person).devices.push(device)
    const made = createComputer({ random: random.fork(device), clock, person, device, state, roleOf, publish })
    computers.push(made.computer)
    tellAll.push(made.tellMembers)
    changed()
    return made.computer
  }

  function roleOf(person: PersonDid): string {
    const member = memberOf(person)
    return member.state === 'active' ? member.role : ''
  }

  function publish(entry: OpenedEntry): void {
    all.push(entry)
  }

  return {
    random,
    clock,
    all: all as readonly OpenedEntry[],
    computers: computers as readonly Computer[],
    add,
    computer,
    setRole(person: PersonDid, role: string): void {
      memberOf(person).role = role
      changed()
    },
    remove(person: PersonDid): void {
      memberOf(person).state = 'removed'
      changed()
    },
    removeDevice(device: DeviceId): void {
      removedDevices.add(device)
      changed()
    },
    /** Everybody gets everything, each in an order of their own. */
    sync(): void {
      for (const one of computers) one.receive(shuffled(random, all))
    },
  }
}

export function shuffled<Item>(random: SeededRandom, items: readonly Item[]): Item[] {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const [a, b] = [out[i], out[j]]
    if (a === undefined || b === undefined) continue
    out[i] = b
    out[j] = a
  }
  return out
}

let made = 0

export function openedEntry(facts: {
  readonly person: PersonDid
  readonly device: DeviceId
  readonly time: LogTime
  readonly kind: string
  readonly body: unknown
  readonly role: string
}): OpenedEntry {
  const { person, device, time, kind, role } = facts
  const bytes = new Uint8Array(0)
  const id = entryIdNamed(`${device} ${time.ms} ${time.count} ${made++}`)
  const key = '00'.repeat(16) as KeyId
  const chain = { seq: 1, prev: undefined, heads: [], epoch: 0, key, lane: 1 as const }
  const entry: Entry = { id, community, device, time, ...chain, boxes: bytes, sealed: bytes, bytes }
  const body = decode(encode(facts.body))
  return { community, arrival: made, entry, person, app: 'chat', kind, body, may: (name) => roleMay(role, name) }
}

function createComputer(parts: {
  readonly random: SeededRandom
  readonly clock: ManualClock
  readonly person: PersonDid
  readonly device: DeviceId
  readonly state: () => CommunityState
  readonly roleOf: (person: PersonDid) => string
  readonly publish: (entry: OpenedEntry) => void
}) {
  const { random, clock, person, device, state, roleOf, publish } = parts
  const database = new DatabaseSync(':memory:')
  database.exec('PRAGMA trusted_schema = OFF')
  const emitter = new Emitter<CommunityEvent>()
  const reducers: AppReducer[] = []
  const entries: OpenedEntry[] = []
  const seen = new Set<EntryId>()
  const times: LogTime[] = [{ ms: 0, count: 0 }]

  function take(fresh: readonly OpenedEntry[]): void {
    const unseen = fresh.filter(({ entry }) => !seen.has(entry.id))
    for (const one of unseen) {
      seen.add(one.entry.id)
      entries.push(one)
      times[0] = nextTime([...times, one.entry.time], 0)
    }
    transaction(database, () => {
      for (const reducer of reducers) reducer.apply(unseen)
    })
    emitter.emit({ type: 'entries', id: community, entries: unseen })
  }

  function write(kind: string, body: unknown, time?: LogTime): OpenedEntry {
    const when = time ?? nextTime(times, clock.nowMs())
    const entry = openedEntry({ person, device, time: when, kind, body, role: roleOf(person) })
    publish(entry)
    take([entry])
    return entry
  }

  const facts = (): CommunityFacts => ({
    id: community,
    state: state(),
    self: state().members.get(person),
    counts: { entries: entries.length, bytes: 0, devices: 0 },
    forks: [],
    phase: 'open',
    bytesMax: undefined,
  })
  const communities = {
    list: () => [facts()],
    get(id: CommunityId) {
      if (id !== community) throw new Error('there is no such community')
      return facts()
    },
    // Even an entry of one's own takes a while to come back.
    async append(_id: CommunityId, _app: string, kind: string, body: unknown) {
      await Promise.resolve()
      return write(kind, body)
    },
    register: (reducer: AppReducer) => void reducers.push(reducer),
    on: (listener: (event: CommunityEvent) => void) => emitter.on(listener),
  } as unknown as Communities

  const keys = createFakeKeys(device, state)
  const chat = createChat({})({ clock, random, log: silent, database, communities, keys, self: () => person })
  for (const reducer of reducers) reducer.prepare?.(community)
  const events: ChatEvent[] = []
  chat.on((event) => events.push(event))
  const [reducer] = reducers
  if (reducer === undefined) throw new Error('assertion failed: chat registers its reducer')
  const computer: Computer = {
    person,
    device,
    database,
    chat,
    reducer,
    communities,
    events,
    entries,
    receive: take,
    viewOf(order) {
      const other = new DatabaseSync(':memory:')
      const view = openView({ database: other, keys, self: () => person })
      view.reducer.prepare?.(community)
      // As a long log is read: what goes into the search index is put off over several batches.
      view.index.gather(true)
      for (let at = 0; at < order.length; at += 16) view.reducer.apply(order.slice(at, at + 16))
      view.index.write()
      return other
    },
    rebuild(order = entries) {
      transaction(database, () => {
        while (!reducer.reset(community)) {}
        reducer.prepare?.(community)
        reducer.apply(order)
      })
      emitter.emit({ type: 'rebuilt', id: community })
    },
    async forge(kind, body, options = {}) {
      return write(kind, body, options.time)
    },
  }
  return { computer, tellMembers: () => emitter.emit({ type: 'community', id: community }) }
}

/** Boxes that say openly for whom they are; opened only by whom they are for. */
function createFakeKeys(device: DeviceId, state: () => CommunityState): ChannelKeys {
  return {
    sealTo(_id, persons, key) {
      const { members } = state()
      const devices = persons.flatMap((person) => members.get(person)?.devices ?? [])
      const active = devices.filter((one) => one.state === 'active').map((one) => [one.device, key])
      return encode(Object.fromEntries(active))
    },
    open(_id, boxes) {
      try {
        const found = (decode(boxes) as Record<string, unknown>)[device]
        return found instanceof Uint8Array ? found : undefined
      } catch {
        return undefined
      }
    },
  }
}

// ---- comparing views

/** Everything that the view holds, by names instead of local numbers, in an order of its own. */
export function dump(database: DatabaseSync): Readonly<Record<string, readonly string[]>> {
  const numbers = new Map<string, string>()
  const name = (kind: string, n: unknown) => numbers.get(`${kind} ${n}`) ?? `${kind} ?`
  for (const row of database.prepare('SELECT n, id FROM chat_communities').all())
    numbers.set(`community ${row.n}`, `${row.id}`)
  for (const row of database.prepare('SELECT n, id FROM chat_channels').all())
    numbers.set(`channel ${row.n}`, `${row.id}`)
  for (const row of database.prepare('SELECT n, id FROM chat_messages').all())
    numbers.set(`message ${row.n}`, `${row.id}`)
  const tables = [
    'channels',
    'fields',
    'steps',
    'keys',
    'waiting',
    'messages',
    'threads',
    'edits',
    'reactions',
    'mutes',
    'reports',
    'reads',
    'refs',
    'acts',
  ]
  const rows = tables.map((table): [string, string[]] => [
    table,
    database
      .prepare(`SELECT * FROM chat_${table}`)
      .all()
      .map((row) => JSON.stringify(readable(row, table, name)))
      .sort(),
  ])
  return { ...Object.fromEntries(rows), words: indexedWords(database, name) }
}

/**
 * All but what waits is equal. Of what waits nothing is in the view that a rebuilt one does not have; that may have more: what
 * was found to have no effect, whatever comes, and waits where the thing that it is about never was.
 */
export function assertLikeRebuilt(view: DatabaseSync, rebuilt: DatabaseSync, what: string): void {
  const { waiting = [], ...tables } = dump(view)
  const { waiting: expected = [], ...others } = dump(rebuilt)
  assert.deepEqual(tables, others, what)
  const surplus = waiting.filter((row) => !expected.includes(row))
  assert.deepEqual(surplus, [], what)
}

function readable(row: Record<string, unknown>, table: string, name: (kind: string, n: unknown) => string) {
  const entries = Object.entries(row).filter(([column]) => column !== 'n')
  return Object.fromEntries(
    entries.map(([column, value]) => {
      if (column === 'community') return [column, name('community', value)]
      if (column === 'channel' && table !== 'reads') return [column, name('channel', value)]
      if ((column === 'message' && table !== 'reports') || column === 'child') return [column, name('message', value)]
      return [column, value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value]
    }),
  )
}

/** The search index from inside: which word stands in which message. Its columns `tags` are local numbers. */
function indexedWords(database: DatabaseSync, name: (kind: string, n: unknown) => string): string[] {
  database.exec("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab(main, 'chat_search', 'instance')")
  const rows = database.prepare("SELECT term, doc, offset FROM temp.words WHERE col = 'text'").all()
  return rows.map(({ term, doc, offset }) => `${term} ${name('message', doc)} ${offset}`).sort()
}
