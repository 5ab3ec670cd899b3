// Communities and chat in real browsers with real daemons behind them: one founds and invites, the other comes in with
// the link alone, and they talk. Without Chromium the tests are skipped by name.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Locator } from 'playwright-core'
import { findBarriers } from '../support/accessibility.ts'
import { dropFiles, openPage, type WatchedPage } from '../support/browser.ts'
import { defaultArgs, type Peer } from '../support/daemon.ts'
import { browserTest, cardOf, defectsOf, dialogOf, setStage } from './page-support.ts'
import { until } from './support.ts'

/** From an installed program and a link that somebody sent to the first word that the others read, in ms. */
const joinMsMax = 60_000
/** A picture of 2 × 1 pixels. */
const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAD0lEQVR4nGP4z8AARAwMAAwBAf9yDPuuAAAAAElFTkSuQmCC'

let ada: Peer
let bo: Peer
/** The community that both are in. */
let garden = ''
const stage = setStage(async ({ start }) => {
  ;[ada, bo] = await Promise.all([start(), start()])
  garden = (await ada.client.communities.found({ name: 'Garden', memberName: 'Ada' })).id
  const { link } = await ada.client.communities.invite(garden, { usesMax: 5 })
  await bo.client.communities.join({ link, memberName: 'Bo' })
  await until('both know of each other', async () => (await ada.client.communities.members(garden)).length === 2)
})

const at = (community: string, tab = '') => `#/communities/${community}${tab}`

/** The chat of the community in the browsers of both, at its end. */
async function visitBoth(context: TestContext): Promise<[WatchedPage, WatchedPage]> {
  const both = await Promise.all([stage.visit(context, ada), stage.visit(context, bo)])
  for (const watched of both) {
    await watched.visit(at(garden))
    await fieldOf(watched).waitFor()
  }
  return both
}

/** Where one writes in a channel. */
const fieldOf = ({ page }: WatchedPage, channel = 'general'): Locator =>
  page.getByRole('combobox', { name: `Message to ${channel}` })

const messageOf = ({ page }: WatchedPage, text: string): Locator =>
  page.getByRole('feed').first().getByRole('article').filter({ hasText: text })

async function write(watched: WatchedPage, text: string, channel?: string): Promise<void> {
  await fieldOf(watched, channel).fill(text)
  await watched.page.keyboard.press('Enter')
}

/** Opens what can be done with a message, as a pointer does. */
async function choose(watched: WatchedPage, text: string, item: string): Promise<void> {
  await act(watched, text, 'More')
  await watched.page.getByRole('menuitem', { name: item }).click()
}

async function act(watched: WatchedPage, text: string, button: string): Promise<void> {
  await messageOf(watched, text).hover()
  await messageOf(watched, text).getByRole('button', { name: button, exact: true }).click()
}

async function paste({ page }: WatchedPage, text: string): Promise<void> {
  await page.evaluate((value) => navigator.clipboard.writeText(value), text)
  await page.keyboard.press('Control+V')
}

browserTest(
  'one founds a community and invites; the other is in it within a minute from having the link',
  async (context) => {
    const founder = await stage.visit(context, ada)
    await founder.visit('#/communities')
    await founder.page.getByRole('button', { name: 'Found one' }).click()
    const founding = dialogOf(founder, 'Found a community')
    await founding.getByLabel('Its name').fill('Our street')
    await founding.getByLabel('Your name in it').fill('Ada')
    await founding.getByRole('button', { name: 'Found it' }).click()
    const inviting = dialogOf(founder, 'Invite into Our street')
    await inviting.getByRole('button', { name: 'Make the link' }).click()
    const link = await inviting.getByRole('textbox', { name: 'Invite link' }).inputValue()
    assert.match(link, /^peerhood:[a-z2-7]+$/)
    await inviting.getByRole('img', { name: /QR code/ }).waitFor()
    await inviting.getByRole('button', { name: 'Done' }).click()

    const beginMs = performance.now()
    const cy = await stage.start()
    const guest = await stage.visit(context, cy)
    await guest.page.getByRole('button', { name: 'Join with it' }).waitFor()
    await paste(guest, link)
    const joining = dialogOf(guest, 'Join a community')
    await joining.getByText('Our street').first().waitFor()
    await joining.getByLabel('Your name in it').fill('Cy')
    await joining.getByRole('button', { name: 'Join', exact: true }).click()
    await guest.page.getByRole('heading', { level: 1, name: 'Our street' }).waitFor()
    await write(guest, 'I am in!')
    await messageOf(founder, 'I am in!').waitFor()
    assert.ok(performance.now() - beginMs < joinMsMax)
    await founder.page.getByText('2 members').waitFor()

    await guest.visit('#/shares')
    await paste(guest, link)
    await dialogOf(guest, 'Join a community').getByText('You are in this community already.').waitFor()
  },
)

