// Messages on the desktop while no page is open, over real daemons: with a notify-send of ours on PATH, which writes down
// what it was given.

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { DoctorReport } from '../../src/sdk/types.ts'
import type { Peer } from '../support/daemon.ts'
import { onlyObject, peersOf, until } from './support.ts'

const general = '0'.repeat(32)
const patienceMs = 60_000

/** A folder with a notify-send in it, and what it was called with so far: a line each, arguments apart by tabs. */
function desktopIn(folder: string) {
  const bin = join(folder, 'bin')
  const out = join(folder, 'shown')
  mkdirSync(bin)
  writeFileSync(
    join(bin, 'notify-send'),
    `#!/bin/sh\nprintf '%s\\t' "$@" >> '${out}'\necho >> '${out}'\nenv > '${out}.env'\n`,
  )
  chmodSync(join(bin, 'notify-send'), 0o755)
  const lines = () => (existsSync(out) ? readFileSync(out, 'utf8').split('\n').filter(Boolean) : [])
  return { bin, lines, environment: () => readFileSync(`${out}.env`, 'utf8') }
}

const checkOf = async (peer: Peer) =>
  onlyObject<DoctorReport>(await peer.run('doctor', '--json')).checks.find(({ id }) => id === 'notifications')

test('a message is shown on the desktop while no page is open, as text and nothing else', async (t) => {
  const peers = peersOf(t)
  const desktop = desktopIn(peers.folder())
  const [ada, ben] = await Promise.all([
    peers.start({ env: { PATH: `${desktop.bin}:${process.env.PATH}`, PEERHOOD_SECRET: 'open sesame' } }),
    peers.start(),
  ])
  const { link } = await ada.client.direct.contact()
  const text = '--icon=evil $(id) **<b>buy</b>**'
  const { community: id } = await ben.client.direct.ask({ to: link, memberName: 'Ben', text })
  await until('the request is shown', async () => desktop.lines().length === 1, patienceMs)
  assert.match(
    desktop.lines()[0] ?? '',
    /^--app-name=Peerhood\t--\tBen asks to talk with you\t--icon=evil \$\(id\) \*\*&lt;b&gt;/,
  )
  assert.doesNotMatch(desktop.environment(), /sesame/)

  const request = await until('the request', async () => (await ada.client.direct.requests())[0])
  await ada.client.direct.accept(request.id, { memberName: 'Ada' })
  const open = async () => (await ben.client.direct.list())[0]?.state === 'open'
  await until('both are in it', open, patienceMs)
  await ben.client.chat.send(id, general, { text: 'Join here: peerhood:abcdefgh2345 **now**' })
  const shown = () => desktop.lines().some((line) => line.includes('Ben\tJoin here: (a link) now'))
  await until('the message is shown', async () => shown(), patienceMs)

  // Switched off, nothing is.
  assert.equal((await ada.run('notify', 'off')).code, 0)
  const before = desktop.lines().length
  assert.match((await checkOf(ada))?.finding ?? '', /switched off/)
  await ben.client.chat.send(id, general, { text: 'quiet' })
  const arrived = async () => (await ada.client.chat.messages(id, general, { limit: 1 })).messages[0]?.text === 'quiet'
  await until('it is there', arrived, patienceMs)
  assert.equal((await ada.run('notify', 'test')).code, 0)
  assert.equal(desktop.lines().length, before + 1, 'only the one that was asked for')
  assert.match(desktop.lines().at(-1) ?? '', /So it looks/)
  assert.match((await ada.run('notify', 'on')).stdout, /^on: /)
  assert.equal((await checkOf(ada))?.state, 'ok')
})

test('without the program the doctor says what to install', async (t) => {
  const peers = peersOf(t)
  const ada = await peers.start({ env: { PATH: peers.folder() } })
  const check = await checkOf(ada)
  assert.deepEqual([check?.state, /libnotify-bin/.test(check?.advice ?? '')], ['skipped', true])
  const tried = await ada.run('notify', 'test', '--json')
  assert.deepEqual([tried.code, JSON.parse(tried.stdout).code], [6, 'notify_unavailable'])
})
