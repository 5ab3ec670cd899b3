// Whether a channel of 100,000 messages stops the page: a real browser (Chromium) shows it, from a real daemon. Scrolls back by
// wheel and by Page Up, jumps, searches letter by letter, and opens what was found far back; then the same gestures on an empty
// page in the same browser, so that the machine's own stutter is known. Of tasks it prints the longest of each round in ms, by
// the processor and by the clock, in which a busy machine puts tasks aside; and how many there were of 50 ms and more.
//
//   node bench/scroll.ts [--entries 125000] [--messages 20000] [--rounds 3] [--home FOLDER]
//
// Making the community takes half a minute; `--home` keeps it, or takes one that was kept.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Browser, Locator, Page } from 'playwright-core'
import type { FoundMessage } from '../src/sdk/types.ts'
import { browserMissing, launchBrowser, openPage } from '../test/support/browser.ts'
import { type MadeFacts, makeHome } from '../test/support/community-home.ts'
import { type Daemon, startDaemon } from './daemon.ts'
import { until } from './processes.ts'
import { type Measured, watchPage } from './scroll-page.ts'
import { type Task, traceTasks } from './scroll-trace.ts'
import { median, table } from './table.ts'

const general = '0'.repeat(32)
const wheelPx = 1_500
/** A turn of the wheel every other frame. */
const wheelEveryMs = 32
const letterEveryMs = 130
/** A page that takes longer than this for all of its scrolling is measured as far as it came. */
const scrollMsMax = 300_000

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '125000' },
    messages: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    home: { type: 'string' },
  },
})

/** What was measured while one did something. */
interface Phase extends Measured {
  readonly tasks: readonly Task[]
}

/** By name. */
type Phases = Map<string, Phase>

async function measure(browser: Browser, page: Page, work: () => Promise<void>): Promise<Phase> {
  await page.evaluate(() => window.takeMeasured())
  const traced = await traceTasks(browser, page)
  await work()
  // Entries of what an input brought come after it.
  await wait(300)
  const measured = await page.evaluate(() => window.takeMeasured())
  return { ...measured, tasks: await traced() }
}

async function wheel(page: Page, turns: number, px: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await page.mouse.wheel(0, px)
    await wait(wheelEveryMs)
  }
}

async function press(page: Page, key: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    await page.keyboard.press(key)
    await wait(wheelEveryMs * 2)
  }
}

/** How many messages are newer than the first that is in view. */
async function depth(page: Page, { sdk }: Daemon, id: string): Promise<number> {
  const first = await page.evaluate(() => {
    const top = document.querySelector('.scroller')?.getBoundingClientRect().top ?? 0
    const messages = [...document.querySelectorAll<HTMLElement>('[data-message]')]
    return messages.find((one) => one.getBoundingClientRect().bottom > top)?.dataset.message
  })
  let newer = 0
  for (let before: string | null = ''; before !== null; ) {
    const mark: string = before
    const read = await sdk.chat.messages(id, general, { limit: 200, ...(mark === '' ? {} : { before: mark }) })
    const at = read.messages.findIndex((message) => message.id === first)
    if (at >= 0) return newer + read.messages.length - at
    newer += read.messages.length
    before = read.before
  }
  return Number.NaN
}

/** A word that was said long ago, and few times; the last of what is found by it is far back. */
async function rareWord({ sdk }: Daemon, id: string, sinceMs: number): Promise<string> {
  for (let index = 7_900; index > 4_000; index -= 7) {
    const word = `w${index.toString(36)}${'aeiou'[index % 5]}`
    const found: readonly FoundMessage[] = await sdk.chat.search(id, word, { limit: 100 })
    const last = found.at(-1)?.message
    if (found.length < 100 && last !== undefined && last.sentMs < sinceMs && last.thread === null) return word
  }
  throw new Error('no word is rare')
}

