// Asks somebody to talk: paste their contact link, say who one is and what one wants.

import { useState } from 'react'
import type { DirectAsk } from '../../../../src/sdk/types.ts'
import { findLink } from '../../intake/core.ts'
import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { useMemberName } from '../communities/hooks.ts'
import { Avatar } from '../community/avatar.tsx'
import { type Inspection, useInspection } from '../transfers/hooks.ts'
import { type ContactLink, personName, textCharsMax, wordsText } from './core.ts'

export function MessageDialog({ link, onClose }: { link: string; onClose: () => void }) {
  const [text, setText] = useState(link)
  const [asked, setAsked] = useState<DirectAsk>()
  const inspection = useInspection(text)
  const contact = inspection.link?.kind === 'contact' ? inspection.link : undefined
  if (asked !== undefined) {
    return (
      <Dialog title="New message" onClose={onClose}>
        <Asked ask={asked} onClose={onClose} />
      </Dialog>
    )
  }
  return (
    <Dialog title="New message" onClose={onClose}>
      {(link === '' || contact === undefined) && <LinkField text={text} inspection={inspection} onChange={setText} />}
      {contact !== undefined && <AskForm key={contact.person} text={text} contact={contact} onAsked={setAsked} />}
    </Dialog>
  )
}

interface LinkFieldProps {
  readonly text: string
  readonly inspection: Inspection
  readonly onChange: (text: string) => void
}

function LinkField({ text, inspection: { link, failure }, onChange }: LinkFieldProps) {
  const { show } = useShell()
  const isOther = link !== undefined && link.kind !== 'contact'
  return (
    <>
      <TextField
        label="Contact link"
        placeholder="peerhood:…"
        rows={2}
        mono
        link
        value={text}
        onChange={onChange}
        error={failure && `${failure.sentence} ${failure.hint}`}
        hint="The other person gets it under Communities, Your link."
      />
      {isOther && (
        <Note
          title="This link leads somewhere else"
          actions={<Button onClick={() => show({ kind: 'get', link: text })}>Open it</Button>}
        />
      )}
      <div className="actions">
        <Button look="quiet" icon="qr" onClick={() => show({ kind: 'contact' })}>
          Show mine instead
        </Button>
      </div>
    </>
  )
}

interface AskFormProps {
  readonly text: string
  readonly contact: ContactLink
  readonly onAsked: (ask: DirectAsk) => void
}

function AskForm({ text: link, contact, onAsked }: AskFormProps) {
  const { peerhood } = useDaemon()
  const guess = useMemberName()
  const [texts, setTexts] = useState({ memberName: guess, text: '' })
  const action = useAction()
  const name = personName(contact)
  const isComplete = texts.memberName.trim() !== '' && texts.text.trim() !== ''
  const ask = () =>
    action.run(async () => {
      const request = {
        to: findLink(link) ?? link.trim(),
        memberName: texts.memberName.trim(),
        text: texts.text.trim(),
      }
      onAsked(await peerhood.direct.ask(request))
    })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isComplete && !action.busy) void ask()
      }}
    >
      <div className="invited">
        <Avatar id={contact.person} name={name} size="large" />
        <div>
          <strong dir="auto">{name}</strong>
          <span className="soft small person-words">{wordsText(contact.words)}</span>
        </div>
      </div>
      <TextField
        label="Message"
        rows={4}
        charsMax={textCharsMax}
        value={texts.text}
        onChange={(text) => setTexts({ ...texts, text })}
        hint={`They read it before they decide. ${textCharsMax - texts.text.length} characters left.`}
      />
      <TextField
        label="Your name in it"
        charsMax={64}
        autoComplete="name"
        value={texts.memberName}
        onChange={(memberName) => setTexts({ ...texts, memberName })}
      />
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" look="primary" icon="chat" busy={action.busy} disabled={!isComplete}>
          Ask
        </Button>
      </div>
    </form>
  )
}

function Asked({ ask, onClose }: { ask: DirectAsk; onClose: () => void }) {
  const done = () => {
    onClose()
    navigate({ place: 'communities' })
  }
  return (
    <>
      <Note tone="good" title={`You ask ${personName(ask)} to talk with you`}>
        <p>
          <Said text={ask.sentence} />
        </p>
        <p>You may close this page meanwhile. How it stands you see under Communities, Direct messages.</p>
      </Note>
      <div className="actions actions-end">
        <Button look="primary" onClick={done}>
          Done
        </Button>
      </div>
    </>
  )
}
