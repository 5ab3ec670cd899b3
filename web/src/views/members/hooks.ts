// Roles that one may give, for the forms that ask for one.

import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { roleText } from '../community/core.ts'
import { givableRoles } from './core.ts'

interface RoleOption {
  readonly value: string
  readonly label: string
}

/** `own`: the role of this computer’s person, which nobody gives more than. */
export function useRoleOptions(community: string, own: string | undefined): readonly RoleOption[] {
  const { peerhood } = useDaemon()
  const { value = [] } = useReading(`roles ${community}`, undefined, (options) =>
    peerhood.communities.roles(community, options),
  )
  const options = givableRoles(value, own).map(({ name }) => ({ value: name, label: roleText(name) }))
  return options.length > 0 ? options : [{ value: 'member', label: roleText('member') }]
}
