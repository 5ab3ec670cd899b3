// Adds a computer, on the one that is there: a code to enter on the new one, which then becomes this person.

import { useState } from 'react'
import type { DeviceAdded } from '../../../../src/sdk/types.ts'
import { useDaemon, useEvents } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { CodeOver, CodeShown } from '../admission/code-shown.tsx'
import { addedText } from '../admission/core.ts'
import { type CodeState, useCode } from '../admission/hooks.ts'

export function AddDeviceDialog({ locked, onClose }: { locked: boolean; onClose: () => void }) {
  const { peerhood } = useDaemon()
  const [added, setAdded] = useState<DeviceAdded>()
  const state = useCode({
    key: 'device codes',
    isOne: ({ kind }) => kind === 'device',
    list: (options) => peerhood.devices.codes(options),
    cancel: (nameplate) => peerhood.devices.cancelCode(nameplate),
  })
  useEvents((event) => {
    if (event.type === 'device-added') setAdded(event.device)
  })
  const { code, ended } = state
  const again = () => {
    setAdded(undefined)
    state.again()
  }
  const text = ended?.outcome === 'used' && added !== undefined ? addedText(added) : undefined
  return (
    <Dialog title="Add a device" onClose={onClose}>
      {ended !== undefined && <CodeOver ended={ended} text={text} onMore={again} onClose={onClose} />}
      {ended === undefined && code === undefined && <CodeForm locked={locked} state={state} />}
      {code !== undefined && (
        <CodeShown code={code} state={state} onClose={onClose}>
          <ol className="steps">
            <li>
              On the new computer open Peerhood, Settings, Your devices, and choose <strong>Add this computer</strong>.
            </li>
            <li>Type this code there. Enter it yourself, and tell it to nobody: whoever enters it becomes you.</li>
          </ol>
        </CodeShown>
      )}
    </Dialog>
  )
}

function CodeForm({ locked, state }: { locked: boolean; state: CodeState }) {
  const { peerhood } = useDaemon()
  const { isKnown, action, made } = state
  const [passphrase, setPassphrase] = useState('')
  const isComplete = isKnown && (!locked || passphrase !== '')
  const make = () =>
    action.run(async () => {
      made(await peerhood.devices.openCode(locked ? { passphrase } : {}))
      setPassphrase('')
    })
  return (
    <>
      <Note tone="warn" title="The new computer becomes you">
        <p>
          It gets your recovery words and with them your wallet, and all your communities with everything you may read.
          What is done there, you have done. Add only a computer that is yours alone.
        </p>
      </Note>
      <p className="soft">
        You get a code to enter on it. Both computers have to be on the same network or connected already. It is good
        for one computer, ten minutes and three tries.
      </p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isComplete && !action.busy) void make()
        }}
      >
        {locked && (
          <TextField
            label="Passphrase of this computer"
            type="password"
            autoComplete="current-password"
            value={passphrase}
            onChange={(value) => {
              setPassphrase(value)
              action.clear()
            }}
            hint="The recovery words are locked with it."
          />
        )}
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" icon="key" busy={action.busy} disabled={!isComplete}>
            Make the code
          </Button>
        </div>
      </form>
    </>
  )
}