browserTest('both write, and what one does the other sees: edits, reactions, answers, deletions', async (context) => {
  const [a, b] = await visitBoth(context)
  await write(a, 'The water is bakc on')
  await messageOf(b, 'The water is bakc on').waitFor()
  await write(b, 'Thank you @Ada')
  await messageOf(a, 'Thank you').locator('.mention-self').waitFor()

  await a.page.keyboard.press('ArrowUp')
  await a.page.getByRole('textbox', { name: 'Change the message' }).fill('The water is back on')
  await a.page.keyboard.press('Enter')
  await messageOf(b, 'The water is back on').getByText('(edited)').waitFor()

  await act(b, 'The water is back on', 'React')
  await dialogOf(b, 'Emoji').getByRole('button', { name: 'heart' }).click()
  const reaction = messageOf(a, 'The water is back on').getByRole('button', { name: 'heart: Bo' })
  await reaction.click()
  await messageOf(b, 'The water is back on').getByRole('button', { name: 'heart: you, Ada' }).waitFor()

  await act(b, 'The water is back on', 'Reply')
  await b.page.keyboard.insertText('Warm, even')
  await b.page.keyboard.press('Enter')
  await messageOf(a, 'Warm, even')
    .getByRole('button', { name: /^Answers/ })
    .waitFor()

  await choose(b, 'Warm, even', 'Delete')
  await dialogOf(b, 'Delete this message?').getByRole('button', { name: 'Delete' }).click()
  await messageOf(a, 'Deleted by who wrote it').waitFor()
  // Not on the whole page: what was read aloud last stays in the live region.
  assert.equal(await messageOf(a, 'Warm, even').count(), 0)
})

browserTest('a thread stays beside the channel, and a search leads back to what was said', async (context) => {
  const [a, b] = await visitBoth(context)
  await write(a, 'Who has a wheelbarrow?')
  await act(a, 'Who has a wheelbarrow?', 'Thread')
  await a.page.getByRole('complementary', { name: 'Thread' }).waitFor()
  await a.page.getByRole('combobox', { name: 'Reply to Ada' }).fill('For Saturday')
  await a.page.keyboard.press('Enter')

  await messageOf(b, 'Who has a wheelbarrow?').getByRole('button', { name: '1 reply' }).click()
  const thread = b.page.getByRole('complementary', { name: 'Thread' })
  await thread.getByText('For Saturday').waitFor()
  await thread.getByRole('combobox', { name: 'Reply to Ada' }).fill('I do')
  await b.page.keyboard.press('Enter')
  await a.page.getByRole('feed', { name: 'Replies' }).getByText('I do').waitFor()
  assert.equal(await messageOf(b, 'For Saturday').count(), 0, 'a thread is not in the channel')
  await thread.getByRole('button', { name: 'Close' }).click()

  await b.page.getByRole('button', { name: 'Search' }).click()
  const search = b.page.getByRole('complementary', { name: 'Search' })
  await search.getByLabel('Words').fill('wheelbarrow')
  await search.getByRole('list', { name: 'Found messages' }).getByRole('button').first().click()
  await b.page.locator('.message-sought', { hasText: 'wheelbarrow' }).waitFor()
})

