import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemRandom } from './adapters.ts'
import { homeAt, prepareHome, writeFileAtomic } from './home.ts'
import { takeLock } from './lock.ts'
import { openLogFile } from './log-file.ts'
import { temporaryHome } from './testing.ts'
import { loadConfirmKey, loadToken } from './token.ts'

test('the data folder is made for its owner alone', (t) => {
  const home = homeAt(join(temporaryHome(t).folder, 'deeper', 'home'))
  prepareHome(home)
  assert.equal(statSync(home.folder).mode & 0o777, 0o700)
})

test('a data folder that can not be made says so', (t) => {
  const { folder } = temporaryHome(t)
  writeFileSync(join(folder, 'file'), '')
  assert.throws(() => prepareHome(homeAt(join(folder, 'file', 'home'))), { code: 'home_not_usable', kind: 'local' })
})

test('an atomic write leaves one file with mode 0600 and no parts', (t) => {
  const { folder } = temporaryHome(t)
  const path = join(folder, 'x.json')
  writeFileAtomic(path, 'one')
  writeFileAtomic(path, 'two')
  assert.equal(readFileSync(path, 'utf8'), 'two')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('x.')),
    ['x.json'],
  )
  mkdirSync(join(folder, 'taken'))
  assert.throws(() => writeFileAtomic(join(folder, 'taken'), 'three'))
  assert.equal(
    readdirSync(folder).some((name) => name.endsWith('.part')),
    false,
  )
})

test('the lock is held by one at a time and says by whom', (t) => {
  const home = temporaryHome(t)
  const lock = takeLock(home)
  assert.throws(() => takeLock(home), { code: 'home_in_use', message: /another Peerhood/ })
  writeFileSync(home.daemon, JSON.stringify({ url: 'http://127.0.0.1:1', pid: 77 }))
  assert.throws(() => takeLock(home), { code: 'home_in_use', message: /process id 77 at http/ })
  lock.release()
  takeLock(home).release()
})

test('the token stays, and is replaced when others could read it', (t) => {
  const home = temporaryHome(t)
  const first = loadToken(home, systemRandom)
  assert.match(first.token, /^[\w-]{43}$/)
  assert.equal(statSync(home.token).mode & 0o777, 0o600)
  assert.deepEqual(loadToken(home, systemRandom), first)
  chmodSync(home.token, 0o644)
  const second = loadToken(home, systemRandom)
  assert.notEqual(second.token, first.token)
  assert.equal(second.notices[0]?.code, 'token_replaced')
  assert.equal(statSync(home.token).mode & 0o777, 0o600)
  writeFileSync(home.token, 'short')
  assert.match(loadToken(home, systemRandom).token, /^[\w-]{43}$/)
})

test('the confirm key is a secret of its own, kept like the token', (t) => {
  const home = temporaryHome(t)
  const { confirmKey } = loadConfirmKey(home, systemRandom)
  assert.match(confirmKey, /^[\w-]{43}$/)
  assert.notEqual(confirmKey, loadToken(home, systemRandom).token)
  assert.equal(statSync(home.confirmKey).mode & 0o777, 0o600)
  assert.equal(loadConfirmKey(home, systemRandom).confirmKey, confirmKey)
})

test('the log never grows past its bound, and keeps one turn', (t) => {
  const home = temporaryHome(t)
  const log = openLogFile(home.log, 'info', 100)
  for (let line = 0; line < 50; line++) log.write(`${String(line).padStart(9)}\n`)
  log.close()
  log.write('after close\n')
  assert.ok(statSync(home.log).size <= 100)
  assert.ok(statSync(`${home.log}.1`).size <= 100)
  assert.match(readFileSync(home.log, 'utf8'), /49\n$/)
  assert.equal(statSync(home.log).mode & 0o777, 0o600)
})
