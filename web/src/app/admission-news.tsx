// Says in passing who came in, who asks, and what was answered, wherever in the page one is.

import { useShell } from '../shell/hooks.tsx'
import { useDaemon, useEvents } from '../store/hooks.tsx'
import { admissionNews } from '../views/admission/core.ts'
import { communityName } from '../views/community/core.ts'
import { directNews } from '../views/direct/core.ts'

export function AdmissionNews() {
  const { store } = useDaemon()
  const { say } = useShell()
  useEvents((event) => {
    const line = admissionNews(event, (id) => {
      const community = store.world().communities.get(id)
      return community === undefined ? 'a community' : communityName(community)
    })
    const said = line ?? directNews(event)
    if (said !== undefined) say(said)
  })
  return null
}
