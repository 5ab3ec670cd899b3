// Makes a channel, or changes the name and topic of one, and who is in it when it is private.

import { useState } from 'react'
import type { Channel } from '../../../../src/sdk/types.ts'
import { navigate } from '../../router/hooks.ts'
import { useAction, useDaemon, useLearn } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, Switch, TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { kindTexts, may } from '../community/core.ts'
import { channelPatchOf } from './core.ts'
import { PersonChoice } from './person-choice.tsx'

type Kind = 'open' | 'announce' | 'private'

export function ChannelDialog({ channel, onClose }: { channel?: Channel; onClose: () => void }) {
  const form = useChannelForm(channel, onClose)
  const { name, topic, kind, persons, guests, set, action } = form
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
        {channel === undefined && kind === 'open' && (
          <Switch
            label="Guests may write in it, too"
            hint="Those whose role lets them only read in other channels."
            checked={guests}
            onChange={(value) => set({ guests: value })}
          />
        )}
        {(channel?.kind ?? kind) === 'private' && (
          <PersonChoice
            legend="Who sees it, besides you"
            chosen={persons}
            onChange={(value) => set({ persons: value })}
          />
        )}
        {channel !== undefined && form.isLeavingOut && (
          <Note>
            <p>
              Whoever you leave out can’t read what comes after: it gets a new key. What they have read stays with them.
            </p>
          </Note>
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
  const { community, self } = useCommunity()
  const present = (channel?.persons ?? []).filter((person) => person !== self)
  const [texts, setTexts] = useState({
    name: channel?.name ?? '',
    topic: channel?.topic ?? '',
    kind: 'open' as Kind,
    persons: present as readonly string[],
    guests: false,
  })
  const action = useAction()
  const set = (change: Partial<typeof texts>) => setTexts((before) => ({ ...before, ...change }))
  const save = () => {
    const { kind, persons, guests } = texts
    void action.run(async () => {
      if (channel !== undefined) {
        const patch = channelPatchOf(channel, texts, self)
        if (patch !== undefined) {
          learn({ type: 'chat-channel', channel: await peerhood.chat.changeChannel(community.id, channel.id, patch) })
        }
        return onClose()
      }
      const named = { name: texts.name.trim(), topic: texts.topic.trim(), kind }
      const more = kind === 'private' ? { persons: [...persons] } : kind === 'open' ? { guests } : {}
      const made = await peerhood.chat.createChannel(community.id, { ...named, ...more })
      learn({ type: 'chat-channel', channel: made })
      onClose()
      navigate({ place: 'community', id: community.id, tab: 'chat', channel: made.id })
    })
  }
  const isLeavingOut = present.some((person) => !texts.persons.includes(person))
  return { ...texts, set, action, save, isLeavingOut }
}
