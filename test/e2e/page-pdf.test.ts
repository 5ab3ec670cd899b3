// A PDF that opens in the page while it arrives, in the viewer that the browser has for it. The gate lets as little
// through as the test says.
//
// Chromium's viewer reads a file from its beginning to its end and draws when it has all of it; Firefox's asks for the
// beginning, the end, and the pages that are looked at. Both ways of reading have to bring what they wait for first: the
// first is Chromium's own, the second is followed here step by step, with requests that the page sends.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Frame, Page } from 'playwright-core'
import type { WatchedPage } from '../support/browser.ts'
import type { Peer } from '../support/daemon.ts'
import { createGate, type Gate } from './gate.ts'
import { blocksHere, farthestFrom, feedFor, feedUntil, throughGate } from './page-arrival.ts'
import { browserTest, itemOf, setStage, shareFile } from './page-support.ts'
import { makePdf, pageColour, pageObject } from './pdf.ts'
import { mebibyte, until } from './support.ts'

const pages = 30
/** Blocks that may come before one that a reader asks for, and right after it. */
const aheadMax = 6
let ada: Peer
let bo: Peer
const stage = setStage(async ({ start }) => {
  ;[ada, bo] = await Promise.all([start(), start()])
})

interface Part {
  readonly status: number
  readonly contentRange: string | null
  readonly text: string
}

/** Asks the daemon for a part of a file, as a viewer in the page does. Bytes come back as the characters of latin1. */
function readPart(page: Page, url: string, range: string): Promise<Part> {
  return page.evaluate(
    async ([address, wanted]) => {
      const answer = await fetch(address, { headers: { range: wanted }, cache: 'no-store' })
      const text = new TextDecoder('x-user-defined').decode(await answer.arrayBuffer())
      return { status: answer.status, contentRange: answer.headers.get('content-range'), text }
    },
    [url, range] as const,
  )
}

/** Where an object of the file begins, told by the table that its end points to. */
async function placeOf(page: Page, url: string, object: number): Promise<number> {
  const end = await readPart(page, url, 'bytes=-1024')
  const [, start = ''] = /startxref\n(\d+)\n%%EOF\n$/.exec(end.text) ?? []
  const table = await readPart(page, url, `bytes=${start}-`)
  const [, ...lines] = table.text.split('\n').slice(1)
  return Number(lines[object]?.slice(0, 10))
}

function viewerOf(page: Page): Frame | undefined {
  return page.frames().find((frame) => frame.url().startsWith('chrome-extension:'))
}

/** How much of what the viewer shows has the colour that every page has, from 0 to 1. */
async function colouredPart({ page, context }: WatchedPage): Promise<number> {
  const picture = (await page.locator('iframe').screenshot()).toString('base64')
  const wanted = [pageColour.red, pageColour.green, pageColour.blue].map((part) => Math.round(part * 255))
  const blank = await context.newPage()
  try {
    return await blank.evaluate(
      async ([data, colour]) => {
        const image = new Image()
        image.src = `data:image/png;base64,${data}`
        await image.decode()
        const brush = new OffscreenCanvas(image.width, image.height).getContext('2d')
        brush?.drawImage(image, 0, 0)
        const pixels = brush?.getImageData(0, 0, image.width, image.height).data ?? new Uint8ClampedArray()
        let same = 0
        for (let at = 0; at < pixels.length; at += 4) {
          if (colour.every((part, channel) => Math.abs(part - (pixels[at + channel] ?? 0)) <= 2)) same += 1
        }
        return (same * 4) / pixels.length
      },
      [picture, wanted] as const,
    )
  } finally {
    await blank.close()
  }
}

