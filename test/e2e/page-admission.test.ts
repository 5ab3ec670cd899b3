// How people and devices come in without an invite, in real browsers with real daemons behind them: a code that is said
// aloud, a request that a member decides, one more computer of the same person.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { findBarriers } from '../support/accessibility.ts'
import { openPage, type PageOptions, tabTo, type WatchedPage } from '../support/browser.ts'
import type { Peer } from '../support/daemon.ts'
import { browserTest, cardOf, defectsOf, dialogOf, setStage } from './page-support.ts'
import { until } from './support.ts'

const general = '0'.repeat(32)

let ada: Peer
let ben: Peer
/** Ada’s, in which Ben is a member. */
let garden = ''
const stage = setStage(async ({ start }) => {
  ;[ada, ben] = await Promise.all([start(), start()])
  garden = (await ada.client.communities.found({ name: 'Garden', memberName: 'Ada' })).id
  const { link } = await ada.client.communities.invite(garden)
  await ben.client.communities.join({ link, memberName: 'Ben' })
  await until('Ada knows of Ben', async () => (await ada.client.communities.members(garden)).length === 2)
})

const members = '/members'
const at = (tab = '') => `#/communities/${garden}${tab}`

/** A daemon that is connected to Ada’s, as on one network. */
async function neighbour(): Promise<Peer> {
  const peer = await stage.start()
  await peer.client.peers.connect({ address: ada.addresses[0] ?? '' })
  return peer
}

/** A page in which calls may be refused, which browsers write to the console; nothing else may go wrong. */
async function visitRefused(context: TestContext, peer: Peer, options?: PageOptions): Promise<WatchedPage> {
  const watched = await openPage(stage.browser(), peer, options)
  context.after(async () => {
    await watched.close()
    assert.deepEqual(defectsOf(watched), [])
  })
  return watched
}

async function paste({ page }: WatchedPage, text: string): Promise<void> {
  await page.evaluate((value) => navigator.clipboard.writeText(value), text)
  await page.keyboard.press('Control+V')
}

const codeShown = /^\d+-[a-z]+-[a-z]+$/

/** Makes a code in the page of who is in it, and reads it as a person does. */
async function makeCode(watched: WatchedPage, title: string): Promise<string> {
  const dialog = dialogOf(watched, title)
  await dialog.getByRole('button', { name: 'Make the code' }).click()
  return (await dialog.getByText(codeShown).textContent()) ?? ''
}

async function openCodeDialog(watched: WatchedPage): Promise<void> {
  await watched.visit(at(members))
  await watched.page.getByRole('button', { name: 'By a code' }).click()
}

const byCode = 'Let somebody in by a spoken code'

browserTest('a code that is said aloud lets the other in, and who said it sees that', async (context) => {
  const host = await stage.visit(context, ada)
  await openCodeDialog(host)
  const hosting = dialogOf(host, byCode)
  await hosting.getByLabel('Role of who comes').selectOption('guest')
  const code = await makeCode(host, byCode)
  for (const fact of ['10 minutes left', '3 tries left']) await hosting.getByText(fact).waitFor()

  // It is found again after the dialog was closed.
  await host.page.keyboard.press('Escape')
  await host.page.getByRole('button', { name: 'By a code' }).click()
  await hosting.getByText(code).waitFor()

  const cem = await neighbour()
  const guest = await visitRefused(context, cem)
  await guest.visit('#/communities')
  await guest.page.getByRole('main').getByRole('button', { name: 'I was told a code' }).click()
  const entering = dialogOf(guest, 'Come in by a code')
  await entering.getByLabel('Your name in it').fill('Cem')
  await entering.getByLabel('The code').fill('nonsense')
  await entering.getByRole('button', { name: 'Come in' }).click()
  await entering.getByText('A code begins with its number.').waitFor()
  await entering.getByLabel('The code').fill(code.replace(/-.*/, '-zoo-zoo'))
  await entering.getByRole('button', { name: 'Come in' }).click()
  await entering.getByText('This is not the code that the other computer shows.').waitFor()
  await hosting.getByText('2 tries left').waitFor()

  await entering.getByLabel('The code').fill(code.toUpperCase().replaceAll('-', ' '))
  await until('Cem may try again', async () => {
    // While one try is under way, this does nothing.
    await entering
      .getByLabel('The code')
      .press('Enter', { timeout: 500 })
      .catch(() => undefined)
    return (await cem.client.communities.list()).some(({ phase }) => phase === 'open')
  })
  await guest.page.getByRole('heading', { level: 1, name: 'Garden' }).waitFor()
  await hosting.getByText('Cem is in', { exact: true }).waitFor()
  await hosting.getByRole('button', { name: 'Done' }).click()
  const line = host.page.getByRole('list', { name: 'Members' }).getByRole('listitem').filter({ hasText: 'Cem' }).first()
  await line.getByText('Guest', { exact: true }).waitFor()
})

