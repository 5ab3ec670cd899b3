// Gives a member another role.

import { useState } from 'react'
import type { Member, Role } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { capabilitiesText, roleText } from '../community/core.ts'
import { givableRoles, rankOf } from './core.ts'

interface RoleDialogProps {
  readonly member: Member
  readonly roles: readonly Role[]
  readonly onClose: () => void
}

export function RoleDialog({ member, roles, onClose }: RoleDialogProps) {
  const { peerhood } = useDaemon()
  const { community, nameOf } = useCommunity()
  const { say } = useShell()
  const [role, setRole] = useState(member.role)
  const action = useAction()
  const name = nameOf(member.person)
  const save = () =>
    action.run(async () => {
      await peerhood.communities.setRole(community.id, member.person, role)
      onClose()
      say(`${name}: ${roleText(role)}`)
    })
  const isLess = rankOf(roles, role) < rankOf(roles, member.role)
  return (
    <Dialog title={`Role of ${name}`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (role !== member.role && !action.busy) void save()
        }}
      >
        <Choice
          legend="Role"
          value={role}
          options={givableRoles(roles, community.self?.role).map((one) => ({
            value: one.name,
            label: roleText(one.name),
            hint: capabilitiesText(one.capabilities),
          }))}
          onChange={setRole}
        />
        {isLess && (
          <Note>
            <p>What they did with the old role without knowing of this change does not count.</p>
          </Note>
        )}
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" busy={action.busy} disabled={role === member.role}>
            Give the role
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
