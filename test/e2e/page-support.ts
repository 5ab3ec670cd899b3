// What the tests of the page share: one Chromium for the file, daemons to stand behind the page, and the ways to find
// what a person would look for. Without Chromium every test is skipped, by name.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import type { Browser, Locator } from 'playwright-core'
import {
  browserMissing,
  launchBrowser,
  openPage,
  type PageOptions,
  seeing,
  type WatchedPage,
} from '../support/browser.ts'
import { createPeers, type Peer, type Peers } from '../support/daemon.ts'

const testMsMax = 120_000

export interface Stage {
  readonly peers: Peers
  browser(): Browser
  /** A daemon that puts what it fetches into a folder of the test. */
  start(): Promise<Peer>
  /** The page of a peer; when the test ends, nothing may have gone wrong in it. */
  visit(context: TestContext, peer: Peer, options?: PageOptions): Promise<WatchedPage>
  /** Writes a file into a folder of its own, and gives its path. */
  write(name: string, content: string | Uint8Array): string
}

/** Call it once, at the top of a test file: it starts the browser before the tests and ends everything after them. */
export function setStage(prepare: (stage: Stage) => Promise<unknown>): Stage {
  const peers = createPeers()
  let browser: Browser | undefined

  const stage: Stage = {
    peers,
    browser() {
      assert.ok(browser !== undefined, 'the browser runs')
      return browser
    },
    async start() {
      const peer = await peers.start()
      await peer.client.settings.change({ downloads: peers.folder() })
      return peer
    },
    async visit(context, peer, options) {
      const watched = await openPage(stage.browser(), peer, options)
      context.after(async () => {
        await watched.close()
        assert.deepEqual(watched.complaints, [])
      })
      return watched
    },
    write(name, content) {
      const path = join(peers.folder(), name)
      writeFileSync(path, content)
      return path
    },
  }

  before(async () => {
    if (browserMissing !== false) return
    browser = await launchBrowser()
    await prepare(stage)
  })
  after(async () => {
    await browser?.close()
    await peers.stop()
  })
  return stage
}

export function browserTest(name: string, run: (context: TestContext) => Promise<void>): void {
  test(`page: ${name}`, { skip: browserMissing, timeout: testMsMax }, run)
}

/** Shares a file on the command line's side, and resolves with the link. */
export async function shareFile(peer: Peer, path: string): Promise<string> {
  const { id } = await peer.client.shares.add({ path })
  const { link } = await peer.client.shares.ready(id)
  assert.ok(link !== null)
  return link
}

export const dialogOf = ({ page }: WatchedPage, name: string): Locator => seeing(page.getByRole('dialog', { name }))

export const itemOf = ({ page }: WatchedPage, name: string): Locator =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })

export const cardOf = ({ page }: WatchedPage, name: string): Locator => page.getByRole('region', { name, exact: true })
/** What went wrong in a page, but for the line that browsers write to the console for every refused request. */
export function defectsOf({ complaints }: WatchedPage): string[] {
  return complaints.filter((line) => !line.includes('Failed to load resource'))
}