browserTest('a code can be cancelled, and a member who may not approve is offered none', async (context) => {
  const host = await stage.visit(context, ada)
  await openCodeDialog(host)
  await makeCode(host, byCode)
  await dialogOf(host, byCode).getByRole('button', { name: 'Cancel the code' }).click()
  await dialogOf(host, byCode).getByRole('button', { name: 'Make the code' }).waitFor()
  // The dialog does not wait for the daemon.
  await until('the code is gone', async () => (await ada.client.communities.codes(garden)).length === 0)

  const member = await stage.visit(context, ben)
  await member.visit(at(members))
  await member.page.getByRole('button', { name: 'Invite', exact: true }).waitFor()
  assert.equal(await member.page.getByRole('button', { name: 'By a code' }).count(), 0)
  assert.equal(await cardOf(member, 'Requests').count(), 0)
})

/** Asks in the page, with the link pasted anywhere. */
async function ask(context: TestContext, peer: Peer, link: string, name: string, note: string): Promise<WatchedPage> {
  const asker = await visitRefused(context, peer)
  await asker.page.getByText('Welcome to Peerhood').waitFor()
  await paste(asker, link)
  const asking = dialogOf(asker, 'Ask to be let in')
  await asking.getByLabel('Your name in it').fill(name)
  await asking.getByLabel('Who you are, and why you ask').fill(note)
  await asking.getByRole('button', { name: 'Ask', exact: true }).click()
  await asking.getByText('You ask to be let into Garden').waitFor()
  await asking.getByRole('button', { name: 'Done' }).click()
  await cardOf(asker, 'You ask to be let in').getByText('Asking', { exact: true }).waitFor()
  return asker
}

browserTest('who asks by a link is seen with their note, and let in when a member says so', async (context) => {
  const host = await stage.visit(context, ada)
  await host.visit(at(members))
  await cardOf(host, 'Requests').getByRole('button', { name: 'Request link' }).click()
  const shown = dialogOf(host, 'Ask to be let into Garden')
  const link = await shown.getByRole('textbox', { name: 'Request link' }).inputValue()
  await shown.getByRole('img', { name: /QR code/ }).waitFor()
  await shown.getByRole('button', { name: 'Done' }).click()

  const note = '<b>From next door</b>\nwith the blue gate'
  const dora = await neighbour()
  const asker = await ask(context, dora, link, 'Dora', note)
  await host.page.getByText('Dora asks to be let into Garden').first().waitFor()
  await host.page.getByRole('link', { name: /^Members.*1 request$/ }).waitFor()
  const request = cardOf(host, 'Requests').getByRole('list', { name: 'Requests' }).getByRole('listitem').first()
  assert.equal(await request.locator('.note-words').textContent(), note, 'a note is text')
  await host.page.getByRole('button', { name: 'Let in Dora' }).click()
  const accepting = dialogOf(host, 'Let Dora in?')
  await accepting.getByLabel('Role').selectOption('guest')
  await accepting.getByRole('button', { name: 'Let in' }).click()
  await cardOf(host, 'Requests').getByText('Nobody asks to be let in.').waitFor()
  await host.page.getByRole('link', { name: 'Members', exact: true }).waitFor()
  // By itself it asks twice a minute.
  await dora.client.communities.ask({ link, memberName: 'Dora' })
  await asker.page.getByRole('link', { name: 'Garden' }).waitFor()
  await cardOf(asker, 'You ask to be let in').waitFor({ state: 'detached' })
})

