// Where more validators are gone for good than may be: those who are left make a file, sign it, compare its fingerprint and confirm
// it by hand (docs/recovery.md). Shown where the chain stands, and under the address `…/ledger/recovery`.

import { useId, useState } from 'react'
import type { Ledger, LedgerRecovery, LedgerRecoveryFile } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon, useNow } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Switch } from '../../ui/field.tsx'
import { Badge, Card, Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { figureText, shortHash } from './core.ts'
import { useLedgerNews } from './hooks.ts'
import { bytesToFile, personText } from './recovery-core.ts'
import { RecoveryFileDialog } from './recovery-dialog.tsx'

/** Who is there is told by no event. */
const lookMs = 10_000

interface RecoveryProps {
  readonly ledger: Ledger
  readonly onChanged: () => void
}

export function RecoveryCard({ ledger, onChanged }: RecoveryProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const news = useLedgerNews(community.id)
  const [file, setFile] = useState<LedgerRecoveryFile>()
  const [isStating, setStating] = useState(false)
  const reading = useReading(`recovery ${community.id}`, `${news} ${ledger.state} ${useNow(lookMs)}`, (options) =>
    peerhood.ledger.recovery.get(community.id, options),
  )
  const recovery = reading.value
  if (recovery === undefined) {
    return (
      <Card title="Recovery">
        {reading.failure === undefined ? <p className="soft">Opening…</p> : <ProblemNote problem={reading.failure} />}
      </Card>
    )
  }
  return (
    <Card title="Recovery">
      <div className="stack">
        {recovery.isNeeded ? (
          <Note tone="warn" title={recovery.sentence} />
        ) : (
          <p className="soft">{recovery.sentence}</p>
        )}
        <p className="soft">
          Only for validators that nobody can reach by any means. If they are alive on the other side of a cut cable,
          two chains come of one. Everyone who is left has to name the same block: {figureText(String(recovery.height))}
          , <span className="mono">{shortHash(recovery.block)}</span>.
        </p>
        <ConfirmedList recovery={recovery} onShow={setFile} />
        <OpenFile onOpened={setFile} />
        {recovery.maySign && recovery.isNeeded && (
          <div className="actions">
            <Button icon="plus" onClick={() => setStating(true)}>
              Make the file
            </Button>
          </div>
        )}
      </div>
      {isStating && (
        <StateDialog
          recovery={recovery}
          onClose={() => setStating(false)}
          onMade={(made) => {
            setStating(false)
            setFile(made)
          }}
        />
      )}
      {file !== undefined && (
        <RecoveryFileDialog
          file={file}
          needsPassphrase={recovery.needs === 'passphrase'}
          onSigned={setFile}
          onClose={() => setFile(undefined)}
          onConfirmed={() => {
            setFile(undefined)
            reading.reread()
            onChanged()
          }}
        />
      )}
    </Card>
  )
}

interface ConfirmedProps {
  readonly recovery: LedgerRecovery
  readonly onShow: (file: LedgerRecoveryFile) => void
}

function ConfirmedList({ recovery, onShow }: ConfirmedProps) {
  if (recovery.confirmed.length === 0) return null
  return (
    <ul className="rows ledger-rows" aria-label="Confirmed on this computer">
      {recovery.confirmed.map(({ epoch, fingerprint, file }) => (
        <li key={epoch}>
          <div className="row-title">
            <span>Epoch {epoch}</span>
            <span className="mono soft ledger-fingerprint">{fingerprint}</span>
          </div>
          <Badge tone={file?.standing === 'taken' ? 'good' : 'warn'}>
            {file?.standing === 'taken' ? 'In force' : 'Not reached yet'}
          </Badge>
          {file !== null && (
            <Button onClick={() => onShow(file)} about={`for epoch ${epoch}`}>
              Show
            </Button>
          )}
        </li>
      ))}
    </ul>
  )
}

function OpenFile({ onOpened }: { onOpened: (file: LedgerRecoveryFile) => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const action = useAction()
  const id = useId()
  const open = (chosen: File | undefined) =>
    action.run(async () => {
      if (chosen === undefined) return
      const bytes = new Uint8Array(await chosen.arrayBuffer())
      onOpened(await peerhood.ledger.recovery.check(community.id, bytesToFile(bytes)))
    })
  return (
    <div className="field">
      <label htmlFor={id}>Open a file that you were given</label>
      <input id={id} className="input" type="file" onChange={(event) => void open(event.target.files?.[0])} />
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
    </div>
  )
}

interface StateProps {
  readonly recovery: LedgerRecovery
  readonly onMade: (file: LedgerRecoveryFile) => void
  readonly onClose: () => void
}

function StateDialog({ recovery, onMade, onClose }: StateProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const action = useAction()
  const [chosen, setChosen] = useState(() => recovery.candidates.map(({ address }) => address))
  const choose = (address: string, isIn: boolean) =>
    setChosen((before) => (isIn ? [...before, address] : before.filter((one) => one !== address)))
  const make = () => action.run(async () => onMade(await peerhood.ledger.recovery.state(community.id, chosen)))
  return (
    <Dialog title="Who decides from now on" onClose={onClose}>
      <div className="form">
        <p className="soft">
          Take four or more, so that one may fail. Here is who is left, and whose computers offer to validate.
        </p>
        {recovery.candidates.map((one) => (
          <Switch
            key={one.address}
            label={personText(one)}
            hint={shortHash(one.address)}
            checked={chosen.includes(one.address)}
            onChange={(isIn) => choose(one.address, isIn)}
          />
        ))}
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button look="primary" busy={action.busy} disabled={chosen.length === 0} onClick={() => void make()}>
            Make the file
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
