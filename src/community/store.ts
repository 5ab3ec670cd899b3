// What a device remembers of its communities besides their entries: schema.ts says what. Secrets lie in the database as
// the shares' do: its file is 0600, and docs/threat-model.md says what that means.

import { decode, encode } from '@ipld/dag-cbor'
import { type Database, lazyTransaction, migrate, type SqlValue, transaction } from '../base/database.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId, EntryId, KeyId } from '../log/types.ts'
import type { PeerAddress } from '../network/types.ts'
import type { HeldKey } from './keyring.ts'
import type { PastVector } from './past-core.ts'
import { communitySchema } from './schema.ts'
import type { CommunityAccess, CommunityFacts, EpochKey } from './types.ts'

export type Phase = CommunityFacts['phase']

export interface CommunityRow {
  readonly id: CommunityId
  /** Who takes part in it: another than the present one after this computer has become another person's. */
  readonly person: PersonDid | undefined
  readonly phase: Phase
  readonly access: CommunityAccess
  /** Undefined while joining: a member has let us in already, and only the log has to come. */
  readonly inviteSeed: Uint8Array | undefined
  readonly memberName: string
  readonly peers: readonly PeerAddress[]
  readonly bytesMax: number | undefined
  readonly addedMs: number
}

/** Costly facts of acts, as past-core.ts and proofs.ts find them out. */
export interface KnownActs {
  /** In the order of their numbers. */
  readonly devices: readonly DeviceId[]
  readonly acts: ReadonlyMap<EntryId, { readonly past: PastVector; readonly proven: boolean }>
}

export interface CommunityStore {
  rows(): CommunityRow[]
  put(row: CommunityRow): void
  setPhase(id: CommunityId, phase: Phase): void
  remove(id: CommunityId): void
  keys(id: CommunityId): HeldKey[]
  /** All that is known of all keys, in place of what was. */
  putKeys(id: CommunityId, keys: readonly HeldKey[]): void
  /** What was found out about acts. */
  acts(id: CommunityId): KnownActs
  addActs(id: CommunityId, known: KnownActs): void
  /** Up to which arrival entries of lane 1 went to the apps; 0 at first. */
  progress(id: CommunityId): number
  setProgress(id: CommunityId, arrival: number): void
  /** Up to which arrival the acts were read by which the apps' entries were judged; 0 at first. */
  actsRead(id: CommunityId): number
  setActsRead(id: CommunityId, arrival: number): void
  waiting(id: CommunityId): number[]
  addWaiting(id: CommunityId, arrival: number): void
  removeWaiting(id: CommunityId, arrival: number): void
  /** Everything of lane 1 goes to the apps again. */
  resetProgress(id: CommunityId): void
  atomically<Result>(work: () => Result): Result
  /** The same for what follows from the log and can be made anew: does not wait for the disk. */
  lazily<Result>(work: () => Result): Result
}

export function createCommunityStore(database: Database): CommunityStore {
  migrate(database, 'community', communitySchema)
  return { ...rowStore(database), ...keyStore(database), ...actStore(database), ...progressStore(database) }
}

