// A community's ledger in the page: founded, paid with, seen in the explorer, in light and dark, wide and narrow.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createPeerhood } from '../../src/sdk/client.ts'
import { findBarriers } from '../support/accessibility.ts'
import type { WatchedPage } from '../support/browser.ts'
import type { Peer } from '../support/daemon.ts'
import { browserTest, cardOf, dialogOf, setStage } from './page-support.ts'
import { until } from './support.ts'

let ada: Peer
let bo: Peer
let garden = ''
const stage = setStage(async ({ start }) => {
  ;[ada, bo] = await Promise.all([start(), start()])
  garden = (await ada.client.communities.found({ name: 'Garden', memberName: 'Ada' })).id
  const { link } = await ada.client.communities.invite(garden, { usesMax: 1 })
  await bo.client.communities.join({ link, memberName: 'Bo' })
})

const at = (...path: readonly string[]) => `#/${['communities', garden, 'ledger', ...path].join('/')}`

async function visit(context: TestContext, ...path: readonly string[]): Promise<WatchedPage> {
  const watched = await stage.visit(context, ada)
  await watched.visit(at(...path))
  return watched
}

/** Nothing sticks out to the side. */
async function fits({ page }: WatchedPage): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)
}

browserTest('one founds a ledger, sends coins to a member, and sees it in the explorer', async (context) => {
  const watched = await visit(context)
  const { page } = watched
  const founding = cardOf(watched, 'A ledger for this community')
  await founding.getByText('Trusted mode').waitFor()
  await founding.getByLabel('Name of the chain').fill('Garden chain')
  await founding.getByLabel('Its coin').fill('Bread')
  await founding.getByLabel('Symbol').fill('BREAD')
  await founding.getByRole('button', { name: 'Found the ledger' }).click()
  const chain = cardOf(watched, 'Garden chain')
  await chain.getByText('Running').waitFor()
  await chain.getByText('Trusted mode', { exact: true }).waitFor()
  await cardOf(watched, 'Validators').getByText('Its turn').waitFor()
  const network = cardOf(watched, 'Other wallets and tools')
  await network.getByRole('button', { name: 'Copy network data' }).click()
  const params = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))
  assert.equal(params.nativeCurrency.symbol, 'BREAD')
  assert.match(params.rpcUrls[0], /^http:\/\/127\.0\.0\.1:\d+\/communities\/.+\/rpc$/)
  await until('Bo has told their account', async () => {
    const contacts = await ada.client.wallet.contacts(garden)
    return contacts.some(({ name, source }) => name === 'Bo' && source === 'member')
  })

  await page.getByRole('link', { name: 'Wallet' }).click()
  await page.getByText('1,000,000', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  const sending = dialogOf(watched, 'Send')
  await sending.getByLabel('To').fill('Bo')
  await sending.getByText('announced in this community').waitFor()
  await sending.getByLabel('Amount in BREAD').fill('12,5')
  await sending.getByText('Write it with a point').waitFor()
  await sending.getByLabel('Amount in BREAD').fill('12.5')
  await page.keyboard.press('Enter')
  const looking = dialogOf(watched, 'Look before you send')
  await looking.getByText('Send 12.5 BREAD to Bo.').waitFor()
  await looking.getByText('It costs nothing.').waitFor()
  await looking.getByRole('button', { name: 'Confirm and send' }).click()
  await dialogOf(watched, 'Sent').getByRole('link', { name: 'See the transaction' }).click()
  const seen = cardOf(watched, 'Transaction')
  await seen.getByText('Final').waitFor()
  await seen.getByText('Send 12.5 BREAD to Bo.').waitFor()
  await seen.getByRole('link', { name: /^\d+$/ }).click()
  const block = page.getByRole('region', { name: /^Block \d/ })
  await block.getByRole('link', { name: 'Send 12.5 BREAD to Bo.' }).waitFor()
  await page.getByLabel('Find a block, transaction, account or name').fill('Bo')
  await page.keyboard.press('Enter')
  await cardOf(watched, 'Bo').getByText('12.5 BREAD').waitFor()
  await watched.visit(at('wallet'))
  await cardOf(watched, 'History').getByText('12.5 BREAD to Bo').waitFor()
  await page.getByText('999,987.5', { exact: true }).waitFor()
})

