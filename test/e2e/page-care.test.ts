// What the page owes to everybody who uses it: names shown as they are, failures that say what to do, news that reaches a
// screen reader wherever the focus is, and nothing that hides behind something else.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { findBarriers } from '../support/accessibility.ts'
import { openPage, type WatchedPage } from '../support/browser.ts'
import type { Peer } from '../support/daemon.ts'
import { browserTest, defectsOf, dialogOf, itemOf, setStage, shareFile } from './page-support.ts'
import { makePdf } from './pdf.ts'
import { until } from './support.ts'

let ada: Peer
let bo: Peer
const stage = setStage(async ({ start }) => {
  ;[ada, bo] = await Promise.all([start(), start()])
})

browserTest('names are text and nothing else, whatever is in them', async (context) => {
  const names = [
    '<img src=x onerror=alert(1)><b>bold.html',
    'تقرير السنة النهائي.pdf',
    `${'a long name '.repeat(16)}.txt`,
  ]
  for (const name of names) await shareFile(ada, stage.write(name, name))
  const watched = await stage.visit(context, ada, { width: 390 })
  await watched.visit('#/shares')
  for (const name of names) {
    const heading = itemOf(watched, name).getByRole('heading')
    assert.equal(await heading.textContent(), name)
    assert.equal(await heading.getAttribute('title'), name, 'the whole name, where it is cut off')
    assert.equal(await heading.locator('*').count(), 0)
  }
  const direction = (name: string) =>
    itemOf(watched, name)
      .getByRole('heading')
      .evaluate((heading) => getComputedStyle(heading).direction)
  assert.deepEqual(await Promise.all(names.map(direction)), ['ltr', 'rtl', 'ltr'])
})

browserTest('a failure that no form can show stays, with what to do, until it is put away', async (context) => {
  const { id } = await ada.client.shares.add({ path: stage.write('vanish.txt', 'x') })
  await ada.client.shares.ready(id)
  const watched = await openPage(stage.browser(), ada)
  context.after(() => watched.close())
  const { page } = watched
  await watched.visit('#/shares')
  await page.route('**/api/shares/*', (route) =>
    route.request().method() === 'DELETE' ? route.abort() : route.continue(),
  )
  await page.getByRole('button', { name: 'Stop sharing vanish.txt' }).click()
  await dialogOf(watched, 'Stop sharing vanish.txt?').getByRole('button', { name: 'Stop sharing' }).click()
  const message = page.locator('.message-bad')
  await message.getByText('No daemon answers').waitFor()
  await message.getByText('then try again').waitFor()
  assert.deepEqual(await findBarriers(watched), [])
  await message.getByRole('button', { name: 'Put this message away' }).click()
  await message.waitFor({ state: 'detached' })
  await itemOf(watched, 'vanish.txt').waitFor()
  assert.deepEqual(defectsOf(watched), [])
})

browserTest('what is said while a dialog is open is said inside of it, each time', async (context) => {
  await shareFile(ada, stage.write('said.txt', 'said'))
  const watched = await stage.visit(context, ada)
  await watched.visit('#/shares')
  await watched.page.getByRole('button', { name: 'Link of said.txt' }).click()
  const dialog = dialogOf(watched, 'said.txt')
  const said = () => dialog.getByRole('status').textContent()
  await dialog.getByRole('button', { name: 'Copy link' }).click()
  const first = await until('it is said', async () => ((await said()) || undefined) ?? false)
  assert.equal(first, 'Copied: link')
  await dialog.getByRole('button', { name: /Copied|Copy link/ }).click()
  const second = await until('it is said again', async () => {
    const line = await said()
    return line !== null && line !== first && line
  })
  assert.equal(second.trim(), first)
  await watched.page.keyboard.press('Escape')
  assert.equal(await watched.page.getByRole('status').count(), 1, 'the page’s own region is left')
})

browserTest(
  'a finished get says where its files are, and leaves them there when it is put off the list',
  async (context) => {
    const link = await shareFile(ada, stage.write('kept.txt', 'kept'))
    const begun = await bo.client.transfers.add({ link })
    const { path } = await bo.client.transfers.finished(begun.id)
    const watched = await stage.visit(context, bo)
    await watched.visit('#/transfers')
    await itemOf(watched, 'kept.txt')
      .getByText(path ?? '-')
      .waitFor()
    await watched.page.getByRole('button', { name: 'Remove kept.txt from the list' }).click()
    await watched.page.getByText('kept.txt is off the list; its files stay where they are').first().waitFor()
    await itemOf(watched, 'kept.txt').waitFor({ state: 'detached' })
    assert.ok(existsSync(path ?? ''))
  },
)

browserTest('the recovery phrase is asked about once, by the welcome or by a notice', async (context) => {
  const watched = await stage.visit(context, await stage.start())
  const words = watched.page.getByRole('link', { name: 'Show me the words' })
  const notice = watched.page.getByText('This computer has a new identity.')
  await watched.page.getByRole('heading', { name: 'Welcome to Peerhood' }).waitFor()
  assert.deepEqual([await words.count(), await notice.count()], [1, 0])
  await watched.page.getByRole('button', { name: 'Hide the welcome' }).click()
  await notice.waitFor()
  assert.equal(await words.count(), 1)
})

/** What has the focus, when something else is drawn over its middle; undefined when it can be seen. */
function hiddenFocus({ page }: WatchedPage): Promise<string | undefined> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (!(element instanceof HTMLElement) || element === document.body) return undefined
    const { left, top, width, height } = element.getBoundingClientRect()
    const above = document.elementFromPoint(left + width / 2, top + height / 2)
    const isSeen = above !== null && (element.contains(above) || above.contains(element))
    return isSeen ? undefined : `${element.ariaLabel ?? element.textContent} at ${top}`
  })
}

browserTest('at twice the size nothing is cut off, and what has the focus is in sight', async (context) => {
  for (let count = 0; count < 6; count++) await shareFile(ada, stage.write(`zoom ${count}.txt`, String(count)))
  // 1280 × 800 at 200 %.
  const watched = await stage.visit(context, ada, { width: 640 })
  const { page } = watched
  await page.setViewportSize({ width: 640, height: 400 })
  for (const view of ['#/', '#/shares', '#/settings']) {
    await watched.visit(view)
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, view)
    for (let tabs = 0; tabs < 40; tabs++) {
      await page.keyboard.press('Tab')
      assert.equal(await hiddenFocus(watched), undefined, view)
    }
  }
})

browserTest('a PDF has its place in the page, with a name, and a tab of its own for who wants one', async (context) => {
  const { id } = await ada.client.shares.add({ path: stage.write('paper.pdf', makePdf(2)) })
  await ada.client.shares.ready(id)
  const watched = await stage.visit(context, ada)
  const { page } = watched
  await watched.visit(`#/open/share/${id}/paper.pdf`)
  await page.locator('iframe[title="paper.pdf"]').waitFor()
  assert.deepEqual(await findBarriers(watched), [])
  const [tab] = await Promise.all([
    watched.context.waitForEvent('page'),
    page.getByRole('link', { name: 'Open in a tab' }).click(),
  ])
  await tab.waitForLoadState()
  assert.match(tab.url(), /\/content\/paper\.pdf$/)
  assert.equal(await tab.evaluate(() => document.contentType), 'application/pdf')
})
