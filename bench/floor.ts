// What reading a community's log anew takes at the very least on this machine, now: the same bytes hashed and deciphered, and the
// same texts put into a bare table and a search index, with nothing known of communities, channels or what was done to
// messages. On a machine that others use, the ratio to it says more than a figure by itself.

import { createCipheriv, createDecipheriv, createSecretKey, hash, type KeyObject, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openReadLog } from '../src/log/read-log.ts'
import type { CommunityId } from '../src/log/types.ts'
import { openToRead } from '../src/node/database.ts'

/** Entries that are looked at, and those of one transaction. */
const sample = 50_000
const together = 8_192

interface Row {
  readonly n: number
  readonly id: string
  readonly text: string
}

/** Entries a second and core. */
export function floorOf(home: string, community: CommunityId): number {
  const database = openToRead(join(home, 'peerhood.db'))
  const stored = openReadLog(database, community)?.entriesAfter(0, sample, { lane: 1 }) ?? []
  const views = new DatabaseSync(join(home, 'views.db'), { readOnly: true })
  const all = views.prepare('SELECT n, id, text FROM chat_messages WHERE arrival <= ? ORDER BY n')
  const rows = all.all(stored.at(-1)?.arrival ?? 0) as unknown as Row[]
  views.close()
  // Given as bytes, a key would be read anew each time.
  const key = createSecretKey(randomBytes(32))
  const sealed = stored.map(({ entry }) => seal(key, entry.bytes))
  const start = process.cpuUsage()
  for (const [at, { entry }] of stored.entries()) {
    hash('sha256', entry.bytes, 'hex')
    unseal(key, sealed[at] ?? seal(key, entry.bytes))
  }
  insert(rows)
  const { user, system } = process.cpuUsage(start)
  return stored.length / ((user + system) / 1e6)
}

const nonce = Buffer.alloc(12)

function seal(key: KeyObject, bytes: Uint8Array): { readonly content: Buffer; readonly tag: Buffer } {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const content = Buffer.concat([cipher.update(bytes), cipher.final()])
  return { content, tag: cipher.getAuthTag() }
}

function unseal(key: KeyObject, { content, tag }: ReturnType<typeof seal>): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAuthTag(tag)
  const plain = decipher.update(content)
  decipher.final()
  return plain
}

function insert(rows: readonly Row[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-floor-'))
  const database = new DatabaseSync(join(folder, 'floor.db'))
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE messages (n INTEGER PRIMARY KEY, id TEXT NOT NULL, text TEXT NOT NULL) STRICT;
      CREATE INDEX messages_id ON messages (substr(id, 1, 12));
      CREATE VIRTUAL TABLE search USING fts5(text, content = 'messages', content_rowid = 'n',
        tokenize = 'unicode61 remove_diacritics 2', prefix = '2', columnsize = 0);
      INSERT INTO search (search, rank) VALUES ('hashsize', 4194304);`)
    const message = database.prepare('INSERT INTO messages (n, id, text) VALUES (?, ?, ?)')
    const words = database.prepare('INSERT INTO search (rowid, text) VALUES (?, ?)')
    for (let from = 0; from < rows.length; from += together) {
      database.exec('BEGIN')
      for (const { n, id, text } of rows.slice(from, from + together)) {
        message.run(n, id, text)
        words.run(n, text)
      }
      database.exec('COMMIT')
    }
  } finally {
    database.close()
    rmSync(folder, { recursive: true })
  }
}
