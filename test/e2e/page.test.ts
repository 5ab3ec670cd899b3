// The page in a real browser with real daemons behind it: what people do, with mouse, keyboard and clipboard, and what
// must hold on every view. Nothing here is simulated; without Chromium the tests are skipped by name.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findBarriers } from '../support/accessibility.ts'
import { dropFiles, openPage, tabTo, type WatchedPage } from '../support/browser.ts'
import { defaultArgs, type Peer } from '../support/daemon.ts'
import { browserTest, defectsOf, dialogOf, itemOf, setStage, shareFile } from './page-support.ts'

const views = ['#/', '#/shares', '#/transfers', '#/doctor', '#/settings'] as const
let ada: Peer
let bo: Peer
const stage = setStage(async ({ start }) => {
  ;[ada, bo] = await Promise.all([start(), start()])
})
const { peers, visit: visitPeer, write: writeFile } = stage

/** Puts a text into the clipboard and presses Ctrl+V where the focus is. */
async function paste({ page }: WatchedPage, text: string): Promise<void> {
  await page.evaluate((value) => navigator.clipboard.writeText(value), text)
  await page.keyboard.press('Control+V')
}

browserTest('one drops a file, the other pastes the link, gets it and opens it', async (context) => {
  const text = `The tide came in at four.\n${'It went out again. '.repeat(2000)}`
  const [from, to] = await Promise.all([visitPeer(context, ada), visitPeer(context, bo)])

  await dropFiles(from, [writeFile('notes.txt', text)])
  const link = await dialogOf(from, 'notes.txt').getByRole('textbox', { name: 'Link' }).inputValue()
  assert.match(link, /^peerhood:[a-z2-7]+$/)
  await dialogOf(from, 'notes.txt')
    .getByRole('img', { name: /QR code/ })
    .waitFor()

  await paste(to, link)
  const dialog = dialogOf(to, 'Open a link')
  await dialog.getByText('A private share that you may read.').waitFor()
  await dialog.getByRole('button', { name: 'Get it' }).click()
  await itemOf(to, 'notes.txt').getByText('Done').waitFor()

  await itemOf(to, 'notes.txt').getByRole('link', { name: 'Open notes.txt' }).click()
  await to.page.getByRole('heading', { level: 1, name: 'notes.txt' }).waitFor()
  assert.equal(await to.page.getByLabel('Text of the file').textContent(), text)
  const [transfer] = (await bo.client.transfers.list()).filter(({ name }) => name === 'notes.txt')
  assert.equal(readFileSync(transfer?.path ?? '', 'utf8'), text)
})

browserTest('a dropped folder is shared whole, and its picture opens in the page', async (context) => {
  const folder = join(peers.folder(), 'Summer')
  mkdirSync(join(folder, 'Brittany'), { recursive: true })
  // One red pixel.
  const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
  writeFileSync(join(folder, 'Brittany', 'sea.png'), Buffer.from(picture, 'base64'))
  writeFileSync(join(folder, 'list.txt'), 'sea')
  const watched = await visitPeer(context, ada)
  const { page } = watched

  await dropFiles(watched, [folder])
  await dialogOf(watched, 'Summer').getByRole('textbox', { name: 'Link' }).waitFor()
  await page.keyboard.press('Escape')
  await watched.visit('#/shares')
  const item = itemOf(watched, 'Summer')
  await item.getByText('2 files').waitFor()
  await item.getByRole('button', { name: 'Details of Summer' }).click()
  await item.getByRole('link', { name: /^Open .*sea\.png$/ }).click()
  const image = page.getByRole('img', { name: 'sea.png' })
  await image.waitFor()
  await page.waitForFunction(() => (document.querySelector('main img') as HTMLImageElement | null)?.naturalWidth === 1)

  await watched.visit('#/shares')
  await item.getByRole('button', { name: 'Stop sharing Summer' }).click()
  await dialogOf(watched, 'Stop sharing Summer?').getByRole('button', { name: 'Stop sharing' }).click()
  await item.waitFor({ state: 'detached' })
  assert.ok((await ada.client.shares.list()).every(({ name }) => name !== 'Summer'))
})

browserTest('files are chosen, and shared by path, publicly when asked for', async (context) => {
  const watched = await visitPeer(context, ada)
  const { page } = watched
  await watched.visit('#/shares')
  await page.getByRole('radio', { name: /^Public/ }).check()
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Files' }).click(),
  ])
  await chooser.setFiles([writeFile('one.txt', '1'), writeFile('two.txt', '2')])
  await dialogOf(watched, '2 items').getByText('This share is public').waitFor()
  await page.keyboard.press('Escape')
  await itemOf(watched, '2 items').getByText('Public').waitFor()

  const path = writeFile('by-path.txt', 'path')
  await page.getByRole('button', { name: 'By path' }).click()
  await page.getByLabel('Path on this computer').fill(path)
  await dialogOf(watched, 'Share something').getByRole('button', { name: 'Share', exact: true }).click()
  const link = await dialogOf(watched, 'by-path.txt').getByRole('textbox', { name: 'Link' }).inputValue()
  const share = (await ada.client.shares.list()).find((one) => one.path === path)
  assert.equal(share?.link, link)
  assert.equal(share?.visibility, 'private')
})

