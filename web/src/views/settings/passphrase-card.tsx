// The passphrase that encrypts the keys on disk: set, change, remove.

import { useState } from 'react'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { passphraseProblem } from './core.ts'

const nothing = { current: '', next: '', again: '' }

export function PassphraseCard({ locked }: { locked: boolean }) {
  const { current, next, again, set, change, busy, failure } = usePassphrase(locked)
  const problem = passphraseProblem(next, again)
  const ready = next !== '' && next === again && (!locked || current !== '')
  return (
    <Card title="Passphrase">
      <p className="soft">
        {locked
          ? 'The keys on this computer are encrypted. Peerhood asks for the passphrase when it starts.'
          : 'Without a passphrase, whoever can read your files on this computer can read its keys too.'}
      </p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (ready && !busy) change(next)
        }}
      >
        {locked && (
          <TextField
            label="Present passphrase"
            type="password"
            autoComplete="current-password"
            value={current}
            onChange={set('current')}
          />
        )}
        <div className="field-pair">
          <TextField
            label="New passphrase"
            type="password"
            autoComplete="new-password"
            value={next}
            onChange={set('next')}
          />
          <TextField
            label="Once more"
            type="password"
            autoComplete="new-password"
            value={again}
            onChange={set('again')}
            error={problem}
          />
        </div>
        {failure !== undefined && <ProblemNote problem={failure} />}
        <div className="actions">
          <Button type="submit" look={ready ? 'primary' : 'plain'} busy={busy} disabled={!ready}>
            {locked ? 'Change it' : 'Set it'}
          </Button>
          {locked && (
            <Button look="danger" disabled={current === '' || busy} onClick={() => change(null)}>
              Remove it
            </Button>
          )}
        </div>
      </form>
    </Card>
  )
}

function usePassphrase(locked: boolean) {
  const { peerhood, store } = useDaemon()
  const { say } = useShell()
  const [texts, setTexts] = useState(nothing)
  const { busy, failure, run } = useAction()
  const set = (field: keyof typeof nothing) => (text: string) => setTexts((before) => ({ ...before, [field]: text }))
  const change = (passphrase: string | null) => {
    void run(async () => {
      const current = locked ? { current: texts.current } : {}
      store.apply({ type: 'identity', identity: await peerhood.identity.lock({ passphrase, ...current }) })
      setTexts(nothing)
      say(passphrase === null ? 'The passphrase is removed' : 'The passphrase is set')
    })
  }
  return { ...texts, set, change, busy, failure }
}
