// The view of the app `ledger`: who would validate, which account is whose, what the ledger began as, what validators say of it,
// which chain the community uses. Entries are kept as they come and the answer is read from all of them, so it is the same
// whatever order they came in.
//
// Must stay true: an entry that does not prove what it says is not kept; nothing that an author chose throws out of `apply`.

import { decode, encode } from '@ipld/dag-cbor'
import { type Database, migrate, type SqlValue } from '../../base/database.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { AppReducer, OpenedEntry } from '../../community/types.ts'
import type { PersonDid } from '../../identity/types.ts'
import { accountText, checkpointDigest, signerOfDigest, textDigest, willingDigest } from '../../ledger/keys.ts'
import type { Address } from '../../ledger/types.ts'
import type { CommunityId, DeviceId, EntryId } from '../../log/types.ts'
import { foundCapability } from './capability.ts'
import { checkpointsPerDeviceMax, entriesPerAuthorMax, genesesMax } from './limits.ts'
import {
  type AccountAct,
  type ChainAct,
  type ChangeAct,
  type CheckpointAct,
  type GenesisAct,
  type LedgerAct,
  type MembersAct,
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
  /** Of `account`: the person; of `genesis` and `chain`: empty; else the device. */
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
  /** The newest of each device. */
  members(community: CommunityId): readonly Said<MembersAct>[]
  /** The newest few of each device, newest first. */
  checkpoints(community: CommunityId): readonly Said<CheckpointAct>[]
  /** The newest of those who may say so. */
  chain(community: CommunityId): Said<ChainAct> | undefined
  /** All that was ever said to be somebody's account, or a device's validator address. */
  everyAddress(community: CommunityId): readonly { readonly person: PersonDid; readonly address: Address }[]
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
  const removeOne = (order: string) =>
    database.prepare(
      `DELETE FROM ledger_entries WHERE (community, arrival) IN (SELECT community, arrival FROM ledger_entries
         WHERE community = ? AND kind = ? AND author = ? ORDER BY ${order} LIMIT 1)`,
    )
  const removeOldest = removeOne('ms, count, id')
  const removeNewest = removeOne('ms DESC, count DESC, id DESC')
  const removeAll = database.prepare('DELETE FROM ledger_entries WHERE community = ?')
  const newest = database.prepare(
    `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY author ORDER BY ms DESC, count DESC, id DESC) AS place
       FROM ledger_entries WHERE community = ? AND kind = ?) WHERE place <= ? ORDER BY author, place`,
  )
  const every = database.prepare(
    `SELECT * FROM ledger_entries WHERE community = ? AND kind IN ('account', 'validator') ORDER BY arrival`,
  )
  const inOrder = database.prepare(
    `SELECT * FROM ledger_entries WHERE community = ? AND kind = 'genesis' ORDER BY ms, count, id LIMIT ${genesesMax}`,
  )

  function take({ community, arrival, entry, person, kind, body, may }: OpenedEntry): void {
    const act = readGood(kind, body)
    if (act === undefined || !isProven(act, { community, device: entry.device, person })) return
    const isOfAll = act.kind === 'genesis' || act.kind === 'chain'
    if (isOfAll && !may(foundCapability)) return
    const author = act.kind === 'account' ? person : isOfAll ? '' : entry.device
    const { ms, count } = entry.time
    const bytes = encode(writeBody(act))
    insert.run(community, arrival, act.kind, author, ms, count, entry.id, person, bytes)
    // The first genesis counts, so what is past the limit there is the newest; it does no harm.
    const isMany = Number(countOf.get(community, act.kind, author)?.count) > entriesPerAuthorMax
    if (act.kind === 'genesis' || !isMany) return
    const removal = act.kind === 'account' ? removeNewest : removeOldest
    removal.run(community, act.kind, author)
  }

  const newestOf = <Act extends LedgerAct>(community: CommunityId, kind: Act['kind'], each = 1) =>
    newest.all(community, kind, each).flatMap((row) => said<Act>(row))
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
    members: (community) => newestOf<MembersAct>(community, 'members'),
    checkpoints: (community) => newestOf<CheckpointAct>(community, 'checkpoint', checkpointsPerDeviceMax),
    chain: (community) => newestOf<ChainAct>(community, 'chain')[0],
    everyAddress: (community) =>
      every
        .all(community)
        .flatMap((row) => said<AccountAct | ValidatorAct>(row))
        .map(({ person, act }) => ({ person, address: act.address })),
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
  switch (act.kind) {
    case 'validator':
      return signerOfDigest(willingDigest(by.community, by.device), act.proof) === act.address
    case 'account':
      return signerOfDigest(textDigest(accountText(by.community, by.person)), act.proof) === act.address
    case 'checkpoint':
      return signerOfDigest(checkpointDigest(by, act), act.proof) === act.address
    default:
      // Whose signature counts under a change, only the chain knows.
      return true
  }
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
