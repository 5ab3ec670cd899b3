// Invites that were made, how often each was used, and a way to end them.

import { useState } from 'react'
import type { Invite } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { Badge, Card, Facts, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { roleText } from '../community/core.ts'
import { inviteFacts, inviteState, isOpen, sortInvites } from './core.ts'

/** Old ones that are shown; what is open is shown in any case. */
const closedShown = 5

export function InvitesCard() {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const nowMs = useNow()
  const { value = [], failure } = useReading(`invites ${community.id}`, community, (options) =>
    peerhood.communities.invites(community.id, options),
  )
  const sorted = sortInvites(value, nowMs)
  const open = sorted.filter((invite) => isOpen(invite, nowMs))
  const closed = sorted.filter((invite) => !isOpen(invite, nowMs))
  return (
    <Card title="Invites">
      {failure !== undefined && <ProblemNote problem={failure} />}
      {value.length === 0 && <p className="soft">No invite has been made yet.</p>}
      <ul className="rows" aria-label="Invites">
        {[...open, ...closed.slice(0, closedShown)].map((invite) => (
          <InviteItem key={invite.id} invite={invite} nowMs={nowMs} />
        ))}
      </ul>
    </Card>
  )
}

function InviteItem({ invite, nowMs }: { invite: Invite; nowMs: number }) {
  const { peerhood } = useDaemon()
  const { community, nameOf } = useCommunity()
  const { say, warn } = useShell()
  const [asking, setAsking] = useState(false)
  const state = inviteState(invite, nowMs)
  const title = invite.note === '' ? `For ${roleText(invite.role).toLowerCase()}s` : invite.note
  const revoke = () => {
    peerhood.communities.revokeInvite(community.id, invite.id).then(
      () => say('The invite is revoked'),
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return (
    <li>
      <div className="row-title">
        <strong className="cut" dir="auto" title={title}>
          {title}
        </strong>
        <Facts>
          {[
            <Badge key="state" tone={state.tone}>
              {state.text}
            </Badge>,
            invite.note !== '' && roleText(invite.role),
            ...inviteFacts(invite, nowMs),
            <span key="by">
              by <bdi>{nameOf(invite.createdBy)}</bdi>
            </span>,
          ]}
        </Facts>
      </div>
      {isOpen(invite, nowMs) && (
        <Button about={`the invite ${title}`} onClick={() => setAsking(true)}>
          Revoke
        </Button>
      )}
      {asking && (
        <Confirm title="Revoke this invite?" verb="Revoke it" onConfirm={revoke} onClose={() => setAsking(false)}>
          <p>Its link lets nobody in any more. Those who came with it stay; a new key keeps the rest from the link.</p>
        </Confirm>
      )}
    </li>
  )
}
