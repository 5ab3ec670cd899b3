// Which part of a long list stands in the document: what is near the eye, between two empty spaces as high as all the
// rest. Pure. Heights of pages that were never drawn are guessed; when one is measured, the scroller keeps its anchor
// (scroller.tsx), so that nothing moves under the eye.

export interface Window {
  /** Pages [from, to) are drawn. */
  readonly from: number
  readonly to: number
  /** Heights in px of the spaces that stand for what is not. */
  readonly above: number
  readonly below: number
}

export interface View {
  readonly top: number
  readonly height: number
  /** How far beyond its edges pages are drawn, in px. */
  readonly margin: number
}

export function windowOf(heights: readonly number[], view: View): Window {
  const total = heights.reduce((sum, height) => sum + height, 0)
  const end = view.top + view.height + view.margin
  // Beyond the end of the list (it has become shorter), the last pages are what is near.
  const start = Math.min(view.top, Math.max(0, total - view.height)) - view.margin
  let from = 0
  let above = 0
  while (from < heights.length - 1 && above + heightAt(heights, from) <= start) {
    above += heightAt(heights, from)
    from += 1
  }
  let to = from
  let bottom = above
  while (to < heights.length && (bottom < end || to === from)) {
    bottom += heightAt(heights, to)
    to += 1
  }
  return { from, to, above, below: Math.max(0, total - bottom) }
}

/**
 * The window to draw where `drawn` stands: that one, as long as it has what is near and not much more. So a fraction of a
 * pixel does not decide between two windows, each of which would move the anchor to where the other is wanted. Where nothing
 * of what is seen is drawn yet, just that comes first: what is near it can wait for the next frame.
 */
export function nextWindow(heights: readonly number[], view: View, drawn: Window | undefined): Window {
  const seen = windowOf(heights, { ...view, margin: 0 })
  if (drawn === undefined || drawn.to <= seen.from || drawn.from >= seen.to) return seen
  const near = windowOf(heights, { ...view, margin: view.margin / 2 })
  const far = windowOf(heights, { ...view, margin: view.margin * 2 })
  if (!isWithin(near, drawn) || !isWithin(drawn, far)) return windowOf(heights, view)
  const sum = (from: number, to: number) => heights.slice(from, to).reduce((total, height) => total + height, 0)
  return { from: drawn.from, to: drawn.to, above: sum(0, drawn.from), below: sum(drawn.to, heights.length) }
}

function heightAt(heights: readonly number[], at: number): number {
  return heights[at] ?? 0
}

export function isWithin(inner: Window, outer: Window): boolean {
  return inner.from >= outer.from && inner.to <= outer.to
}

/** Spaces that differ by less than a pixel are the same: heights are measured with their fractions. */
export function isSameWindow(a: Window, b: Window): boolean {
  return a.from === b.from && a.to === b.to && Math.abs(a.above - b.above) < 1 && Math.abs(a.below - b.below) < 1
}

/** What a message takes until one was measured, in px. */
const messageHeightGuess = 64

/** Heights of all pages: measured where they were, else by what messages have taken so far. */
export function heightsOf(
  pages: readonly { readonly key: number; readonly messages: readonly unknown[] }[],
  measured: ReadonlyMap<number, number>,
): number[] {
  let [height, messages] = [0, 0]
  for (const page of pages) {
    const known = measured.get(page.key)
    if (known === undefined) continue
    height += known
    messages += page.messages.length
  }
  const each = messages === 0 ? messageHeightGuess : height / messages
  return pages.map((page) => measured.get(page.key) ?? Math.round(each * page.messages.length))
}
