// Makes a channel, or changes the name and topic of one.

import { useState } from 'react'
import type { Channel } from '../../../../src/sdk/types.ts'
import { navigate } from '../../router/hooks.ts'
import { useAction, useDaemon, useLearn } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { kindTexts, may } from '../community/core.ts'
import { PersonChoice } from './person-choice.tsx'

type Kind = 'open' | 'announce' | 'private'

export function ChannelDialog({ channel, onClose }: { channel?: Channel; onClose: () => void }) {
  const form = useChannelForm(channel, onClose)
  const { name, topic, kind, persons, set, action } = form
  const isComplete = name.trim() !== ''
  return (
    <Dialog title={channel === undefined ? 'New channel' : 'Change the channel'} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) form.save()
        }}
      >
        <TextField label="Name" charsMax={64} value={name} onChange={(value) => set({ name: value })} />
        <TextField label="What it is about" charsMax={500} value={topic} onChange={(value) => set({ topic: value })} />
        {channel === undefined && <KindChoice value={kind} onChange={(value) => set({ kind: value })} />}
        {channel === undefined && kind === 'private' && (
          <PersonChoice
            legend="Who sees it, besides you"
            chosen={persons}
            onChange={(value) => set({ persons: value })}
          />
        )}
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" busy={action.busy} disabled={!isComplete}>
            {channel === undefined ? 'Make it' : 'Save'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function KindChoice({ value, onChange }: { value: Kind; onChange: (kind: Kind) => void }) {
  const { community } = useCommunity()
  const options = [
    { value: 'open', label: 'Open', hint: kindTexts.open },
    { value: 'private', label: 'Private', hint: kindTexts.private },
    ...(may(community, 'announce')
      ? [{ value: 'announce', label: 'Announcements', hint: kindTexts.announce } as const]
      : []),
  ] as const
  return <Choice legend="Who reads and writes" value={value} options={options} onChange={onChange} />
}

function useChannelForm(channel: Channel | undefined, onClose: () => void) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { community } = useCommunity()
  const [texts, setTexts] = useState({
    name: channel?.name ?? '',
    topic: channel?.topic ?? '',
    kind: 'open' as Kind,
    persons: [] as readonly string[],
  })
  const action = useAction()
  const set = (change: Partial<typeof texts>) => setTexts((before) => ({ ...before, ...change }))
  const save = () => {
    const { kind, persons } = texts
    const patch = { name: texts.name.trim(), topic: texts.topic.trim() }
    void action.run(async () => {
      if (channel !== undefined) {
        await peerhood.chat.changeChannel(community.id, channel.id, patch)
        return onClose()
      }
      const more = kind === 'private' ? { persons: [...persons] } : {}
      const made = await peerhood.chat.createChannel(community.id, { ...patch, kind, ...more })
      learn({ type: 'chat-channel', channel: made })
      onClose()
      navigate({ place: 'community', id: community.id, tab: 'chat', channel: made.id })
    })
  }
  return { ...texts, set, action, save }
}
