import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { openIdentity } from '../identity/service.ts'
import { createLog, systemClock, systemRandom } from './adapters.ts'
import { moveDeviceName, openSettings } from './config.ts'
import type { Home } from './home.ts'
import { settingsFileBytesMax } from './limits.ts'
import { Notices } from './notices.ts'
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

/** A start: the keystore names the device `first` when it is made. */
async function start(home: Home, first: string) {
  const settings = openSettings(home)
  const notices = new Notices()
  const log = createLog([])
  const parts = { clock: systemClock, random: systemRandom, log }
  const identity = await openIdentity({ home: home.folder, deviceName: settings.deviceName ?? first })(parts)
  await moveDeviceName({ settings, identity, notices, log })
  return { settings, identity, codes: notices.list().map(({ code }) => code), notices }
}

test('a device name in the file moves to the keystore once, and nothing else of the file is lost', async (t) => {
  const home = temporaryHome(t)
  writeFileSync(home.settings, '{"deviceName":"Ada’s desk","mdns":false}')
  const first = await start(home, 'host')
  assert.deepEqual([first.identity.deviceName, first.codes], ['Ada’s desk', []])
  assert.deepEqual(JSON.parse(readFileSync(home.settings, 'utf8')), { mdns: false })

  await first.identity.rename('chosen later')
  const second = await start(home, 'host')
  assert.deepEqual([second.identity.deviceName, second.codes], ['chosen later', []])

  writeFileSync(home.settings, '{"deviceName":"written by hand","upnp":false}')
  const third = await start(home, 'host')
  assert.deepEqual([third.identity.deviceName, third.codes], ['written by hand', ['device_name_moved']])
  assert.match(third.notices.list()[0]?.sentence ?? '', /“written by hand”.*“chosen later”/)
  assert.deepEqual(JSON.parse(readFileSync(home.settings, 'utf8')), { upnp: false })
})

test('a device name that can not be used stays in the file, is told, and other settings still change', async (t) => {
  const home = temporaryHome(t)
  await start(home, 'host')
  writeFileSync(home.settings, '{"deviceName":"\\u202e"}')
  const { settings, identity, codes } = await start(home, 'other host')
  assert.deepEqual([identity.deviceName, codes], ['host', ['device_name_not_moved']])
  settings.change({ mdns: false })
  assert.deepEqual(JSON.parse(readFileSync(home.settings, 'utf8')), { deviceName: '\u202e', mdns: false })
})
