// An automatic look at a page's accessibility: names (as Chromium's own accessibility tree computes them), structure, and
// the contrast of every text as it is drawn. It finds what a machine can find; it does not replace using a screen reader.

import type { Page } from 'playwright-core'
import type { WatchedPage } from './browser.ts'

const interactiveRoles: ReadonlySet<string> = new Set([
  'button',
  'link',
  'textbox',
  'checkbox',
  'switch',
  'radio',
  'combobox',
  'slider',
  'progressbar',
  'DisclosureTriangle',
  'image',
  'dialog',
  'table',
])

/** Everything that is wrong, a line each. */
export async function findBarriers(watched: WatchedPage): Promise<string[]> {
  const [nameless, structure, faint] = await Promise.all([
    findNameless(watched),
    watched.page.evaluate(findStructureFaults),
    findFaintText(watched.page),
  ])
  return [...nameless, ...structure, ...faint]
}

async function findNameless({ page, context }: WatchedPage): Promise<string[]> {
  const session = await context.newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  await session.detach()
  return nodes
    .filter(({ ignored, role, name }) => !ignored && interactiveRoles.has(role?.value) && !name?.value?.trim())
    .map(({ role, backendDOMNodeId }) => `a ${role?.value} without a name (node ${backendDOMNodeId})`)
}

/** Runs in the page. */
function findStructureFaults(): string[] {
  const faults: string[] = []
  const count = (selector: string) => document.querySelectorAll(selector).length
  if (count('main') !== 1) faults.push(`${count('main')} main landmarks`)
  if (count('h1') !== 1) faults.push(`${count('h1')} first-level headings`)
  if (document.documentElement.lang === '') faults.push('no language')
  if (document.title === '') faults.push('no title')
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at)
  if (twice.length > 0) faults.push(`ids that stand twice: ${twice.join(', ')}`)
  for (const element of document.querySelectorAll('[tabindex]')) {
    if (Number(element.getAttribute('tabindex')) > 0) faults.push(`positive tabindex on ${element.tagName}`)
  }
  for (const attribute of ['aria-labelledby', 'aria-describedby']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      const targets = (element.getAttribute(attribute) ?? '').split(' ')
      if (targets.some((id) => document.getElementById(id) === null)) faults.push(`${attribute} points nowhere`)
    }
  }
  return faults
}

/** WCAG 2.2, 1.4.3: 4.5 for text, 3 for large text (24 px, or 18.66 px bold). What is disabled is exempt. */
function findFaintText(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 1
    canvas.height = 1
    const brush = canvas.getContext('2d', { willReadFrequently: true })

    /** Any CSS colour as [red, green, blue, alpha], 0 to 255. */
    const rgba = (colour: string): number[] => {
      if (brush === null) return []
      brush.clearRect(0, 0, 1, 1)
      brush.fillStyle = colour
      brush.fillRect(0, 0, 1, 1)
      return [...brush.getImageData(0, 0, 1, 1).data]
    }
    const luminance = (channels: number[]): number => {
      const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
        const value = channel / 255
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    /** The first opaque ground behind an element. */
    const groundOf = (element: Element): number[] => {
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        const ground = rgba(getComputedStyle(at).backgroundColor)
        if (ground[3] === 255) return ground
      }
      return [255, 255, 255, 255]
    }
    const isExempt = (element: Element): boolean =>
      element.closest(':disabled, .visually-hidden, svg, [aria-hidden="true"]') !== null || !element.checkVisibility()

    const faults = new Set<string>()
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const element = node.parentElement
      const text = node.textContent?.trim() ?? ''
      if (element === null || text === '' || isExempt(element)) continue
      const style = getComputedStyle(element)
      const [a, b] = [luminance(rgba(style.color)), luminance(groundOf(element))]
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
      const size = Number.parseFloat(style.fontSize)
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
      if (ratio < (isLarge ? 3 : 4.5)) faults.add(`“${text.slice(0, 40)}” has a contrast of ${ratio.toFixed(2)}`)
    }
    return [...faults]
  })
}
