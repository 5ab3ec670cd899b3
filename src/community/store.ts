// What a device remembers of its communities besides their entries: schema.ts says what. Secrets lie in the database as
// the shares' do: its file is 0600, and docs/threat-model.md says what that means.

import { decode, encode } from '@ipld/dag-cbor'
import { type Database, lazyTransaction, migrate, type SqlValue, transaction } from '../base/database.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId, EntryId, KeyId } from '../log/types.ts'
import type { PeerAddress } from '../network/types.ts'
import type { HeldKey } from './keyring.ts'
import type { PastVector } from './past-core.ts'
import { createProgressStore, type ProgressStore } from './progress-store.ts'
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
  /** A conversation of two: with whom, and what that one calls themself; undefined: a group, or nobody knows yet. */
  readonly direct?: { readonly with: PersonDid; readonly name: string } | undefined
}

/** Costly facts of acts, as past-core.ts and proofs.ts find them out. */
export interface KnownActs {
  /** In the order of their numbers. */
  readonly devices: readonly DeviceId[]
  readonly acts: ReadonlyMap<EntryId, { readonly past: PastVector; readonly proven: boolean }>
}

export interface CommunityStore extends ProgressStore {
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
}

/** `views`: where what can be made again is kept; the same unless said otherwise. */
export function createCommunityStore(database: Database, views: Database = database): CommunityStore {
  migrate(database, 'community', communitySchema)
  return { ...rowStore(database), ...keyStore(database), ...actStore(database), ...createProgressStore(views) }
}

function rowStore(database: Database): Pick<CommunityStore, 'rows' | 'put' | 'setPhase' | 'remove'> {
  const all = database.prepare('SELECT * FROM communities ORDER BY added_ms, id')
  const insert = database.prepare(
    `INSERT OR REPLACE INTO communities
       (id, person, phase, access, invite_seed, member_name, peers, bytes_max, added_ms, direct_with, direct_name)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const phase = database.prepare('UPDATE communities SET phase = ?, invite_seed = NULL WHERE id = ?')
  const deletes = ['community_keys', 'community_acts', 'community_devices'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE community = ?`),
  )
  const deleteRow = database.prepare('DELETE FROM communities WHERE id = ?')
  return {
    rows: () => all.all().map(toRow),
    put(row) {
      const peers = JSON.stringify(row.peers)
      const [person, seed, bytesMax] = [row.person ?? null, row.inviteSeed ?? null, row.bytesMax ?? null]
      const direct = [row.direct?.with ?? null, row.direct?.name ?? null]
      insert.run(row.id, person, row.phase, row.access, seed, row.memberName, peers, bytesMax, row.addedMs, ...direct)
    },
    setPhase: (id, value) => void phase.run(value, id),
    remove: (id) =>
      transaction(database, () => {
        for (const statement of [...deletes, deleteRow]) statement.run(id)
      }),
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
    direct:
      row.direct_with === null
        ? undefined
        : { with: String(row.direct_with) as PersonDid, name: String(row.direct_name ?? '') },
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

function bytesOf(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new Error('assertion failed: the column holds bytes')
}