browserTest('a picture goes with a message, and is shown to the other when they want it', async (context) => {
  const [a, b] = await visitBoth(context)
  await dropFiles(a, [stage.write('sea.png', Buffer.from(picture, 'base64'))])
  await a.page.getByRole('list', { name: 'Files of this message' }).getByText('sea.png').first().waitFor()
  assert.equal(await a.page.getByRole('dialog').count(), 0, 'it is not shared by itself')
  await write(a, 'Look')
  const isShown = () =>
    (document.querySelector('.attachment-picture img') as HTMLImageElement | null)?.naturalWidth === 2
  await a.page.waitForFunction(isShown)
  await messageOf(b, 'Look').getByRole('button', { name: 'Show sea.png' }).click()
  await b.page.waitForFunction(isShown)
})

browserTest('who was offline catches up with what was written meanwhile, and sees where it begins', async (context) => {
  const a = await stage.visit(context, ada)
  await a.visit(at(garden))
  const cy = await stage.start()
  const { link } = await ada.client.communities.invite(garden)
  await cy.client.communities.join({ link, memberName: 'Cy' })
  const c = await openPage(stage.browser(), cy)
  context.after(() => c.close())
  await c.visit(at(garden))
  await write(c, 'I am off for a while')
  await messageOf(a, 'I am off for a while').waitFor()
  await c.visit('#/shares')
  await cy.stop()
  await c.page.getByText('Peerhood has stopped').waitFor()

  for (const text of ['First things first', 'Second thoughts', 'Third time lucky @Cy']) await write(a, text)
  await messageOf(a, 'Third time lucky').waitFor()
  await stage.peers.restart(cy, { args: [...defaultArgs, '--port', new URL(cy.api).port] })
  await c.page.getByText('Peerhood has stopped').waitFor({ state: 'detached' })
  await c.page.waitForFunction(() => /^\(\d+\) /.test(document.title))
  await c.visit(at(garden))
  for (const text of ['First things first', 'Second thoughts', 'Third time lucky']) await messageOf(c, text).waitFor()
  await c.page.locator('.new-line').waitFor()
  await write(c, 'Back again')
  await messageOf(a, 'Back again').waitFor()
  assert.deepEqual(defectsOf(c), [])
})

browserTest('what is written while nobody is reachable is kept, and goes out by itself', async (context) => {
  const di = await stage.start()
  const founded = await di.client.communities.found({ name: 'Two of us', memberName: 'Di' })
  const { link } = await di.client.communities.invite(founded.id)
  const el = await stage.start()
  await el.client.communities.join({ link, memberName: 'El' })
  const d = await stage.visit(context, di)
  await d.visit(at(founded.id))
  await d.page.getByText('2 members').waitFor()
  await el.stop()
  await d.page.getByText('Nobody is reachable.').waitFor()
  await write(d, 'For later')
  await messageOf(d, 'For later').waitFor()

  const again = await stage.peers.restart(el)
  await until('it went out by itself', async () => {
    const channels = await again.client.chat.channels(founded.id)
    const read = await Promise.all(channels.map(({ id }) => again.client.chat.messages(founded.id, id)))
    return read.some(({ messages }) => messages.some(({ text }) => text === 'For later'))
  })
  await d.page.getByText('Nobody is reachable.').waitFor({ state: 'detached' })
})

browserTest('the log can be checked, and the same six words are shown to both', async (context) => {
  const views = await Promise.all([stage.visit(context, ada), stage.visit(context, bo)])
  const wordsOf = async (watched: WatchedPage) => {
    await watched.visit(at(garden, '/activity'))
    await watched.page.getByRole('button', { name: 'Verify' }).click()
    await cardOf(watched, 'Check it').getByText('all of them hold').waitFor()
    return watched.page.getByRole('list', { name: 'Six words' }).getByRole('listitem').allInnerTexts()
  }
  await until('both have the same', async () => {
    const [one, other] = await Promise.all(views.map(wordsOf))
    assert.equal(one?.length, 6)
    return one?.join() === other?.join()
  })
  const [first] = views
  const entries = first?.page.getByRole('list', { name: 'Entries' })
  await entries
    ?.getByRole('button', { name: /^Proof/ })
    .first()
    .click()
  for (const name of ['Author', 'Device', 'Entry', 'Signature', 'Held by']) {
    await entries?.getByText(name, { exact: true }).waitFor()
  }
})

