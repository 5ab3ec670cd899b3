// One file of a recovery ceremony: what it says, who signed; signing, saving and confirming it.

import { useState } from 'react'
import type { LedgerRecoveryFile } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Switch, TextField } from '../../ui/field.tsx'
import { Pair } from '../../ui/pairs.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { saveFile } from '../../ui/save.ts'
import { useCommunity } from '../community/context.tsx'
import { figureText, shortHash } from './core.ts'
import { PassphraseField } from './passphrase-field.tsx'
import { fileToBytes, fingerprintProblem, personsText } from './recovery-core.ts'

interface FileProps {
  readonly file: LedgerRecoveryFile
  readonly needsPassphrase: boolean
  readonly onSigned: (file: LedgerRecoveryFile) => void
  readonly onConfirmed: () => void
  readonly onClose: () => void
}

export function RecoveryFileDialog(props: FileProps) {
  const { file, onClose } = props
  const isRefused = file.standing === 'refused'
  const mayConfirm = file.standing === 'ready' || file.standing === 'early'
  return (
    <Dialog title="A file of a recovery" onClose={onClose} wide>
      <div className="stack">
        <Note tone={isRefused ? 'bad' : file.standing === 'early' ? 'warn' : 'calm'} title={file.sentence} />
        <dl className="pairs">
          <Pair name="After block">
            <span>
              {figureText(String(file.height))}, <span className="mono">{shortHash(file.block)}</span>
            </span>
          </Pair>
          <Pair name="Decide then">
            <span>{personsText(file.validators)}</span>
          </Pair>
          <Pair name="Signed">
            <span>{personsText(file.signed)}</span>
          </Pair>
          <Pair name="Did not sign">
            <span>{personsText(file.missing)}</span>
          </Pair>
          <Pair name="Fingerprint">
            <strong className="mono ledger-fingerprint">{file.fingerprint}</strong>
          </Pair>
        </dl>
        {file.maySign && <SignForm {...props} />}
        {mayConfirm && <ConfirmForm {...props} />}
        {!isRefused && (
          <div className="actions">
            <Button icon="download" onClick={() => save(file)}>
              Save the file
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  )
}

function SignForm({ file, needsPassphrase, onSigned }: FileProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const action = useAction()
  const [areGone, setGone] = useState(false)
  const [passphrase, setPassphrase] = useState('')
  const gone = file.missing.filter(({ isSelf, online }) => !isSelf && !online)
  const isReady = areGone && (!needsPassphrase || passphrase !== '')
  const sign = () =>
    action.run(async () => {
      const request = { file: file.file, ...(needsPassphrase ? { passphrase } : {}) }
      onSigned(await peerhood.ledger.recovery.sign(community.id, request))
    })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady && !action.busy) void sign()
      }}
    >
      <Switch
        label={`Gone for good: ${personsText(gone)}`}
        hint="Nobody can reach them by any means: not by telephone, not at their door."
        checked={areGone}
        onChange={setGone}
      />
      {needsPassphrase && <PassphraseField value={passphrase} onChange={setPassphrase} />}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" look="primary" busy={action.busy} disabled={!isReady}>
          Sign it
        </Button>
      </div>
    </form>
  )
}

function ConfirmForm({ file, needsPassphrase, onConfirmed }: FileProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const action = useAction()
  const [fingerprint, setFingerprint] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const problem = fingerprintProblem(fingerprint, file.fingerprint)
  const isReady = fingerprint.trim() !== '' && problem === undefined && (!needsPassphrase || passphrase !== '')
  const confirm = () =>
    action.run(async () => {
      const request = { file: file.file, fingerprint, ...(needsPassphrase ? { passphrase } : {}) }
      await peerhood.ledger.recovery.confirm(community.id, request)
      onConfirmed()
    })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady && !action.busy) void confirm()
      }}
    >
      <TextField
        label="The fingerprint, as the others read it aloud"
        hint="Type what you hear, not what stands above. It can’t be taken back once the chain went on."
        error={problem}
        mono
        charsMax={80}
        value={fingerprint}
        onChange={setFingerprint}
      />
      {needsPassphrase && <PassphraseField value={passphrase} onChange={setPassphrase} />}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" look="danger" busy={action.busy} disabled={!isReady}>
          Confirm the recovery
        </Button>
      </div>
    </form>
  )
}

function save({ file, epoch }: LedgerRecoveryFile): void {
  saveFile(new Blob([fileToBytes(file)], { type: 'application/octet-stream' }), `epoch-${epoch}.recovery`)
}
