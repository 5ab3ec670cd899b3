// Notifications of the desktop in the settings of the page, and that a page which is open keeps the daemon from showing any.

import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer } from '../support/daemon.ts'
import { browserTest, setStage } from './page-support.ts'
import { until } from './support.ts'

const general = '0'.repeat(32)
let ada: Peer
let ben: Peer
let community: string
let out: string

const stage = setStage(async ({ peers }) => {
  const folder = peers.folder()
  const bin = join(folder, 'bin')
  out = join(folder, 'shown')
  mkdirSync(bin)
  writeFileSync(join(bin, 'notify-send'), `#!/bin/sh\necho "$4" >> '${out}'\n`)
  chmodSync(join(bin, 'notify-send'), 0o755)
  ada = await peers.start({ env: { PATH: `${bin}:${process.env.PATH}` } })
  ben = await peers.start()
  const { link } = await ada.client.direct.contact()
  const asked = await ben.client.direct.ask({ to: link, memberName: 'Ben', text: 'Hello' })
  community = asked.community
  const request = await until('a request', async () => (await ada.client.direct.requests())[0], 60_000)
  await ada.client.direct.accept(request.id, { memberName: 'Ada' })
  await until('both are in it', async () => (await ben.client.direct.list())[0]?.state === 'open', 60_000)
})

const shown = () => (existsSync(out) ? readFileSync(out, 'utf8').trim().split('\n') : [])
const say = (text: string) => ben.client.chat.send(community, general, { text })

browserTest('a page that is open keeps the daemon quiet; its settings switch it off and try it', async (context) => {
  const host = await stage.visit(context, ada)
  await host.visit('#/settings')
  await host.page.getByText('Messages to you are shown while no page is open.').waitFor()
  await say('while the page is open')
  const arrived = async () => {
    const { messages } = await ada.client.chat.messages(community, general, { limit: 1 })
    return messages[0]?.text === 'while the page is open'
  }
  await until('it is there', arrived, 60_000)
  await host.page.getByRole('button', { name: 'Show one now' }).click()
  await until('one is shown', async () => shown().some((line) => line.startsWith('So it looks')))
  assert.ok(!shown().includes('while the page is open'))

  const off = host.page.getByRole('switch', { name: /Notifications on the desktop/ })
  await off.click()
  await host.page.getByText('They are switched off.').waitFor()
  assert.equal((await ada.client.settings.get()).notifications, false)
  await off.click()
  await host.page.getByText('Messages to you are shown while no page is open.').waitFor()

  await host.page.goto('about:blank')
  await say('while no page is open')
  await until('it is shown', async () => shown().includes('while no page is open'), 60_000)
})
