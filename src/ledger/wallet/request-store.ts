// Requests on disk, so that what waits for the person still waits after a restart, and a program that asked finds out how it ended.
// Of one program and one computer: a form that is not known here is left out, and its request made again.
//
// Must stay true: what is read is what was shown when it was proposed; no key and no passphrase is in it.

import { fromHex, toHex } from '../../base/bytes.ts'
import { type Database, migrate } from '../../base/database.ts'
import type { Address } from '../types.ts'
import type { Prepared } from './prepare.ts'
import type { RequestState, RequestView } from './types.ts'

export interface StoredRequest {
  readonly id: string
  readonly prepared: Prepared
  readonly account: { readonly index: number; readonly address: Address }
  readonly by: 'person' | 'program'
  readonly createdMs: number
  readonly state: RequestState
  readonly transaction: string | null
  readonly signature: string | null
  readonly failure: RequestView['failure']
}

export interface RequestStore {
  put(request: StoredRequest): void
  remove(id: string): void
  /** In the order in which they were made. */
  all(): readonly StoredRequest[]
}

const schema = [
  `CREATE TABLE wallet_requests (
    place INTEGER PRIMARY KEY AUTOINCREMENT, chain TEXT NOT NULL, id TEXT NOT NULL, form INTEGER NOT NULL,
    body TEXT NOT NULL, UNIQUE (chain, id)
  ) STRICT`,
]

/** Grows with every change of what a request is made of. */
const form = 1

export function createRequestStore(database: Database, chain: string): RequestStore {
  migrate(database, 'ledger-wallet-requests', schema)
  database.prepare('DELETE FROM wallet_requests WHERE form <> ?').run(form)
  const write = database.prepare(
    'INSERT INTO wallet_requests (chain, id, form, body) VALUES (?, ?, ?, ?) ON CONFLICT (chain, id) DO UPDATE SET body = excluded.body',
  )
  const drop = database.prepare('DELETE FROM wallet_requests WHERE chain = ? AND id = ?')
  const read = database.prepare('SELECT body FROM wallet_requests WHERE chain = ? ORDER BY place')
  return {
    put(request) {
      write.run(chain, request.id, form, JSON.stringify(request, plain))
    },
    remove: (id) => void drop.run(chain, id),
    all: () => read.all(chain).map((row) => JSON.parse(String(row.body), rich) as StoredRequest),
  }
}

/** What JSON has no word for. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { $number: value.toString() }
  return value instanceof Uint8Array ? { $bytes: toHex(value) } : value
}

function rich(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('$number' in value) return BigInt(String(value.$number))
  return '$bytes' in value ? (fromHex(String(value.$bytes)) ?? new Uint8Array()) : value
}
