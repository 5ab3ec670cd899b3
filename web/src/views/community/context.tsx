// What every view of one community needs: the community, its chat, who is called what.

import { createContext, type ReactNode, useContext, useMemo } from 'react'
import type { Applicant, Community, Member } from '../../../../src/sdk/types.ts'
import type { Chat } from '../../store/core.ts'
import { useDaemon, useWorld } from '../../store/hooks.tsx'
import { type Reading, useReading } from '../../store/reading.ts'
import { useNews } from '../admission/hooks.ts'
import { may, nameOf } from './core.ts'

export interface CommunityView {
  readonly community: Community
  /** Undefined until its chat has been read. */
  readonly chat: Chat | undefined
  /** By person, those who left among them; empty until they have been read. */
  readonly members: ReadonlyMap<string, Member>
  /** Own person, as they are known in it. */
  readonly self: string | undefined
  /** Who asks to be let in; nobody where this person may not decide that. */
  readonly requests: Reading<readonly Applicant[]>
  nameOf(person: string): string
}

const CommunityContext = createContext<CommunityView | undefined>(undefined)

export function CommunityProvider({ community, children }: { community: Community; children: ReactNode }) {
  const { peerhood } = useDaemon()
  const { id, phase } = community
  const chat = useWorld((world) => world.chats.get(id))
  const isReadable = phase !== 'joining' && phase !== 'keeping'
  const { value } = useReading(`members ${id} ${isReadable}`, community, (options) =>
    isReadable ? peerhood.communities.members(id, options) : Promise.resolve([]),
  )
  const list = useSteady(value)
  const members = useMemo(() => new Map((list ?? []).map((member) => [member.person, member])), [list])
  const self = community.self?.person
  const requests = useRequests(community)
  const view = useMemo(
    () => ({ community, chat, members, self, requests, nameOf: (person: string) => nameOf(members, person) }),
    [community, chat, members, self, requests],
  )
  return <CommunityContext value={view}>{children}</CommunityContext>
}

/** What others of this community decide shows in who is a member. */
function useRequests(community: Community): Reading<readonly Applicant[]> {
  const { peerhood } = useDaemon()
  const { id, membersActive } = community
  const mayApprove = may(community, 'approve')
  const news = useNews((event) => event.type === 'join-request' && event.request.community === id)
  const { value, failure, reread } = useReading<readonly Applicant[]>(
    `requests ${id} ${mayApprove}`,
    `${news} ${membersActive}`,
    (options) => (mayApprove ? peerhood.communities.requests(id, options) : Promise.resolve([])),
  )
  return useMemo(() => ({ value, failure, reread }), [value, failure, reread])
}

/** The same object for as long as it says the same: a list that is read again and again must not draw all anew. */
function useSteady(value: readonly Member[] | undefined): readonly Member[] | undefined {
  const text = useMemo(() => JSON.stringify(value), [value])
  // biome-ignore lint/correctness/useExhaustiveDependencies: `text` is the value of `value`
  return useMemo(() => value, [text])
}

export function useCommunity(): CommunityView {
  const view = useContext(CommunityContext)
  if (view === undefined) throw new Error('CommunityProvider is missing')
  return view
}
