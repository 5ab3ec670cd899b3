// The logs in SQLite. Statements are prepared once; what belongs together changes in one transaction. Every row that is
// read is hashed again: what is no longer what it was when it was stored is reported as damaged and never handed out.

import { type Database, migrate, type SqlValue, type Statement, transaction } from '../base/database.ts'
import type { DeviceFacts } from './core.ts'
import { communityOf, entryIdOf, idBytes } from './ids.ts'
import { lackingGatheredMax, removedTogetherMax } from './limits.ts'
import { noDebt } from './pace-core.ts'
import type { Facts } from './rules-core.ts'
import { logSchemaSteps } from './schema.ts'
import type { CommunityId, DeviceId, Entry, EntryId, Fork, Lane } from './types.ts'
import { decodeEntry } from './wire.ts'

export interface CommunityRow {
  readonly number: number
  readonly community: CommunityId
  readonly bytesMax: number | undefined
  readonly entries: number
  readonly bytes: number
}

/** A device's facts with its number in the database. */
export interface DeviceRow extends DeviceFacts {
  readonly number: number
}

/** An entry as it was stored; `entry` is undefined when the row is damaged. */
export interface EntryRow {
  readonly arrival: number
  readonly id: EntryId
  readonly entry: Entry | undefined
}

/** What one transaction changes. Counts and devices are as they are afterwards. */
export interface Delta {
  readonly community: number
  readonly entries: readonly Entry[]
  readonly devices: ReadonlyMap<DeviceId, DeviceFacts & { readonly number: number | undefined }>
  readonly headsAdded: Iterable<EntryId>
  readonly headsRemoved: Iterable<EntryId>
  readonly counts: { readonly entries: number; readonly bytes: number }
}

export interface Committed {
  /** In the order of the entries. */
  readonly arrivals: readonly number[]
  readonly devices: ReadonlyMap<DeviceId, DeviceRow>
}

/** What the holder of a vector lacks of one device. */
export interface Lack {
  readonly device: number
  /** Everything above it. */
  readonly seq: number
  /** How many that are. */
  readonly entries: number
}

export type LogStore = ReturnType<typeof createLogStore>

type Row = Record<string, SqlValue>

/** Hexadecimal digits of a sha2-256. */
const idChars = 64
// As a text: of each byte string Node makes a buffer, which takes longer than all the rest of a row.
const entryColumns = 'arrival, lower(hex(id)) AS id, bytes'
// Left to itself, SQLite looks through the whole community instead of the one row.
const whereId = 'INDEXED BY log_entries_id WHERE substr(id, 1, 8) = ? AND id = ? AND community = ?'

export function createLogStore(database: Database) {
  migrate(database, 'log', logSchemaSteps)
  return {
    ...communityQueries(database),
    ...entryQueries(database),
    ...lackQueries(database),
    ...commits(database),
    ...removalQueries(database),
  }
}

function communityQueries(database: Database) {
  const list = database.prepare('SELECT * FROM log_communities ORDER BY number')
  const create = database.prepare('INSERT INTO log_communities (id, bytes_max, entries, bytes) VALUES (?, ?, 0, 0)')
  const setBytesMax = database.prepare('UPDATE log_communities SET bytes_max = ? WHERE number = ?')
  const devices = database.prepare('SELECT * FROM log_devices WHERE community = ?')
  // CROSS JOIN fixes the order: first the few heads, then each one's entry.
  const heads = database.prepare(
    `SELECT e.id, e.device, e.seq, e.ms, e.tick, e.epoch FROM log_heads h CROSS JOIN log_entries e INDEXED BY log_entries_id
     ON substr(e.id, 1, 8) = substr(h.id, 1, 8) AND e.id = h.id AND e.community = h.community WHERE h.community = ?`,
  )
  return {
    list: (): CommunityRow[] => list.all().map(communityRow),
    create(community: CommunityId, bytesMax: number | undefined): CommunityRow {
      const { lastInsertRowid } = create.run(idBytes(community), bytesMax ?? null)
      return { number: Number(lastInsertRowid), community, bytesMax, entries: 0, bytes: 0 }
    },
    setBytesMax: (community: number, bytesMax: number): void => void setBytesMax.run(bytesMax, community),
    devices: (community: number): Map<DeviceId, DeviceRow> =>
      new Map(devices.all(community).map((row) => [idText(row.device) as DeviceId, deviceRow(row)])),
    /** The facts of heads name devices by number. */
    heads: (community: number) =>
      heads.all(community).map((row) => ({ id: idText(row.id) as EntryId, facts: factsRow(row) })),
  }
}