browserTest('one who asks can be blocked and unblocked, and can stop asking', async (context) => {
  const host = await stage.visit(context, ada)
  await host.visit(at(members))
  const asker = await ask(context, await neighbour(), await ada.client.communities.requestLink(garden), 'Eve', '')
  await host.page.getByRole('button', { name: 'More about Eve' }).click()
  await host.page.getByRole('menuitem', { name: 'Block' }).click()
  await dialogOf(host, 'Block Eve?').getByRole('button', { name: 'Block' }).click()
  await host.page.getByText('Blocked (1)').click()
  await host.page.getByRole('button', { name: 'Unblock Eve' }).click()
  await host.page.getByText('Blocked (1)').waitFor({ state: 'detached' })

  await asker.page.getByRole('button', { name: /^Ask no longer/ }).click()
  await cardOf(asker, 'You ask to be let in').waitFor({ state: 'detached' })
})

browserTest('another computer becomes one of the same person, and reads what they may read', async (context) => {
  const fay = await stage.start()
  const { id } = await fay.client.communities.found({ name: 'Diary', memberName: 'Fay' })
  await fay.client.chat.send(id, general, { text: 'dear diary' })
  await fay.client.identity.lock({ passphrase: 'open sesame' })
  const laptop = await stage.start()
  await laptop.client.peers.connect({ address: fay.addresses[0] ?? '' })

  const old = await visitRefused(context, fay)
  await old.visit('#/settings')
  await cardOf(old, 'Your devices').getByRole('button', { name: 'Add a device' }).click()
  const adding = dialogOf(old, 'Add a device')
  await adding.getByText('It gets your recovery words').waitFor()
  await adding.getByLabel('Passphrase of this computer').fill('open barley')
  await adding.getByRole('button', { name: 'Make the code' }).click()
  await adding.getByText('Check Caps Lock').waitFor()
  await adding.getByLabel('Passphrase of this computer').fill('open sesame')
  const code = await makeCode(old, 'Add a device')

  const fresh = await stage.visit(context, laptop)
  await fresh.visit('#/settings')
  await cardOf(fresh, 'Your devices').getByRole('button', { name: 'Add this computer' }).click()
  const becoming = dialogOf(fresh, 'Add this computer')
  await becoming.getByText('The keys of the person until now are put aside').waitFor()
  await becoming.getByLabel('The code').fill(code)
  await becoming.getByRole('button', { name: 'Become that person' }).click()
  await becoming.getByText('This computer is one of yours now').waitFor()
  const { did } = await fay.client.identity.get()
  await fresh.page.locator(`[title="${did}"]`).first().waitFor()
  await becoming.getByRole('button', { name: 'To the communities' }).click()
  await fresh.page.getByRole('link', { name: 'Diary' }).click()
  await fresh.page.getByRole('feed').first().getByText('dear diary').waitFor()

  await adding.getByText('It is in 1 community with you').waitFor()
  await adding.getByRole('button', { name: 'Done' }).click()
  await until('both are listed', async () => (await cardOf(old, 'Your devices').getByRole('listitem').count()) >= 2)
})

