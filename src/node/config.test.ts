import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { openSettings } from './config.ts'
import { settingsFileBytesMax } from './limits.ts'
import { temporaryHome } from './testing.ts'

test('settings hold what was changed, over the defaults', (t) => {
  const home = temporaryHome(t)
  const settings = openSettings(home)
  assert.equal(settings.get().mdns, true)
  assert.equal(settings.change({ mdns: false }).mdns, false)
  assert.deepEqual(JSON.parse(readFileSync(home.settings, 'utf8')), { mdns: false })
  assert.equal(openSettings(home).get().mdns, false)
  assert.equal(openSettings(home).get().upnp, true)
})

test('settings that are no settings are refused by name', (t) => {
  const home = temporaryHome(t)
  for (const text of ['{', '[]', '{"mdns":"yes"}', '{"unknown":1}', ' '.repeat(settingsFileBytesMax + 1)]) {
    writeFileSync(home.settings, text)
    assert.throws(() => openSettings(home), { code: 'settings_damaged', kind: 'local' })
  }
})

test('downloads must be an absolute path, and a refused change changes nothing', (t) => {
  const home = temporaryHome(t)
  const settings = openSettings(home)
  const before = settings.get()
  assert.throws(() => settings.change({ downloads: 'here' }), { code: 'request_malformed' })
  assert.deepEqual(settings.get(), before)
})
