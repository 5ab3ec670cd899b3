// Makes an invite, and shows its link this once: to copy, or to scan.

import { useState } from 'react'
import type { Invitation } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon, useWorld } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { QrCode } from '../../ui/qr-code.tsx'
import { communityName, roleText } from '../community/core.ts'
import { expiryChoices, givableRoles, usesChoices } from './core.ts'

export function InviteDialog({ community: id, onClose }: { community: string; onClose: () => void }) {
  const community = useWorld((world) => world.communities.get(id))
  const [made, setMade] = useState<Invitation>()
  if (community === undefined) return null
  const name = communityName(community)
  return (
    <Dialog title={`Invite into ${name}`} onClose={onClose}>
      {made === undefined ? (
        <InviteForm id={id} own={community.self?.role} onMade={setMade} />
      ) : (
        <InviteLinkShown invitation={made} name={name} onMore={() => setMade(undefined)} onClose={onClose} />
      )}
    </Dialog>
  )
}

const firstTexts = {
  role: 'member',
  uses: usesChoices[0]?.value ?? '1',
  expiry: expiryChoices[1]?.value ?? '',
  note: '',
}

function InviteForm({ id, own, onMade }: { id: string; own: string | undefined; onMade: (made: Invitation) => void }) {
  const { peerhood } = useDaemon()
  const [texts, setTexts] = useState(firstTexts)
  const action = useAction()
  const roles = useReading(`roles ${id}`, undefined, (options) => peerhood.communities.roles(id, options))
  const options = givableRoles(roles.value ?? [], own).map(({ name }) => ({ value: name, label: roleText(name) }))
  const set = (change: Partial<typeof texts>) => setTexts((before) => ({ ...before, ...change }))
  const make = () =>
    action.run(async () => {
      const expiresMs = texts.expiry === '' ? null : Date.now() + Number(texts.expiry)
      const request = { role: texts.role, usesMax: Number(texts.uses), expiresMs, note: texts.note.trim() }
      onMade(await peerhood.communities.invite(id, request))
    })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!action.busy) void make()
      }}
    >
      <div className="field-pair">
        <SelectField label="For" value={texts.uses} options={usesChoices} onChange={(uses) => set({ uses })} />
        <SelectField label="Ends" value={texts.expiry} options={expiryChoices} onChange={(expiry) => set({ expiry })} />
      </div>
      <SelectField
        label="Role of those who come"
        value={texts.role}
        options={options.length > 0 ? options : [{ value: 'member', label: roleText('member') }]}
        onChange={(role) => set({ role })}
      />
      <TextField
        label="Note"
        hint="To tell invites apart; members see it."
        charsMax={200}
        value={texts.note}
        onChange={(note) => set({ note })}
      />
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" look="primary" icon="link" busy={action.busy}>
          Make the link
        </Button>
      </div>
    </form>
  )
}

interface ShownProps {
  readonly invitation: Invitation
  readonly name: string
  readonly onMore: () => void
  readonly onClose: () => void
}

function InviteLinkShown({ invitation: { link }, name, onMore, onClose }: ShownProps) {
  return (
    <>
      <div className="link-text">
        <textarea
          className="input input-link mono"
          aria-label="Invite link"
          readOnly
          rows={3}
          value={link}
          onFocus={(event) => event.target.select()}
        />
        <CopyButton text={link} what="invite" look="primary" />
      </div>
      <p className="soft small">
        Send it the way you would send a key: whoever has it can come in. It is shown this once and kept nowhere; you
        can revoke it under Members. Whoever opens it needs Peerhood, pastes it anywhere in its page, and is in.
      </p>
      <QrCode text={link} label={`QR code of the invite into ${name}`} />
      <div className="actions actions-end">
        <Button look="quiet" onClick={onMore}>
          Make another
        </Button>
        <Button onClick={onClose}>Done</Button>
      </div>
    </>
  )
}
