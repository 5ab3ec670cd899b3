// Founds a community: a name for it, and how its founder is called in it.

import { useState } from 'react'
import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon, useLearn, useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { useMemberName } from './hooks.ts'

export type History = 'all' | 'since-joining'

const historyOptions = [
  { value: 'all', label: 'Everything', hint: 'Whoever joins can read what was written before.' },
  { value: 'since-joining', label: 'Only what comes', hint: 'The past stays among those who were there.' },
] as const

export function HistoryChoice({ value, onChange }: { value: History; onChange: (value: History) => void }) {
  return <Choice legend="What newcomers can read" value={value} options={historyOptions} onChange={onChange} />
}

export function FoundDialog({ onClose }: { onClose: () => void }) {
  const form = useFoundForm(onClose)
  const { name, memberName, description, history, set, action, isComplete } = form
  return (
    <Dialog title="Found a community" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) form.found()
        }}
      >
        <TextField
          label="Its name"
          placeholder="Our street"
          charsMax={100}
          value={name}
          onChange={(value) => set({ name: value })}
        />
        <TextField
          label="Your name in it"
          charsMax={64}
          autoComplete="name"
          hint="The members see it; you may be called differently elsewhere."
          value={memberName}
          onChange={(value) => set({ memberName: value })}
        />
        <details className="get-options">
          <summary>More</summary>
          <TextField
            label="What it is for"
            rows={2}
            charsMax={2000}
            value={description}
            onChange={(value) => set({ description: value })}
          />
          <HistoryChoice value={history} onChange={(value) => set({ history: value })} />
        </details>
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" busy={action.busy} disabled={!isComplete}>
            Found it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function useFoundForm(onClose: () => void) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { show } = useShell()
  const guess = useMemberName()
  const [texts, setTexts] = useState({ name: '', memberName: guess, description: '', history: 'all' as History })
  const action = useAction()
  const set = (change: Partial<typeof texts>) => setTexts((before) => ({ ...before, ...change }))
  const found = () => {
    void action.run(async () => {
      const community = await peerhood.communities.found({
        name: texts.name.trim(),
        memberName: texts.memberName.trim(),
        description: texts.description.trim(),
        history: texts.history,
      })
      learn({ type: 'community', community })
      onClose()
      navigate({ place: 'community', id: community.id, tab: 'chat' })
      // Nobody is in it yet: what comes next is to ask somebody in.
      show({ kind: 'invite', community: community.id })
    })
  }
  const isComplete =
    useWorld(({ connection }) => connection === 'open') && texts.name.trim() !== '' && texts.memberName.trim() !== ''
  return { ...texts, set, action, isComplete, found }
}
