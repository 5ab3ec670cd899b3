// Members to choose from, by name.

import { useState } from 'react'
import type { Member } from '../../../../src/sdk/types.ts'
import { TextField } from '../../ui/field.tsx'
import { Avatar, Presence } from '../community/avatar.tsx'
import { useCommunity } from '../community/context.tsx'
import { isOnline, sortMembers } from '../community/core.ts'

/** Shown at a time; a few letters find the others. */
const shownMax = 50

/** Members but oneself whose name has what was typed. */
export function useMemberSearch(): { typed: string; setTyped: (text: string) => void; found: readonly Member[] } {
  const { members, self } = useCommunity()
  const [typed, setTyped] = useState('')
  const wanted = typed.trim().toLocaleLowerCase('en')
  const found = sortMembers(members.values())
    .filter(
      ({ person, state, name }) =>
        state === 'active' && person !== self && name.toLocaleLowerCase('en').includes(wanted),
    )
    .slice(0, shownMax)
  return { typed, setTyped, found }
}

interface PersonChoiceProps {
  readonly legend: string
  readonly chosen: readonly string[]
  readonly onChange: (persons: readonly string[]) => void
}

export function PersonChoice({ legend, chosen, onChange }: PersonChoiceProps) {
  const { chat } = useCommunity()
  const { typed, setTyped, found } = useMemberSearch()
  return (
    <fieldset className="persons">
      <legend>{legend}</legend>
      <TextField label="Find a member" value={typed} onChange={setTyped} charsMax={64} />
      <ul>
        {found.map(({ person, name }) => (
          <li key={person}>
            <label className="person-option">
              <input
                type="checkbox"
                checked={chosen.includes(person)}
                onChange={({ target }) =>
                  onChange(target.checked ? [...chosen, person] : chosen.filter((one) => one !== person))
                }
              />
              <Avatar id={person} name={name} size="small" online={isOnline(chat?.presence, person)} />
              <bdi className="cut">{name}</bdi>
              <Presence online={isOnline(chat?.presence, person)} />
            </label>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="soft small">Nobody is called so.</p>}
    </fieldset>
  )
}
