// Something small above the page beside what opened it: a menu, a picker. On the browser's own popover, which lies above
// everything (no scrolling frame cuts it off), closes on Escape and on a click elsewhere.

import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef } from 'react'

interface PopoverProps {
  /** What opened it: it stands beside that, and gives the focus back to it. */
  readonly anchor: HTMLElement
  readonly label: string
  readonly role: 'dialog' | 'menu'
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Distance to the anchor and to the window's edge, in px. */
const gap = 6

/** Open for as long as it is mounted. */
export function Popover({ anchor, label, role, onClose, children }: PopoverProps) {
  const ref = useRef<HTMLDivElement>(null)
  const closed = useRef(onClose)
  closed.current = onClose
  useLayoutEffect(() => {
    const popover = ref.current
    if (popover === null) return
    popover.showPopover()
    place(popover, anchor.getBoundingClientRect())
    popover.querySelector<HTMLElement>('button, input')?.focus()
  }, [anchor])
  useEffect(() => {
    const popover = ref.current
    const onToggle = (event: Event) => {
      if (event instanceof ToggleEvent && event.newState === 'closed') closed.current()
    }
    popover?.addEventListener('toggle', onToggle)
    // What scrolls away under it would leave it standing beside nothing.
    const onScroll = (event: Event) => {
      if (event.target instanceof Node && popover?.contains(event.target) === true) return
      closed.current()
    }
    addEventListener('resize', onScroll)
    document.addEventListener('scroll', onScroll, { capture: true })
    return () => {
      popover?.removeEventListener('toggle', onToggle)
      removeEventListener('resize', onScroll)
      document.removeEventListener('scroll', onScroll, { capture: true })
      if (popover?.contains(document.activeElement) === true || document.activeElement === document.body) {
        anchor.focus({ preventScroll: true })
      }
    }
  }, [anchor])
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: `role` is one of two that are interactive
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: and both take a name
    <div ref={ref} popover="auto" role={role} aria-label={label} className="popover" onKeyDown={moveFocus}>
      {children}
    </div>
  )
}

/** Below the anchor, or above it where there is more room; never beyond the window. */
function place(popover: HTMLElement, anchor: DOMRect): void {
  const { offsetWidth: width, offsetHeight: height } = popover
  const below = innerHeight - anchor.bottom >= height + gap * 2
  const top = below ? anchor.bottom + gap : Math.max(gap, anchor.top - height - gap)
  const left = Math.max(gap, Math.min(anchor.right - width, innerWidth - width - gap))
  popover.style.top = `${top}px`
  popover.style.left = `${left}px`
}

/** Arrow keys go from button to button; in a grid, up and down go by its columns. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  // It closes the popover, which the browser does, and nothing around it.
  if (event.key === 'Escape') event.stopPropagation()
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('button:not(:disabled)')]
  const at = buttons.indexOf(document.activeElement as HTMLElement)
  if (at < 0) return
  const columns = columnsOf(buttons)
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: columns,
    ArrowUp: -columns,
    ArrowRight: 1,
    ArrowLeft: -1,
    Home: -at,
    End: buttons.length - 1 - at,
  }
  const step = steps[event.key]
  if (step === undefined) return
  event.preventDefault()
  buttons[Math.max(0, Math.min(buttons.length - 1, at + step))]?.focus()
}

function columnsOf(buttons: readonly HTMLElement[]): number {
  const top = buttons[0]?.offsetTop
  const inFirstRow = buttons.findIndex(({ offsetTop }) => offsetTop !== top)
  return inFirstRow < 1 ? Math.max(1, inFirstRow) : inFirstRow
}