browserTest('a role of one’s own is made, given and changed', async (context) => {
  const host = await stage.visit(context, ada)
  const { page } = host
  await host.visit(at(members))
  await cardOf(host, 'Roles').getByRole('button', { name: 'Make a role' }).click()
  const making = dialogOf(host, 'Make a role')
  await making.getByLabel('Its name').fill('admin')
  await making.getByText('There is a role of this name already.').waitFor()
  await making.getByLabel('Its name').fill('Gate keeper')
  await making.getByLabel('Let people in who ask').check()
  await making.getByRole('button', { name: 'Make it' }).click()
  const line = cardOf(host, 'Roles').getByRole('listitem').filter({ hasText: 'gate-keeper' }).first()
  await line.getByText('let people in who ask, write').waitFor()

  // From the top of the view: what scrolls closes a menu.
  await host.visit(at('/settings'))
  await host.visit(at(members))
  await page.getByRole('button', { name: 'More about Ben' }).click()
  await page.getByRole('menuitem', { name: 'Change the role' }).click()
  const giving = dialogOf(host, 'Role of Ben')
  await giving.getByRole('radio', { name: /gate-keeper/ }).check()
  await giving.getByRole('button', { name: 'Give the role' }).click()
  const member = await stage.visit(context, ben)
  await member.visit(at(members))
  await member.page.getByRole('button', { name: 'By a code' }).waitFor()

  await page.getByRole('button', { name: 'Change the role gate-keeper' }).click()
  const changing = dialogOf(host, 'Change the role gate-keeper')
  await changing.getByLabel('Let people in who ask').uncheck()
  await changing.getByText('It takes something from 1 member').waitFor()
  await changing.getByRole('button', { name: 'Save' }).click()
  await member.page.getByRole('button', { name: 'By a code' }).waitFor({ state: 'detached' })
})

browserTest('a private channel gets more persons and fewer, and an open one lets guests write', async (context) => {
  const benPerson = (await ben.client.identity.get()).did
  const { id } = await ada.client.chat.createChannel(garden, { name: 'surprise', kind: 'private' })
  const host = await stage.visit(context, ada)
  const { page } = host
  const change = async (run: 'check' | 'uncheck') => {
    await page.getByRole('button', { name: 'More of surprise' }).click()
    await page.getByRole('menuitem', { name: 'Name, topic and persons' }).click()
    const dialog = dialogOf(host, 'Change the channel')
    await dialog.getByRole('checkbox', { name: /Ben/ })[run]()
    if (run === 'uncheck') await dialog.getByText('can’t read what comes after').waitFor()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
  }
  const persons = async () => (await ada.client.chat.channels(garden)).find((one) => one.id === id)?.persons ?? []
  await host.visit(`${at('/chat')}/${id}`)
  await change('check')
  assert.ok((await persons()).includes(benPerson))
  await until('Ben sees it', async () => (await ben.client.chat.channels(garden)).some((one) => one.id === id))
  await change('uncheck')
  assert.equal((await persons()).includes(benPerson), false)

  await page.getByRole('button', { name: 'New channel' }).click()
  const making = dialogOf(host, 'New channel')
  await making.getByLabel('Name').fill('gate')
  await making.getByRole('switch', { name: 'Guests may write in it, too' }).check()
  await making.getByRole('button', { name: 'Make it' }).click()
  await making.waitFor({ state: 'detached' })
  assert.equal((await ada.client.chat.channels(garden)).find(({ name }) => name === 'gate')?.guests, true)
})

browserTest('who moderates sees who is muted, and ends it', async (context) => {
  const benPerson = (await ben.client.identity.get()).did
  await ada.client.chat.mute(garden, benPerson, { reason: 'shouting' })
  const host = await stage.visit(context, ada)
  await host.visit(at())
  await host.page.getByRole('button', { name: 'Reports and mutes' }).click()
  const muted = host.page.getByRole('list', { name: 'Muted' })
  await muted.getByText('shouting').waitFor()
  await muted.getByText('until somebody ends it').waitFor()
  await muted.getByRole('button', { name: 'Let them write Ben' }).click()
  await host.page.getByText('Nobody is muted.').waitFor()
  assert.deepEqual(await ada.client.chat.mutes(garden), [])
})

