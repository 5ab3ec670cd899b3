// Direct messages in real browsers with real daemons behind them: two who share no community come to talk by a contact
// link, one refuses, one blocks. Without Chromium the tests are skipped by name.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Locator } from 'playwright-core'
import { findBarriers } from '../support/accessibility.ts'
import type { WatchedPage } from '../support/browser.ts'
import type { Peer } from '../support/daemon.ts'
import { browserTest, cardOf, dialogOf, setStage } from './page-support.ts'
import { until } from './support.ts'

let ada: Peer
let ben: Peer
const stage = setStage(async ({ start }) => {
  ;[ada, ben] = await Promise.all([start(), start()])
})

async function visit(context: TestContext, peer: Peer): Promise<WatchedPage> {
  const watched = await stage.visit(context, peer)
  await watched.visit('#/communities')
  await cardOf(watched, 'Direct messages').waitFor()
  return watched
}

const sectionOf = (watched: WatchedPage): Locator => cardOf(watched, 'Direct messages')

/** Its six words to compare are a list, too, and some word has the letters of most names. */
const requestIn = (watched: WatchedPage, name: string): Locator =>
  sectionOf(watched).getByRole('list', { name: 'Requests to talk' }).locator('> li').filter({ hasText: name })

const askIn = (watched: WatchedPage): Locator => sectionOf(watched).getByRole('list', { name: 'Whom you ask' })

const fieldOf = ({ page }: WatchedPage, name: string): Locator =>
  page.getByRole('combobox', { name: `Message to ${name}` })

const messageOf = ({ page }: WatchedPage, text: string): Locator =>
  page.getByRole('feed').first().getByRole('article').filter({ hasText: text })

async function write(watched: WatchedPage, to: string, text: string): Promise<void> {
  await fieldOf(watched, to).fill(text)
  await watched.page.keyboard.press('Enter')
}

async function paste({ page }: WatchedPage, text: string): Promise<void> {
  await page.evaluate((value) => navigator.clipboard.writeText(value), text)
  await page.keyboard.press('Control+V')
}

/** One's own link, as the page shows it. */
async function ownLink(watched: WatchedPage): Promise<string> {
  await sectionOf(watched).getByRole('button', { name: 'Your link' }).click()
  const dialog = dialogOf(watched, 'Your contact link')
  await dialog.getByRole('img', { name: /QR code/ }).waitFor()
  const link = await dialog.getByRole('textbox', { name: 'Contact link' }).inputValue()
  await dialog.getByRole('button', { name: 'Done' }).click()
  return link
}

/** Fills what the dialog asks for once it knows the link. */
async function sendRequest(watched: WatchedPage, name: string, text: string): Promise<void> {
  const dialog = dialogOf(watched, 'New message')
  await dialog.getByLabel('Message').fill(text)
  await dialog.getByLabel('Your name in it').fill(name)
  await watched.page.keyboard.press('Enter')
  await dialog
    .getByText(/to talk with you/)
    .first()
    .waitFor()
  await dialog.getByRole('button', { name: 'Done' }).click()
}

