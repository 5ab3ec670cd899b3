// For whom this computer keeps copies, how much, and how to agree or to end it.

import { useState } from 'react'
import type { Agreement, Copies } from '../../../../src/sdk/types.ts'
import { agoText } from '../../format/core.ts'
import { findLink } from '../../intake/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useAction, useDaemon, useNow } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm, Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Card, Facts, ProblemNote, Progress } from '../../ui/parts.tsx'
import { agreedName, agreedText, sizeChoices } from './core.ts'
import './style.css'

interface Props {
  readonly copies: Copies | undefined
  readonly onChanged: () => void
}

export function AgreementsCard({ copies, onChanged }: Props) {
  const [open, setOpen] = useState(false)
  const agreements = copies?.agreements ?? []
  return (
    <Card
      title="Copies that you keep for others"
      className="agreements"
      actions={
        <div className="actions">
          <Button icon="plus" onClick={() => setOpen(true)}>
            Keep copies for somebody
          </Button>
        </div>
      }
    >
      {agreements.length === 0 ? (
        <p className="soft">
          Give somebody room on this computer: copies of what they share lie here, and reach people while their computer
          is off. Private ones you can’t read.
        </p>
      ) : (
        <ul className="rows" aria-label="For whom you keep copies">
          {agreements.map((agreement) => (
            <AgreementItem key={agreement.person} agreement={agreement} onChanged={onChanged} />
          ))}
        </ul>
      )}
      {open && <AgreeDialog onChanged={onChanged} onClose={() => setOpen(false)} />}
    </Card>
  )
}

function AgreementItem({ agreement, onChanged }: { agreement: Agreement; onChanged: () => void }) {
  const nowMs = useNow()
  const name = agreedName(agreement)
  const { askedMs, words } = agreement
  return (
    <li>
      <div className="row-title">
        <strong className="cut" dir="auto" title={agreement.person}>
          {name}
        </strong>
        <Facts>
          {[
            agreedText(agreement),
            askedMs === null ? 'has not asked yet' : `asked ${agoText(askedMs, nowMs)}`,
            words.join(' '),
          ]}
        </Facts>
        <Progress label={`Room used by ${name}`} done={agreement.bytes} all={agreement.bytesMax} />
      </div>
      <EndButton agreement={agreement} onChanged={onChanged} />
    </li>
  )
}

function EndButton({ agreement, onChanged }: { agreement: Agreement; onChanged: () => void }) {
  const { peerhood } = useDaemon()
  const { say, warn } = useShell()
  const [asking, setAsking] = useState(false)
  const name = agreedName(agreement)
  const end = async () => {
    try {
      await peerhood.copies.end(agreement.person)
      onChanged()
      say(`Nothing is kept for ${name} any more`)
    } catch (error) {
      warn(toFailure(error))
    }
  }
  return (
    <>
      <Button about={`for ${name}`} onClick={() => setAsking(true)}>
        Stop keeping
      </Button>
      {asking && (
        <Confirm
          title={`Keep nothing for ${name} any more?`}
          verb="Stop keeping"
          onConfirm={() => void end()}
          onClose={() => setAsking(false)}
        >
          <p>The copies that are here for them alone are deleted. Their computer looks for another one.</p>
        </Confirm>
      )}
    </>
  )
}

function AgreeDialog({ onChanged, onClose }: { onChanged: () => void; onClose: () => void }) {
  const { peerhood } = useDaemon()
  const { say } = useShell()
  const [text, setText] = useState('')
  const [room, setRoom] = useState(sizeChoices[1]?.value ?? '')
  const action = useAction()
  const agree = () =>
    void action.run(async () => {
      const agreement = await peerhood.copies.agree({ for: findLink(text) ?? text.trim(), bytesMax: Number(room) })
      onChanged()
      onClose()
      say(`Copies are kept for ${agreedName(agreement)} from now on`)
    })
  return (
    <Dialog title="Keep copies for somebody" onClose={onClose}>
      <p className="soft">
        Their computer may then place copies of what they share here, up to as much as you say. What is private stays
        unreadable here.
      </p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim() !== '' && !action.busy) agree()
        }}
      >
        <TextField
          label="Their contact link"
          placeholder="peerhood:…"
          hint="They find it under Communities, Your link. To change how much, give it again."
          rows={2}
          mono
          link
          charsMax={8192}
          value={text}
          onChange={(value) => {
            setText(value)
            action.clear()
          }}
        />
        <SelectField label="Room for their copies" value={room} options={sizeChoices} onChange={setRoom} />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" icon="keep" busy={action.busy} disabled={text.trim() === ''}>
            Keep copies
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