async function jump(page: Page, feed: Locator): Promise<void> {
  await press(page, 'Home', 3)
  await press(page, 'End', 1)
  await wait(500)
  await press(page, 'Home', 2)
  for (const share of [0.1, 0.7, 0.3, 0.5, 0.9, 0.2]) {
    await feed.evaluate((element, to) => element.scrollTo(0, element.scrollHeight * to), share)
    await wait(250)
  }
  await page.getByRole('button', { name: 'To the newest' }).click()
}

async function typeSlowly(field: Locator, word: string, everyMs: number): Promise<void> {
  for (const letter of word) {
    await field.pressSequentially(letter)
    await wait(everyMs)
  }
}

interface Round {
  readonly phases: Phases
  readonly scrolled: number
  readonly found: number
  readonly openedMs: number
}

async function round(browser: Browser, daemon: Daemon, facts: MadeFacts, word: string): Promise<Round> {
  const { community: id } = facts
  const watched = await openPage(browser, daemon)
  const { page } = watched
  const phases: Phases = new Map()
  const older = countOlder(page)
  const during = async (name: string, work: () => Promise<void>) => {
    phases.set(name, await measure(browser, page, work))
  }
  const feed = page.locator('.scroller')
  const search = page.getByRole('complementary', { name: 'Search' })
  const results = search.getByRole('list', { name: 'Found messages' }).getByRole('button')
  try {
    await page.addInitScript(watchPage)
    await page.reload()
    await page.locator('h1').waitFor()
    await during('open the channel', async () => {
      await watched.visit(`#/communities/${id}`)
      await feed.locator('[data-message]').last().waitFor()
    })
    await during('scroll back by wheel', async () => {
      await feed.hover()
      const startMs = performance.now()
      while (older() < Number(values.messages) && performance.now() - startMs < scrollMsMax) {
        await wheel(page, 25, -wheelPx)
      }
    })
    const scrolled = await depth(page, daemon, id)
    await during('Page Up, Page Down', async () => {
      await feed.focus()
      await press(page, 'PageUp', 40)
      await press(page, 'PageDown', 40)
    })
    await during('Home, End, scroll bar', () => jump(page, feed))
    await during('search, letter by letter', async () => {
      await page.getByRole('button', { name: 'Search' }).click()
      const field = search.getByLabel('Words')
      await typeSlowly(field, word, letterEveryMs)
      await field.fill('')
      await typeSlowly(field, word, letterEveryMs * 4)
    })
    let openedMs = Number.NaN
    await during('open what was found', async () => {
      const clickedMs = performance.now()
      await results.last().click()
      await page.locator('.message-sought').waitFor()
      openedMs = performance.now() - clickedMs
    })
    const found = await depth(page, daemon, id)
    await during('scroll there, and to the newest', async () => {
      await feed.hover()
      await wheel(page, 60, -wheelPx)
      await wheel(page, 60, wheelPx)
      await results.first().click()
      await wait(1_000)
      await page.getByRole('button', { name: 'To the newest' }).click()
      await wait(1_000)
    })
    if (watched.complaints.length > 0) throw new Error(watched.complaints.join('\n'))
    return { phases, scrolled, found, openedMs }
  } finally {
    await watched.close()
  }
}

/** How many messages the page has asked for so far, that lie before those that it held. */
function countOlder(page: Page): () => number {
  let messages = 0
  page.on('request', (request) => {
    const query = new URL(request.url()).searchParams
    if (query.has('before')) messages += Number(query.get('limit'))
  })
  return () => messages
}

/** The same wheel and keys where nothing is drawn. */
async function baseline(browser: Browser): Promise<Phase> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } })
  try {
    const page = await context.newPage()
    await page.addInitScript(watchPage)
    await page.goto('data:text/html,<div style="height:2000000px"></div>')
    await page.evaluate(() => scrollTo(0, 1_900_000))
    return await measure(browser, page, async () => {
      await page.mouse.move(400, 400)
      await wheel(page, 300, -wheelPx)
      await press(page, 'PageUp', 40)
    })
  } finally {
    await context.close()
  }
}

