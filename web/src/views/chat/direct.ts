// Opens the direct channel with a member.

import { navigate } from '../../router/hooks.ts'
import { useDaemon, useLearn } from '../../store/hooks.tsx'
import { useCommunity } from '../community/context.tsx'

export function useDirect(): (person: string) => Promise<void> {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { community } = useCommunity()
  return async (person) => {
    const channel = await peerhood.chat.direct(community.id, person)
    learn({ type: 'chat-channel', channel })
    navigate({ place: 'community', id: community.id, tab: 'chat', channel: channel.id })
  }
}
