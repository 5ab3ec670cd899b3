// Makes a role of the community’s own, or changes it: a name, a rank, and what it allows.

import { useState } from 'react'
import type { Role } from '../../../../src/sdk/types.ts'
import { countText } from '../../format/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { capabilityChoices, may } from '../community/core.ts'
import { rankChoices, rankOf, roleNameProblem, takesAway } from './core.ts'

interface RoleDefineDialogProps {
  /** Undefined: a new one. */
  readonly role: Role | undefined
  readonly roles: readonly Role[]
  readonly onClose: () => void
}

export function RoleDefineDialog({ role, roles, onClose }: RoleDefineDialogProps) {
  const form = useRoleForm(role, onClose)
  const { name, rank, capabilities, set, action } = form
  const { community, members } = useCommunity()
  const problem = role === undefined && name !== '' ? roleNameProblem(name, roles) : undefined
  const isComplete = name !== '' && problem === undefined
  const holders = [...members.values()].filter((one) => one.state === 'active' && one.role === role?.name).length
  return (
    <Dialog title={role === undefined ? 'Make a role' : `Change the role ${role.name}`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) form.save()
        }}
      >
        {role === undefined && (
          <TextField
            label="Its name"
            placeholder="treasurer"
            charsMax={32}
            value={name}
            onChange={(value) => set({ name: value.toLowerCase().replaceAll(' ', '-') })}
            error={problem}
            hint="Lower-case letters, digits, dots and hyphens."
          />
        )}
        <SelectField
          label="Rank"
          value={rank}
          options={rankChoices.filter(({ value }) => Number(value) <= rankOf(roles, community.self?.role))}
          onChange={(value) => set({ rank: value })}
          hint="Whom those who have it may act upon, as far as it allows it: the same rank and those below."
        />
        <CapabilityChoice role={role} chosen={capabilities} onChange={(value) => set({ capabilities: value })} />
        {holders > 0 && role !== undefined && takesAway(role, { rank: Number(rank), capabilities }) && (
          <Note tone="warn" title={`It takes something from ${countText(holders, 'member')}`}>
            <p>What they did with it without knowing of this change does not count.</p>
          </Note>
        )}
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" busy={action.busy} disabled={!isComplete}>
            {role === undefined ? 'Make it' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

interface CapabilityChoiceProps {
  readonly role: Role | undefined
  readonly chosen: readonly string[]
  readonly onChange: (capabilities: readonly string[]) => void
}

/** Nobody gives what they have not; what a role has already may stay. */
function CapabilityChoice({ role, chosen, onChange }: CapabilityChoiceProps) {
  const { community } = useCommunity()
  const offered = capabilityChoices.filter(
    ({ value }) => may(community, value) || role?.capabilities.includes(value) === true,
  )
  return (
    <fieldset className="persons">
      <legend>What it allows, besides reading</legend>
      <ul className="person-list capability-list">
        {offered.map(({ value, label }) => (
          <li key={value}>
            <label className="person-option">
              <input
                type="checkbox"
                checked={chosen.includes(value)}
                onChange={({ target }) =>
                  onChange(target.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
                }
              />
              <span>{label}</span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  )
}

function useRoleForm(role: Role | undefined, onClose: () => void) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { say } = useShell()
  const [texts, setTexts] = useState({
    name: role?.name ?? '',
    rank: String(role?.rank ?? 1),
    capabilities: role?.capabilities ?? (['post'] as readonly string[]),
  })
  const action = useAction()
  const set = (change: Partial<typeof texts>) => setTexts((before) => ({ ...before, ...change }))
  const save = () => {
    void action.run(async () => {
      const { name, rank, capabilities } = texts
      await peerhood.communities.defineRole(community.id, {
        name,
        rank: Number(rank),
        capabilities: [...capabilities],
      })
      onClose()
      say(role === undefined ? `The role ${name} can be given now` : `The role ${name} is changed`)
    })
  }
  return { ...texts, set, action, save }
}
