// Copies of one share: how many there are to be, where they are, and who would keep some.

import { useState } from 'react'
import type { Copies, Copy, Share } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Badge, Facts, Note, ProblemNote } from '../../ui/parts.tsx'
import { Said } from '../../ui/said.tsx'
import { shareName } from '../shares/core.ts'
import { computerName, keeperText, numberChoices, standingBadge } from './core.ts'
import './style.css'

interface Props {
  readonly share: Share
  readonly copies: Copies
  readonly onChanged: () => void
  readonly onClose: () => void
}

export function CopiesDialog({ share, copies, onChanged, onClose }: Props) {
  const own = copies.shares.find(({ shareId }) => shareId === share.id)
  const name = shareName(share)
  return (
    <Dialog title={`Copies of ${name}`} onClose={onClose}>
      <p className="soft">
        Other computers hold it, too, unreadable to them when it is private, and give it to whoever has the link, also
        while this computer is off. When one is lost, another takes its place while Peerhood runs here.
      </p>
      <NumberForm share={share} wanted={own?.copies ?? 0} onChanged={onChanged} />
      {own !== undefined && (
        <p>
          <Said text={own.sentence} />
        </p>
      )}
      {own !== undefined && own.where.length > 0 && (
        <ul className="rows" aria-label="Where copies are">
          {own.where.map((copy) => (
            <CopyItem key={copy.peerId} copy={copy} />
          ))}
        </ul>
      )}
      <Keepers copies={copies} />
      <div className="actions actions-end">
        <Button onClick={onClose}>Done</Button>
      </div>
    </Dialog>
  )
}

function NumberForm({ share, wanted, onChanged }: { share: Share; wanted: number; onChanged: () => void }) {
  const { peerhood } = useDaemon()
  const { say } = useShell()
  const [number, setNumber] = useState(String(wanted))
  const action = useAction()
  const save = () =>
    void action.run(async () => {
      await peerhood.copies.set(share.id, Number(number))
      onChanged()
      say(number === '0' ? 'Copies are not wanted any more' : 'Saved')
    })
  return (
    <>
      <form
        className="inline-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (!action.busy) save()
        }}
      >
        <SelectField
          label="Copies on other computers"
          hint="Beside the one here."
          value={number}
          options={numberChoices}
          onChange={setNumber}
        />
        <Button type="submit" look="primary" busy={action.busy} disabled={number === String(wanted)}>
          Save
        </Button>
      </form>
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
    </>
  )
}

function CopyItem({ copy }: { copy: Copy }) {
  const badge = standingBadge(copy)
  return (
    <li>
      <div className="row-title">
        <strong className="cut" dir="auto" title={copy.peerId}>
          {computerName(copy)}
        </strong>
        <Facts>
          {[
            <Badge key="standing" tone={badge.tone}>
              {badge.text}
            </Badge>,
            copy.sequence > 0 && `version ${copy.sequence}`,
          ]}
        </Facts>
        <p className="soft small">
          <Said text={copy.sentence} />
        </p>
      </div>
    </li>
  )
}

function Keepers({ copies }: { copies: Copies }) {
  const { show } = useShell()
  return (
    <section className="dialog-part">
      <h3>Who keeps copies for you</h3>
      {copies.keepers.length === 0 ? (
        <Note title="No computer has agreed yet">
          <p>Send your contact link to somebody: with it they agree under Shares, on their computer.</p>
        </Note>
      ) : (
        <ul className="lines" aria-label="Who keeps copies for you">
          {copies.keepers.map((keeper) => (
            <li key={keeper.peerId}>
              <span dir="auto" title={keeper.peerId}>
                {computerName(keeper)}
              </span>
              <span className="soft">{keeperText(keeper)}</span>
            </li>
          ))}
        </ul>
      )}
      <div className="actions">
        <Button icon="qr" onClick={() => show({ kind: 'contact' })}>
          Your contact link
        </Button>
      </div>
    </section>
  )
}
