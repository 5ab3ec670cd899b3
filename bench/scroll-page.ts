// What bench/scroll.ts measures within the page: gaps between frames, how long it takes to answer a key, and when a search
// shows what it found. Runs in the page; `watchPage` goes there as text, so it uses nothing from outside.

export interface Measured {
  /** ms between frames. */
  readonly gaps: readonly number[]
  /** From a key, a click or a turn of the wheel to the next frame painted after it, in ms (Event Timing, W3C). */
  readonly inputs: readonly number[]
  /** From a key in the field of the search to a list of what was found, in ms. */
  readonly searches: readonly number[]
  readonly nodes: number
  readonly heapBytes: number
}

declare global {
  interface Window {
    /** What was measured since it was asked for last. */
    readonly takeMeasured: () => Measured
  }
}

export function watchPage(): void {
  let [gaps, inputs, searches]: number[][] = [[], [], []]
  new PerformanceObserver((list) => {
    inputs?.push(...list.getEntries().map(({ duration }) => duration))
  }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit)

  let frameMs = performance.now()
  const frame = (nowMs: number) => {
    gaps?.push(nowMs - frameMs)
    frameMs = nowMs
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)

  let keyMs: number | undefined
  addEventListener('input', () => (keyMs = performance.now()), { capture: true })
  new MutationObserver((changes) => {
    const isFound = changes.some(({ target }) => target instanceof Element && target.closest('.pane-body') !== null)
    if (keyMs === undefined || !isFound) return
    searches?.push(performance.now() - keyMs)
    keyMs = undefined
  }).observe(document, { childList: true, subtree: true, characterData: true })

  Object.assign(window, {
    takeMeasured(): Measured {
      const heap = (performance as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0
      const measured = { gaps, inputs, searches, nodes: document.querySelectorAll('*').length, heapBytes: heap }
      ;[gaps, inputs, searches] = [[], [], []]
      return measured as Measured
    },
  })
}
