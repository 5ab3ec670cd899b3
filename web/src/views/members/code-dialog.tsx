// Lets somebody in who is near: a code to say aloud, good for one person, and what came of it.

import { useState } from 'react'
import { useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SelectField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { CodeOver, CodeShown } from '../admission/code-shown.tsx'
import { type CodeState, useCode } from '../admission/hooks.ts'
import { useCommunity } from '../community/context.tsx'
import { communityName, roleText } from '../community/core.ts'
import { useRoleOptions } from './hooks.ts'

export function CodeDialog({ onClose }: { onClose: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { id } = community
  const state = useCode({
    key: `codes ${id}`,
    isOne: (ended) => ended.community === id,
    list: (options) => peerhood.communities.codes(id, options),
    cancel: (nameplate) => peerhood.communities.cancelCode(id, nameplate),
  })
  const { code, ended } = state
  return (
    <Dialog title="Let somebody in by a spoken code" onClose={onClose}>
      {ended !== undefined && <CodeOver ended={ended} onMore={state.again} onClose={onClose} />}
      {ended === undefined && code === undefined && <CodeForm state={state} />}
      {code !== undefined && (
        <CodeShown code={code} state={state} onClose={onClose}>
          <ol className="steps">
            <li>Say it to the one person it is meant for, and let nobody else hear it.</li>
            <li>
              In their Peerhood they choose Communities, <strong>I was told a code</strong>, and type it.
            </li>
            <li>
              They are in {communityName(community)} at once, with the role {roleText(code.role ?? 'member')}.
            </li>
          </ol>
        </CodeShown>
      )}
    </Dialog>
  )
}

function CodeForm({ state: { isKnown, action, made } }: { state: CodeState }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [role, setRole] = useState('member')
  const options = useRoleOptions(community.id, community.self?.role)
  const make = () => action.run(async () => made(await peerhood.communities.openCode(community.id, { role })))
  return (
    <>
      <p className="soft">
        For somebody in the same room: no link, but a number and two words. Both computers have to be on the same
        network or connected already. A code is good for one person, ten minutes and three tries.
      </p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isKnown && !action.busy) void make()
        }}
      >
        <SelectField label="Role of who comes" value={role} options={options} onChange={setRole} />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" icon="voice" busy={action.busy} disabled={!isKnown}>
            Make the code
          </Button>
        </div>
      </form>
    </>
  )
}
