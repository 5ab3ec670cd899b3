// A scrolling list of pages, of which only those near the eye stand in the document (window-core.ts).
//
// What must stay true: what the eye rests on does not move, whatever is put in above it, measured anew or arrives late (a
// picture); and when the eye rests on the end, it stays on the end. So the browser's own anchoring is switched off. The
// anchor, the first message in view with its place, says what is drawn, and after every change, before it is painted, it
// is put back where it was. Only a person's scrolling chooses another anchor.

import {
  type ReactNode,
  type Ref,
  type RefObject,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useReducer,
  useRef,
} from 'react'
import type { Page } from './timeline-core.ts'
import { heightsOf, isSameWindow, isWithin, nextWindow, type View, type Window, windowOf } from './window-core.ts'

export interface ScrollerHandle {
  toEnd(): void
  /** Brings a message to the middle, or to where an eye begins to read, as soon as it is on one of the pages. */
  toMessage(id: string, where: 'middle' | 'top'): void
}

interface ScrollerProps {
  readonly label: string
  readonly pages: readonly Page[]
  readonly renderPage: (page: Page, before: Page | undefined) => ReactNode
  readonly top: ReactNode
  readonly bottom: ReactNode
  readonly isBusy: boolean
  /** What is held reaches to the newest: its end is the end. */
  readonly isToEnd: boolean
  /** The beginning, or the end, of what is held comes near. */
  readonly onNearTop: () => void
  readonly onNearEnd: () => void
  readonly onAtEnd: (isAtEnd: boolean) => void
  readonly ref: Ref<ScrollerHandle>
}

/** Where the eye rests: on the end, or on a page, with the message on it that begins in view. */
type Anchor =
  | { readonly kind: 'end' }
  | {
      readonly kind: 'page'
      readonly page: number
      /** How far below the page's upper edge the view begins. */
      readonly inPage: number
      readonly message?: { readonly id: string; readonly offset: number | Place }
    }

type Place = 'middle' | 'top'

interface Memory {
  readonly measured: Map<number, number>
  anchor: Anchor
  /** A message that is to be brought into view. */
  sought: { readonly id: string; readonly where: Place } | undefined
  width: number
  height: number
}

/** Nearer to the end than this is at the end, in px. */
const endPx = 32
/** Room above a message that was brought to the top, in px. */
const topPx = 72
/** Until the frame was measured. */
const heightGuess = 800

export function Scroller(props: ScrollerProps) {
  const { label, pages, renderPage, top, bottom, isBusy, ref } = props
  const frame = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const { window, keep, onScroll } = useWindow(props, frame, ref)
  useLayoutEffect(keep)
  useEffect(() => {
    const observer = new ResizeObserver(keep)
    for (const element of [frame.current, content.current]) if (element !== null) observer.observe(element)
    return () => observer.disconnect()
  }, [keep])
  return (
    <div
      ref={frame}
      className="scroller"
      role="feed"
      aria-label={label}
      aria-busy={isBusy}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolling needs the keyboard (WCAG 2.1.1)
      tabIndex={0}
      onScroll={onScroll}
    >
      <div ref={content} className="scroller-content">
        {top}
        <div data-space="above" style={{ height: window.above }} />
        {pages.slice(window.from, window.to).map((page, at) => (
          <div key={page.key} data-page={page.key}>
            {renderPage(page, pages[window.from + at - 1])}
          </div>
        ))}
        <div style={{ height: window.below }} />
        {bottom}
      </div>
    </div>
  )
}

function useWindow(props: ScrollerProps, frame: RefObject<HTMLDivElement | null>, ref: Ref<ScrollerHandle>) {
  const [, draw] = useReducer((times: number) => times + 1, 0)
  const kept = useRef<Memory>({
    measured: new Map(),
    anchor: { kind: 'end' },
    sought: undefined,
    width: 0,
    height: heightGuess,
  })
  const newest = useRef(props)
  newest.current = props
  const drawn = useRef<Window>(undefined)
  const window = wantedWindow(kept.current, props.pages, drawn.current)
  drawn.current = window

  const later = useRef(0)
  const drawWhatIsDue = useCallback(() => {
    const [memory, { pages }, present] = [kept.current, newest.current, drawn.current]
    if (present === undefined || isSameWindow(wantedWindow(memory, pages, present), present)) return
    cancelAnimationFrame(later.current)
    // What is seen must be there at once. The rest comes with another frame, so that no draw takes long.
    if (isWithin(windowOf(...viewOf(memory, pages, 0)), present)) later.current = requestAnimationFrame(draw)
    else draw()
  }, [])
  useEffect(() => () => cancelAnimationFrame(later.current), [])

  /** After everything that may have moved something. */
  const keep = useCallback(() => {
    const element = frame.current
    if (element === null) return
    const memory = kept.current
    const { pages, isToEnd, onAtEnd, onNearTop, onNearEnd } = newest.current
    measure(element, memory)
    seek(memory, pages)
    restore(element, memory)
    // What was brought into view may be all that follows: then its end is being read.
    const isAtEnd = isToEnd && pixelsBelow(element) < endPx
    if (isAtEnd) memory.anchor = { kind: 'end' }
    onAtEnd(isAtEnd)
    drawWhatIsDue()
    if (element.scrollTop < element.clientHeight) onNearTop()
    if (pixelsBelow(element) < element.clientHeight) onNearEnd()
  }, [frame, drawWhatIsDue])

  const onScroll = useCallback(() => {
    const element = frame.current
    if (element === null) return
    const memory = kept.current
    const { pages, isToEnd, onAtEnd, onNearTop, onNearEnd } = newest.current
    const isAtEnd = isToEnd && pixelsBelow(element) < endPx
    memory.anchor = isAtEnd ? { kind: 'end' } : (anchorIn(element) ?? anchorAt(element, memory, pages))
    onAtEnd(isAtEnd)
    drawWhatIsDue()
    if (element.scrollTop < element.clientHeight * 2) onNearTop()
    if (pixelsBelow(element) < element.clientHeight * 2) onNearEnd()
  }, [frame, drawWhatIsDue])

  useImperativeHandle(
    ref,
    () => ({
      toEnd() {
        kept.current.anchor = { kind: 'end' }
        kept.current.sought = undefined
        draw()
      },
      toMessage(id, where) {
        kept.current.sought = { id, where }
        draw()
      },
    }),
    [],
  )
  return { window, keep, onScroll }
}

