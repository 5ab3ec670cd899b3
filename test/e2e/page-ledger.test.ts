// A community's ledger in the page: founded, paid with, seen in the explorer, in light and dark, wide and narrow.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { tillContract, tillInput } from '../../src/ledger/source/testing.ts'
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
  await seen.getByText('Sent 12.5 BREAD to Bo.').waitFor()
  await seen.getByRole('link', { name: /^\d+$/ }).click()
  const block = page.getByRole('region', { name: /^Block \d/ })
  await block.getByRole('link', { name: 'Sent 12.5 BREAD to Bo.' }).waitFor()
  await page.getByLabel('Find a block, transaction, account or name').fill('Bo')
  await page.keyboard.press('Enter')
  await cardOf(watched, 'Bo').getByText('12.5 BREAD').waitFor()
  await cardOf(watched, 'Transactions').getByRole('link', { name: 'Sent 12.5 BREAD to Bo.' }).waitFor()
  await watched.visit(at('wallet'))
  await cardOf(watched, 'History').getByText('12.5 BREAD to Bo').waitFor()
  await page.getByText('999,987.5', { exact: true }).waitFor()
})

browserTest(
  'members of the chain are the community’s; another chain is chosen, and followed by nobody yet',
  async (context) => {
    const watched = await visit(context)
    const members = cardOf(watched, 'Members of the chain')
    await members.getByText('accounts transact free').waitFor()
    const bo = members.getByRole('listitem').filter({ hasText: 'Bo' }).first()
    await bo.getByText('Free', { exact: true }).waitFor()
    const which = cardOf(watched, 'Which chain is used')
    await which.getByText('uses the chain that it runs itself').waitFor()
    await which.getByRole('button', { name: 'Use another chain' }).click()
    const choosing = dialogOf(watched, 'Use another chain')
    await choosing.getByRole('radio', { name: 'The community' }).check()
    await choosing.getByText('Never give one with a key in it').first().waitFor()
    await choosing.getByLabel('Name').fill('Gnosis')
    await choosing.getByLabel('Chain id').fill('100')
    await choosing.getByLabel('Symbol of its coin').fill('xDAI')
    await choosing.getByRole('button', { name: 'Use it' }).click()
    await which.getByText('uses Gnosis (chain id 100)').waitFor()
    await which.getByText('Your wallet asks nothing there before you agree').waitFor()
    assert.deepEqual(await findBarriers(watched), [])
    await which.getByRole('button', { name: 'Use another chain' }).click()
    await choosing.getByRole('radio', { name: 'The community' }).check()
    await choosing.getByRole('button', { name: 'Its own again' }).click()
    await which.getByText('uses the chain that it runs itself').waitFor()
  },
)

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

/** From a request to its contract, confirmed by the person's own client. */
async function deployed(data: string): Promise<string> {
  const { id } = await ada.client.wallet.propose(garden, { kind: 'call', data })
  const { transaction } = await ada.client.wallet.confirm(garden, id, { accept: true })
  let created: string | null = null
  await until('it is created', async () => {
    created = (await ada.client.explorer.transaction(garden, transaction ?? '')).created
    return created !== null
  })
  return created ?? ''
}

