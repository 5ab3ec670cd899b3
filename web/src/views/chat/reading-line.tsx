// Says how far the reading of a large community is: what was written long ago is not shown yet, what comes now is.

import { Icon } from '../../ui/icon.tsx'
import { useCommunity } from '../community/context.tsx'
import { readingText } from './core.ts'

export function ReadingLine() {
  const { community } = useCommunity()
  if (community.reading === null) return null
  return (
    // Not live: the numbers change several times a second.
    <div className="reading-line small">
      <Icon name="clock" size={16} />
      <span>
        <strong>{readingText(community.reading)}</strong> Older messages appear bit by bit; what is written now is here
        at once.
      </span>
    </div>
  )
}
