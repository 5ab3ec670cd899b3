// Files that a browser hands over: how far they are, what a change of mind leaves behind (nothing), and the copies that
// are shared. The browser's own network is slowed down, so that there is a middle to look at and to stop in.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { dropFiles, type WatchedPage } from '../support/browser.ts'
import type { Peer } from '../support/daemon.ts'
import { browserTest, dialogOf, itemOf, setStage } from './page-support.ts'
import { mebibyte, sampleBytes, until } from './support.ts'

const fileBytes = 12 * mebibyte
let ada: Peer
const stage = setStage(async ({ start }) => {
  ada = await start()
})

/** What lies in a folder of the peer's for dropped files; nothing when there is none. */
function below(...names: readonly string[]): string[] {
  const path = join(ada.home, 'dropped', ...names)
  return existsSync(path) ? readdirSync(path).sort() : []
}

const finished = () => below().filter((name) => !name.startsWith('.'))

/** Slows down what the page sends, until the given function is called. */
async function slowDown({ page, context }: WatchedPage): Promise<() => Promise<void>> {
  const session = await context.newCDPSession(page)
  const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 2 * mebibyte }
  await session.send('Network.emulateNetworkConditions', conditions)
  return () => session.detach()
}

/** Megabytes that the page says are with the daemon, of a file that is on its way. */
async function sentMegabytes({ page }: WatchedPage): Promise<number> {
  const line = page.getByText(/^Adding [\d.]+ \w+ of 12\.6 MB$/).first()
  const [, amount, unit] = /^Adding ([\d.]+) (\w+)/.exec((await line.textContent()) ?? '') ?? []
  return unit === 'MB' ? Number(amount) : 0
}

/** Waits until a part of the file has gone out, and the rest not. */
async function untilInTheMiddle(watched: WatchedPage): Promise<void> {
  await until('a part is sent', async () => (await sentMegabytes(watched)) >= 1)
  assert.deepEqual(finished(), [], 'nothing lies at its place before all of it is here')
  assert.equal(below('.unfinished').length, 1)
}

async function nothingIsLeft(): Promise<void> {
  await until('what was sent is gone', () => below('.unfinished').length === 0)
  assert.deepEqual(finished(), [])
  assert.deepEqual(await ada.client.shares.list(), [])
}

browserTest('a change of mind in the middle of a large file leaves nothing behind', async (context) => {
  const path = stage.write('large.bin', sampleBytes('large', fileBytes))
  const watched = await stage.visit(context, ada)
  const { page } = watched
  const goOn = await slowDown(watched)

  await dropFiles(watched, [path])
  await untilInTheMiddle(watched)
  await dialogOf(watched, 'large.bin').getByRole('button', { name: 'Stop adding' }).click()
  await dialogOf(watched, 'large.bin').waitFor({ state: 'detached' })
  await nothingIsLeft()

  await watched.visit('#/shares')
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Files' }).click()
  await (await chooser).setFiles([path])
  await untilInTheMiddle(watched)
  await page.keyboard.press('Escape')
  const item = itemOf(watched, 'large.bin')
  assert.match((await item.getByRole('progressbar').getAttribute('aria-valuetext')) ?? '', /^\d+ percent$/)
  await item.getByRole('button', { name: 'Stop adding large.bin' }).click()
  await item.waitFor({ state: 'detached' })
  await nothingIsLeft()
  await goOn()
})

browserTest('a page that is closed in the middle of a file leaves no half of it', async (context) => {
  const watched = await stage.visit(context, ada)
  await slowDown(watched)
  await dropFiles(watched, [stage.write('large.bin', sampleBytes('large', fileBytes))])
  await untilInTheMiddle(watched)
  const [id = ''] = below('.unfinished')
  assert.deepEqual(below('.unfinished', id), ['large.bin'])
  await watched.page.close()
  // Closing ends the slowing down a moment before it ends the sending: on a busy computer all of it may have come by then.
  const arrived = join(ada.home, 'dropped', '.unfinished', id, 'large.bin')
  const isWhole = () => statSync(arrived, { throwIfNoEntry: false })?.size === fileBytes
  await until('no half is left', () => below('.unfinished', id).length === 0 || isWhole())
  assert.deepEqual(finished(), [])
  // The upload itself is dropped after some minutes; here it must not be in the way of what follows.
  if (below('.unfinished').includes(id)) await ada.client.uploads.cancel(id)
})

browserTest('a large file shows how far it is; its copy is shared, and goes with its share', async (context) => {
  const watched = await stage.visit(context, ada)
  const { page } = watched
  const goOn = await slowDown(watched)
  const large = sampleBytes('large', fileBytes)
  await dropFiles(watched, [stage.write('large.bin', large)])
  const seen = new Set<number>()
  await until('the figure moves', async () => seen.add(await sentMegabytes(watched)).size >= 4)
  assert.deepEqual(
    [...seen],
    [...seen].sort((a, b) => a - b),
  )
  await goOn()
  const dialog = dialogOf(watched, 'large.bin')
  await dialog.getByRole('textbox', { name: 'Link' }).waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()

  // Another file of that name takes nothing away from the first.
  const other = sampleBytes('other', fileBytes)
  await dropFiles(watched, [stage.write('large.bin', other)])
  await dialogOf(watched, 'large (2).bin').getByRole('textbox', { name: 'Link' }).waitFor()
  await page.keyboard.press('Escape')
  assert.deepEqual(finished(), ['large (2).bin', 'large.bin'])
  assert.ok(readFileSync(join(ada.home, 'dropped', 'large.bin')).equals(large))
  assert.ok(readFileSync(join(ada.home, 'dropped', 'large (2).bin')).equals(other))
  const shares = await ada.client.shares.list()
  assert.deepEqual(
    shares.map(({ path }) => path).sort(),
    finished().map((name) => join(ada.home, 'dropped', name)),
  )

  await watched.visit('#/shares')
  await page.getByRole('button', { name: 'Stop sharing large (2).bin' }).click()
  await dialogOf(watched, 'Stop sharing large (2).bin?').getByRole('button', { name: 'Stop sharing' }).click()
  await until('its copy is gone', () => !finished().includes('large (2).bin'))
  assert.deepEqual([finished(), below('.unfinished')], [['large.bin'], []])
})
