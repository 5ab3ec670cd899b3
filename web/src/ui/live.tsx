// The page's live region (see announce.ts).

import { useEffect, useState } from 'react'
import { onAnnounce } from './announce.ts'

export function LiveRegion() {
  const [line, setLine] = useState('')
  useEffect(() => onAnnounce(setLine), [])
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {line}
    </div>
  )
}
