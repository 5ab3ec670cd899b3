// A live region (see announce.ts): one for the page, one in every open dialog.

import { useEffect, useState } from 'react'
import { onAnnounce } from './announce.ts'

export function LiveRegion() {
  const [line, setLine] = useState('')
  useEffect(() => onAnnounce((next) => setLine((said) => (said === next ? `${next}\u00a0` : next))), [])
  return (
    // The same line twice has to differ, or nobody hears it the second time: hence the space above.
    <div className="visually-hidden" role="status" aria-live="polite">
      {line}
    </div>
  )
}
