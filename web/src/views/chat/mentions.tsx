// Names to choose from while one types after an @: arrows go through them, Enter or Tab takes one, Escape puts them away.

import { type KeyboardEvent, useId, useState } from 'react'
import type { Member } from '../../../../src/sdk/types.ts'
import { Avatar } from '../community/avatar.tsx'
import { useRoom } from './context.tsx'
import { completeMention, type MentionStart, mentionAt, mentionChoices, mentionOf } from './core.ts'

export interface Mentions {
  readonly choices: readonly Member[]
  readonly chosen: number
  readonly listId: string
  /** For the field that is typed in (WAI-ARIA, combobox). */
  readonly aria: Readonly<Record<string, string | boolean | undefined>>
  /** Looks where the caret stands. */
  look(field: HTMLTextAreaElement): void
  take(member: Member): void
  close(): void
  /** True when the key was for the list. */
  onKeyDown(event: KeyboardEvent): boolean
}

const optionId = (listId: string, at: number) => `${listId}-${at}`

export function useMentions(text: string, onTake: (text: string, caret: number) => void): Mentions {
  const { members, self } = useRoom()
  const listId = useId()
  const [start, setStart] = useState<MentionStart>()
  const [at, setAt] = useState(0)
  const all = start === undefined ? [] : mentionChoices(members.values(), start.typed, self)
  // A name that stands there whole, and is nobody else's beginning, needs no choosing: Enter sends.
  const choices = all.length === 1 && all[0]?.name === start?.typed ? [] : all
  const chosen = Math.min(at, choices.length - 1)
  const isOpen = choices.length > 0
  const take = (member: Member) => {
    if (start === undefined) return
    const next = completeMention(text, start, mentionOf(member, members.values()))
    setStart(undefined)
    onTake(next.text, next.caret)
  }
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (!isOpen) return false
    const member = choices[chosen]
    if (event.key === 'ArrowDown') setAt((chosen + 1) % choices.length)
    else if (event.key === 'ArrowUp') setAt((chosen + choices.length - 1) % choices.length)
    else if ((event.key === 'Enter' || event.key === 'Tab') && member !== undefined) take(member)
    else if (event.key === 'Escape') setStart(undefined)
    else return false
    event.preventDefault()
    return true
  }
  return {
    choices,
    chosen,
    listId,
    aria: {
      role: 'combobox',
      'aria-autocomplete': 'list',
      'aria-expanded': isOpen,
      'aria-controls': isOpen ? listId : undefined,
      'aria-activedescendant': isOpen ? optionId(listId, chosen) : undefined,
    },
    look(field) {
      const next =
        field.selectionStart === field.selectionEnd ? mentionAt(field.value, field.selectionStart) : undefined
      if (next?.at !== start?.at) setAt(0)
      setStart(next)
    },
    take,
    close: () => setStart(undefined),
    onKeyDown,
  }
}

export function MentionList({ mentions }: { mentions: Mentions }) {
  const { choices, chosen, listId, take } = mentions
  if (choices.length === 0) return null
  return (
    <div className="mention-list" role="listbox" id={listId} aria-label="Members">
      {choices.map((member, at) => (
        // The field keeps the focus, and its keys do what a press does here.
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above
        // biome-ignore lint/a11y/useFocusableInteractive: see above
        <div
          key={member.person}
          id={optionId(listId, at)}
          role="option"
          aria-selected={at === chosen}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => take(member)}
        >
          <Avatar id={member.person} name={member.name} size="small" />
          <bdi className="cut">{member.name}</bdi>
        </div>
      ))}
    </div>
  )
}
