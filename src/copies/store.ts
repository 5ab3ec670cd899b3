// What is remembered of copies. Of an author: how many copies of a share are wanted, who has agreed to keep some, what was
// placed where. Of a keeper: for whom, and what is held for them. Bounded by limits.ts.

import { type Database, migrate, type SqlValue } from '../base/database.ts'
import type { DiscoveryKey, ShareId } from '../content/types.ts'
import type { PersonDid } from '../identity/types.ts'
import type { PeerAddress, PeerId } from '../network/types.ts'

/** Never edit a released step; add one. */
const copiesSchema: readonly string[] = [
  `
  CREATE TABLE copies_wanted (
    share TEXT PRIMARY KEY,
    copies INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE copies_keepers (
    peer TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    losses INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE copies_placed (
    share TEXT NOT NULL,
    peer TEXT NOT NULL,
    discovery BLOB NOT NULL,
    placed_ms INTEGER NOT NULL,
    agreed INTEGER NOT NULL,   -- version that the keeper agreed to hold
    proven INTEGER NOT NULL,   -- version of which it has shown blocks
    proven_ms INTEGER NOT NULL,
    PRIMARY KEY (share, peer)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE copies_agreements (
    person TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    bytes_max INTEGER NOT NULL,
    token BLOB,                -- of their contact link
    peers TEXT NOT NULL,       -- JSON: where they were reached
    since_ms INTEGER NOT NULL,
    asked_ms INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE copies_held (
    person TEXT NOT NULL,
    share TEXT NOT NULL,
    discovery BLOB NOT NULL,
    bytes INTEGER NOT NULL,    -- of the version; 0 where it was declined
    sequence INTEGER NOT NULL,
    made INTEGER NOT NULL,     -- 1: held for them only
    declined INTEGER NOT NULL, -- 1: removed by whoever runs this computer
    PRIMARY KEY (person, share)
  ) STRICT, WITHOUT ROWID;
  `,
]

export interface KeeperRow {
  readonly peer: PeerId
  readonly label: string
  readonly losses: number
  readonly seenMs: number
}

export interface PlacedRow {
  readonly share: ShareId
  readonly peer: PeerId
  readonly discovery: DiscoveryKey
  readonly placedMs: number
  readonly agreedSequence: number
  readonly provenSequence: number
  readonly provenMs: number
}

export interface AgreementRow {
  readonly person: PersonDid
  readonly name: string
  readonly bytesMax: number
  readonly token: Uint8Array | undefined
  readonly peers: readonly PeerAddress[]
  readonly sinceMs: number
  readonly askedMs: number | undefined
}

export interface HeldRow {
  readonly person: PersonDid
  readonly share: ShareId
  readonly discovery: DiscoveryKey
  readonly bytes: number
  readonly sequence: number
  /** It is here for that person only. */
  readonly made: boolean
  readonly declined: boolean
}

export interface CopiesStore {
  wanted(): ReadonlyMap<ShareId, number>
  putWanted(share: ShareId, copies: number): void
  keepers(): readonly KeeperRow[]
  putKeeper(row: KeeperRow): void
  removeKeeper(peer: PeerId): void
  placed(): readonly PlacedRow[]
  putPlaced(row: PlacedRow): void
  removePlaced(share: ShareId, peer: PeerId): void

  agreements(): readonly AgreementRow[]
  agreement(person: PersonDid): AgreementRow | undefined
  putAgreement(row: AgreementRow): void
  removeAgreement(person: PersonDid): void
  held(): readonly HeldRow[]
  heldFor(person: PersonDid): readonly HeldRow[]
  putHeld(row: HeldRow): void
  removeHeld(person: PersonDid, share: ShareId): void
}

export function createCopiesStore(database: Database): CopiesStore {
  migrate(database, 'copies', copiesSchema)
  return { ...authorStore(database), ...keeperStore(database) }
}

type AuthorStore =
  | 'wanted'
  | 'putWanted'
  | 'keepers'
  | 'putKeeper'
  | 'removeKeeper'
  | 'placed'
  | 'putPlaced'
  | 'removePlaced'