function percentile(from: readonly number[], share: number): number {
  const sorted = [...from].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const ms = (value: number) => `${Math.round(value)} ms`

const longMs = 50

/** Medians over rounds; of the longest task each round's, since a single one is what matters. */
function row(name: string, rounds: readonly Phase[]): string[] {
  const longest = (of: (task: Task) => number) => {
    return rounds.map(({ tasks }) => Math.round(Math.max(0, ...tasks.map(of)))).join(', ')
  }
  const long = (of: (task: Task) => number) => {
    return rounds.map(({ tasks }) => tasks.filter((task) => of(task) >= longMs).length).join(', ')
  }
  return [
    ...[name, longest(({ processor }) => processor), long(({ processor }) => processor)],
    ...[longest(({ clock }) => clock), long(({ clock }) => clock)],
    ms(median(rounds.map(({ gaps }) => percentile(gaps, 0.99)))),
    ms(median(rounds.map(({ inputs }) => percentile(inputs, 0.99)))),
    String(Math.round(median(rounds.map(({ nodes }) => nodes)))),
    `${Math.round(median(rounds.map(({ heapBytes }) => heapBytes)) / 1e6)} MB`,
  ]
}

async function main(folder: string): Promise<void> {
  const madeAt = join(folder, 'made.json')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(madeAt)) {
    writeFileSync(madeAt, JSON.stringify(await makeHome(folder, Number(values.entries), { isOneChannel: true })))
  }
  const facts = JSON.parse(readFileSync(madeAt, 'utf8')) as MadeFacts
  const daemon = await startDaemon(folder)
  const browser = await launchBrowser()
  try {
    await until('all is read', async () => {
      const { reading } = await daemon.sdk.communities.get(facts.community)
      return reading === null ? true : undefined
    })
    const { messages } = await daemon.sdk.chat.messages(facts.community, general, { limit: 1 })
    const lastMs = messages[0]?.sentMs ?? 0
    const word = await rareWord(daemon, facts.community, lastMs - facts.entries * 400)
    const rounds: Round[] = []
    const empty: Phase[] = []
    for (let at = 0; at < Number(values.rounds); at++) {
      rounds.push(await round(browser, daemon, facts, word))
      empty.push(await baseline(browser))
    }
    const names = [...(rounds[0]?.phases.keys() ?? [])]
    const of = (name: string) => rounds.flatMap(({ phases }) => phases.get(name) ?? [])
    const head = [
      'what',
      'longest task',
      '≥ 50 ms',
      'by the clock',
      '≥ 50 ms',
      'frames 99 %',
      'input 99 %',
      'nodes',
      'heap',
    ]
    const searches = rounds.flatMap(({ phases }) => phases.get('search, letter by letter')?.searches ?? [])
    console.log(`${facts.entries.toLocaleString('en')} entries in one channel, ${rounds.length} rounds
scrolled back over ${rounds.map(({ scrolled }) => scrolled.toLocaleString('en')).join(', ')} messages
from a key to what was found: median ${ms(median(searches))}, slowest ${ms(Math.max(...searches))} (of which 200 ms wait for the next key)
a message ${median(rounds.map(({ found }) => found)).toLocaleString('en')} back, from click to being seen: ${ms(median(rounds.map(({ openedMs }) => openedMs)))}`)
    console.log(table(head, [...names.map((name) => row(name, of(name))), row('an empty page', empty)]))
  } finally {
    await browser.close()
    await daemon.stop()
  }
}

if (browserMissing !== false) {
  console.log(`Not measured: ${browserMissing}.`)
} else {
  const folder = values.home ?? mkdtempSync(join(tmpdir(), 'peerhood-scroll-'))
  try {
    await main(folder)
  } finally {
    if (values.home === undefined) rmSync(folder, { recursive: true, force: true })
  }
}
