// The composer, or why one can't write here.

import type { ReactNode } from 'react'
import type { Channel, Community } from '../../../../src/sdk/types.ts'
import { Icon } from '../../ui/icon.tsx'
import { useCommunity } from '../community/context.tsx'
import { mayWrite } from '../community/core.ts'

export function WriteBar({ channel, children }: { channel: Channel; children: ReactNode }) {
  const { community } = useCommunity()
  if (mayWrite(community, channel)) return children
  return (
    <p className="write-not soft">
      <Icon name="info" size={18} /> {reasonOf(community, channel)}
    </p>
  )
}

function reasonOf(community: Community, channel: Channel): string {
  if (community.phase === 'left') return 'You left this community. You can read what was written while you were in it.'
  if (community.phase === 'removed')
    return 'You were removed from this community. You can read what was written before.'
  if (community.direct?.blocked === true)
    return 'You have blocked this person: nothing goes there. You can end it under Settings.'
  if (channel.archived) return 'This channel is archived: it can be read, and taken out of the archive under More.'
  if (channel.kind === 'announce') return 'Here you read; those who may announce write.'
  return 'Your role reads only. Somebody who gives roles can change that.'
}