browserTest('a community is exported, with how far it is, whole or not at all', async (context) => {
  const host = await stage.visit(context, ada)
  await host.visit(at('/settings'))
  const [download] = await Promise.all([
    host.page.waitForEvent('download'),
    host.page.getByRole('button', { name: 'Export' }).click(),
  ])
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n')
  assert.equal(JSON.parse(lines[0] ?? '').type, 'export')
  assert.equal(JSON.parse(lines.at(-1) ?? '').lines, lines.length - 1)
  assert.match(download.suggestedFilename(), /json/)

  // One that is held up shows how far it is, and is cancelled without a file.
  let downloads = 0
  host.page.on('download', () => (downloads += 1))
  await host.page.route('**/export', () => undefined)
  await host.page.getByRole('button', { name: 'Export' }).click()
  await host.page.getByRole('button', { name: 'Cancel the export' }).click()
  await host.page.getByRole('button', { name: 'Export', exact: true }).waitFor()
  assert.equal(downloads, 0)
})

browserTest('by the keyboard alone a code is made, heard and put away', async (context) => {
  const host = await stage.visit(context, ada)
  await host.visit(at(members))
  await host.page.getByRole('button', { name: 'By a code' }).waitFor()
  await tabTo(host.page, /^By a code$/)
  await host.page.keyboard.press('Enter')
  await dialogOf(host, byCode).waitFor()
  await tabTo(host.page, /^Make the code$/)
  await host.page.keyboard.press('Enter')
  await host.page.waitForFunction(() => /^\d+-[a-z]+-[a-z]+$/.test(document.activeElement?.textContent ?? ''))
  await tabTo(host.page, /^Cancel the code$/)
  await host.page.keyboard.press('Enter')
  await dialogOf(host, byCode).getByRole('button', { name: 'Make the code' }).waitFor()
  await host.page.keyboard.press('Escape')
  await dialogOf(host, byCode).waitFor({ state: 'detached' })
  assert.equal(await host.page.evaluate(() => document.activeElement?.textContent), 'By a code')
})

for (const scheme of ['light', 'dark'] as const) {
  browserTest(`every way in has names, structure and contrast in ${scheme} mode`, async (context) => {
    const watched = await stage.visit(context, ada, { scheme })
    const { page } = watched
    const look = async (what: string) => assert.deepEqual(await findBarriers(watched), [], what)
    await watched.visit(at(members))
    await page.getByRole('button', { name: 'Request link' }).click()
    await page.getByRole('img', { name: /QR code/ }).waitFor()
    await look('the request link')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'By a code' }).click()
    await makeCode(watched, byCode)
    await look('a code')
    await dialogOf(watched, byCode).getByRole('button', { name: 'Cancel the code' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Make a role' }).click()
    await look('a role')
    await page.keyboard.press('Escape')
    await watched.visit('#/communities')
    await page.getByRole('main').getByRole('button', { name: 'I was told a code' }).click()
    await look('entering a code')
    await page.keyboard.press('Escape')
    await watched.visit('#/settings')
    await cardOf(watched, 'Your devices').getByText('this computer', { exact: true }).waitFor()
    await look('the settings')
    for (const name of ['Add a device', 'Add this computer']) {
      await page.getByRole('button', { name }).click()
      await look(name)
      await page.keyboard.press('Escape')
    }
  })
}

browserTest('on a phone nothing of it scrolls sideways', async (context) => {
  const watched = await stage.visit(context, ada, { width: 360 })
  const { page } = watched
  const overhang = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  for (const place of [at(members), '#/communities', '#/settings']) {
    await watched.visit(place)
    assert.ok((await overhang()) <= 0, place)
  }
  await watched.visit(at(members))
  await page.getByRole('button', { name: 'By a code' }).click()
  await makeCode(watched, byCode)
  const dialog = dialogOf(watched, byCode)
  assert.ok((await dialog.evaluate((element) => element.scrollWidth - element.clientWidth)) <= 0)
  await dialog.getByRole('button', { name: 'Cancel the code' }).click()
})
