// What the dialogs of communities share.

import { useState } from 'react'
import { useDaemon } from '../../store/hooks.tsx'
import { memberNameGuess } from './core.ts'

/** The name to begin with: what this person is called elsewhere, else what the computer is. */
export function useMemberName(): string {
  const { store } = useDaemon()
  const [name] = useState(() => {
    const { communities, settings } = store.world()
    return memberNameGuess(communities.values(), settings?.deviceName ?? '')
  })
  return name
}
