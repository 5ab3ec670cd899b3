// Copies in real browsers with real daemons behind them: one gives room, the other asks for a copy, sees it come alive, and
// learns when it is over. And IPFS: what one shares publicly the other gets by its CID, and writes into a CAR file. Without
// Chromium the tests are skipped by name.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findBarriers } from '../support/accessibility.ts'
import { openPage, tabTo } from '../support/browser.ts'
import { defaultArgs, type Peer } from '../support/daemon.ts'
import { browserTest, cardOf, defectsOf, dialogOf, itemOf, setStage, shareFile } from './page-support.ts'
import { sampleBytes, until } from './support.ts'

let ada: Peer
let ben: Peer
const stage = setStage(async ({ peers, start }) => {
  ;[ada, ben] = await Promise.all([peers.start({ args: [...defaultArgs, '--gateway', '0'] }), start()])
})

browserTest('one keeps a copy for the other, and stops', async (context) => {
  await shareFile(ada, stage.write('film.bin', sampleBytes('film', 300_000)))
  const author = await stage.visit(context, ada)
  const keeper = await stage.visit(context, ben, { scheme: 'dark' })
  await Promise.all([author.visit('#/shares'), keeper.visit('#/shares')])

  // Ben gives room to Ada.
  const { link } = await ada.client.direct.contact()
  const kept = cardOf(keeper, 'Copies that you keep for others')
  await kept.getByRole('button', { name: 'Keep copies for somebody' }).click()
  const agreeing = dialogOf(keeper, 'Keep copies for somebody')
  await agreeing.getByLabel('Their contact link').fill(link)
  await agreeing.getByLabel('Room for their copies').selectOption('1 GB')
  assert.deepEqual(await findBarriers(keeper), [], 'the dialog of agreeing')
  await agreeing.getByRole('button', { name: 'Keep copies' }).click()
  const agreement = kept.getByRole('listitem').filter({ hasText: '1 GB in' }).first()
  await agreement.waitFor()

  // Ada wants one copy.
  const film = itemOf(author, 'film.bin')
  await film.getByText('Only on this computer').waitFor()
  await film.getByRole('button', { name: 'Copies of film.bin' }).click()
  const copies = dialogOf(author, 'Copies of film.bin')
  await copies.getByText('here, 1 GB free for you').waitFor()
  await copies.getByLabel('Copies on other computers').selectOption('1 copy')
  await copies.getByRole('button', { name: 'Save' }).click()
  const alive = copies.getByRole('list', { name: 'Where copies are' }).getByText('Alive', { exact: true })
  // A keeper that is busy is asked again after a while (docs/protocol/copies.md).
  await alive.waitFor({ timeout: 60_000 })
  assert.deepEqual(await findBarriers(author), [], 'the dialog of copies')
  await copies.getByRole('button', { name: 'Done' }).click()
  await film.getByText('1 of 1 copy alive').waitFor()
  assert.deepEqual(await findBarriers(author), [], 'the list of shares')

  // It lies at Ben’s, who ends it.
  await agreement.getByText(/kB|KB/).first().waitFor()
  assert.deepEqual(await findBarriers(keeper), [], 'the list of agreements')
  await agreement.getByRole('button', { name: /^Stop keeping/ }).click()
  await dialogOf(keeper, 'Keep nothing for').getByRole('button', { name: 'Stop keeping' }).click()
  await kept.getByText('Give somebody room on this computer').waitFor()
  // The agreement ends first; what was kept for it is deleted then.
  await until('nothing is kept', async () => (await ben.client.shares.list()).length === 0)
  await film.getByText('0 of 1 copy alive').waitFor()
})

browserTest('what one shares publicly the other gets by its CID, on a phone', async (context) => {
  const { id } = await ada.client.shares.add({ path: stage.write('poem.txt', 'from far away'), public: true })
  const { cid } = await ada.client.shares.ready(id)
  assert.ok(cid !== null)
  const author = await stage.visit(context, ada, { scheme: 'dark', width: 360 })
  await author.visit('#/shares')

  // Ada’s share says how IPFS tools reach it.
  const poem = itemOf(author, 'poem.txt')
  await poem.getByRole('button', { name: 'Details of poem.txt' }).click()
  const open = poem.getByRole('link', { name: 'Open poem.txt at the gateway' })
  const shown = await fetch((await open.getAttribute('href')) ?? '')
  assert.equal(await shown.text(), 'from far away')
  const packed = await fetch((await poem.getByRole('link', { name: 'Download a CAR file' }).getAttribute('href')) ?? '')
  assert.match(packed.headers.get('content-disposition') ?? '', /attachment; filename="poem\.txt\.car"/)
  assert.deepEqual(await findBarriers(author), [], 'a public share')
  const car = join(stage.peers.folder(), 'poem.car')
  await poem.getByRole('button', { name: 'Write a CAR file with poem.txt' }).click()
  const writing = dialogOf(author, 'Write poem.txt into a CAR file')
  await writing.getByLabel('CAR file to write').fill(car)
  assert.deepEqual(await findBarriers(author), [], 'the dialog of writing')
  await writing.getByRole('button', { name: 'Write it' }).click()
  await author.visit('#/transfers')
  await cardOf(author, 'IPFS')
    .getByRole('list', { name: 'From and to IPFS' })
    .getByText('Done', { exact: true })
    .waitFor()
  assert.ok(readFileSync(car).includes('from far away'))
  const width = await author.page.evaluate(() => document.documentElement.scrollWidth)
  assert.equal(width, 360, 'nothing is wider than the phone')

  // Ben gets it with the keyboard alone.
  const reader = await openPage(stage.browser(), ben)
  context.after(() => reader.close())
  await reader.visit('#/transfers')
  const { keyboard } = reader.page
  await tabTo(reader.page, /^Get from IPFS/)
  await keyboard.press('Enter')
  const getting = dialogOf(reader, 'Get from IPFS')
  await getting.getByLabel('CID', { exact: true }).focus()
  await keyboard.type(`ipfs://${cid}`)
  await keyboard.press('Tab')
  await keyboard.type(ada.addresses[0] ?? '')
  await tabTo(reader.page, /^Call it/)
  await keyboard.type('poem.txt')
  assert.deepEqual(await findBarriers(reader), [], 'the dialog of getting')
  await keyboard.press('Enter')
  const got = cardOf(reader, 'IPFS').getByRole('listitem').filter({ hasText: 'poem.txt' })
  await got.getByText('It is a public share of yours now.').waitFor()
  assert.deepEqual(await findBarriers(reader), [], 'the list of jobs')
  const { downloads } = await ben.client.settings.get()
  assert.equal(readFileSync(join(downloads, 'poem.txt'), 'utf8'), 'from far away')
  assert.equal((await ben.client.shares.list()).find(({ name }) => name === 'poem.txt')?.cid, cid)

  // A CID that is none is said in the dialog, and nothing begins.
  await tabTo(reader.page, /^Get from IPFS/)
  await keyboard.press('Enter')
  await getting.getByLabel('CID', { exact: true }).fill('nonsense')
  await getting.getByRole('button', { name: 'Get it' }).click()
  await getting.getByText('nonsense', { exact: false }).first().waitFor()
  assert.equal((await ben.client.ipfs.jobs()).length, 1)
  assert.deepEqual(defectsOf(reader), [])
})
