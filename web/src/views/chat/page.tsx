// A page of messages, with lines where days begin and where what is new begins.

import { memo } from 'react'
import type { Message } from '../../../../src/sdk/types.ts'
import { useNow } from '../../store/hooks.tsx'
import { dayText, rowsOf } from './core.ts'
import { MessageItem } from './message.tsx'
import type { Page } from './timeline-core.ts'

interface PageProps {
  readonly page: Page
  /** The last message of the page before. */
  readonly before: Message | undefined
  readonly newFrom: string | undefined
  readonly active: string | undefined
  readonly editing: string | undefined
  readonly highlighted: string | undefined
  readonly onActive: (id: string | undefined) => void
}

export const PageOfMessages = memo(function PageOfMessages(props: PageProps) {
  const { page, before, newFrom, active, editing, highlighted, onActive } = props
  return rowsOf(page.messages, before, newFrom).map((row) => {
    if (row.kind === 'day') return <DayLine key={row.key} atMs={row.atMs} />
    if (row.kind === 'new') return <NewLine key={row.key} />
    return (
      <MessageItem
        key={row.key}
        message={row.message}
        isGrouped={row.isGrouped}
        isActive={row.key === active}
        isEditing={row.key === editing}
        isHighlighted={row.key === highlighted}
        onActive={onActive}
      />
    )
  })
})

function NewLine() {
  return (
    <div className="new-line">
      <span>New</span>
    </div>
  )
}

const hourMs = 3_600_000

function DayLine({ atMs }: { atMs: number }) {
  const nowMs = useNow(hourMs)
  return (
    <div className="day-line">
      <span>{dayText(atMs, nowMs)}</span>
    </div>
  )
}
