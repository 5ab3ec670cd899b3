// The passphrase of the keys, as people meet it in the page: set, wrong, changed, removed, and at the next start.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { findBarriers } from '../support/accessibility.ts'
import { openPage, type WatchedPage } from '../support/browser.ts'
import { defaultArgs, type Peer } from '../support/daemon.ts'
import { browserTest, cardOf, defectsOf, dialogOf, setStage } from './page-support.ts'
import { until } from './support.ts'

const stage = setStage(async () => undefined)

/** The page of a new peer at its settings. A refused passphrase is written to the console by the browser; nothing else may. */
async function openSettings(peer: Peer): Promise<WatchedPage> {
  const watched = await openPage(stage.browser(), peer)
  await watched.visit('#/settings')
  await cardOf(watched, 'Passphrase').waitFor()
  return watched
}

/** Fills the card's fields by their labels. */
async function fill(card: Locator, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, text] of Object.entries(texts)) await card.getByLabel(label, { exact: true }).fill(text)
}

/** 24 words with a right checksum: entropy of nothing but zeros (BIP-39's own vector). */
const anotherPhrase = `${'abandon '.repeat(23)}art`

const setTo = (passphrase: string) => ({ 'New passphrase': passphrase, 'Once more': passphrase })
const locked = /The keys on this computer are encrypted/
const open = /Without a passphrase, whoever can read your files/

/** How the secrets lie on the disk. */
function secretsOf({ home }: Peer): string {
  return JSON.parse(readFileSync(join(home, 'keystore.json'), 'utf8')).secrets.kind
}

/** All that the card complains of: one note, whose first line says what is wrong. */
async function complaintOf(card: Locator): Promise<string> {
  await card.locator('.note').waitFor()
  const notes = await card.locator('.note').allInnerTexts()
  assert.equal(notes.length, 1, notes.join('\n'))
  return notes[0]?.split('\n')[0] ?? ''
}

browserTest('a passphrase is set, changed and removed, and a wrong one gets one line', async (context) => {
  const peer = await stage.start()
  const watched = await openSettings(peer)
  context.after(() => watched.close())
  const card = cardOf(watched, 'Passphrase')
  const button = (name: string) => card.getByRole('button', { name })

  await fill(card, { 'New passphrase': 'sesame', 'Once more': 'sesam' })
  await card.getByText('The two are not the same.').waitFor()
  assert.ok(await button('Set it').isDisabled())
  await fill(card, setTo('sesame'))
  await button('Set it').click()
  await card.getByText(locked).waitFor()
  assert.equal(secretsOf(peer), 'sealed')
  await until('nothing stays in the fields', async () => (await card.getByLabel('New passphrase').inputValue()) === '')

  assert.ok(await button('Remove it').isDisabled(), 'the present one is needed')
  await fill(card, { 'Present passphrase': 'sesam', ...setTo('open') })
  await button('Change it').click()
  assert.equal(await complaintOf(card), 'The passphrase is wrong.')
  assert.deepEqual(await findBarriers(watched), [])
  await fill(card, { 'Present passphrase': 'sesame' })
  await button('Change it').click()
  await until('it is changed', async () => (await card.getByLabel('New passphrase').inputValue()) === '')
  assert.equal(await card.locator('.note').count(), 0)

  await fill(card, { 'Present passphrase': 'sesame' })
  await button('Remove it').click()
  assert.equal(await complaintOf(card), 'The passphrase is wrong.', 'the old one is of no use any more')
  assert.equal(secretsOf(peer), 'sealed')
  await fill(card, { 'Present passphrase': 'open' })
  await button('Remove it').click()
  await card.getByText(open).waitFor()
  assert.equal(secretsOf(peer), 'plain')
  assert.deepEqual(defectsOf(watched), [])
})

browserTest('with a passphrase, it alone shows the recovery phrase and lets another one in', async (context) => {
  const peer = await stage.start()
  const words = await peer.client.identity.phrase()
  await peer.client.identity.lock({ passphrase: 'sesame' })
  const watched = await openSettings(peer)
  context.after(() => watched.close())
  const card = cardOf(watched, 'Recovery phrase')
  const shown = card.getByRole('list', { name: 'Recovery phrase' }).getByRole('listitem')
  const show = async (passphrase: string) => {
    await fill(card, { Passphrase: passphrase })
    await card.getByRole('button', { name: 'Show the words' }).click()
    await dialogOf(watched, 'Show the recovery phrase?').getByRole('button', { name: 'Show it' }).click()
  }

  assert.ok(await card.getByRole('button', { name: 'Show the words' }).isDisabled(), 'the passphrase is needed')
  await show('sesam')
  assert.equal(await complaintOf(card), 'The passphrase is wrong.')
  assert.equal(await shown.count(), 0)
  await show('sesame')
  await shown.first().waitFor()
  assert.deepEqual(await shown.allInnerTexts(), words.split(' '))

  const restore = cardOf(watched, 'Restore')
  await fill(restore, { 'The 24 words': anotherPhrase, 'Present passphrase': 'sesam' })
  await restore.getByRole('button', { name: 'Restore' }).click()
  await dialogOf(watched, 'Become the person of this phrase?').getByRole('button', { name: 'Restore' }).click()
  await restore.getByText(/^The passphrase is wrong\./).waitFor()
  assert.equal(await peer.client.identity.phrase({ passphrase: 'sesame' }), words)
  assert.deepEqual(defectsOf(watched), [])
})

browserTest('a locked keystore needs its passphrase to start, and the page says so meanwhile', async (context) => {
  const peer = await stage.start()
  await peer.client.identity.lock({ passphrase: 'sesame' })
  const watched = await openSettings(peer)
  context.after(() => watched.close())
  const { page } = watched
  await cardOf(watched, 'Passphrase').getByText(locked).waitFor()

  await peer.stop()
  await page.getByText('Peerhood has stopped').waitFor()
  await page.getByText('which asks for the passphrase of your keys').waitFor()
  const place = [...defaultArgs, '--port', new URL(peer.api).port]
  for (const env of [{}, { PEERHOOD_PASSPHRASE: 'sesam' }]) {
    await assert.rejects(stage.peers.restart(peer, { args: place, env }), /passphrase/)
  }
  const { code, stderr } = await peer.run('start', ...place)
  assert.equal(code, 5)
  assert.match(stderr, /^peerhood: The keystore is locked with a passphrase, and none was given\.\n/)

  const again = await stage.peers.restart(peer, { args: place, env: { PEERHOOD_PASSPHRASE: 'sesame' } })
  await page.getByText('Peerhood has stopped').waitFor({ state: 'detached' })
  await cardOf(watched, 'Passphrase').getByText(locked).waitFor()
  assert.equal(again.peerId, peer.peerId)
  assert.deepEqual(defectsOf(watched), [])
})
