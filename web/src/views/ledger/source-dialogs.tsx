// Gives a contract's source to be checked, or an ABI that nobody checks.

import { useId, useState } from 'react'
import { bytesText } from '../../format/core.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { abiOf, withoutOutput } from './core.ts'

interface GiveProps {
  readonly address: string
  readonly onClose: () => void
  readonly onDone: () => void
}

export function VerifyDialog({ address, onClose, onDone }: GiveProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [input, setInput] = useState('')
  const [contract, setContract] = useState('')
  const [compiler, setCompiler] = useState('')
  const action = useAction()
  const check = () =>
    action.run(async () => {
      await peerhood.explorer.verify(community.id, address, {
        input: withoutOutput(input),
        ...(contract.trim() === '' ? {} : { contract: contract.trim() }),
        ...(compiler.trim() === '' ? {} : { compiler: compiler.trim() }),
      })
      onDone()
    })
  return (
    <Dialog title="Check its source" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (input.trim() !== '' && !action.busy) void check()
        }}
      >
        <p className="soft">
          The compiler’s standard JSON input, as <code>forge verify-contract --show-standard-json-input</code> prints
          it, or a build-info file of Foundry or Hardhat.
        </p>
        <FileOrText label="Source as JSON" value={input} onChange={setInput} />
        <TextField
          label="Name of the contract"
          hint="Only needed where several have the same code."
          charsMax={700}
          value={contract}
          onChange={setContract}
        />
        <details className="get-options">
          <summary>Another compiler</summary>
          <TextField
            label="Path of its soljson.js"
            hint="On the computer that Peerhood runs on. It runs without access to your files, and its hash is shown."
            charsMax={4096}
            value={compiler}
            onChange={setCompiler}
          />
        </details>
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" busy={action.busy} disabled={input.trim() === ''}>
            {action.busy ? 'Compiling…' : 'Compile and compare'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export function AbiDialog({ address, onClose, onDone }: GiveProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [abi, setAbi] = useState('')
  const action = useAction()
  const add = () =>
    action.run(async () => {
      await peerhood.explorer.setAbi(community.id, address, abiOf(abi))
      onDone()
    })
  return (
    <Dialog title="Add an ABI" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (abi.trim() !== '' && !action.busy) void add()
        }}
      >
        <Note tone="warn" title="Nobody checks it.">
          <p>
            A name in it may mislead you about what you sign; so wherever one is shown, that stands beside it. Prefer
            the contract’s source.
          </p>
        </Note>
        <FileOrText label="ABI as JSON" value={abi} onChange={setAbi} />
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" look="primary" busy={action.busy} disabled={abi.trim() === ''}>
            Add it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

interface FileOrTextProps {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
}

/** A large file is not put into a field: that takes a browser seconds. */
function FileOrText({ label, value, onChange }: FileOrTextProps) {
  const id = useId()
  const [file, setFile] = useState<{ readonly name: string; readonly size: number }>()
  const take = async (chosen: File | undefined) => {
    setFile(chosen)
    onChange(chosen === undefined ? '' : await chosen.text())
  }
  return (
    <>
      <div className="field">
        <label htmlFor={id}>{label}, from a file</label>
        <input
          id={id}
          className="input"
          type="file"
          accept=".json,application/json"
          aria-describedby={`${id}-hint`}
          onChange={(event) => void take(event.target.files?.[0])}
        />
        <div id={`${id}-hint`} className="field-hint">
          {file !== undefined && bytesText(file.size)}
        </div>
      </div>
      {file === undefined && <TextField label={`${label}, pasted`} rows={4} mono value={value} onChange={onChange} />}
    </>
  )
}
