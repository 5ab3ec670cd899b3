// Copies in real browsers with real daemons behind them: one gives room, the other asks for a copy, sees it come alive, and
// learns when it is over. Without Chromium the test is skipped by name.

import assert from 'node:assert/strict'
import { findBarriers } from '../support/accessibility.ts'
import type { Peer } from '../support/daemon.ts'
import { browserTest, cardOf, dialogOf, itemOf, setStage, shareFile } from './page-support.ts'
import { sampleBytes } from './support.ts'

let ada: Peer
let ben: Peer
const stage = setStage(async ({ start }) => {
  ;[ada, ben] = await Promise.all([start(), start()])
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
  assert.deepEqual(await ben.client.shares.list(), [])
  await film.getByText('0 of 1 copy alive').waitFor()
})
