// Comes into a community by a code that somebody near has told.

import { useState } from 'react'
import { navigate } from '../../router/hooks.ts'
import { useDaemon, useLearn } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { CodeField, Looking, useStoppable } from '../admission/code-entry.tsx'
import { useMemberName } from './hooks.ts'

export function EnterDialog({ onClose }: { onClose: () => void }) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const guess = useMemberName()
  const [code, setCode] = useState('')
  const [memberName, setMemberName] = useState(guess)
  const { action, run, stop } = useStoppable()
  const isComplete = code.trim() !== '' && memberName.trim() !== ''
  const enter = () =>
    run(async (signal) => {
      const request = { code: code.trim(), memberName: memberName.trim() }
      const community = await peerhood.communities.enter(request, { signal })
      learn({ type: 'community', community })
      onClose()
      navigate({ place: 'community', id: community.id, tab: 'chat' })
    })
  return (
    <Dialog title="Come in by a code" onClose={onClose}>
      <p className="soft">
        Somebody who is in a community has told you a code: their Peerhood shows it under Members, By a code.
      </p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) enter()
        }}
      >
        <CodeField
          value={code}
          onChange={(value) => {
            setCode(value)
            action.clear()
          }}
        />
        <TextField
          label="Your name in it"
          charsMax={64}
          autoComplete="name"
          value={memberName}
          onChange={setMemberName}
          hint="The members see it. You can change it later."
        />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        {action.busy && <Looking />}
        <div className="actions actions-end">
          {action.busy && <Button onClick={stop}>Stop</Button>}
          <Button type="submit" look="primary" icon="voice" busy={action.busy} disabled={!isComplete}>
            {action.busy ? 'Coming in' : 'Come in'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
