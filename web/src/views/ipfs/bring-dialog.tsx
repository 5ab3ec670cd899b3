// Gets something by its CID, or unpacks a CAR file that lies on this computer.

import { useState } from 'react'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon, useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, Switch, TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { type BringForm, requestOf } from './core.ts'

const empty: BringForm = { kind: 'get', cid: '', file: '', from: '', to: '', name: '', share: true }

export function BringDialog({ onBegun, onClose }: { onBegun: () => void; onClose: () => void }) {
  const { peerhood } = useDaemon()
  const downloads = useWorld((world) => world.settings?.downloads ?? '')
  const { say } = useShell()
  const [form, setForm] = useState(empty)
  const action = useAction()
  const request = requestOf(form, downloads)
  const change = (part: Partial<BringForm>) => {
    setForm({ ...form, ...part })
    action.clear()
  }
  const begin = () =>
    void action.run(async () => {
      if (request === undefined) return
      await peerhood.ipfs.add(request)
      onBegun()
      onClose()
      say(form.kind === 'get' ? 'Fetching from IPFS has begun' : 'Unpacking has begun')
    })
  return (
    <Dialog title="Get from IPFS" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (request !== undefined && !action.busy) begin()
        }}
      >
        <Choice
          legend="What to get"
          value={form.kind}
          options={[
            { value: 'get', label: 'By its CID', hint: 'Fetch it from IPFS peers, checked block by block.' },
            { value: 'import', label: 'From a CAR file', hint: 'Unpack one that lies on this computer.' },
          ]}
          onChange={(kind) => change({ kind })}
        />
        {form.kind === 'get' ? (
          <GetFields form={form} onChange={change} />
        ) : (
          <FileField form={form} onChange={change} />
        )}
        <PlaceFields form={form} downloads={downloads} onChange={change} />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" icon="download" busy={action.busy} disabled={request === undefined}>
            {form.kind === 'get' ? 'Get it' : 'Unpack it'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

interface FieldsProps {
  readonly form: BringForm
  readonly onChange: (part: Partial<BringForm>) => void
}

function GetFields({ form, onChange }: FieldsProps) {
  return (
    <>
      <TextField
        label="CID"
        placeholder="bafy…"
        hint="What names the content: bafy…, Qm…, or an address that begins with ipfs://."
        mono
        charsMax={512}
        value={form.cid}
        onChange={(cid) => onChange({ cid })}
      />
      <TextField
        label="A peer that has it"
        placeholder="/ip4/…/tcp/4001/p2p/12D3Koo…"
        hint="Empty: those who are connected are asked, and the public DHT where it is on."
        mono
        charsMax={1024}
        value={form.from}
        onChange={(from) => onChange({ from })}
      />
    </>
  )
}

function FileField({ form, onChange }: FieldsProps) {
  return (
    <TextField
      label="CAR file on this computer"
      placeholder="/home/you/site.car"
      hint="The whole path. Version 1, with one root."
      mono
      charsMax={4096}
      value={form.file}
      onChange={(file) => onChange({ file })}
    />
  )
}

function PlaceFields({ form, downloads, onChange }: FieldsProps & { readonly downloads: string }) {
  return (
    <>
      <div className="field-pair">
        <TextField
          label="Into the folder"
          placeholder={downloads}
          hint="Empty: the downloads folder."
          mono
          charsMax={4096}
          value={form.to}
          onChange={(to) => onChange({ to })}
        />
        <TextField
          label="Call it"
          hint={form.kind === 'get' ? 'Empty: its CID.' : 'Empty: as the CAR file is called.'}
          charsMax={255}
          value={form.name}
          onChange={(name) => onChange({ name })}
        />
      </div>
      <Switch
        label="Share it publicly"
        hint="Others can then fetch it from here, too, by Peerhood and by IPFS."
        checked={form.share}
        onChange={(share) => onChange({ share })}
      />
    </>
  )
}