function entryQueries(database: Database) {
  const facts = database.prepare(`SELECT device, seq, ms, tick, epoch FROM log_entries ${whereId}`)
  const get = database.prepare(`SELECT ${entryColumns} FROM log_entries ${whereId}`)
  const idsAt = database.prepare(
    'SELECT id FROM log_entries INDEXED BY log_entries_chain WHERE device = ? AND seq = ? ORDER BY id',
  )
  const mend = database.prepare('UPDATE log_entries SET bytes = ? WHERE arrival = ?')
  const after = (lane: string) =>
    `SELECT ${entryColumns}
     FROM log_entries INDEXED BY log_entries_${lane === 'AND lane = 0' ? 'control' : 'community'}
     WHERE community = ? AND arrival > ? ${lane} ORDER BY arrival LIMIT ?`
  const before = database.prepare(
    `SELECT ${entryColumns} FROM log_entries INDEXED BY log_entries_community
     WHERE community = ? AND arrival < ? ORDER BY arrival DESC LIMIT ?`,
  )
  const afterOf = byLane((lane) => database.prepare(after(lane)))
  // To SQLite the bytes of a text are any bytes.
  const packedAfterOf = byLane((lane) =>
    database.prepare(
      `SELECT json_group_array(arrival) AS arrivals, group_concat(id, '') AS ids, json_group_array(length(bytes)) AS lengths,
         CAST(group_concat(bytes, '') AS BLOB) AS bytes FROM (${after(lane)})`,
    ),
  )
  return {
    /** With the device by number. */
    facts(community: number, id: EntryId): NumberedFacts | undefined {
      const row = facts.get(...key(id), community)
      return row === undefined ? undefined : factsRow(row)
    },
    get(community: number, id: EntryId): EntryRow | undefined {
      const row = get.get(...key(id), community)
      return row === undefined ? undefined : entryRow(row)
    },
    /** Lowest id first. */
    idsAt: (device: number, seq: number): EntryId[] => idsAt.all(device, seq).map((row) => idText(row.id) as EntryId),
    after: (community: number, arrival: number, limit: number, lane: Lane | undefined): EntryRow[] =>
      afterOf[lane ?? 'all'].all(community, arrival, limit).map(entryRow),
    /** The same in half the time: bytes of all in one buffer, which is there as long as one of the entries is. */
    packedAfter: (community: number, arrival: number, limit: number, lane: Lane | undefined): EntryRow[] =>
      packedRows(packedAfterOf[lane ?? 'all'].get(community, arrival, limit) ?? {}),
    before: (community: number, arrival: number, limit: number): EntryRow[] =>
      before.all(community, arrival, limit).map(entryRow),
    /** Writes a damaged entry's bytes again. */
    mend: (arrival: number, bytes: Uint8Array): void => void mend.run(bytes, arrival),
  }
}

function lackQueries(database: Database) {
  const ofDevice = database.prepare('SELECT arrival FROM log_entries WHERE device = ? AND seq > ? AND arrival > ?')
  const byArrival = database.prepare(`SELECT ${entryColumns} FROM log_entries WHERE arrival = ?`)
  const firstOf = database.prepare('SELECT arrival FROM log_entries WHERE device = ? AND seq > ? ORDER BY seq LIMIT 1')
  // The lacks are sorted out inside SQLite: most rows may be of no interest.
  const through = database.prepare(
    `WITH lack(device, seq) AS MATERIALIZED (SELECT CAST(key AS INTEGER), value FROM json_each(?))
     SELECT ${entryColumns} FROM log_entries e INDEXED BY log_entries_community CROSS JOIN lack
     ON lack.device = e.device AND e.seq > lack.seq WHERE e.community = ? AND e.arrival > ? ORDER BY e.arrival`,
  )

  function* gathered(lacks: readonly Lack[], after: number): Generator<EntryRow> {
    const arrivals = lacks.flatMap(({ device, seq }) =>
      ofDevice.all(device, seq, after).map((row) => Number(row.arrival)),
    )
    for (const arrival of arrivals.sort((a, b) => a - b)) {
      const row = byArrival.get(arrival)
      if (row !== undefined) yield entryRow(row)
    }
  }

  function* readThrough(community: number, lacks: readonly Lack[], after: number): Generator<EntryRow> {
    const firsts = lacks.map(({ device, seq }) => Number(firstOf.get(device, seq)?.arrival ?? Number.POSITIVE_INFINITY))
    const start = Math.max(after, firsts.reduce((least, first) => Math.min(least, first), Number.POSITIVE_INFINITY) - 1)
    if (start === Number.POSITIVE_INFINITY) return
    const json = JSON.stringify(Object.fromEntries(lacks.map(({ device, seq }) => [device, seq])))
    for (const row of through.iterate(json, community, start)) yield entryRow(row)
  }

  return {
    /** In order of arrival, as long as somebody asks for more. */
    lacking(community: number, lacks: readonly Lack[], after: number): Generator<EntryRow> {
      const entries = lacks.reduce((sum, lack) => sum + lack.entries, 0)
      return entries <= lackingGatheredMax ? gathered(lacks, after) : readThrough(community, lacks, after)
    },
  }
}

