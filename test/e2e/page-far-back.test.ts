// A long channel in a real browser: what was said far back is read where it stands, and one comes to the newest from there.

import assert from 'node:assert/strict'
import type { Peer } from '../support/daemon.ts'
import { browserTest, defectsOf, setStage } from './page-support.ts'

const messages = 420
let ada: Peer
let community = ''
const stage = setStage(async ({ start }) => {
  ada = await start()
  community = (await ada.client.communities.found({ name: 'Garden', memberName: 'Ada' })).id
  const [general] = await ada.client.chat.channels(community)
  for (let at = 0; at < messages; at++) {
    await ada.client.chat.send(community, general?.id ?? '', { text: at === 5 ? 'the wheelbarrow' : `number ${at}` })
  }
})

browserTest('what is found far back is shown with what is around it, and the newest come again', async (context) => {
  const a = await stage.visit(context, ada)
  await a.visit(`#/communities/${community}`)
  const feed = a.page.getByRole('feed').first()
  const said = (text: string) => feed.getByRole('article').filter({ hasText: text })
  await said(`number ${messages - 1}`).waitFor()
  let asked = 0
  a.page.on('request', (request) => {
    if (/\/messages\?/.test(request.url())) asked += 1
  })
  await a.page.getByRole('button', { name: 'Search' }).click()
  const search = a.page.getByRole('complementary', { name: 'Search' })
  await search.getByLabel('Words').fill('wheelbarrow')
  await search.getByRole('list', { name: 'Found messages' }).getByRole('button').click()
  await a.page.locator('.message-sought', { hasText: 'wheelbarrow' }).waitFor()
  assert.ok(asked <= 3, `${asked} pages are read, not all that lies between`)
  await said('number 0').waitFor()

  // What comes after it comes as one reads on; what is written meanwhile stands at the end and nowhere else.
  const [general] = await ada.client.chat.channels(community)
  await ada.client.chat.send(community, general?.id ?? '', { text: 'said meanwhile' })
  await feed.focus()
  while ((await said('number 120').count()) === 0) await a.page.keyboard.press('PageDown')
  assert.equal(await said('said meanwhile').count(), 0)
  await a.page.keyboard.press('End')
  await said('said meanwhile').waitFor()
  assert.equal(await a.page.getByRole('button', { name: 'To the newest' }).count(), 0)

  await search.getByRole('list', { name: 'Found messages' }).getByRole('button').click()
  await a.page.locator('.message-sought', { hasText: 'wheelbarrow' }).waitFor()
  await a.page.getByRole('combobox', { name: 'Message to general' }).fill('and the rake')
  await a.page.keyboard.press('Enter')
  await said('and the rake').waitFor()
  assert.equal(await said('and the rake').count(), 1)
  assert.deepEqual(defectsOf(a), [])
})
