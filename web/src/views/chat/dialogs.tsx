// What is asked before it is done to a message or its author, with what it means in words.

import { useState } from 'react'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm, Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { type Question, useRoom } from './context.tsx'
import { excerptOf } from './core.ts'

export function QuestionDialog({ question, onClose }: { question: Question; onClose: () => void }) {
  switch (question.kind) {
    case 'delete':
      return <DeleteDialog question={question} onClose={onClose} />
    case 'mute':
      return <MuteDialog question={question} onClose={onClose} />
    case 'report':
    case 'hide':
      return <ReasonDialog question={question} kind={question.kind} onClose={onClose} />
  }
}

interface QuestionProps {
  readonly question: Question
  readonly onClose: () => void
}

function DeleteDialog({ question: { message }, onClose }: QuestionProps) {
  const { peerhood } = useDaemon()
  const { say, warn } = useShell()
  const remove = () => {
    peerhood.chat.delete(message.community, message.id).then(
      () => say('Deleted here, and asked of all others'),
      ({ message: sentence, hint }) => warn({ sentence, hint }),
    )
  }
  return (
    <Confirm title="Delete this message?" verb="Delete" onConfirm={remove} onClose={onClose}>
      <Excerpt question={{ kind: 'delete', message }} />
      <p>
        It is taken away here, and every member’s Peerhood is asked to do the same. Whoever has read or copied it could
        have kept it: nobody can be forced to forget.
      </p>
    </Confirm>
  )
}

function Excerpt({ question: { message } }: { question: Question }) {
  const { nameOf } = useRoom()
  return (
    <p className="excerpt">
      <bdi className="quote-name">{nameOf(message.person)}</bdi> <bdi>{excerptOf(message)}</bdi>
    </p>
  )
}

const reasonWords = {
  report: {
    title: 'Report this message',
    verb: 'Report it',
    text: 'Those who moderate this community see the message, your reason, and that it was you.',
    done: 'Reported to those who moderate',
  },
  hide: {
    title: 'Hide this message from all',
    verb: 'Hide it',
    text: 'Everybody sees that you hid it, and why. It stays in the log, which nobody can change.',
    done: 'Hidden from all',
  },
} as const

function ReasonDialog({ question, kind, onClose }: QuestionProps & { kind: 'report' | 'hide' }) {
  const { peerhood } = useDaemon()
  const { say } = useShell()
  const [reason, setReason] = useState('')
  const action = useAction()
  const { message } = question
  const words = reasonWords[kind]
  const send = () =>
    action.run(async () => {
      await peerhood.chat[kind](message.community, message.id, reason.trim())
      onClose()
      say(words.done)
    })
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!action.busy) void send()
        }}
      >
        <Excerpt question={question} />
        <TextField label="Why" value={reason} onChange={setReason} charsMax={500} rows={2} hint={words.text} />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look={kind === 'hide' ? 'danger' : 'primary'} busy={action.busy}>
            {words.verb}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

const hourMs = 3_600_000
const muteChoices = [
  { value: String(hourMs), label: 'For an hour' },
  { value: String(24 * hourMs), label: 'For a day' },
  { value: String(7 * 24 * hourMs), label: 'For a week' },
  { value: '', label: 'Until somebody ends it' },
  { value: '0', label: 'End it now' },
] as const

function MuteDialog({ question, onClose }: QuestionProps) {
  const { peerhood } = useDaemon()
  const { nameOf } = useRoom()
  const { say } = useShell()
  const [howLong, setHowLong] = useState<string>(muteChoices[0].value)
  const action = useAction()
  const { message } = question
  const name = nameOf(message.person)
  const mute = () =>
    action.run(async () => {
      const untilMs = howLong === '' ? null : Date.now() + Number(howLong)
      await peerhood.chat.mute(message.community, message.person, { untilMs })
      onClose()
      say(howLong === '0' ? `${name} may write again` : `${name} is muted`)
    })
  return (
    <Dialog title={`Mute ${name}`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!action.busy) void mute()
        }}
      >
        <p>They go on reading; what they write meanwhile is shown to nobody. Everybody can see that you did it.</p>
        <SelectField label="How long" value={howLong} options={muteChoices} onChange={setHowLong} />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look={howLong === '0' ? 'primary' : 'danger'} busy={action.busy}>
            {howLong === '0' ? 'Let them write' : 'Mute'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
