// The view of the app `ledger`: who would validate, which account is whose, what the ledger began as. Entries are kept as they
// come and the answer is read from all of them, so it is the same whatever order they came in.
//
// Must stay true: an entry that does not prove what it says is not kept; nothing that an author chose throws out of `apply`.

import { decode, encode } from '@ipld/dag-cbor'
import { type Database, migrate, type SqlValue } from '../../base/database.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { AppReducer, OpenedEntry } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import { accountText, signerOfDigest, textDigest, willingDigest } from '../../ledger/keys.ts'
import type { CommunityId, DeviceId, EntryId } from '../../log/types.ts'
import { foundCapability } from './capability.ts'
import { entriesPerAuthorMax, genesesMax } from './limits.ts'
import {
  type AccountAct,
  type ChangeAct,
  type GenesisAct,
  type LedgerAct,
  readAct,
  type ValidatorAct,
  writeBody,
} from './wire.ts'

const schemaSteps: readonly string[] = [
  `CREATE TABLE ledger_entries (
    community TEXT NOT NULL,
    arrival INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- Of whom only the newest counts: a device (validator), a person (account); empty: the first of all counts (genesis).
    author TEXT NOT NULL,
    ms INTEGER NOT NULL, count INTEGER NOT NULL, id TEXT NOT NULL,
    person TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (community, arrival)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX ledger_entries_kind ON ledger_entries (community, kind, author, ms, count, id);`,
]

export interface Said<Act> {
  readonly person: PersonDid
  /** Of `validator`: the device; of `account`: the person. */
  readonly author: string
  readonly entry: EntryId
  readonly atMs: number
  readonly act: Act
}

export interface LedgerView {
  readonly reducer: AppReducer
  /** The newest of each device. */
  validators(community: CommunityId): readonly Said<ValidatorAct>[]
  /** The newest of each person. */
  accounts(community: CommunityId): readonly Said<AccountAct>[]
  /** The newest of each device. */
  changes(community: CommunityId): readonly Said<ChangeAct>[]
  /** In the order of the log. */
  geneses(community: CommunityId): readonly Said<GenesisAct>[]
}

/** Brings the view's table up to date first. */
export function openLedgerView({ database }: { readonly database: Database }): LedgerView {
  migrate(database, 'ledger-view', schemaSteps)
  const insert = database.prepare(
    `INSERT OR IGNORE INTO ledger_entries (community, arrival, kind, author, ms, count, id, person, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const countOf = database.prepare(
    'SELECT count(*) AS count FROM ledger_entries WHERE community = ? AND kind = ? AND author = ?',
  )
  const remove = database.prepare('DELETE FROM ledger_entries WHERE community = ? AND arrival = ?')
  const removeOldest = database.prepare(
    `DELETE FROM ledger_entries WHERE (community, arrival) IN (SELECT community, arrival FROM ledger_entries
       WHERE community = ? AND kind = ? AND author = ? ORDER BY ms, count, id LIMIT 1)`,
  )
  const removeAll = database.prepare('DELETE FROM ledger_entries WHERE community = ?')
  const newest = database.prepare(
    `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY author ORDER BY ms DESC, count DESC, id DESC) AS place
       FROM ledger_entries WHERE community = ? AND kind = ?) WHERE place = 1 ORDER BY author`,
  )
  const inOrder = database.prepare(
    `SELECT * FROM ledger_entries WHERE community = ? AND kind = 'genesis' ORDER BY ms, count, id LIMIT ${genesesMax}`,
  )

  function take({ community, arrival, entry, person, kind, body, may }: OpenedEntry): void {
    const act = readGood(kind, body)
    if (act === undefined || !isProven(act, { community, device: entry.device, person })) return
    if (act.kind === 'genesis' && !may(foundCapability)) return
    const author = act.kind === 'account' ? person : act.kind === 'genesis' ? '' : entry.device
    const { ms, count } = entry.time
    const bytes = encode(writeBody(act))
    insert.run(community, arrival, act.kind, author, ms, count, entry.id, person, bytes)
    // The first genesis counts, so what is past the limit there is the newest; it does no harm.
    const isMany = Number(countOf.get(community, act.kind, author)?.count) > entriesPerAuthorMax
    if (act.kind !== 'genesis' && isMany) removeOldest.run(community, act.kind, author)
  }

  const newestOf = <Act extends LedgerAct>(community: CommunityId, kind: Act['kind']) =>
    newest.all(community, kind).flatMap((row) => said<Act>(row))
  return {
    reducer: {
      app: 'ledger',
      apply(entries) {
        for (const entry of entries) take(entry)
      },
      retract(entries) {
        for (const { community, arrival } of entries) remove.run(community, arrival)
        return []
      },
      reset(community) {
        removeAll.run(community)
        return true
      },
    },
    validators: (community) => newestOf<ValidatorAct>(community, 'validator'),
    accounts: (community) => newestOf<AccountAct>(community, 'account'),
    changes: (community) => newestOf<ChangeAct>(community, 'change'),
    geneses: (community) => inOrder.all(community).flatMap((row) => said<GenesisAct>(row)),
  }
}

/** What the author wrote wrongly does not count; anything else is ours, and ends the transaction. */
function readGood(kind: string, body: unknown): LedgerAct | undefined {
  try {
    return readAct(kind, body)
  } catch (error) {
    if (isPeerhoodError(error)) return undefined
    throw error
  }
}

function isProven(
  act: LedgerAct,
  by: { readonly community: CommunityId; readonly device: DeviceId; readonly person: PersonDid },
): boolean {
  // Whose signature counts under a change, only the chain knows.
  if (act.kind === 'genesis' || act.kind === 'change') return true
  const digest =
    act.kind === 'validator' ? willingDigest(by.community, by.device) : textDigest(accountText(by.community, by.person))
  return signerOfDigest(digest, act.proof) === act.address
}

function said<Act extends LedgerAct>(row: Record<string, SqlValue>): Said<Act>[] {
  const { body } = row
  const act = body instanceof Uint8Array ? readGood(String(row.kind), decode(body)) : undefined
  if (act === undefined) return []
  const { person, author, id, ms } = row
  return [
    {
      person: String(person) as PersonDid,
      author: String(author),
      entry: String(id) as EntryId,
      atMs: Number(ms),
      act: act as Act,
    },
  ]
}
