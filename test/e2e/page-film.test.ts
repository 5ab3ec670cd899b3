// A film that plays in the page while it arrives, through a gate that lets as little through as the test says: the player
// asks the daemon for ranges, the daemon fetches what the player waits for before anything else.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Page, Response } from 'playwright-core'
import type { WatchedPage } from '../support/browser.ts'
import type { Peer } from '../support/daemon.ts'
import { makeFilm } from './film.ts'
import { createGate } from './gate.ts'
import { blocksHere, farthestFrom, feedUntil, throughGate } from './page-arrival.ts'
import { browserTest, itemOf, setStage, shareFile } from './page-support.ts'
import { mebibyte, until } from './support.ts'

/** Of the film; each is a mebibyte, and so a block. */
const seconds = 32
/** Blocks that may come before one that a player asks for, and right after it. */
const aheadMax = 6
let ada: Peer
let bo: Peer
const stage = setStage(async ({ start }) => {
  ;[ada, bo] = await Promise.all([start(), start()])
})

interface Screen {
  /** As HTMLMediaElement says: from 2 on there is a picture at the present place. */
  readonly readyState: number
  readonly duration: number
  readonly currentTime: number
  readonly width: number
  readonly isSeeking: boolean
  readonly hasEnded: boolean
}

/** What the player in the page shows now; undefined while there is none. Throws what the player says is wrong. */
async function look(page: Page): Promise<Screen | undefined> {
  const found = await page.evaluate(() => {
    const video = document.querySelector('video')
    if (video === null) return undefined
    const { readyState, duration, currentTime, videoWidth: width, seeking: isSeeking, ended: hasEnded } = video
    return { readyState, duration, currentTime, width, isSeeking, hasEnded, problem: video.error?.message }
  })
  assert.equal(found?.problem, undefined)
  return found
}

function seek(page: Page, second: number): Promise<void> {
  return page.evaluate((to) => {
    const video = document.querySelector('video')
    if (video !== null) video.currentTime = to
  }, second)
}

function play(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const video = document.querySelector('video')
    if (video === null) return
    video.muted = true
    await video.play()
  })
}

/** The second of the film at which each answer with a part of it begins. */
function followParts({ page }: WatchedPage, film: Buffer): number[] {
  const parts: number[] = []
  page.on('response', (response: Response) => {
    if (!response.url().includes('/content/') || response.status() !== 206) return
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers()['content-range'] ?? '') ?? []
    assert.equal(Number(total), film.length)
    parts.push(Math.floor(Number(start) / mebibyte))
  })
  return parts
}

browserTest('a film plays while it arrives: what the player asks for comes first', async (context) => {
  const film = makeFilm(seconds, mebibyte)
  const gate = await createGate(ada.addresses[0] ?? '')
  context.after(() => gate.close())
  const link = throughGate(await shareFile(ada, stage.write('film.webm', film)), gate)
  const { downloads } = await bo.client.settings.get()
  const watched = await stage.visit(context, bo)
  const { page } = watched
  const parts = followParts(watched, film)

  const { id } = await bo.client.transfers.add({ link })
  const transfer = () => bo.client.transfers.get(id)
  await feedUntil(gate, 'the first blocks are here', async () => (await transfer()).bytesDone >= 2 * mebibyte)
  await watched.visit('#/transfers')
  await itemOf(watched, 'film.webm').getByRole('link', { name: 'Open film.webm' }).click()
  await feedUntil(gate, 'there is a picture', async () => ((await look(page))?.readyState ?? 0) >= 2)
  const first = await look(page)
  assert.deepEqual([first?.duration, first?.width, first?.currentTime], [seconds, 64, 0])

  for (let seeks = 0; seeks < 3; seeks++) {
    const before = blocksHere(downloads, film)
    // With some of the film left after it.
    const second = farthestFrom(before, seconds - 3)
    await seek(page, second)
    await feedUntil(gate, `there is a picture at ${second} s`, async () => {
      const screen = await look(page)
      return screen !== undefined && !screen.isSeeking && screen.readyState >= 2 && screen.currentTime >= second
    })
    const came = blocksHere(downloads, film).filter((one) => !before.includes(one))
    assert.ok(came.includes(second), `second ${second} came: ${came}`)
    // What was asked of the other peer before the seek comes all the same; nothing else goes before it.
    assert.ok(came.length <= aheadMax, `only what was under way came before ${second}: ${came}`)
    assert.ok(parts.includes(second), `the player was answered from ${second} s on: ${parts}`)
  }

  await play(page)
  const from = (await look(page))?.currentTime ?? 0
  await feedUntil(gate, 'it plays', async () => ((await look(page))?.currentTime ?? 0) > from + 0.5)
  const { state, bytesDone } = await transfer()
  assert.equal(state, 'transferring')
  assert.ok(bytesDone < film.length / 2, `${bytesDone} bytes of ${film.length} are here`)

  gate.open()
  await until('all of it is here', async () => (await transfer()).state === 'done', 60_000)
  await seek(page, seconds - 1)
  await play(page)
  await until('it plays to its end', async () => (await look(page))?.hasEnded === true)
  assert.ok(readFileSync((await transfer()).path ?? '').equals(film))
})
