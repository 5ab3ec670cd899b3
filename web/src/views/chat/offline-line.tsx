// Says when nobody of the community is in reach: what is written is not lost, it waits.

import { useEffect, useState } from 'react'
import type { Sync } from '../../../../src/sdk/types.ts'
import { useDaemon, useWorld } from '../../store/hooks.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Said } from '../../ui/said.tsx'
import { useCommunity } from '../community/context.tsx'

/** Nothing tells of it by itself, so it is asked; the daemon knows without asking anybody. */
const everyMs = 4000

export function useSync(community: string): Sync | undefined {
  const { peerhood } = useDaemon()
  const [sync, setSync] = useState<Sync>()
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = async () => {
      if (!document.hidden) {
        const now = await peerhood.communities.sync(community, { signal }).catch(() => undefined)
        if (now !== undefined) setSync(now)
      }
      if (!signal.aborted) timer = setTimeout(() => void read(), everyMs)
    }
    void read()
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [peerhood, community])
  return sync
}

export function OfflineLine() {
  const { community } = useCommunity()
  const sync = useSync(community.id)
  const connection = useWorld((world) => world.connection)
  // Then the banner above says more.
  if (connection !== 'open' || sync?.state !== 'alone' || community.phase !== 'open') return <div aria-live="polite" />
  // Nobody to reach but oneself.
  if (community.membersActive < 2) return <div aria-live="polite" />
  return (
    <div aria-live="polite" className="offline-line small">
      <Icon name="clock" size={16} />
      <span>
        <strong>Nobody is reachable.</strong> What you write is kept and goes out by itself.{' '}
        <span className="soft">
          <Said text={sync.sentence} />
        </span>
      </span>
    </div>
  )
}
