// One’s own contact link: to copy, to scan, to make anew; and who may ask.

import { useState } from 'react'
import type { Contact, ContactPatch } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm, Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Pair } from '../../ui/pairs.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { useNews } from '../admission/hooks.ts'
import { LinkShown } from '../admission/link-shown.tsx'
import { useMemberName } from '../communities/hooks.ts'
import { whoOptions, wordsText } from './core.ts'

export function ContactDialog({ onClose }: { onClose: () => void }) {
  const { peerhood } = useDaemon()
  const news = useNews(({ type }) => type === 'direct-contact')
  const { value, failure, reread } = useReading('contact', news, (options) => peerhood.direct.contact(options))
  return (
    <Dialog title="Your contact link" onClose={onClose}>
      <p className="soft">
        Whoever has it can ask to talk with you; you accept, refuse or block. Give it to people whom you want to hear
        from.
      </p>
      {failure !== undefined && <ProblemNote problem={failure} />}
      {value !== undefined && <ContactShown contact={value} onChanged={reread} />}
      <div className="actions actions-end">
        <Button onClick={onClose}>Done</Button>
      </div>
    </Dialog>
  )
}

function ContactShown({ contact, onChanged }: { contact: Contact; onChanged: () => void }) {
  const { peerhood } = useDaemon()
  const { say } = useShell()
  const guess = useMemberName()
  const [renewing, setRenewing] = useState(false)
  const [name, setName] = useState(contact.name ?? guess)
  const action = useAction()
  const isNamed = name.trim() !== '' && name.trim() !== contact.name
  const run = (work: () => Promise<Contact>, said: string) =>
    void action.run(async () => {
      await work()
      onChanged()
      say(said)
    })
  const change = (patch: ContactPatch) => run(() => peerhood.direct.changeContact(patch), 'Saved')
  return (
    <>
      <LinkShown link={contact.link} what="contact link" of={contact.name ?? 'this person'} />
      <dl className="pairs">
        <Pair name="Your words">
          <span className="person-words">{wordsText(contact.words)}</span>
        </Pair>
      </dl>
      <form
        className="inline-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isNamed && !action.busy) change({ name: name.trim() })
        }}
      >
        <TextField
          label="What the link calls you"
          charsMax={64}
          autoComplete="name"
          value={name}
          onChange={setName}
          hint={contact.name === null ? 'It says no name yet.' : undefined}
        />
        <Button type="submit" look={isNamed ? 'primary' : 'plain'} busy={action.busy} disabled={!isNamed}>
          Save
        </Button>
      </form>
      <SelectField
        label="Who may ask you"
        value={contact.who}
        options={whoOptions}
        onChange={(who) => change({ who: who as Contact['who'] })}
      />
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions">
        <Button icon="refresh" onClick={() => setRenewing(true)}>
          Make a new link
        </Button>
      </div>
      {renewing && (
        <Confirm
          title="Make a new link?"
          verb="Make a new link"
          onConfirm={() => run(() => peerhood.direct.renewContact(), 'The old links are good for nothing now')}
          onClose={() => setRenewing(false)}
        >
          <p>Nobody can ask you any more with a link that you gave out before. Conversations that there are go on.</p>
        </Confirm>
      )}
    </>
  )
}