function commits(database: Database) {
  const addCommunity = database.prepare('INSERT INTO log_communities (id, entries, bytes) VALUES (?, 0, 0)')
  const addEntry = database.prepare(
    `INSERT INTO log_entries (community, device, seq, id, ms, tick, epoch, lane, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const addDevice = database.prepare(
    'INSERT INTO log_devices (community, device, seq, entries, bytes) VALUES (?, ?, 0, 0, 0)',
  )
  const setDevice = database.prepare(
    `UPDATE log_devices SET seq = ?, entries = ?, bytes = ?, act_bytes = ?, debt = ?, debt_ms = ?,
       fork_seq = ?, fork_first = ?, fork_second = ? WHERE number = ?`,
  )
  const setCounts = database.prepare('UPDATE log_communities SET entries = ?, bytes = ? WHERE number = ?')
  const addHead = database.prepare('INSERT INTO log_heads (community, id) VALUES (?, ?)')
  const removeHead = database.prepare('DELETE FROM log_heads WHERE community = ? AND id = ?')

  function saveDevice(
    community: number,
    device: DeviceId,
    row: DeviceFacts & { number: number | undefined },
  ): DeviceRow {
    const number = row.number ?? Number(addDevice.run(community, idBytes(device)).lastInsertRowid)
    const { seq, entries, bytes, actBytes, debt, debtMs, fork } = row
    const [first, second] = fork?.entries ?? []
    const forked = [fork?.seq ?? null, bytesOrNull(first), bytesOrNull(second)] as const
    setDevice.run(seq, entries, bytes, actBytes, debt, debtMs, ...forked, number)
    return { number, seq, entries, bytes, actBytes, debt, debtMs, fork }
  }

  function apply({ community, entries, devices, headsAdded, headsRemoved, counts }: Delta): Committed {
    const saved = new Map([...devices].map(([device, row]) => [device, saveDevice(community, device, row)]))
    const arrivals = entries.map((entry) => {
      const { device, seq, id, time, epoch, lane, bytes } = entry
      const number = saved.get(device)?.number ?? 0
      const values = [community, number, seq, idBytes(id), time.ms, time.count, epoch, lane, bytes] as const
      return Number(addEntry.run(...values).lastInsertRowid)
    })
    for (const id of headsRemoved) removeHead.run(community, idBytes(id))
    for (const id of headsAdded) addHead.run(community, idBytes(id))
    setCounts.run(counts.entries, counts.bytes, community)
    return { arrivals, devices: saved }
  }

  return {
    commit: (delta: Delta): Committed => transaction(database, () => apply(delta)),
    /** A community with its founding entry, or none of both. */
    found: (founding: Entry): CommunityRow =>
      transaction(database, () => {
        const community = communityOf(founding.id)
        const number = Number(addCommunity.run(idBytes(community)).lastInsertRowid)
        const counts = { entries: 1, bytes: founding.bytes.length }
        const facts = {
          seq: 1,
          ...counts,
          actBytes: founding.lane === 0 ? counts.bytes : 0,
          ...noDebt,
          fork: undefined,
        }
        const device = { number: undefined, ...facts }
        apply({
          community: number,
          entries: [founding],
          devices: new Map([[founding.device, device]]),
          headsAdded: [founding.id],
          headsRemoved: [],
          counts,
        })
        return { number, community, bytesMax: undefined, ...counts }
      }),
  }
}

function removalQueries(database: Database) {
  const forget = database.prepare('DELETE FROM log_communities WHERE number = ?')
  const note = database.prepare('INSERT INTO log_removals (community) VALUES (?)')
  const done = database.prepare('DELETE FROM log_removals WHERE community = ?')
  const pending = database.prepare('SELECT community FROM log_removals')
  const removeEntries = database.prepare(
    'DELETE FROM log_entries WHERE arrival IN (SELECT arrival FROM log_entries WHERE community = ? LIMIT ?)',
  )
  const removeDevices = database.prepare('DELETE FROM log_devices WHERE community = ?')
  const removeHeads = database.prepare('DELETE FROM log_heads WHERE community = ?')
  return {
    /** The community is gone at once; its entries go by {@link removeSome}. */
    forget: (community: number): void =>
      transaction(database, () => {
        forget.run(community)
        removeHeads.run(community)
        note.run(community)
      }),
    removals: (): number[] => pending.all().map((row) => Number(row.community)),
    /** Deletes a part of what is left; false when nothing is left. */
    removeSome: (community: number): boolean =>
      transaction(database, () => {
        if (Number(removeEntries.run(community, removedTogetherMax).changes) > 0) return true
        removeDevices.run(community)
        done.run(community)
        return false
      }),
  }
}

// ---- rows

/** {@link Facts} with the device by its number in the database. */
export type NumberedFacts = Omit<Facts, 'device'> & { readonly device: number }

function byLane(make: (condition: string) => Statement) {
  return { all: make(''), 0: make('AND lane = 0'), 1: make('AND lane = 1') }
}

function factsRow(row: Row): NumberedFacts {
  return {
    device: Number(row.device),
    seq: Number(row.seq),
    time: { ms: Number(row.ms), count: Number(row.tick) },
    epoch: Number(row.epoch),
  }
}

function communityRow(row: Row): CommunityRow {
  return {
    number: Number(row.number),
    community: idText(row.id) as CommunityId,
    bytesMax: row.bytes_max === null ? undefined : Number(row.bytes_max),
    entries: Number(row.entries),
    bytes: Number(row.bytes),
  }
}

function deviceRow(row: Row): DeviceRow {
  const { fork_first: first, fork_second: second } = row
  const fork: Fork | undefined =
    first instanceof Uint8Array && second instanceof Uint8Array
      ? {
          device: idText(row.device) as DeviceId,
          seq: Number(row.fork_seq),
          entries: [idText(first) as EntryId, idText(second) as EntryId],
        }
      : undefined
  return {
    number: Number(row.number),
    seq: Number(row.seq),
    entries: Number(row.entries),
    bytes: Number(row.bytes),
    actBytes: Number(row.act_bytes),
    debt: Number(row.debt),
    debtMs: Number(row.debt_ms),
    fork,
  }
}

function entryRow(row: Row): EntryRow {
  const arrival = Number(row.arrival)
  const id = String(row.id) as EntryId
  return { arrival, id, entry: row.bytes instanceof Uint8Array ? intactEntry(row.bytes, id) : undefined }
}

function packedRows(row: Row): EntryRow[] {
  if (!(row.bytes instanceof Uint8Array)) return []
  const arrivals = JSON.parse(String(row.arrivals)) as number[]
  const lengths = JSON.parse(String(row.lengths)) as number[]
  const ids = String(row.ids)
  const all = row.bytes
  let end = 0
  return arrivals.map((arrival, i) => {
    const start = end
    end += lengths[i] ?? 0
    const bytes = all.subarray(start, end)
    const found = entryIdOf(bytes)
    if (ids.startsWith(found, i * idChars)) return { arrival, id: found, entry: decoded(bytes, found) }
    return { arrival, id: ids.slice(i * idChars, (i + 1) * idChars) as EntryId, entry: undefined }
  })
}

function intactEntry(bytes: Uint8Array, id: EntryId): Entry | undefined {
  return entryIdOf(bytes) === id ? decoded(bytes, id) : undefined
}

function decoded(bytes: Uint8Array, id: EntryId): Entry | undefined {
  try {
    return decodeEntry(bytes, id)
  } catch {
    return undefined // an id over bytes that are no entry: the row is damaged
  }
}

function key(id: EntryId): [Uint8Array, Uint8Array] {
  const bytes = idBytes(id)
  return [bytes.subarray(0, 8), bytes]
}

function idText(value: SqlValue | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex') : ''
}

function bytesOrNull(id: EntryId | undefined): Uint8Array | null {
  return id === undefined ? null : idBytes(id)
}