browserTest('a program with the API token asks; the person reads, refuses, allows', async (context) => {
  const program = createPeerhood({ url: ada.api, token: ada.token })
  const watched = await visit(context, 'wallet')
  const { page } = watched
  const first = await program.wallet.propose(garden, { kind: 'send', to: 'Bo', amount: '1' })
  assert.equal(first.state, 'waiting')
  const asking = cardOf(watched, 'A program asks')
  await asking.getByText('Send 1 BREAD to Bo.').waitFor()
  await asking.getByRole('button', { name: 'Refuse' }).click()
  await asking.waitFor({ state: 'detached' })
  assert.equal((await program.wallet.request(garden, first.id)).state, 'refused')
  const second = await program.wallet.propose(garden, { kind: 'send', to: `0x${'0'.repeat(40)}`, amount: '2' })
  await asking.getByText('nobody can ever use what goes there').waitFor()
  assert.ok(await asking.getByRole('button', { name: 'Confirm and send' }).isDisabled())
  await asking.getByRole('switch', { name: 'I have read the warnings' }).check()
  await asking.getByRole('button', { name: 'Confirm and send' }).click()
  await page.getByText('Sent', { exact: true }).waitFor()
  assert.equal((await program.wallet.request(garden, second.id)).state, 'sent')
  const programs = cardOf(watched, 'Programs')
  await programs.getByRole('button', { name: 'Allow an amount' }).click()
  await programs.getByLabel('Amount in BREAD').fill('5')
  await programs.getByRole('button', { name: 'Allow it' }).click()
  await programs.getByText('5 BREAD in any 24 hours, 0 BREAD of it spent').waitFor()
  assert.equal((await program.wallet.propose(garden, { kind: 'send', to: 'Bo', amount: '3' })).state, 'sent')
  assert.equal((await program.wallet.propose(garden, { kind: 'send', to: 'Bo', amount: '3' })).state, 'waiting')
  await programs.getByRole('button', { name: 'Take back' }).click()
  await programs.getByText('each time you say yes or no').waitFor()
})

browserTest('one is paid by a QR code; a page opened without the key looks and can’t confirm', async (context) => {
  const watched = await visit(context, 'wallet')
  await watched.page.getByRole('button', { name: 'Receive' }).click()
  const receiving = dialogOf(watched, 'Receive')
  await receiving.getByRole('img', { name: /QR code/ }).waitFor()
  await receiving.getByLabel('Amount in BREAD').fill('2.5')
  await receiving.getByRole('button', { name: 'Copy link' }).click()
  const uri = await watched.page.evaluate(() => navigator.clipboard.readText())
  assert.match(uri, /^ethereum:0x[0-9a-fA-F]{40}@\d+\?value=2500000000000000000$/)
  const { confirmKey: _, ...looker } = ada
  const looking = await stage.visit(context, looker as Peer)
  await looking.visit(at('wallet'))
  await looking.page.getByText('This page can look, but not confirm').waitFor()
})

browserTest('all of it fits a telephone, in the dark, and has no barriers', async (context) => {
  const watched = await stage.visit(context, ada, { width: 390, scheme: 'dark' })
  for (const path of [[], ['wallet'], ['explorer'], ['explorer', 'block', '1']]) {
    await watched.visit(at(...path))
    await watched.page.locator('.card').first().waitFor()
    assert.ok(await fits(watched), `${path.join('/')} fits`)
    assert.deepEqual(await findBarriers(watched), [], path.join('/'))
  }
})