browserTest('the keyboard alone is enough to get and open a file', async (context) => {
  const link = await shareFile(ada, writeFile('keys.txt', 'typed'))
  const watched = await visitPeer(context, bo)
  const { page } = watched

  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main', 'the skip link leads to the content')
  await tabTo(page, /^Paste it here/)
  await page.keyboard.insertText(link)
  await page.keyboard.press('Enter')
  const dialog = dialogOf(watched, 'Open a link')
  // The first: it is announced in the dialog's live region, too, a moment later.
  await dialog.getByText('A private share').first().waitFor()
  await tabTo(page, /^Get it/)
  await page.keyboard.press('Enter')
  await itemOf(watched, 'keys.txt').getByText('Done').waitFor()
  await tabTo(page, /^Open keys\.txt/)
  await page.keyboard.press('Enter')
  await page.getByText('typed').waitFor()
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1', 'a new view takes the focus')
})

browserTest('a transfer that finds nobody can be paused, resumed, cancelled and removed', async (context) => {
  const path = writeFile('gone.txt', 'gone')
  const link = await shareFile(ada, path)
  for (const share of await ada.client.shares.list()) if (share.path === path) await ada.client.shares.remove(share.id)
  const { id } = await bo.client.transfers.add({ link })
  const watched = await visitPeer(context, bo)
  await watched.visit('#/transfers')
  const item = watched.page
    .getByRole('listitem')
    .filter({ has: watched.page.getByRole('button', { name: /^Cancel A share/ }) })

  await item.getByRole('button', { name: /^Pause/ }).click()
  await item.getByText('Paused').waitFor()
  await item.getByRole('button', { name: /^Resume/ }).click()
  await item.getByText(/Searching|Preparing/).waitFor()
  await item.getByRole('button', { name: /^Cancel/ }).click()
  await dialogOf(watched, 'Cancel A share?').getByRole('button', { name: 'Cancel it' }).click()
  await watched.page.getByText('Cancelled').waitFor()
  await watched.page.getByRole('button', { name: 'Remove A share from the list' }).click()
  await watched.page.getByText('Cancelled').waitFor({ state: 'detached' })
  assert.ok((await bo.client.transfers.list()).every((transfer) => transfer.id !== id))
})

browserTest('settings are saved, and the recovery phrase is shown only when asked for', async (context) => {
  const watched = await visitPeer(context, ada)
  const { page } = watched
  await watched.visit('#/settings')

  await page.getByLabel('Name', { exact: true }).fill('Ada’s boat')
  await page.getByRole('region', { name: 'This device' }).getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').first().waitFor()
  assert.equal((await ada.client.settings.get()).deviceName, 'Ada’s boat')

  const words = page.getByRole('list', { name: 'Recovery phrase' }).getByRole('listitem')
  assert.equal(await words.count(), 0)
  await page.getByRole('button', { name: 'Show the words' }).click()
  await dialogOf(watched, 'Show the recovery phrase?').getByRole('button', { name: 'Show it' }).click()
  await words.first().waitFor()
  assert.deepEqual(await words.allInnerTexts(), (await ada.client.identity.phrase()).split(' '))
  await page.getByRole('button', { name: 'Hide them' }).click()
  assert.equal(await words.count(), 0)
})

browserTest('wrong words and cut links are told, not swallowed', async (context) => {
  const watched = await openPage(stage.browser(), ada)
  context.after(() => watched.close())
  const { page } = watched
  await paste(watched, 'peerhood:abcdefgh')
  const field = dialogOf(watched, 'Open a link').getByLabel('Link', { exact: true })
  await page.waitForFunction(() => document.querySelector('dialog textarea')?.getAttribute('aria-invalid') === 'true')
  assert.equal(await field.getAttribute('aria-invalid'), 'true')
  assert.ok(await dialogOf(watched, 'Open a link').getByRole('button', { name: 'Get it' }).isDisabled())
  await page.keyboard.press('Escape')

  await watched.visit('#/settings')
  await page.getByLabel('The 24 words').fill(`${'abandon '.repeat(16)}abandom ${'abandon '.repeat(7)}`)
  await page.getByRole('region', { name: 'Restore' }).getByRole('button', { name: 'Restore' }).click()
  await dialogOf(watched, 'Become the person of this phrase?').getByRole('button', { name: 'Restore' }).click()
  await page.getByText(/17/).waitFor()
  assert.deepEqual(defectsOf(watched), [])
})