/** Opens the file in the page, and checks what the daemon says about it to the viewer. */
async function openInPage({ page, visit }: WatchedPage, item: ReturnType<typeof itemOf>): Promise<string> {
  await visit('#/transfers')
  const answer = page.waitForResponse((response) => response.request().resourceType() === 'document')
  await item.getByRole('link', { name: 'Open report.pdf' }).click()
  const response = await answer
  const headers = response.headers()
  assert.equal(response.status(), 200)
  assert.equal(headers['content-type'], 'application/pdf')
  assert.equal(headers['accept-ranges'], 'bytes')
  assert.match(headers['content-disposition'] ?? '', /^inline;/)
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.match(headers['content-security-policy'] ?? '', /frame-ancestors 'self'/)
  return response.url()
}

/** Reads a page of the document as a viewer does that asks for parts; what it waits for comes before anything else. */
async function readPage(page: Page, url: string, gate: Gate, { folder, pdf }: { folder: string; pdf: Buffer }) {
  const last = Math.floor(pdf.length / mebibyte)
  const before = blocksHere(folder, pdf)
  const wanted = farthestFrom(before, pages - 3)
  const place = await feedFor(gate, 'the end is here', placeOf(page, url, pageObject(wanted)))
  assert.ok(
    pdf
      .subarray(place)
      .toString('latin1', 0, 40)
      .startsWith(`${pageObject(wanted)} 0 obj\n`),
  )
  const afterEnd = blocksHere(folder, pdf).filter((block) => !before.includes(block))
  assert.ok(afterEnd.includes(last), `the last block came: ${afterEnd}`)
  assert.ok(afterEnd.length <= aheadMax, `only what was under way came before the end: ${afterEnd}`)

  const range = `bytes=${place}-${place + mebibyte - 1}`
  const part = await feedFor(gate, `page ${wanted} is here`, readPart(page, url, range))
  assert.deepEqual([part.status, part.contentRange], [206, `${range.replace('=', ' ')}/${pdf.length}`])
  assert.match(part.text, new RegExp(`^${pageObject(wanted)} 0 obj\n<< /Type /Page `))
  const afterPage = blocksHere(folder, pdf).filter((block) => !before.includes(block) && !afterEnd.includes(block))
  assert.ok(afterPage.length <= aheadMax, `only what was under way came before page ${wanted}: ${afterPage}`)
}

browserTest('a PDF opens in the page while it arrives: what its reader asks for comes first', async (context) => {
  const pdf = makePdf(pages)
  const gate = await createGate(ada.addresses[0] ?? '')
  context.after(() => gate.close())
  const link = throughGate(await shareFile(ada, stage.write('report.pdf', pdf)), gate)
  const { downloads: folder } = await bo.client.settings.get()
  const watched = await stage.visit(context, bo)
  const { page } = watched
  const { id } = await bo.client.transfers.add({ link })
  const transfer = () => bo.client.transfers.get(id)
  await feedUntil(gate, 'the first blocks are here', async () => (await transfer()).bytesDone >= 2 * mebibyte)

  const before = blocksHere(folder, pdf)
  const url = await openInPage(watched, itemOf(watched, 'report.pdf'))
  await page.getByText('Still arriving').waitFor()
  const beginning = [0, 1, 2, 3]
  await feedUntil(gate, 'the beginning is here', async () => {
    const here = blocksHere(folder, pdf)
    return viewerOf(page) !== undefined && beginning.every((block) => here.includes(block))
  })
  const came = blocksHere(folder, pdf).filter((block) => !before.includes(block) && !beginning.includes(block))
  assert.ok(came.length <= aheadMax, `only what was under way came before the beginning: ${came}`)
  assert.ok((await colouredPart(watched)) < 0.01, 'the viewer waits')

  await readPage(page, url, gate, { folder, pdf })
  const { state, bytesDone } = await transfer()
  assert.equal(state, 'transferring')
  assert.ok(bytesDone < (pdf.length * 2) / 3, `${bytesDone} bytes of ${pdf.length} are here`)

  gate.open()
  await until('all of it is here', async () => (await transfer()).state === 'done', 60_000)
  await until('the viewer shows the first page', async () => (await colouredPart(watched)) > 0.1, 20_000)
  await page.getByText('Still arriving').waitFor({ state: 'detached' })
  assert.ok(readFileSync((await transfer()).path ?? '').equals(pdf))
})
