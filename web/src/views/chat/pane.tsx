// What stands beside a channel, or before it on narrow screens.

import { type ReactNode, useEffect, useId, useRef } from 'react'
import { Button } from '../../ui/button.tsx'

interface PaneProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
  /** Files that are dropped on it go into its message. */
  readonly takesDrops?: boolean
  /** What has the focus at first: its field is what one came for. */
  readonly begin?: 'title' | 'field'
}

export function Pane({ title, onClose, children, takesDrops = false, begin = 'title' }: PaneProps) {
  const id = useId()
  const pane = useRef<HTMLElement>(null)
  useEffect(() => {
    const before = document.activeElement
    const first = begin === 'field' ? 'input, textarea' : 'h2'
    pane.current?.querySelector<HTMLElement>(first)?.focus({ preventScroll: true })
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [begin])
  return (
    <aside
      ref={pane}
      className="pane"
      aria-labelledby={id}
      {...(takesDrops ? { 'data-drop': 'thread' } : {})}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && !event.defaultPrevented) onClose()
      }}
    >
      <header className="pane-head">
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        <Button look="quiet" icon="close" iconOnly onClick={onClose}>
          Close
        </Button>
      </header>
      {children}
    </aside>
  )
}
