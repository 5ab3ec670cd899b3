// The link of a share, to copy or to scan; until there is one, how far the share has got.

import { useState } from 'react'
import type { Share } from '../../../../src/sdk/types.ts'
import { bytesText } from '../../format/core.ts'
import { useDropIntake } from '../../intake/hooks.ts'
import type { Intake } from '../../store/core.ts'
import { useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice } from '../../ui/field.tsx'
import { Note, ProblemNote, Progress } from '../../ui/parts.tsx'
import { QrCode } from '../../ui/qr-code.tsx'
import { scanText, shareName } from './core.ts'

interface LinkDialogProps {
  readonly shareId: string | undefined
  readonly intakeId: string | undefined
  readonly onClose: () => void
}

export function LinkDialog({ shareId, intakeId, onClose }: LinkDialogProps) {
  const share = useWorld((world) => (shareId === undefined ? undefined : world.shares.get(shareId)))
  const intake = useWorld((world) => (intakeId === undefined ? undefined : world.intakes.get(intakeId)))
  const name = share === undefined ? (intake?.name ?? 'Share') : shareName(share)
  return (
    <Dialog title={name} onClose={onClose}>
      {share !== undefined && <ShareLink share={share} />}
      {share === undefined && intake !== undefined && <Adding intake={intake} onClose={onClose} />}
      {share === undefined && intake === undefined && <p>This share is gone.</p>}
    </Dialog>
  )
}

function Adding({ intake, onClose }: { intake: Intake; onClose: () => void }) {
  const drop = useDropIntake()
  const end = () => {
    onClose()
    drop(intake.id)
  }
  return (
    <>
      <IntakeProgress intake={intake} />
      <div className="actions actions-end">
        <Button onClick={end}>{intake.problem === undefined ? 'Stop adding' : 'Dismiss'}</Button>
      </div>
    </>
  )
}

export function IntakeProgress({ intake }: { intake: Intake }) {
  if (intake.problem !== undefined) return <Note tone="bad" title={intake.problem} />
  return (
    <div className="progress-block">
      <Progress label={`Adding ${intake.name}`} done={intake.bytesDone} all={intake.bytes} />
      <p className="soft figures">
        Adding {bytesText(intake.bytesDone)} of {bytesText(intake.bytes)}
        {intake.files > 1 && `, ${intake.filesDone.toLocaleString('en')} of ${intake.files.toLocaleString('en')} files`}
      </p>
    </div>
  )
}

function ShareLink({ share }: { share: Share }) {
  const [kind, setKind] = useState<'read' | 'keep'>('read')
  if (share.problem !== null) return <ProblemNote problem={share.problem} />
  const link = kind === 'keep' && share.keepLink !== null ? share.keepLink : share.link
  if (link === null) {
    return (
      <div className="progress-block">
        <Progress
          label={`Reading ${shareName(share)}`}
          done={share.scan?.bytes ?? 0}
          all={share.scan?.bytesTotal ?? 0}
        />
        <p className="soft figures">Making the link. {scanText(share)}</p>
      </div>
    )
  }
  return (
    <>
      {share.keepLink !== null && share.visibility === 'private' && <KindChoice value={kind} onChange={setKind} />}
      <LinkText link={link} />
      <p className="soft small">
        {share.visibility === 'private'
          ? 'Send it the way you would send a key: whoever has the link can use it for as long as you share.'
          : 'This share is public: anybody who comes across it can read it.'}
      </p>
      <QrCode text={link} label={`QR code of the link to ${shareName(share)}`} />
    </>
  )
}

function KindChoice({ value, onChange }: { value: 'read' | 'keep'; onChange: (value: 'read' | 'keep') => void }) {
  return (
    <Choice
      legend="What the link allows"
      value={value}
      options={[
        { value: 'read', label: 'To read', hint: 'Fetch it and open the files.' },
        { value: 'keep', label: 'To keep', hint: 'Hold a copy and serve it on, unreadable.' },
      ]}
      onChange={onChange}
    />
  )
}

function LinkText({ link }: { link: string }) {
  return (
    <div className="link-text">
      <textarea
        className="input input-link mono"
        aria-label="Link"
        readOnly
        rows={3}
        value={link}
        onFocus={(event) => event.target.select()}
      />
      <CopyButton text={link} what="link" look="primary" />
    </div>
  )
}