for (const scheme of ['light', 'dark'] as const) {
  browserTest(`every view of a community has names, structure and contrast in ${scheme} mode`, async (context) => {
    const watched = await stage.visit(context, ada, { scheme })
    await watched.visit('#/communities')
    await watched.page.getByRole('link', { name: 'Garden' }).waitFor()
    assert.deepEqual(await findBarriers(watched), [], 'the list')
    for (const [tab, shown] of [
      ['', 'general'],
      ['/members', 'Bo'],
      ['/activity', 'Who did what'],
      ['/settings', 'You in it'],
    ] as const) {
      await watched.visit(at(garden, tab))
      await watched.page.locator('main').getByText(shown, { exact: true }).first().waitFor()
      assert.deepEqual(await findBarriers(watched), [], `the view ${tab}`)
    }
    await watched.visit(at(garden, '/members'))
    await watched.page.getByRole('button', { name: 'Invite', exact: true }).click()
    assert.deepEqual(await findBarriers(watched), [], 'the dialog of an invite')
  })
}

browserTest('on a phone nothing scrolls sideways, and channels lie behind a button', async (context) => {
  const watched = await stage.visit(context, bo, { width: 360 })
  const { page } = watched
  const overhang = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  await bo.client.chat.createChannel(garden, { name: 'a-name-that-is-far-too-long-for-a-phone' })
  for (const tab of ['', '/members', '/activity', '/settings']) {
    await watched.visit(at(garden, tab))
    assert.ok((await overhang()) <= 0, tab)
  }
  await watched.visit(at(garden))
  await write(watched, 'unbreakable'.repeat(30))
  await page.getByRole('button', { name: 'Channels' }).click()
  await page.getByRole('link', { name: /^a-name-that-is/ }).click()
  await fieldOf(watched, 'a-name-that-is-far-too-long-for-a-phone').waitFor()
  assert.ok((await overhang()) <= 0)
})

browserTest('a member who is removed reads on what was, and nothing of what comes', async (context) => {
  const eve = await stage.start()
  const { link } = await ada.client.communities.invite(garden)
  await eve.client.communities.join({ link, memberName: 'Eve' })
  const e = await stage.visit(context, eve)
  await e.visit(at(garden))
  await write(e, 'Hello from Eve')
  const a = await stage.visit(context, ada)
  await a.visit(at(garden))
  await messageOf(a, 'Hello from Eve').waitFor()

  await a.visit(at(garden, '/members'))
  await a.page.getByRole('button', { name: 'More about Eve' }).click()
  await a.page.getByRole('menuitem', { name: 'Remove' }).click()
  const asking = dialogOf(a, 'Remove Eve?')
  await asking.getByText('A new key is made').waitFor()
  await asking.getByRole('button', { name: 'Remove', exact: true }).click()
  await a.page.getByText('Eve is removed').first().waitFor()

  await e.page.getByText('You were removed from this community.').waitFor()
  await messageOf(e, 'Hello from Eve').waitFor()
  assert.equal(await fieldOf(e).count(), 0)
  await a.visit(at(garden))
  await write(a, 'Not for Eve')
  await messageOf(a, 'Not for Eve').waitFor()
  await until('the others have it', async () => {
    const [general] = await bo.client.chat.channels(garden)
    return (await bo.client.chat.search(garden, 'Eve')).length > 1 && general !== undefined
  })
  assert.equal(await e.page.getByText('Not for Eve').count(), 0)
})
