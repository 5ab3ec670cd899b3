// What is remembered of requests: those that wait for this person or were decided, those that this person has sent, who is
// blocked, and the contact. Bounded by limits.ts, whoever asks. Secrets lie here as those of communities do (schema.ts of
// community/ says why).
//
// Rows belong to a person: after this computer has become another person's, those of the one before rest.

import { type Database, migrate, type SqlValue, transaction } from '../../base/database.ts'
import type { PersonDid } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import type { PeerAddress, PeerId } from '../../network/types.ts'
import { requestsDecidedMax, unblockedMax } from './limits.ts'
import type { Ask, AskReason, AskState, BlockChange, Blocked, Request, WhoMayAsk } from './types.ts'
import type { RequestId } from './wire.ts'

/** Never edit a released step; add one. */
const directSchema: readonly string[] = [
  `
  -- Somebody asks this person.
  CREATE TABLE direct_requests (
    id TEXT PRIMARY KEY,
    self TEXT NOT NULL,
    person TEXT NOT NULL,
    peer TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    community TEXT NOT NULL,
    seed BLOB,                 -- the invitation's secret; NULL once it is decided
    access BLOB,
    peers TEXT NOT NULL,       -- JSON: where to start
    state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'refused', 'withdrawn')),
    asked_ms INTEGER NOT NULL, -- by the asker's clock
    received_ms INTEGER NOT NULL,
    decided_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX direct_requests_person ON direct_requests (self, person);

  -- This person asks somebody.
  CREATE TABLE direct_asks (
    id TEXT PRIMARY KEY,
    self TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    member_name TEXT NOT NULL,
    text TEXT NOT NULL,
    community TEXT NOT NULL,
    peers TEXT NOT NULL,       -- JSON: whom to ask
    bytes BLOB NOT NULL,       -- the signed request
    token BLOB,                -- of their link, by which they are found; NULL: none was needed
    state TEXT NOT NULL CHECK (state IN
      ('waiting', 'delivered', 'accepted', 'crossed', 'refused', 'expired', 'failed', 'moved', 'cancelled')),
    reason TEXT,
    moved TEXT,                -- moved: the conversation of the other that takes its place
    asked_ms INTEGER NOT NULL,
    reached_ms INTEGER,
    again_ms INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE direct_blocks (
    self TEXT NOT NULL,
    person TEXT NOT NULL,
    name TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (self, person)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE direct_contact (
    self TEXT PRIMARY KEY,
    token BLOB NOT NULL,
    name TEXT,
    who TEXT NOT NULL CHECK (who IN ('link', 'community', 'nobody'))
  ) STRICT, WITHOUT ROWID;
  `,
  // Who was unblocked is remembered: other computers of the person are to hear of it. \`since_ms\`: of the last change.
  'ALTER TABLE direct_blocks ADD COLUMN blocked INTEGER NOT NULL DEFAULT 1;',
]

/** A request with the invitation in it; none once it is decided. */
export interface RequestRow extends Request {
  readonly invitation:
    | { readonly seed: Uint8Array; readonly access: Uint8Array; readonly peers: readonly PeerAddress[] }
    | undefined
  readonly decidedMs: number | undefined
}

/** `moved`: the other's conversation takes its place, and the first message goes there. `cancelled`: they are to be told. */
export type AskRowState = AskState | 'moved' | 'cancelled'

export interface AskRow extends Omit<Ask, 'state'> {
  readonly state: AskRowState
  readonly bytes: Uint8Array
  readonly token: Uint8Array | undefined
  readonly moved: CommunityId | undefined
}

export interface ContactRow {
  readonly token: Uint8Array
  readonly name: string | undefined
  readonly who: WhoMayAsk
}

export interface DirectStore {
  requests(self: PersonDid): RequestRow[]
  request(id: RequestId): RequestRow | undefined
  /** Writes one; of those that are decided the first make room past `requestsDecidedMax`. */
  putRequest(self: PersonDid, row: RequestRow): void
  /** Those of one person. */
  requestsOf(self: PersonDid, person: PersonDid): RequestRow[]
  /** Forgets those that were made before. */
  forgetRequestsBefore(ms: number): void

