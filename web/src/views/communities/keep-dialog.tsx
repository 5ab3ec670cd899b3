// Keeps a community for others: paste the keep link, say how much room it gets.

import { useState } from 'react'
import { findLink } from '../../intake/core.ts'
import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon, useLearn, useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { CopyPair } from '../../ui/pairs.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { useInspection } from '../transfers/hooks.ts'
import { keepSentence, roomChoices } from './core.ts'

export function KeepDialog({ link, onClose }: { link: string; onClose: () => void }) {
  const form = useKeepForm(link, onClose)
  const { text, setText, room, setRoom, inspection, isKeep, action } = form
  const { failure } = inspection
  return (
    <Dialog title="Keep a community for others" onClose={onClose}>
      <p className="soft">
        This computer then holds the sealed log of a community and passes it on while its members are offline. It sees
        sizes and times; it can’t read, change or reorder anything.
      </p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isKeep && !action.busy) form.keep()
        }}
      >
        <TextField
          label="Keep link"
          placeholder="peerhood:…"
          rows={2}
          mono
          link
          value={text}
          onChange={setText}
          error={failure && `${failure.sentence} ${failure.hint}`}
          hint={
            inspection.link?.kind === 'community-keep'
              ? keepSentence(inspection.link)
              : 'A member gets it under Members, Keepers.'
          }
        />
        {inspection.link !== undefined && !isKeep && (
          <Note tone="warn" title="This is not a keep link of a community" />
        )}
        <SelectField label="Room for it" value={room} options={roomChoices} onChange={setRoom} />
        <OwnAddress />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" icon="keep" busy={action.busy} disabled={!isKeep}>
            Keep it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** What a member needs to name this computer a keeper, so that all others come to it. */
function OwnAddress() {
  const address = useWorld(({ status }) => status?.addresses[0])
  if (address === undefined) return null
  return (
    <details className="get-options">
      <summary>Be named a keeper</summary>
      <p className="soft small">
        Send this address to a member: with it they name this computer, and everybody finds it.
      </p>
      <dl className="pairs">
        <CopyPair name="Address" text={address} what="address" />
      </dl>
    </details>
  )
}

function useKeepForm(link: string, onClose: () => void) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say } = useShell()
  const [text, setText] = useState(link)
  const [room, setRoom] = useState(roomChoices[1]?.value ?? '')
  const inspection = useInspection(text)
  const action = useAction()
  const keep = () => {
    void action.run(async () => {
      const request = { link: findLink(text) ?? text.trim(), bytesMax: Number(room) }
      const community = await peerhood.communities.keep(request)
      learn({ type: 'community', community })
      onClose()
      navigate({ place: 'communities' })
      say('This computer keeps it from now on')
    })
  }
  return { text, setText, room, setRoom, inspection, isKeep: inspection.link?.kind === 'community-keep', action, keep }
}
