// Two daemons in one community, for tests of the routes, the SDK and the command line.

import { startApi, type TestApi, type TestApiOptions } from './api.ts'
import { createMemoryHub, type MemoryHub } from './services-hub.ts'

export interface Neighbours extends AsyncDisposable {
  readonly hub: MemoryHub
  /** Founded the community, so she is its owner. */
  readonly ada: TestApi
  /** Joined by invite, as a member. */
  readonly grace: TestApi
  readonly community: string
  readonly persons: { readonly ada: string; readonly grace: string }
}

export async function startNeighbours(options: TestApiOptions = {}): Promise<Neighbours> {
  const hub = createMemoryHub()
  const [ada, grace] = await Promise.all([startApi({ ...options, hub }), startApi({ ...options, hub })])
  const { id: community } = await ada.client.communities.found({ name: 'Family', memberName: 'Ada' })
  const { link } = await ada.client.communities.invite(community)
  await grace.client.communities.join({ link, memberName: 'Grace' })
  const [first, second] = await ada.client.communities.members(community)
  return {
    hub,
    ada,
    grace,
    community,
    persons: { ada: first?.person ?? '', grace: second?.person ?? '' },
    async [Symbol.asyncDispose]() {
      await Promise.all([ada.close(), grace.close()])
    },
  }
}
