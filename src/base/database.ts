// The slice of `node:sqlite` that features use, and the one way in which they bring their tables up to date. The
// database is opened in `node/` (WAL, synchronous=FULL for what is acknowledged) and passed in.

export type SqlValue = null | number | bigint | string | Uint8Array

export interface Statement {
  run(...values: SqlValue[]): { changes: number | bigint; lastInsertRowid: number | bigint }
  get(...values: SqlValue[]): Record<string, SqlValue> | undefined
  all(...values: SqlValue[]): Record<string, SqlValue>[]
  iterate(...values: SqlValue[]): IterableIterator<Record<string, SqlValue>>
}

/** `DatabaseSync` of `node:sqlite` fits it as it is. */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
}

/**
 * Runs a statement of which nothing is to be known. `run` makes an object that says what it changed, which takes as long as
 * a small change itself.
 */
export function execute(statement: Pick<Statement, 'get'>, ...values: SqlValue[]): void {
  statement.get(...values)
}

/** Runs `work` in one transaction: all of it is on disk afterwards, or none. Does not nest. */
export function transaction<Result>(database: Database, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

/**
 * A transaction that does not wait for the disk: for what can be made anew. After a loss of power it, and what came after
 * it without being flushed, may not have happened; what was flushed before and what is flushed later stays whole, since
 * the write-ahead log is one sequence.
 */
export function lazyTransaction<Result>(database: Database, work: () => Result): Result {
  database.exec('PRAGMA synchronous = NORMAL')
  try {
    return transaction(database, work)
  } finally {
    database.exec('PRAGMA synchronous = FULL')
  }
}

/** Applies those of `steps` (SQL scripts, in order, never edited once released) that `feature` has not had yet. */
export function migrate(database: Database, feature: string, steps: readonly string[]): void {
  database.exec('CREATE TABLE IF NOT EXISTS migrations (feature TEXT PRIMARY KEY, step INTEGER NOT NULL) STRICT')
  const row = database.prepare('SELECT step FROM migrations WHERE feature = ?').get(feature)
  const done = Number(row?.step ?? 0)
  steps.forEach((step, index) => {
    if (index < done) return
    transaction(database, () => {
      database.exec(step)
      database.prepare('INSERT OR REPLACE INTO migrations (feature, step) VALUES (?, ?)').run(feature, index + 1)
    })
  })
}
