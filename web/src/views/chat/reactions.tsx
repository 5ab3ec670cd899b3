// Reactions under a message: who chose what, and one press to choose the same or take it back.

import type { Message } from '../../../../src/sdk/types.ts'
import { useRoom } from './context.tsx'
import { emojiName } from './emoji.ts'

/** Names that are told of those who chose one; the rest is counted. */
const namesShown = 12

export function Reactions({ message }: { message: Message }) {
  const { self, nameOf, mayWrite, actions } = useRoom()
  if (message.reactions.length === 0) return null
  return (
    <ul className="reactions" aria-label="Reactions">
      {message.reactions.map(({ emoji, persons }) => {
        const isOwn = self !== undefined && persons.includes(self)
        const names = namesText(persons.map((person) => (person === self ? 'you' : nameOf(person))))
        return (
          <li key={emoji}>
            <button
              type="button"
              className="reaction figures"
              aria-pressed={isOwn}
              aria-label={`${emojiName(emoji)}: ${names}`}
              title={names}
              disabled={!mayWrite}
              onClick={() => actions.react(message, emoji, !isOwn)}
            >
              <span aria-hidden="true">{emoji}</span> {persons.length}
            </button>
          </li>
        )
      })}
    </ul>
  )
}

function namesText(names: readonly string[]): string {
  const more = names.length - namesShown
  return `${names.slice(0, namesShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
