// Activity: who did what, with proof. Each entry of the log with author, device, time and signature, and a check of all.

import { useState } from 'react'
import type { Activity } from '../../../../src/sdk/types.ts'
import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { MarksPager } from '../../ui/pager.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { EntryItem } from './entry-item.tsx'
import { ForksNote } from './forks-note.tsx'
import { VerifyCard } from './verify-card.tsx'
import './style.css'

const entriesPerPage = 40

export function ActivityView() {
  return (
    <div className="stack community-page">
      <ForksNote />
      <VerifyCard />
      <EntriesCard />
    </div>
  )
}

function EntriesCard() {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  /** The marks of pages gone through, newest first; what is new comes on the first page only. */
  const [marks, setMarks] = useState<readonly string[]>([])
  const before = marks.at(-1)
  const version = before === undefined ? community : undefined
  const { value, failure } = useReading<Activity>(`activity ${community.id} ${before}`, version, (options) =>
    peerhood.communities.activity(community.id, {
      ...options,
      limit: entriesPerPage,
      ...(before === undefined ? {} : { before }),
    }),
  )
  return (
    <Card title="Who did what">
      <p className="soft">
        Every act is an entry that its author’s device signed. Nobody can change one, or put one between others, without
        the check above noticing.
      </p>
      {failure !== undefined && <ProblemNote problem={failure} />}
      {value === undefined && failure === undefined && <p className="soft">Reading…</p>}
      <ul className="entries" aria-label="Entries">
        {value?.entries.map((entry) => (
          <EntryItem key={entry.id} entry={entry} />
        ))}
      </ul>
      <MarksPager what="entries" marks={marks} before={value?.before} onMarks={setMarks} />
    </Card>
  )
}