/** What is near the anchor. */
function wantedWindow(memory: Memory, pages: readonly Page[], drawn: Window | undefined): Window {
  return nextWindow(...viewOf(memory, pages, memory.height), drawn)
}

function viewOf({ anchor, measured, height }: Memory, pages: readonly Page[], margin: number): [number[], View] {
  const heights = heightsOf(pages, measured)
  const view = { height, margin }
  if (anchor.kind === 'end') return [heights, { ...view, top: Number.MAX_SAFE_INTEGER }]
  const at = pages.findIndex(({ key }) => key === anchor.page)
  const above = heights.slice(0, Math.max(0, at)).reduce((sum, one) => sum + one, 0)
  return [heights, { ...view, top: above + anchor.inPage }]
}

function measure(element: HTMLElement, memory: Memory): void {
  // Another width: other lines, other heights.
  if (memory.width !== element.clientWidth) memory.measured.clear()
  memory.width = element.clientWidth
  memory.height = element.clientHeight
  for (const page of element.querySelectorAll<HTMLElement>('[data-page]')) {
    // With its fractions: what stands above must be as high when it is not drawn.
    memory.measured.set(Number(page.dataset.page), page.getBoundingClientRect().height)
  }
}

/** The message that is looked for becomes the anchor once it is there; one that is on another page now stays it. */
function seek(memory: Memory, pages: readonly Page[]): void {
  const { sought, anchor } = memory
  const pageWith = (id: string) => pages.find(({ messages }) => messages.some((message) => message.id === id))
  const page = sought && pageWith(sought.id)
  if (sought !== undefined && page !== undefined) {
    memory.sought = undefined
    memory.anchor = { kind: 'page', page: page.key, inPage: 0, message: { id: sought.id, offset: sought.where } }
  } else if (anchor.kind === 'page' && anchor.message !== undefined && !pages.some(({ key }) => key === anchor.page)) {
    const other = pageWith(anchor.message.id)
    if (other !== undefined) memory.anchor = { ...anchor, page: other.key, inPage: 0 }
  }
}

function restore(element: HTMLElement, memory: Memory): void {
  const { anchor } = memory
  if (anchor.kind === 'end') {
    if (pixelsBelow(element) >= 1) element.scrollTop = element.scrollHeight
    return
  }
  const page = element.querySelector<HTMLElement>(`[data-page="${anchor.page}"]`)
  if (page === null) return
  const { top } = element.getBoundingClientRect()
  const { id, offset } = anchor.message ?? {}
  const message = id === undefined ? null : page.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`)
  const moved =
    message === null || offset === undefined
      ? page.getBoundingClientRect().top - top + anchor.inPage
      : message.getBoundingClientRect().top - top - pixelsOf(offset, element.clientHeight, message.offsetHeight)
  if (Math.abs(moved) >= 1) element.scrollTop += moved
  memory.anchor = anchorIn(element) ?? anchor
}

function pixelsOf(offset: number | Place, height: number, own: number): number {
  if (typeof offset === 'number') return offset
  return offset === 'top' ? topPx : Math.max(topPx, (height - own) / 2)
}

function pixelsBelow({ scrollHeight, scrollTop, clientHeight }: HTMLElement): number {
  return scrollHeight - scrollTop - clientHeight
}

/** The first message in view, and how far from the upper edge it begins. Undefined where nothing is drawn yet. */
function anchorIn(element: HTMLElement): Anchor | undefined {
  const { top, bottom } = element.getBoundingClientRect()
  for (const page of element.querySelectorAll<HTMLElement>('[data-page]')) {
    const place = page.getBoundingClientRect()
    if (place.bottom <= top || place.top >= bottom) continue
    const messages = [...page.querySelectorAll<HTMLElement>('[data-message]')]
    const message = messages.find((one) => one.getBoundingClientRect().bottom > top)
    if (message === undefined) continue
    const offset = message.getBoundingClientRect().top - top
    const id = message.dataset.message ?? ''
    return { kind: 'page', page: Number(page.dataset.page), inPage: top - place.top, message: { id, offset } }
  }
  return undefined
}

/** The page that would stand at the upper edge, where a scroll bar was drawn to what is not drawn yet. */
function anchorAt(element: HTMLElement, { measured }: Memory, pages: readonly Page[]): Anchor {
  const space = element.querySelector<HTMLElement>('[data-space="above"]')
  let left = element.scrollTop - (space?.offsetTop ?? 0)
  const heights = heightsOf(pages, measured)
  for (const [at, page] of pages.entries()) {
    const height = heights[at] ?? 0
    if (left < height || at === pages.length - 1) return { kind: 'page', page: page.key, inPage: left }
    left -= height
  }
  return { kind: 'end' }
}
