// What is remembered of those who ask to be let in: on the member's computer who asks, is refused or blocked; on the
// asker's what it asks for. Bounded by limits.ts, whoever asks.

import { type Database, migrate, type SqlValue, transaction } from '../base/database.ts'
import type { PersonDid } from '../identity/types.ts'
import type { CommunityId, DeviceId } from '../log/types.ts'
import type { PeerAddress, PeerId } from '../network/types.ts'
import type { Applicant, Ask } from './admission-types.ts'
import { blockedMax } from './limits.ts'

/** Never edit a released step; add one. */
const admissionSchema: readonly string[] = [
  `
  CREATE TABLE admission_requests (
    community TEXT NOT NULL,
    device TEXT NOT NULL,
    person TEXT NOT NULL,
    peer TEXT NOT NULL,
    certificate BLOB NOT NULL,
    member_name TEXT NOT NULL,
    device_name TEXT NOT NULL,
    note TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'refused', 'blocked')),
    asked_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,  -- when it asked last, or was blocked
    PRIMARY KEY (community, device)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE admission_asks (
    community TEXT PRIMARY KEY,
    name TEXT,
    member_name TEXT NOT NULL,
    note TEXT NOT NULL,
    peers TEXT NOT NULL,       -- JSON: the members that the link named
    state TEXT NOT NULL CHECK (state IN ('asking', 'refused', 'unanswered')),
    asked_ms INTEGER NOT NULL,
    reached_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  `,
]

export interface AdmissionStore {
  applicants(community: CommunityId): Applicant[]
  applicant(community: CommunityId, device: DeviceId): Applicant | undefined
  /** How many wait, in one community and in all; the blocked are not among them. */
  waiting(community: CommunityId): { readonly here: number; readonly all: number }
  putApplicant(applicant: Applicant): void
  /** Blocks one, and forgets who was blocked first when they are too many. */
  block(applicant: Applicant): void
  isBlocked(applicant: Pick<Applicant, 'community' | 'device' | 'person'>): boolean
  removeApplicant(community: CommunityId, device: DeviceId): void
  /** Forgets those who are not blocked and have not asked since. */
  forgetBefore(ms: number): void
  forgetCommunity(community: CommunityId): void

  asks(): Ask[]
  putAsk(ask: Ask): void
  removeAsk(community: CommunityId): void
}

export function createAdmissionStore(database: Database): AdmissionStore {
  migrate(database, 'admission', admissionSchema)
  return { ...applicantStore(database), ...askStore(database) }
}

function applicantStore(database: Database): Omit<AdmissionStore, 'asks' | 'putAsk' | 'removeAsk'> {
  const ofCommunity = database.prepare('SELECT * FROM admission_requests WHERE community = ? ORDER BY asked_ms, device')
  const one = database.prepare('SELECT * FROM admission_requests WHERE community = ? AND device = ?')
  const counts = database.prepare(
    `SELECT count(*) AS every, coalesce(sum(community = ?), 0) AS here FROM admission_requests WHERE state <> 'blocked'`,
  )
  const insert = database.prepare(
    `INSERT OR REPLACE INTO admission_requests
       (community, device, person, peer, certificate, member_name, device_name, note, state, asked_ms, last_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const blocked = database.prepare(
    `SELECT 1 FROM admission_requests WHERE community = ? AND state = 'blocked' AND (device = ? OR person = ?) LIMIT 1`,
  )
  const trim = database.prepare(
    `DELETE FROM admission_requests WHERE state = 'blocked' AND (community, device) IN (
       SELECT community, device FROM admission_requests WHERE state = 'blocked' ORDER BY last_ms DESC LIMIT -1 OFFSET ?)`,
  )
  const remove = database.prepare('DELETE FROM admission_requests WHERE community = ? AND device = ?')
  const forget = database.prepare(`DELETE FROM admission_requests WHERE state <> 'blocked' AND last_ms < ?`)
  const forgetAll = database.prepare('DELETE FROM admission_requests WHERE community = ?')
  const put = (row: Applicant) => {
    insert.run(
      ...[row.community, row.device, row.person, row.peer, row.certificate, row.memberName, row.deviceName],
      ...[row.note, row.state, row.askedMs, row.lastMs],
    )
  }
  return {
    applicants: (community) => ofCommunity.all(community).map(toApplicant),
    applicant(community, device) {
      const row = one.get(community, device)
      return row === undefined ? undefined : toApplicant(row)
    },
    waiting(community) {
      const row = counts.get(community)
      return { here: Number(row?.here), all: Number(row?.every) }
    },
    putApplicant: put,
    block(applicant) {
      transaction(database, () => {
        put({ ...applicant, state: 'blocked' })
        trim.run(blockedMax)
      })
    },
    isBlocked: ({ community, device, person }) => blocked.get(community, device, person) !== undefined,
    removeApplicant: (community, device) => void remove.run(community, device),
    forgetBefore: (ms) => void forget.run(ms),
    forgetCommunity: (community) => void forgetAll.run(community),
  }
}

function toApplicant(row: Record<string, SqlValue>): Applicant {
  return {
    community: String(row.community) as CommunityId,
    device: String(row.device) as DeviceId,
    peer: String(row.peer) as PeerId,
    person: String(row.person) as PersonDid,
    certificate: bytesOf(row.certificate),
    memberName: String(row.member_name),
    deviceName: String(row.device_name),
    note: String(row.note),
    state: String(row.state) as Applicant['state'],
    askedMs: Number(row.asked_ms),
    lastMs: Number(row.last_ms),
  }
}

function askStore(database: Database): Pick<AdmissionStore, 'asks' | 'putAsk' | 'removeAsk'> {
  const all = database.prepare('SELECT * FROM admission_asks ORDER BY asked_ms, community')
  const insert = database.prepare(
    `INSERT OR REPLACE INTO admission_asks (community, name, member_name, note, peers, state, asked_ms, reached_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const remove = database.prepare('DELETE FROM admission_asks WHERE community = ?')
  return {
    asks: () => all.all().map(toAsk),
    putAsk(ask) {
      const peers = JSON.stringify(ask.peers)
      const [name, reachedMs] = [ask.name ?? null, ask.reachedMs ?? null]
      insert.run(ask.community, name, ask.memberName, ask.note, peers, ask.state, ask.askedMs, reachedMs)
    },
    removeAsk: (community) => void remove.run(community),
  }
}

function toAsk(row: Record<string, SqlValue>): Ask {
  return {
    community: String(row.community) as CommunityId,
    name: row.name === null ? undefined : String(row.name),
    memberName: String(row.member_name),
    note: String(row.note),
    peers: JSON.parse(String(row.peers)) as PeerAddress[],
    state: String(row.state) as Ask['state'],
    askedMs: Number(row.asked_ms),
    reachedMs: row.reached_ms === null ? undefined : Number(row.reached_ms),
  }
}

function bytesOf(value: SqlValue | undefined): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new Error('assertion failed: the column holds bytes')
}
