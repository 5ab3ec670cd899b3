// What every view of one community needs: the community, its chat, who is called what.

import { createContext, type ReactNode, useContext, useMemo } from 'react'
import type { Community, Member } from '../../../../src/sdk/types.ts'
import type { Chat } from '../../store/core.ts'
import { useDaemon, useWorld } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { nameOf } from './core.ts'

export interface CommunityView {
  readonly community: Community
  /** Undefined until its chat has been read. */
  readonly chat: Chat | undefined
  /** By person, those who left among them; empty until they have been read. */
  readonly members: ReadonlyMap<string, Member>
  /** Own person, as they are known in it. */
  readonly self: string | undefined
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
  const view = useMemo(
    () => ({ community, chat, members, self, nameOf: (person: string) => nameOf(members, person) }),
    [community, chat, members, self],
  )
  return <CommunityContext value={view}>{children}</CommunityContext>
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
