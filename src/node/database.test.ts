import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from './adapters.ts'
import { openDatabase, openViews } from './database.ts'
import { viewsPageBytes } from './limits.ts'
import { temporaryHome } from './testing.ts'

const clock = systemClock

test('a new database keeps foreign keys and a journal', (t) => {
  const { database: path } = temporaryHome(t)
  const { database, notices, close } = openDatabase({ path, clock })
  assert.deepEqual(notices, [])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(`${path}-wal`).mode & 0o777, 0o600)
  assert.equal(database.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal')
  assert.equal(database.prepare('PRAGMA synchronous').get()?.synchronous, 2)
  assert.equal(database.prepare('PRAGMA foreign_keys').get()?.foreign_keys, 1)
  close()
  close()
  assert.equal(existsSync(`${path}-wal`), false)
})

test('after an unclean stop nothing is missing, and the person is told', (t) => {
  const { database: path, folder } = temporaryHome(t)
  const first = openDatabase({ path, clock })
  first.database.exec("CREATE TABLE things (name TEXT); INSERT INTO things VALUES ('kept')")
  // What a SIGKILL leaves: the file and its journal, not folded in.
  const crashed = `${folder}/crashed.db`
  copyFileSync(path, crashed)
  copyFileSync(`${path}-wal`, `${crashed}-wal`)
  first.close()

  const second = openDatabase({ path: crashed, clock })
  assert.equal(second.database.prepare('SELECT name FROM things').get()?.name, 'kept')
  assert.deepEqual(
    second.notices.map((notice) => notice.code),
    ['recovered'],
  )
  second.close()
  const third = openDatabase({ path: crashed, clock })
  assert.deepEqual(third.notices, [])
  third.close()
})

test('a file that is no database is moved aside and named', (t) => {
  const { database: path, folder } = temporaryHome(t)
  writeFileSync(path, 'this was never a database, but it is long enough to be taken for a header of one')
  const { database, notices, close } = openDatabase({ path, clock })
  database.exec('CREATE TABLE works (x)')
  close()
  assert.equal(notices[0]?.code, 'database_damaged')
  const aside = readdirSync(folder).find((name) => name.startsWith('peerhood.db.damaged-'))
  assert.match(readFileSync(`${folder}/${aside}`, 'utf8'), /^this was never/)
})

test('damage inside is found after an unclean stop', (t) => {
  const { database: path, folder } = temporaryHome(t)
  const first = openDatabase({ path, clock })
  first.database.exec('CREATE TABLE things (name TEXT)')
  const insert = first.database.prepare('INSERT INTO things VALUES (?)')
  for (let row = 0; row < 2_000; row++) insert.run(`name ${row} ${'x'.repeat(100)}`)
  first.close()
  const bytes = readFileSync(path)
  bytes.fill(0xff, 4096 * 3, 4096 * 6)
  writeFileSync(path, bytes)
  // An empty journal is what a process leaves that was killed between two writes.
  writeFileSync(`${path}-wal`, '')

  const second = openDatabase({ path, clock })
  assert.equal(second.notices[0]?.code, 'database_damaged')
  assert.match(second.notices[0]?.advice ?? '', /Share your folders again/)
  second.close()
  assert.ok(readdirSync(folder).some((name) => name.startsWith('peerhood.db.damaged-')))
})

test('views of another version are made anew; those of this one stay', (t) => {
  const { folder } = temporaryHome(t)
  const path = `${folder}/views.db`
  const tables = () => {
    const { database, close } = openViews({ path })
    const found = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
    database.exec('CREATE TABLE IF NOT EXISTS things (name TEXT)')
    return { database, close, found: found.map(({ name }) => name) }
  }
  const first = tables()
  first.close()
  const second = tables()
  assert.deepEqual(second.found, ['things'])
  assert.equal(second.database.prepare('PRAGMA page_size').get()?.page_size, viewsPageBytes)
  second.database.exec('PRAGMA user_version = 1')
  second.close()
  const third = tables()
  assert.deepEqual(third.found, [])
  third.close()
  assert.deepEqual(tables().found, ['things'])
})
