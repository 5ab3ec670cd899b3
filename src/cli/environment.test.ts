import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { readEnvironment } from './environment.ts'

test('PEERHOOD_HOME chooses the data folder, from where one stands', () => {
  assert.equal(readEnvironment({ PEERHOOD_HOME: '/data/p' }, 'linux').home, '/data/p')
  assert.equal(readEnvironment({ PEERHOOD_HOME: 'p' }, 'linux').home, resolve('p'))
})

test('without it the platform has a folder for data', () => {
  assert.equal(readEnvironment({}, 'linux').home, `${homedir()}/.local/share/peerhood`)
  assert.equal(readEnvironment({ XDG_DATA_HOME: '/x' }, 'linux').home, '/x/peerhood')
  assert.equal(readEnvironment({ XDG_DATA_HOME: 'relative' }, 'linux').home, `${homedir()}/.local/share/peerhood`)
  assert.equal(readEnvironment({}, 'darwin').home, `${homedir()}/Library/Application Support/Peerhood`)
  assert.match(readEnvironment({ LOCALAPPDATA: '/l' }, 'win32').home, /Peerhood$/)
})

test('an unknown log level is refused, an empty one is none', () => {
  assert.equal(readEnvironment({ PEERHOOD_LOG: 'debug' }, 'linux').logLevel, 'debug')
  assert.equal(readEnvironment({ PEERHOOD_LOG: '' }, 'linux').logLevel, undefined)
  assert.throws(() => readEnvironment({ PEERHOOD_LOG: 'loud' }, 'linux'), { code: 'environment_malformed' })
})
