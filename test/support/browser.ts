// A real browser for tests of the page: Debian's Chromium, headless, kept from talking to anybody but the daemon.
// Every page writes down what must not happen (errors on the console, requests to elsewhere) for the test to assert on.

import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core'

const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)

/** Why browser tests are skipped on this machine; false when they are not. */
export const browserMissing: string | false =
  program === undefined ? 'Chromium is not installed: run scripts/install-test-tools.sh' : false

/** How long anything in a page may take to show, in ms: well under a second here, more on a busy machine. */
const shownMsMax = 20_000

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Of what lies inside the browser, such as its viewer for PDF: whoever asks for that asks nobody else. */
const ownProtocols: ReadonlySet<string> = new Set(['chrome:', 'chrome-extension:'])

export function launchBrowser(): Promise<Browser> {
  if (program === undefined) throw new Error('Chromium is not installed')
  return chromium.launch({ executablePath: program, headless: true, args: quiet })
}

export interface PageOptions {
  readonly width?: number
  readonly scheme?: 'light' | 'dark'
  /** Opened without the key to the daemon. */
  readonly barred?: boolean
}

export interface WatchedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** What went wrong so far: errors on the console, exceptions, requests to anybody but the daemon. */
  readonly complaints: readonly string[]
  /** Opens a place of the page, as its navigation does. */
  visit(hash: string): Promise<void>
  close(): Promise<void>
}

interface Daemon {
  readonly api: string
  readonly token: string
  /** Left out: the page may look, but not confirm. */
  readonly confirmKey?: string
}

/** Opens the page of a daemon in a browser profile of its own. */
export async function openPage(browser: Browser, daemon: Daemon, options: PageOptions = {}): Promise<WatchedPage> {
  const { width = 1280, scheme = 'light', barred = false } = options
  const viewport = { width, height: 860 }
  const context = await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: 'reduce' })
  context.setDefaultTimeout(shownMsMax)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const complaints: string[] = []
  await context.route('**/*', (route) => {
    const { origin, protocol } = new URL(route.request().url())
    if (origin === daemon.api || ownProtocols.has(protocol)) return route.continue()
    complaints.push(`request to ${route.request().url()}`)
    return route.abort()
  })
  const page = seeing(await context.newPage())
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  const confirm = daemon.confirmKey === undefined ? '' : `&confirm=${daemon.confirmKey}`
  await page.goto(barred ? daemon.api : `${daemon.api}/?token=${daemon.token}${confirm}`)
  if (!barred) await page.locator('h1').waitFor()
  return {
    page,
    context,
    complaints,
    async visit(hash) {
      await page.evaluate((to) => {
        location.hash = to
      }, hash)
      await page.locator('h1').waitFor()
    },
    close: () => context.close(),
  }
}

/**
 * Looks for text among what is to be seen. What happens is said to screen readers, too, in a line of the page and of each dialog that
 * nobody sees (web/src/ui/live.tsx): for some seconds, a moment later, everything that is announced would be there twice.
 */
export function seeing<Scope extends Page | Locator>(scope: Scope): Scope {
  const anywhere = scope.getByText.bind(scope)
  const page = 'page' in scope ? scope.page() : scope
  scope.getByText = (text, options) =>
    anywhere(text, options).and(page.locator(':not(.visually-hidden[role="status"])'))
  return scope
}

/** Drags files or folders of this computer over the page and drops them, as the browser's own drag and drop does. */
export async function dropFiles({ page, context }: WatchedPage, paths: readonly string[]): Promise<void> {
  const session = await context.newCDPSession(page)
  const data = { items: [], files: [...paths], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 640, y: 400, data })
  }
  await session.detach()
}

/** Presses Tab until the focus is on what has this name. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const tabsMax = 80
  for (let tabs = 0; tabs < tabsMax; tabs++) {
    await page.keyboard.press('Tab')
    if (name.test(await page.evaluate(focusedName))) return
  }
  throw new Error(`Tab never reaches ${name}`)
}

/** Runs in the page. */
function focusedName(): string {
  const element = document.activeElement
  if (!(element instanceof HTMLElement)) return ''
  const labels = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? element.labels : null
  return element.ariaLabel ?? labels?.[0]?.textContent ?? element.textContent ?? ''
}
