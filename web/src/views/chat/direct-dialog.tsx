// Begins a direct message with one other member.

import { useAction } from '../../store/hooks.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { Avatar, Presence } from '../community/avatar.tsx'
import { useCommunity } from '../community/context.tsx'
import { isOnline } from '../community/core.ts'
import { useDirect } from './direct.ts'
import { useMemberSearch } from './person-choice.tsx'

export function DirectDialog({ onClose }: { onClose: () => void }) {
  const { chat, members } = useCommunity()
  const { typed, setTyped, found } = useMemberSearch()
  const direct = useDirect()
  const action = useAction()
  return (
    <Dialog title="Write to one person" onClose={onClose}>
      <TextField label="Find a member" value={typed} onChange={setTyped} charsMax={64} />
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <ul className="person-list">
        {found.map(({ person, name }) => (
          <li key={person}>
            <button
              type="button"
              className="person-option"
              onClick={() =>
                void action.run(async () => {
                  await direct(person)
                  onClose()
                })
              }
            >
              <Avatar id={person} name={name} size="small" online={isOnline(chat?.presence, person)} />
              <bdi className="cut">{name}</bdi>
              <Presence online={isOnline(chat?.presence, person)} />
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <p className="soft">{members.size < 2 ? 'Nobody else is in this community yet.' : 'Nobody is called so.'}</p>
      )}
    </Dialog>
  )
}