browserTest('the check for barriers finds those that there are', async (context) => {
  const watched = await visitPeer(context, ada)
  await watched.page.evaluate(() => {
    const button = document.createElement('button')
    const faint = document.createElement('p')
    faint.textContent = 'hardly there'
    faint.style.color = '#bbbbbb'
    document.querySelector('main')?.append(button, faint, document.createElement('h1'))
  })
  const barriers = await findBarriers(watched)
  assert.equal(barriers.length, 3, barriers.join('\n'))
  assert.match(barriers.join('\n'), /a button without a name.*2 first-level headings.*hardly there/s)
})

for (const scheme of ['light', 'dark'] as const) {
  browserTest(`every view has names, structure and contrast in ${scheme} mode`, async (context) => {
    await shareFile(ada, writeFile(`${scheme}.txt`, scheme))
    const watched = await visitPeer(context, ada, { scheme })
    for (const view of views) {
      await watched.visit(view)
      if (view === '#/doctor') await watched.page.getByRole('list', { name: 'Checks' }).waitFor()
      assert.deepEqual(await findBarriers(watched), [], view)
    }
    await watched.visit('#/shares')
    await watched.page
      .getByRole('button', { name: /^Link of/ })
      .first()
      .click()
    assert.deepEqual(await findBarriers(watched), [], 'the dialog of a link')
  })
}

browserTest('commands that the daemon names are shown as code, without the marks of a terminal', async (context) => {
  const watched = await visitPeer(context, ada)
  const notice = watched.page.locator('.note', { hasText: 'This computer has a new identity.' })
  await notice.locator('code', { hasText: /^peerhood identity phrase$/ }).waitFor()
  for (const view of views) {
    await watched.visit(view)
    if (view === '#/doctor') await watched.page.getByRole('list', { name: 'Checks' }).waitFor()
    assert.doesNotMatch((await watched.page.locator('main').textContent()) ?? '', /`/, view)
  }
  await watched.visit('#/')
  await notice.getByRole('link', { name: 'Show me the words' }).click()
  await watched.page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
})

browserTest('dark mode is dark, and not blank', async (context) => {
  const watched = await visitPeer(context, ada, { scheme: 'dark' })
  const picture = (await watched.page.screenshot()).toString('base64')
  const blank = await watched.context.newPage()
  const { colours, brightness } = await blank.evaluate(async (data) => {
    const image = new Image()
    image.src = `data:image/png;base64,${data}`
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height)
    const brush = canvas.getContext('2d')
    brush?.drawImage(image, 0, 0)
    const { data: pixels } = brush?.getImageData(0, 0, image.width, image.height) ?? { data: new Uint8ClampedArray() }
    const seen = new Set<number>()
    let sum = 0
    for (let at = 0; at < pixels.length; at += 4) {
      const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + 3)
      seen.add((red << 16) | (green << 8) | blue)
      sum += (red + green + blue) / 3
    }
    return { colours: seen.size, brightness: (sum * 4) / pixels.length }
  }, picture)
  assert.ok(colours > 50, `${colours} colours`)
  assert.ok(brightness < 64, `a mean brightness of ${brightness}`)
})

for (const width of [390, 360]) {
  browserTest(`nothing scrolls sideways at ${width} px`, async (context) => {
    await shareFile(ada, writeFile(`${'a-name-that-is-far-too-long-'.repeat(6)}${width}.txt`, 'x'))
    const watched = await visitPeer(context, ada, { width })
    const overhang = () => watched.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    for (const view of views) {
      await watched.visit(view)
      if (view === '#/doctor') await watched.page.getByRole('list', { name: 'Checks' }).waitFor()
      assert.ok((await overhang()) <= 0, view)
    }
    await watched.visit('#/shares')
    await watched.page
      .getByRole('button', { name: /^Details of/ })
      .first()
      .click()
    await watched.page.getByRole('heading', { name: 'Files' }).waitFor()
    assert.ok((await overhang()) <= 0, 'the details of a share')
  })
}

browserTest('a daemon that stops is said so, and its return mends the page', async (context) => {
  const peer = await stage.start()
  const watched = await openPage(stage.browser(), peer)
  context.after(() => watched.close())
  const { page } = watched
  await watched.visit('#/shares')
  await peer.stop()
  await page.getByText('Peerhood has stopped').waitFor()

  const again = await peers.restart(peer, { args: [...defaultArgs, '--port', new URL(peer.api).port] })
  await page.getByText('Peerhood has stopped').waitFor({ state: 'detached' })
  await shareFile(again, writeFile('back.txt', 'back'))
  await itemOf(watched, 'back.txt').waitFor()
  assert.deepEqual(defectsOf(watched), [])
})

browserTest('a browser without the key is told where to get it', async (context) => {
  const watched = await openPage(stage.browser(), ada, { barred: true })
  context.after(() => watched.close())
  await watched.page.getByText('This browser may not look at this peer yet').waitFor()
})