function authorStore(database: Database): Pick<CopiesStore, AuthorStore> {
  const wanted = database.prepare('SELECT * FROM copies_wanted')
  const putWanted = database.prepare('INSERT OR REPLACE INTO copies_wanted (share, copies) VALUES (?, ?)')
  const removeWanted = database.prepare('DELETE FROM copies_wanted WHERE share = ?')
  const keepers = database.prepare('SELECT * FROM copies_keepers')
  const putKeeper = database.prepare(
    'INSERT OR REPLACE INTO copies_keepers (peer, label, losses, seen_ms) VALUES (?, ?, ?, ?)',
  )
  const removeKeeper = database.prepare('DELETE FROM copies_keepers WHERE peer = ?')
  const placed = database.prepare('SELECT * FROM copies_placed')
  const putPlaced = database.prepare(
    `INSERT OR REPLACE INTO copies_placed (share, peer, discovery, placed_ms, agreed, proven, proven_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const removePlaced = database.prepare('DELETE FROM copies_placed WHERE share = ? AND peer = ?')
  return {
    wanted: () => new Map(wanted.all().map((row) => [String(row.share) as ShareId, Number(row.copies)])),
    putWanted: (share, copies) => void (copies === 0 ? removeWanted.run(share) : putWanted.run(share, copies)),
    keepers: () =>
      keepers.all().map((row) => ({
        peer: String(row.peer) as PeerId,
        label: String(row.label),
        losses: Number(row.losses),
        seenMs: Number(row.seen_ms),
      })),
    putKeeper: ({ peer, label, losses, seenMs }) => void putKeeper.run(peer, label, losses, seenMs),
    removeKeeper: (peer) => void removeKeeper.run(peer),
    placed: () =>
      placed.all().map((row) => ({
        share: String(row.share) as ShareId,
        peer: String(row.peer) as PeerId,
        discovery: bytesOf(row.discovery) as DiscoveryKey,
        placedMs: Number(row.placed_ms),
        agreedSequence: Number(row.agreed),
        provenSequence: Number(row.proven),
        provenMs: Number(row.proven_ms),
      })),
    putPlaced: (row) =>
      void putPlaced.run(
        ...[row.share, row.peer, row.discovery, row.placedMs],
        ...[row.agreedSequence, row.provenSequence, row.provenMs],
      ),
    removePlaced: (share, peer) => void removePlaced.run(share, peer),
  }
}

type KeeperStore = Exclude<keyof CopiesStore, AuthorStore>

function keeperStore(database: Database): Pick<CopiesStore, KeeperStore> {
  const agreements = database.prepare('SELECT * FROM copies_agreements ORDER BY since_ms, person')
  const agreement = database.prepare('SELECT * FROM copies_agreements WHERE person = ?')
  const putAgreement = database.prepare(
    `INSERT OR REPLACE INTO copies_agreements (person, name, bytes_max, token, peers, since_ms, asked_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const removeAgreement = database.prepare('DELETE FROM copies_agreements WHERE person = ?')
  const held = database.prepare('SELECT * FROM copies_held')
  const heldFor = database.prepare('SELECT * FROM copies_held WHERE person = ?')
  const putHeld = database.prepare(
    `INSERT OR REPLACE INTO copies_held (person, share, discovery, bytes, sequence, made, declined)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const removeHeld = database.prepare('DELETE FROM copies_held WHERE person = ? AND share = ?')
  return {
    agreements: () => agreements.all().map(toAgreement),
    agreement(person) {
      const row = agreement.get(person)
      return row === undefined ? undefined : toAgreement(row)
    },
    putAgreement: (row) =>
      void putAgreement.run(
        ...[row.person, row.name, row.bytesMax, row.token ?? null, JSON.stringify(row.peers), row.sinceMs],
        row.askedMs ?? null,
      ),
    removeAgreement: (person) => void removeAgreement.run(person),
    held: () => held.all().map(toHeld),
    heldFor: (person) => heldFor.all(person).map(toHeld),
    putHeld: (row) =>
      void putHeld.run(
        ...[row.person, row.share, row.discovery, row.bytes, row.sequence],
        ...[Number(row.made), Number(row.declined)],
      ),
    removeHeld: (person, share) => void removeHeld.run(person, share),
  }
}

function toAgreement(row: Record<string, SqlValue>): AgreementRow {
  return {
    person: String(row.person) as PersonDid,
    name: String(row.name),
    bytesMax: Number(row.bytes_max),
    token: row.token === null ? undefined : bytesOf(row.token),
    peers: JSON.parse(String(row.peers)) as PeerAddress[],
    sinceMs: Number(row.since_ms),
    askedMs: row.asked_ms === null ? undefined : Number(row.asked_ms),
  }
}

function toHeld(row: Record<string, SqlValue>): HeldRow {
  return {
    person: String(row.person) as PersonDid,
    share: String(row.share) as ShareId,
    discovery: bytesOf(row.discovery) as DiscoveryKey,
    bytes: Number(row.bytes),
    sequence: Number(row.sequence),
    made: Number(row.made) === 1,
    declined: Number(row.declined) === 1,
  }
}

function bytesOf(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  throw new Error('assertion failed: the column holds bytes')
}