function rowStore(
  database: Database,
): Pick<CommunityStore, 'rows' | 'put' | 'setPhase' | 'remove' | 'atomically' | 'lazily'> {
  const all = database.prepare('SELECT * FROM communities ORDER BY added_ms, id')
  const insert = database.prepare(
    `INSERT OR REPLACE INTO communities (id, person, phase, access, invite_seed, member_name, peers, bytes_max, added_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const phase = database.prepare('UPDATE communities SET phase = ?, invite_seed = NULL WHERE id = ?')
  const deletes = [
    'community_waiting',
    'community_progress',
    'community_keys',
    'community_acts',
    'community_devices',
  ].map((table) => database.prepare(`DELETE FROM ${table} WHERE community = ?`))
  const deleteRow = database.prepare('DELETE FROM communities WHERE id = ?')
  const atomically: CommunityStore['atomically'] = (work) => transaction(database, work)
  return {
    rows: () => all.all().map(toRow),
    put(row) {
      const peers = JSON.stringify(row.peers)
      const [person, seed, bytesMax] = [row.person ?? null, row.inviteSeed ?? null, row.bytesMax ?? null]
      insert.run(row.id, person, row.phase, row.access, seed, row.memberName, peers, bytesMax, row.addedMs)
    },
    setPhase: (id, value) => void phase.run(value, id),
    remove: (id) =>
      atomically(() => {
        for (const statement of [...deletes, deleteRow]) statement.run(id)
      }),
    atomically,
    lazily: (work) => lazyTransaction(database, work),
  }
}

function toRow(row: Record<string, SqlValue>): CommunityRow {
  return {
    id: String(row.id) as CommunityId,
    person: row.person === null ? undefined : (String(row.person) as PersonDid),
    phase: String(row.phase) as Phase,
    access: bytesOf(row.access) as CommunityAccess,
    inviteSeed: row.invite_seed === null ? undefined : bytesOf(row.invite_seed),
    memberName: String(row.member_name),
    peers: JSON.parse(String(row.peers)) as PeerAddress[],
    bytesMax: row.bytes_max === null ? undefined : Number(row.bytes_max),
    addedMs: Number(row.added_ms),
  }
}

function keyStore(database: Database): Pick<CommunityStore, 'keys' | 'putKeys'> {
  const all = database.prepare('SELECT key, held FROM community_keys WHERE community = ?')
  const insert = database.prepare('INSERT OR REPLACE INTO community_keys (community, key, held) VALUES (?, ?, ?)')
  return {
    keys: (id) =>
      all.all(id).map((row) => {
        const [whole, controls, chains] = decode<[EpochKey | null, Uint8Array[], ChainRow[][]]>(bytesOf(row.held))
        return {
          key: String(row.key) as KeyId,
          whole: whole ?? undefined,
          controls,
          chains: chains.map((chain) =>
            chain.map(([key, control, earlier]) => ({ key, control, whole: earlier ?? undefined })),
          ),
        }
      }),
    putKeys: (id, keys) =>
      transaction(database, () => {
        for (const { key, whole, controls, chains } of keys) {
          const rows = chains.map((chain) => chain.map((one): ChainRow => [one.key, one.control, one.whole ?? null]))
          insert.run(id, key, encode([whole ?? null, controls, rows]))
        }
      }),
  }
}

function actStore(database: Database): Pick<CommunityStore, 'acts' | 'addActs'> {
  const allActs = database.prepare('SELECT entry, past, proven FROM community_acts WHERE community = ?')
  const allDevices = database.prepare('SELECT device FROM community_devices WHERE community = ? ORDER BY number')
  const addAct = database.prepare(
    'INSERT OR REPLACE INTO community_acts (community, entry, past, proven) VALUES (?, ?, ?, ?)',
  )
  const addDevice = database.prepare(
    'INSERT OR IGNORE INTO community_devices (community, number, device) VALUES (?, ?, ?)',
  )
  return {
    acts(id) {
      const acts = new Map<EntryId, { past: PastVector; proven: boolean }>()
      for (const row of allActs.iterate(id)) {
        acts.set(String(row.entry) as EntryId, { past: vectorOf(bytesOf(row.past)), proven: Number(row.proven) === 1 })
      }
      return { devices: allDevices.all(id).map((row) => String(row.device) as DeviceId), acts }
    },
    addActs: (id, { devices, acts }) =>
      lazyTransaction(database, () => {
        for (const [number, device] of devices.entries()) addDevice.run(id, number, device)
        for (const [entry, { past, proven }] of acts) addAct.run(id, entry, bytesOfVector(past), proven ? 1 : 0)
      }),
  }
}

function bytesOfVector(vector: PastVector): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4 * vector.length))
  for (const [at, seq] of vector.entries()) bytes.setUint32(4 * at, seq, true)
  return new Uint8Array(bytes.buffer)
}

function vectorOf(bytes: Uint8Array): PastVector {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Uint32Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(4 * at, true))
}

type ChainRow = [key: KeyId, control: Uint8Array, whole: Uint8Array | null]

function progressStore(
  database: Database,
): Pick<
  CommunityStore,
  'progress' | 'setProgress' | 'actsRead' | 'setActsRead' | 'waiting' | 'addWaiting' | 'removeWaiting' | 'resetProgress'
> {
  const read = database.prepare('SELECT arrival, acts FROM community_progress WHERE community = ?')
  const write = database.prepare(
    `INSERT INTO community_progress (community, arrival, acts) VALUES (?1, ?2, 0)
     ON CONFLICT (community) DO UPDATE SET arrival = ?2`,
  )
  const writeActs = database.prepare(
    `INSERT INTO community_progress (community, arrival, acts) VALUES (?1, 0, ?2)
     ON CONFLICT (community) DO UPDATE SET acts = ?2`,
  )
  const waiting = database.prepare('SELECT arrival FROM community_waiting WHERE community = ? ORDER BY arrival')
  const add = database.prepare('INSERT OR IGNORE INTO community_waiting (community, arrival) VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM community_waiting WHERE community = ? AND arrival = ?')
  const clear = database.prepare('DELETE FROM community_waiting WHERE community = ?')
  return {
    progress: (id) => Number(read.get(id)?.arrival ?? 0),
    setProgress: (id, arrival) => void write.run(id, arrival),
    actsRead: (id) => Number(read.get(id)?.acts ?? 0),
    setActsRead: (id, arrival) => void writeActs.run(id, arrival),
    waiting: (id) => waiting.all(id).map((row) => Number(row.arrival)),
    addWaiting: (id, arrival) => void add.run(id, arrival),
    removeWaiting: (id, arrival) => void remove.run(id, arrival),
    resetProgress(id) {
      clear.run(id)
      write.run(id, 0)
    },
  }
}

function bytesOf(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new Error('assertion failed: the column holds bytes')
}