browserTest('one asks with a pasted link, the other accepts, and they talk', async (context) => {
  const [a, b] = [await visit(context, ada), await visit(context, ben)]
  const link = await ownLink(b)
  assert.match(link, /^peerhood:[a-z2-7]+$/)

  // Wherever it is pasted, it leads to the dialog.
  await a.visit('#/shares')
  await paste(a, link)
  const dialog = dialogOf(a, 'New message')
  await dialog.getByLabel('Message').waitFor()
  assert.deepEqual(await findBarriers(a), [], 'the dialog of a new message')
  await sendRequest(a, 'Ada', 'Is the boat still for sale?')
  await askIn(a).getByText('Delivered').waitFor()

  const request = requestIn(b, 'Ada')
  await request.getByText('Is the boat still for sale?').waitFor()
  assert.deepEqual(await findBarriers(b), [], 'a request')
  await request.getByRole('button', { name: 'Accept Ada' }).click()
  const accepting = dialogOf(b, 'Talk with Ada?')
  await accepting.getByLabel('Your name in it').fill('Ben')
  assert.deepEqual(await findBarriers(b), [], 'the dialog of accepting')
  await accepting.getByRole('button', { name: 'Accept' }).click()
  await b.page.getByRole('heading', { level: 1, name: 'Ada' }).waitFor()
  await messageOf(b, 'Is the boat still for sale?').waitFor()
  await write(b, 'Ada', 'It is. Come and see it')

  await a.page.getByText('has said yes').first().waitFor()
  const entry = sectionOf(a).getByRole('list', { name: 'Direct messages' }).getByRole('link', { name: 'Ben' })
  await entry.focus()
  await a.page.keyboard.press('Enter')
  await messageOf(a, 'It is. Come and see it').waitFor()
  await write(a, 'Ben', 'Saturday at ten?')
  await messageOf(b, 'Saturday at ten?').waitFor()

  // What makes sense among many only is not there.
  for (const watched of [a, b]) {
    assert.equal(await watched.page.getByRole('navigation', { name: 'Channels' }).count(), 0)
    assert.equal(await watched.page.getByRole('link', { name: 'Members' }).count(), 0)
    assert.equal(await watched.page.getByRole('button', { name: 'Invite' }).count(), 0)
  }
  await a.visit('#/communities')
  assert.equal(await a.page.getByRole('list', { name: 'Communities' }).count(), 0, 'it is no group')
})

browserTest('one is blocked, which hides the conversation; unblocking brings back what was said', async (context) => {
  const [a, b] = [await visit(context, ada), await visit(context, ben)]
  const conversation = await until('it is there', async () => (await ben.client.direct.list())[0])
  await b.visit(`#/communities/${conversation.community}/settings`)
  const card = cardOf(b, 'The other person')
  await card.getByRole('button', { name: 'Block Ada' }).click()
  await dialogOf(b, 'Block Ada?').getByRole('button', { name: 'Block', exact: true }).click()
  await card.getByRole('button', { name: 'Unblock Ada' }).waitFor()
  await b.visit(`#/communities/${conversation.community}`)
  await b.page.getByText('You have blocked this person').waitFor()
  assert.equal(await fieldOf(b, 'Ada').count(), 0)

  await a.visit(`#/communities/${conversation.community}`)
  await write(a, 'Ben', 'Are you there?')
  await messageOf(a, 'Are you there?').waitFor()
  await b.visit('#/communities')
  const section = sectionOf(b)
  await section.getByText('Blocked (1)').click()
  assert.equal(await section.getByRole('link', { name: 'Ada' }).count(), 0)
  await section.getByRole('button', { name: 'Unblock Ada' }).click()
  await section.getByRole('link', { name: 'Ada' }).click()
  await messageOf(b, 'Are you there?').waitFor()
})

browserTest('one who is not wanted is refused, and is told', async (context) => {
  const cy = await stage.start()
  const [c, b] = [await visit(context, cy), await visit(context, ben)]
  const link = await ownLink(b)
  await sectionOf(c).getByRole('button', { name: 'New message' }).click()
  await dialogOf(c, 'New message').getByLabel('Contact link').fill(link)
  await sendRequest(c, 'Cy', 'Buy my watches')
  await requestIn(b, 'Cy').getByRole('button', { name: 'Refuse Cy' }).click()
  await b.page.getByText('Cy is refused').first().waitFor()
  await requestIn(b, 'Cy').waitFor({ state: 'detached' })
  await askIn(c).getByText('They have refused it.').waitFor()
  await askIn(c)
    .getByRole('button', { name: /Take it off the list/ })
    .click()
  await askIn(c).waitFor({ state: 'detached' })
})

