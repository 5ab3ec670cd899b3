// How much is unread: a number, and a louder one for what is meant for oneself.

import { countText } from '../../format/core.ts'
import { badgeText, type Unread } from './core.ts'

export function UnreadBadges({ of: { unread, mentions } }: { of: Unread }) {
  if (unread === 0 && mentions === 0) return null
  return (
    <span className="unread figures">
      {mentions > 0 ? (
        <span className="unread-count unread-mention">
          <span aria-hidden="true">{badgeText(mentions)}</span>
          <span className="visually-hidden">, {countText(mentions, 'mention')}</span>
        </span>
      ) : (
        <span className="unread-count">
          <span aria-hidden="true">{badgeText(unread)}</span>
          <span className="visually-hidden">, {badgeText(unread)} unread</span>
        </span>
      )}
    </span>
  )
}