  asks(self: PersonDid): AskRow[]
  putAsk(self: PersonDid, row: AskRow): void
  removeAsk(id: RequestId): void

  blocks(self: PersonDid): Blocked[]
  isBlocked(self: PersonDid, person: PersonDid): boolean
  blockChange(self: PersonDid, person: PersonDid): BlockChange | undefined
  blockChanges(self: PersonDid): BlockChange[]
  /** Writes the last change of a person; of those who are blocked no longer the first make room past `unblockedMax`. */
  putBlockChange(self: PersonDid, change: BlockChange): void

  contact(self: PersonDid): ContactRow | undefined
  putContact(self: PersonDid, contact: ContactRow): void
}

export function createDirectStore(database: Database): DirectStore {
  migrate(database, 'direct', directSchema)
  return { ...requestStore(database), ...askStore(database), ...blockStore(database), ...contactStore(database) }
}

type Requests = 'requests' | 'request' | 'putRequest' | 'requestsOf' | 'forgetRequestsBefore'

function requestStore(database: Database): Pick<DirectStore, Requests> {
  const all = database.prepare('SELECT * FROM direct_requests WHERE self = ? ORDER BY received_ms, id')
  const one = database.prepare('SELECT * FROM direct_requests WHERE id = ?')
  const ofPerson = database.prepare(
    'SELECT * FROM direct_requests WHERE self = ? AND person = ? ORDER BY received_ms, id',
  )
  const insert = database.prepare(
    `INSERT OR REPLACE INTO direct_requests (id, self, person, peer, name, text, community, seed, access, peers, state,
       asked_ms, received_ms, decided_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const trim = database.prepare(
    `DELETE FROM direct_requests WHERE id IN (SELECT id FROM direct_requests WHERE decided_ms IS NOT NULL
       ORDER BY decided_ms DESC, id LIMIT -1 OFFSET ?)`,
  )
  const forget = database.prepare('DELETE FROM direct_requests WHERE asked_ms < ?')
  return {
    requests: (self) => all.all(self).map(toRequest),
    request(id) {
      const row = one.get(id)
      return row === undefined ? undefined : toRequest(row)
    },
    putRequest(self, row) {
      const { invitation } = row
      transaction(database, () => {
        insert.run(
          ...[row.id, self, row.person, row.peer, row.name, row.text, row.community],
          ...[invitation?.seed ?? null, invitation?.access ?? null, JSON.stringify(invitation?.peers ?? [])],
          ...[row.state, row.askedMs, row.receivedMs, row.decidedMs ?? null],
        )
        if (row.decidedMs !== undefined) trim.run(requestsDecidedMax)
      })
    },
    requestsOf: (self, person) => ofPerson.all(self, person).map(toRequest),
    forgetRequestsBefore: (ms) => void forget.run(ms),
  }
}

function toRequest(row: Record<string, SqlValue>): RequestRow {
  const { seed, access } = row
  const isOpen = seed instanceof Uint8Array && access instanceof Uint8Array
  return {
    id: String(row.id) as RequestId,
    person: String(row.person) as PersonDid,
    peer: String(row.peer) as PeerId,
    name: String(row.name),
    text: String(row.text),
    community: String(row.community) as CommunityId,
    invitation: isOpen ? { seed, access, peers: JSON.parse(String(row.peers)) as PeerAddress[] } : undefined,
    state: String(row.state) as Request['state'],
    askedMs: Number(row.asked_ms),
    receivedMs: Number(row.received_ms),
    decidedMs: numberOr(row.decided_ms),
  }
}

function askStore(database: Database): Pick<DirectStore, 'asks' | 'putAsk' | 'removeAsk'> {
  const all = database.prepare('SELECT * FROM direct_asks WHERE self = ? ORDER BY asked_ms, id')
  const insert = database.prepare(
    `INSERT OR REPLACE INTO direct_asks (id, self, person, name, member_name, text, community, peers, bytes, token, state, reason,
       moved, asked_ms, reached_ms, again_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const remove = database.prepare('DELETE FROM direct_asks WHERE id = ?')
  return {
    asks: (self) => all.all(self).map(toAsk),
    putAsk(self, row) {
      insert.run(
        ...[row.id, self, row.person, row.name, row.memberName, row.text, row.community, JSON.stringify(row.peers)],
        ...[row.bytes, row.token ?? null, row.state, row.reason ?? null, row.moved ?? null],
        ...[row.askedMs, row.reachedMs ?? null, row.againMs ?? null],
      )
    },
    removeAsk: (id) => void remove.run(id),
  }
}

function toAsk(row: Record<string, SqlValue>): AskRow {
  return {
    id: String(row.id) as RequestId,
    person: String(row.person) as PersonDid,
    name: String(row.name),
    memberName: String(row.member_name),
    text: String(row.text),
    community: String(row.community) as CommunityId,
    peers: JSON.parse(String(row.peers)) as PeerAddress[],
    bytes: bytesOf(row.bytes),
    token: row.token === null ? undefined : bytesOf(row.token),
    state: String(row.state) as AskRowState,
    reason: row.reason === null ? undefined : (String(row.reason) as AskReason),
    moved: row.moved === null ? undefined : (String(row.moved) as CommunityId),
    askedMs: Number(row.asked_ms),
    reachedMs: numberOr(row.reached_ms),
    againMs: numberOr(row.again_ms),
  }
}

type Blocks = 'blocks' | 'isBlocked' | 'blockChange' | 'blockChanges' | 'putBlockChange'

function blockStore(database: Database): Pick<DirectStore, Blocks> {
  const all = database.prepare('SELECT * FROM direct_blocks WHERE self = ? ORDER BY since_ms DESC, person')
  const one = database.prepare('SELECT * FROM direct_blocks WHERE self = ? AND person = ?')
  const insert = database.prepare(
    'INSERT OR REPLACE INTO direct_blocks (self, person, name, since_ms, blocked) VALUES (?, ?, ?, ?, ?)',
  )
  const trim = database.prepare(
    `DELETE FROM direct_blocks WHERE self = ? AND person IN (SELECT person FROM direct_blocks
       WHERE self = ? AND blocked = 0 ORDER BY since_ms DESC, person LIMIT -1 OFFSET ?)`,
  )
  const blockChange = (self: PersonDid, person: PersonDid) => {
    const row = one.get(self, person)
    return row === undefined ? undefined : toBlockChange(row)
  }
  const blockChanges = (self: PersonDid) => all.all(self).map(toBlockChange)
  return {
    blocks: (self) =>
      blockChanges(self).flatMap(({ person, name, ms, blocked }) => (blocked ? [{ person, name, sinceMs: ms }] : [])),
    isBlocked: (self, person) => blockChange(self, person)?.blocked === true,
    blockChange,
    blockChanges,
    putBlockChange: (self, { person, name, ms, blocked }) =>
      transaction(database, () => {
        insert.run(self, person, name, ms, blocked ? 1 : 0)
        if (!blocked) trim.run(self, self, unblockedMax)
      }),
  }
}

function toBlockChange(row: Record<string, SqlValue>): BlockChange {
  return {
    person: String(row.person) as PersonDid,
    name: String(row.name),
    ms: Number(row.since_ms),
    blocked: Number(row.blocked) === 1,
  }
}

function contactStore(database: Database): Pick<DirectStore, 'contact' | 'putContact'> {
  const contact = database.prepare('SELECT * FROM direct_contact WHERE self = ?')
  const putContact = database.prepare(
    'INSERT OR REPLACE INTO direct_contact (self, token, name, who) VALUES (?, ?, ?, ?)',
  )
  return {
    contact(self) {
      const row = contact.get(self)
      if (row === undefined) return undefined
      const name = row.name === null ? undefined : String(row.name)
      return { token: bytesOf(row.token), name, who: String(row.who) as WhoMayAsk }
    },
    putContact: (self, { token, name, who }) => void putContact.run(self, token, name ?? null, who),
  }
}

function numberOr(value: SqlValue | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

function bytesOf(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new Error('assertion failed: the column holds bytes')
}