browserTest('a request can be taken back, and a link of another kind is told', async (context) => {
  const di = await stage.start()
  const { link } = await di.client.direct.contact()
  await di.stop()
  const a = await visit(context, ada)
  await sectionOf(a).getByRole('button', { name: 'New message' }).click()
  const { link: invite } = await invitation()
  await dialogOf(a, 'New message').getByLabel('Contact link').fill(invite)
  await dialogOf(a, 'New message').getByText('This link leads somewhere else').waitFor()
  await dialogOf(a, 'New message').getByLabel('Contact link').fill(link)
  await sendRequest(a, 'Ada', 'Hello Di')
  await askIn(a).getByText('On its way').waitFor()
  await askIn(a)
    .getByRole('button', { name: /^Cancel/ })
    .click()
  await askIn(a).waitFor({ state: 'detached' })
})

async function invitation(): Promise<{ readonly link: string }> {
  const { id } = await ben.client.communities.found({ name: 'Garden', memberName: 'Ben' })
  return ben.client.communities.invite(id)
}

browserTest('who may ask is a setting, and a new link makes the old ones useless', async (context) => {
  const b = await visit(context, ben)
  await sectionOf(b).getByRole('button', { name: 'Your link' }).click()
  await dialogOf(b, 'Your contact link').getByLabel('What the link calls you').fill('Ben')
  await b.page.keyboard.press('Enter')
  await until('the link has the name', async () => (await ben.client.direct.contact()).name === 'Ben')
  await dialogOf(b, 'Your contact link').getByRole('button', { name: 'Done' }).click()
  const before = await ownLink(b)
  await sectionOf(b).getByRole('button', { name: 'Your link' }).click()
  const dialog = dialogOf(b, 'Your contact link')
  await dialog.getByLabel('Who may ask you').selectOption('nobody')
  await until('it is kept', async () => (await ben.client.direct.contact()).who === 'nobody')
  await dialog.getByLabel('Who may ask you').selectOption('link')
  await dialog.getByRole('button', { name: 'Make a new link' }).click()
  await dialogOf(b, 'Make a new link?').getByRole('button', { name: 'Make a new link' }).click()
  await until('it is another', async () => (await ben.client.direct.contact()).link !== before)
  const shown = dialog.getByRole('textbox', { name: 'Contact link' })
  await until('it is shown', async () => (await shown.inputValue()) !== before)
  assert.deepEqual(await findBarriers(b), [], 'the dialog of the link')
})

for (const scheme of ['light', 'dark'] as const) {
  browserTest(`direct messages have names, structure and contrast in ${scheme} mode`, async (context) => {
    const watched = await stage.visit(context, ben, { scheme })
    await watched.visit('#/communities')
    const entry = sectionOf(watched).getByRole('link', { name: 'Ada' })
    await entry.waitFor()
    assert.deepEqual(await findBarriers(watched), [], 'the list')
    await entry.click()
    await fieldOf(watched, 'Ada').waitFor()
    assert.deepEqual(await findBarriers(watched), [], 'the conversation')
    const [conversation] = await ben.client.direct.list()
    await watched.visit(`#/communities/${conversation?.community}/settings`)
    await cardOf(watched, 'The other person').waitFor()
    assert.deepEqual(await findBarriers(watched), [], 'its settings')
  })
}

browserTest('on a phone nothing scrolls sideways', async (context) => {
  const eve = await stage.start()
  const { link } = await ben.client.direct.contact()
  await eve.client.direct.ask({
    to: link,
    memberName: 'Eve with a name that is far too long for a phone',
    text: 'unbreakable'.repeat(30),
  })
  const watched = await stage.visit(context, ben, { width: 360 })
  await watched.visit('#/communities')
  await requestIn(watched, 'Eve').waitFor()
  const overhang = () => watched.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert.ok((await overhang()) <= 0, 'the list')
  await sectionOf(watched).getByRole('button', { name: 'Your link' }).click()
  await dialogOf(watched, 'Your contact link')
    .getByRole('img', { name: /QR code/ })
    .waitFor()
  assert.ok((await overhang()) <= 0, 'the link')
  await dialogOf(watched, 'Your contact link').getByRole('button', { name: 'Done' }).click()
  await sectionOf(watched).getByRole('link', { name: 'Ada' }).click()
  await fieldOf(watched, 'Ada').waitFor()
  await write(watched, 'Ada', 'unbreakable'.repeat(30))
  assert.ok((await overhang()) <= 0, 'the conversation')
})
