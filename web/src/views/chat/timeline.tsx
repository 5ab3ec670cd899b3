// The messages of a channel or thread, from the oldest that is held to what is just being sent.

import { type KeyboardEvent, type ReactNode, type Ref, useCallback, useEffect, useRef, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { PageOfMessages } from './page.tsx'
import { PendingMessage } from './pending.tsx'
import { Scroller, type ScrollerHandle } from './scroller.tsx'
import type { Page } from './timeline-core.ts'
import type { TimelineService, TimelineView } from './timeline-service.ts'

interface TimelineProps {
  readonly label: string
  readonly service: TimelineService
  readonly view: TimelineView
  readonly newFrom: string | undefined
  readonly editing: string | undefined
  /** Shown for a while, because somebody wanted to see it. */
  readonly highlighted: string | undefined
  /** What stands where everything begins. */
  readonly beginning: ReactNode
  readonly isAtEnd: boolean
  readonly onAtEnd: (isAtEnd: boolean) => void
  readonly scroller: Ref<ScrollerHandle>
  readonly onToEnd: () => void
}

export function TimelineFrame(props: TimelineProps) {
  const { service, view, newFrom, editing, highlighted, onAtEnd } = props
  const { timeline, failure } = view
  const [active, setActive] = useState<string>()
  const feed = useRef<HTMLDivElement>(null)
  const renderPage = (page: Page, before: Page | undefined) => (
    <PageOfMessages
      page={page}
      before={before?.messages.at(-1)}
      newFrom={on(page, newFrom)}
      active={on(page, active)}
      editing={on(page, editing)}
      highlighted={on(page, highlighted)}
      onActive={setActive}
    />
  )
  const onNearTop = useCallback(() => void service.readOlder(), [service])
  const onNearEnd = useCallback(() => void service.readNewer(), [service])
  const isToEnd = timeline.after === null
  useTrim(service, props.isAtEnd)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys go from message to message; each is a control of its own
    <div
      ref={feed}
      className="timeline"
      onKeyDown={(event) => {
        moveAmongMessages(event)
        // Elsewhere the browser goes to the end by itself.
        if (event.key === 'End' && !isToEnd && event.target instanceof HTMLElement && event.target.role === 'feed') {
          event.preventDefault()
          props.onToEnd()
        }
      }}
    >
      {timeline.pages === undefined ? (
        <p className="timeline-wait soft">{failure === undefined ? 'Reading…' : failure.sentence}</p>
      ) : (
        <Scroller
          ref={props.scroller}
          label={props.label}
          pages={timeline.pages}
          renderPage={renderPage}
          isBusy={view.isReadingOlder}
          isToEnd={isToEnd}
          onNearTop={onNearTop}
          onNearEnd={onNearEnd}
          onAtEnd={onAtEnd}
          top={<TimelineTop view={view} beginning={props.beginning} onRetry={onNearTop} />}
          bottom={timeline.pending
            .filter(({ metBy }) => isToEnd && metBy === undefined)
            .map((pending) => <PendingMessage key={pending.id} pending={pending} />)}
        />
      )}
      {view.isSeeking && (
        <p className="timeline-seeking small" role="status">
          Looking for the message…
        </p>
      )}
      {!props.isAtEnd && timeline.pages !== undefined && (
        <div className="timeline-end">
          <Button icon="down" onClick={props.onToEnd}>
            To the newest
          </Button>
        </div>
      )}
    </div>
  )
}

/** Only the page that it is about draws anew. */
function on(page: Page, id: string | undefined): string | undefined {
  return id !== undefined && page.messages.some((message) => message.id === id) ? id : undefined
}

function TimelineTop({ view, beginning, onRetry }: { view: TimelineView; beginning: ReactNode; onRetry: () => void }) {
  if (view.failure !== undefined) {
    return (
      <div className="timeline-top">
        <ProblemNote problem={view.failure} />
        <Button icon="refresh" onClick={onRetry}>
          Try again
        </Button>
      </div>
    )
  }
  if (view.timeline.before === null) return beginning
  return (
    <p className="timeline-top soft small" aria-hidden="true">
      Reading older messages…
    </p>
  )
}

/** Whoever reads the newest has no use for thousands before; they come again when one scrolls. */
const trimEveryMs = 30_000

function useTrim(service: TimelineService, isAtEnd: boolean): void {
  useEffect(() => {
    if (!isAtEnd) return
    const timer = setInterval(() => service.trim(), trimEveryMs)
    return () => clearInterval(timer)
  }, [service, isAtEnd])
}

/** Up and down go from message to message, as soon as one of them has the focus. */
function moveAmongMessages(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0
  const { activeElement } = document
  if (step === 0 || !(activeElement instanceof HTMLElement) || activeElement.dataset.message === undefined) return
  const messages = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-message]')]
  const next = messages[messages.indexOf(activeElement) + step]
  if (next === undefined) return
  event.preventDefault()
  next.focus({ preventScroll: true })
  next.scrollIntoView({ block: 'nearest' })
}