browserTest('a contract’s source is checked against its code, and names what it does', async (context) => {
  const { creation } = tillContract('Sums')
  const sums = await deployed(`0x${creation.code}`)
  const watched = await visit(context, 'explorer', 'account', sums)
  const { page } = watched
  const source = cardOf(watched, 'Source')
  await source.getByRole('button', { name: 'Add an ABI' }).click()
  const adding = dialogOf(watched, 'Add an ABI')
  await adding.getByLabel('ABI as JSON, pasted').fill(JSON.stringify(tillContract('Sums').abi))
  await adding.getByRole('button', { name: 'Add it' }).click()
  await source.getByText('An ABI that nobody checked').waitFor()
  await source.getByRole('button', { name: 'Take it away' }).click()
  await source.getByRole('button', { name: 'Add an ABI' }).waitFor()
  await source.getByRole('button', { name: 'Check its source' }).click()
  const checking = dialogOf(watched, 'Check its source')
  const file = { name: 'till.json', mimeType: 'application/json', buffer: Buffer.from(tillInput) }
  await checking.getByLabel('Source as JSON, from a file').setInputFiles(file)
  await checking.getByRole('button', { name: 'Compile and compare' }).click()
  await cardOf(watched, 'Sums').getByText('Source checked').waitFor({ timeout: 60_000 })
  await source.getByText('Exact').waitFor()
  await source.getByText('It was created by this source.').waitFor()
  await source.getByText('1 file').click()
  await source.getByText('contract Tills {').waitFor()
  assert.ok(await fits(watched))
  assert.deepEqual(await findBarriers(watched), [])
  await cardOf(watched, 'Transactions').getByRole('link', { name: 'Created a contract.' }).waitFor()
  const narrow = await stage.visit(context, ada, { width: 360, scheme: 'dark' })
  await narrow.visit(at('explorer', 'account', sums))
  await narrow.page.getByText('Source checked', { exact: true }).waitFor()
  assert.ok(await fits(narrow))
  await page.getByRole('button', { name: 'Forget the source' }).click()
  await source.getByRole('button', { name: 'Check its source' }).waitFor()
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

browserTest(
  'one of two validators is gone for good: the other signs a recovery, confirms it, and goes on',
  async (context) => {
    await bo.client.ledger.offer(garden, { validate: true })
    const validators = await Promise.all(
      [ada, bo].map(async ({ client }) => (await client.ledger.get(garden)).validator),
    )
    await until('the offer is known', async () => {
      const { validators: known } = await ada.client.ledger.get(garden)
      return known.some(({ address, willing }) => address === validators[1] && willing)
    })
    await ada.client.ledger.agree(garden, validators)
    await until('both decide', async () => (await ada.client.ledger.get(garden)).chain?.epoch === 1)
    await bo.kill()
    const watched = await stage.visit(context, ada, { width: 360, scheme: 'dark' })
    const { page } = watched
    await watched.visit(at('recovery'))
    const card = cardOf(watched, 'Recovery')
    await card.getByText('1 of 2 validators are away').first().waitFor({ timeout: 30_000 })
    await card.getByRole('button', { name: 'Make the file' }).click()
    const choosing = dialogOf(watched, 'Who decides from now on')
    await choosing.getByRole('switch', { name: /this computer/ }).waitFor()
    await choosing.getByRole('button', { name: 'Make the file' }).click()
    const seen = dialogOf(watched, 'A file of a recovery')
    await seen.getByText('0 of 2 validators signed; at least 1 have to.').first().waitFor()
    assert.ok(await seen.getByRole('button', { name: 'Sign it' }).isDisabled())
    await seen.getByRole('switch', { name: 'Gone for good: Bo' }).check()
    await seen.getByRole('button', { name: 'Sign it' }).click()
    await seen.getByText('1 of 2 validators signed, which is enough.').first().waitFor()
    const saving = page.waitForEvent('download')
    await seen.getByRole('button', { name: 'Save the file' }).click()
    const path = await (await saving).path()
    await seen.getByRole('button', { name: 'Close' }).click()
    await card.getByLabel('Open a file that you were given').setInputFiles(path)
    const heard = seen.getByLabel('The fingerprint, as the others read it aloud')
    await heard.fill('no such digits')
    await seen.getByText('it is not what the others have').first().waitFor()
    assert.ok(await seen.getByRole('button', { name: 'Confirm the recovery' }).isDisabled())
    assert.ok(await fits(watched))
    assert.deepEqual(await findBarriers(watched), [])
    await heard.fill(
      (await seen
        .getByText(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/)
        .first()
        .textContent()) ?? '',
    )
    await seen.getByRole('button', { name: 'Confirm the recovery' }).click()
    await card.getByText('In force').waitFor({ timeout: 30_000 })
    const { id } = await ada.client.wallet.propose(garden, { kind: 'send', to: 'Bo', amount: '1' })
    await ada.client.wallet.confirm(garden, id, {})
    await until('it is final', async () => (await ada.client.wallet.request(garden, id)).state !== 'waiting')
    const { height = 0 } = (await ada.client.ledger.get(garden)).chain ?? {}
    await until('the chain goes on', async () => {
      const { chain } = await ada.client.ledger.get(garden)
      return chain?.epoch === 2 && chain.height >= height && chain.waiting === 0
    })
  },
)
