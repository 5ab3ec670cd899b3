// Takes a link, says what it is before anything starts, and starts it.

import { useEffect, useState } from 'react'
import type { Link, TransferRequest } from '../../../../src/sdk/types.ts'
import { findLink } from '../../intake/core.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon, useLearn, useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Choice, TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { linkSentence } from './core.ts'
import { type Inspection, useInspection } from './hooks.ts'

interface GetFormProps {
  readonly link: string
  /** Called with a sentence once it has begun. */
  readonly onStarted: (sentence: string) => void
}

interface Options {
  readonly to: string
  readonly only: string
  readonly mode: 'get' | 'keep'
}

const noOptions: Options = { to: '', only: '', mode: 'get' }

export function GetForm({ link, onStarted }: GetFormProps) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const [text, setText] = useState(link)
  const [options, setOptions] = useState(noOptions)
  const inspection = useInspection(text)
  const action = useAction()
  const keepOnly = inspection.link?.kind === 'keep'
  useOtherLinks(inspection, text, () => setText(''))
  const isShare = inspection.link?.kind === 'read' || keepOnly
  const start = () =>
    action.run(async () => {
      const transfer = await peerhood.transfers.add(requestOf(text, keepOnly ? { ...options, mode: 'keep' } : options))
      learn({ type: 'transfer', transfer })
      setText('')
      setOptions(noOptions)
      onStarted(transfer.mode === 'keep' ? 'Keeping a copy for others' : 'Fetching has begun')
    })
  return (
    <form
      className="get-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isShare && !action.busy) void start()
      }}
    >
      <LinkField text={text} inspection={inspection} onChange={setText} />
      {isShare && <OptionFields options={options} keepOnly={keepOnly} onChange={setOptions} />}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" look="primary" icon="download" busy={action.busy} disabled={!isShare}>
          {keepOnly || options.mode === 'keep' ? 'Keep a copy' : 'Get it'}
        </Button>
      </div>
    </form>
  )
}

const dialogKinds: Readonly<Record<Link['kind'], 'join' | 'keep' | 'ask' | 'direct' | undefined>> = {
  read: undefined,
  keep: undefined,
  invite: 'join',
  'community-keep': 'keep',
  'community-request': 'ask',
  contact: 'direct',
}

/** A link into a community, or to a person, has a form of its own. */
function useOtherLinks({ link }: Inspection, text: string, onTaken: () => void): void {
  const { show } = useShell()
  const kind = dialogKinds[link?.kind ?? 'read']
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each link that turns out to be one
  useEffect(() => {
    if (kind === undefined) return
    onTaken()
    show({ kind, link: findLink(text) ?? text })
  }, [kind])
}

function requestOf(text: string, options: Options): TransferRequest {
  return {
    link: findLink(text) ?? text.trim(),
    mode: options.mode,
    ...(options.to.trim() === '' ? {} : { to: options.to.trim() }),
    ...(options.only.trim() === '' ? {} : { only: options.only.trim() }),
  }
}

interface LinkFieldProps {
  readonly text: string
  readonly inspection: Inspection
  readonly onChange: (text: string) => void
}

function LinkField({ text, inspection, onChange }: LinkFieldProps) {
  return (
    <TextField
      label="Link"
      placeholder="peerhood:…"
      rows={2}
      mono
      link
      value={text}
      onChange={onChange}
      error={inspection.failure && `${inspection.failure.sentence} ${inspection.failure.hint}`}
      hint={inspection.link ? linkSentence(inspection.link) : 'Paste the link that somebody sent you.'}
    />
  )
}

interface OptionFieldsProps {
  readonly options: Options
  readonly keepOnly: boolean
  readonly onChange: (options: Options) => void
}

function OptionFields({ options, keepOnly, onChange }: OptionFieldsProps) {
  const downloads = useWorld((world) => world.settings?.downloads ?? '')
  const keeping = keepOnly || options.mode === 'keep'
  return (
    <details className="get-options">
      <summary>Options</summary>
      {!keepOnly && (
        <Choice
          legend="What to do with it"
          value={options.mode}
          options={[
            { value: 'get', label: 'Get', hint: 'Fetch the files onto this computer.' },
            { value: 'keep', label: 'Keep', hint: 'Hold its blocks and serve them on, unread.' },
          ]}
          onChange={(mode) => onChange({ ...options, mode })}
        />
      )}
      {!keeping && (
        <div className="field-pair">
          <TextField
            label="Into the folder"
            placeholder={downloads}
            hint="Empty: the downloads folder."
            mono
            charsMax={4096}
            value={options.to}
            onChange={(to) => onChange({ ...options, to })}
          />
          <TextField
            label="Only files that match"
            placeholder="*.jpg"
            hint="A pattern as in .gitignore. Empty: all."
            mono
            charsMax={1024}
            value={options.only}
            onChange={(only) => onChange({ ...options, only })}
          />
        </div>
      )}
    </details>
  )
}
