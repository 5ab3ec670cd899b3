// Roles of this community: the four that every community has, and its own, for those who may make them.

import { useState } from 'react'
import type { Role } from '../../../../src/sdk/types.ts'
import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Badge, Card, Facts, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { capabilitiesText, may, roleText } from '../community/core.ts'
import { rankOf, rankText, sortRoles } from './core.ts'
import { RoleDefineDialog } from './role-define-dialog.tsx'

export function RolesCard() {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [defining, setDefining] = useState<Role | 'new'>()
  const { value = [], failure } = useReading(`all roles ${community.id}`, community, (options) =>
    peerhood.communities.roles(community.id, options),
  )
  const mayDefine = may(community, 'roles')
  if (!mayDefine && value.every(({ builtIn }) => builtIn)) return null
  const ownRank = rankOf(value, community.self?.role)
  return (
    <Card
      title="Roles"
      actions={
        mayDefine && (
          <Button icon="plus" onClick={() => setDefining('new')}>
            Make a role
          </Button>
        )
      }
    >
      {failure !== undefined && <ProblemNote problem={failure} />}
      <ul className="rows" aria-label="Roles">
        {sortRoles(value).map((role) => (
          <li key={role.name}>
            <div className="row-title">
              <strong>{roleText(role.name)}</strong>
              <Facts>
                {[
                  !role.builtIn && (
                    <Badge key="own" tone="good">
                      Own
                    </Badge>
                  ),
                  capabilitiesText(role.capabilities),
                  !role.builtIn && rankText(role.rank),
                ]}
              </Facts>
            </div>
            {!role.builtIn && mayDefine && role.rank <= ownRank && (
              <Button about={`the role ${role.name}`} onClick={() => setDefining(role)}>
                Change
              </Button>
            )}
          </li>
        ))}
      </ul>
      {defining !== undefined && (
        <RoleDefineDialog
          role={defining === 'new' ? undefined : defining}
          roles={value}
          onClose={() => setDefining(undefined)}
        />
      )}
    </Card>
  )
}
