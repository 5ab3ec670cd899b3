// Members of a community: who they are and what they may do, invites that are open, and who keeps it for them.

import { useState } from 'react'
import type { Member } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { pageRows } from '../../ui/core.ts'
import { TextField } from '../../ui/field.tsx'
import { Pager } from '../../ui/pager.tsx'
import { Card } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { may, sortMembers } from '../community/core.ts'
import { InvitesCard } from './invites-card.tsx'
import { KeepersCard } from './keepers-card.tsx'
import { MemberItem } from './member-item.tsx'
import './style.css'

const membersPerPage = 30
/** With fewer, one sees them all at once. */
const searchFrom = 12

export function MembersView() {
  const { community } = useCommunity()
  return (
    <div className="stack community-page">
      <MembersCard />
      {may(community, 'invite') && <InvitesCard />}
      <KeepersCard />
    </div>
  )
}

function MembersCard() {
  const { peerhood } = useDaemon()
  const { community, members } = useCommunity()
  const { show } = useShell()
  const [page, setPage] = useState(0)
  const [typed, setTyped] = useState('')
  const roles = useReading(`roles ${community.id}`, community, (options) =>
    peerhood.communities.roles(community.id, options),
  )
  const found = sortMembers(members.values()).filter((member) => hasName(member, typed))
  const { from, to } = pageRows(found.length, membersPerPage, page)
  return (
    <Card
      title={countText(community.membersActive, 'member')}
      actions={
        may(community, 'invite') && (
          <Button look="primary" icon="plus" onClick={() => show({ kind: 'invite', community: community.id })}>
            Invite
          </Button>
        )
      }
    >
      {members.size >= searchFrom && (
        <TextField label="Find a member" value={typed} onChange={setTyped} charsMax={64} />
      )}
      <ul className="members" aria-label="Members">
        {found.slice(from, to).map((member) => (
          <MemberItem key={member.person} member={member} roles={roles.value ?? []} />
        ))}
      </ul>
      {found.length === 0 && typed !== '' && <p className="soft">Nobody is called so.</p>}
      <Pager what="members" total={found.length} perPage={membersPerPage} page={page} onPage={setPage} />
    </Card>
  )
}

function hasName({ name }: Member, typed: string): boolean {
  return name.toLocaleLowerCase('en').includes(typed.trim().toLocaleLowerCase('en'))
}
