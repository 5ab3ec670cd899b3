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
import { pendingOf } from '../admission/core.ts'
import { useCommunity } from '../community/context.tsx'
import { may, sortMembers } from '../community/core.ts'
import { CodeDialog } from './code-dialog.tsx'
import { InvitesCard } from './invites-card.tsx'
import { KeepersCard } from './keepers-card.tsx'
import { MemberItem } from './member-item.tsx'
import { RequestLinkDialog, RequestsCard } from './requests-card.tsx'
import { RolesCard } from './roles-card.tsx'
import './style.css'

const membersPerPage = 30
/** With fewer, one sees them all at once. */
const searchFrom = 12

export function MembersView() {
  const { community, requests } = useCommunity()
  const [isLinkShown, setLinkShown] = useState(false)
  const showLink = () => setLinkShown(true)
  const mayApprove = may(community, 'approve')
  // What waits for an answer comes first.
  const isAsked = pendingOf(requests.value ?? []).length > 0
  return (
    <div className="stack community-page">
      {mayApprove && isAsked && <RequestsCard onLink={showLink} />}
      <MembersCard />
      {mayApprove && !isAsked && <RequestsCard onLink={showLink} />}
      {may(community, 'invite') && <InvitesCard />}
      <KeepersCard />
      <RolesCard />
      {isLinkShown && <RequestLinkDialog onClose={() => setLinkShown(false)} />}
    </div>
  )
}

function MembersCard() {
  const { peerhood } = useDaemon()
  const { community, members } = useCommunity()
  const { show } = useShell()
  const [page, setPage] = useState(0)
  const [typed, setTyped] = useState('')
  const [isSaying, setSaying] = useState(false)
  const roles = useReading(`roles ${community.id}`, community, (options) =>
    peerhood.communities.roles(community.id, options),
  )
  const found = sortMembers(members.values()).filter((member) => hasName(member, typed))
  const { from, to } = pageRows(found.length, membersPerPage, page)
  return (
    <Card
      title={countText(community.membersActive, 'member')}
      actions={
        <div className="actions">
          {may(community, 'approve') && (
            <Button icon="voice" onClick={() => setSaying(true)}>
              By a code
            </Button>
          )}
          {may(community, 'invite') && (
            <Button look="primary" icon="plus" onClick={() => show({ kind: 'invite', community: community.id })}>
              Invite
            </Button>
          )}
        </div>
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
      {isSaying && <CodeDialog onClose={() => setSaying(false)} />}
      <Pager what="members" total={found.length} perPage={membersPerPage} page={page} onPage={setPage} />
    </Card>
  )
}

function hasName({ name }: Member, typed: string): boolean {
  return name.toLocaleLowerCase('en').includes(typed.trim().toLocaleLowerCase('en'))
}
