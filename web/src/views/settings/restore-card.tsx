// Becomes the person of another recovery phrase. The daemon says which word is wrong, if one is.

import { useState } from 'react'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Card } from '../../ui/parts.tsx'
import { phraseHint, phraseWordCount, phraseWords } from './core.ts'

export function RestoreCard({ locked }: { locked: boolean }) {
  const { peerhood, store } = useDaemon()
  const { say } = useShell()
  const [text, setText] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const [asking, setAsking] = useState(false)
  const action = useAction()
  const words = phraseWords(text)
  const ready = words.length === phraseWordCount && (!locked || passphrase !== '')
  const restore = () =>
    action.run(async () => {
      const request = { phrase: words.join(' '), ...(locked ? { passphrase } : {}) }
      store.apply({ type: 'identity', identity: await peerhood.identity.restore(request) })
      setText('')
      setPassphrase('')
      say('This device now belongs to the person of that phrase')
    })
  return (
    <Card title="Restore">
      <p className="soft">Have a phrase from another computer? Enter it to become the same person here.</p>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (ready && !action.busy) setAsking(true)
        }}
      >
        <TextField
          label="The 24 words"
          rows={3}
          value={text}
          onChange={(value) => {
            setText(value)
            action.clear()
          }}
          error={action.failure && `${action.failure.sentence} ${action.failure.hint}`}
          hint={text === '' ? 'In their order, with spaces between.' : phraseHint(text)}
          charsMax={1024}
        />
        {locked && (
          <TextField
            label="Present passphrase"
            type="password"
            autoComplete="current-password"
            value={passphrase}
            onChange={setPassphrase}
          />
        )}
        <div className="actions">
          <Button type="submit" busy={action.busy} disabled={!ready}>
            Restore
          </Button>
        </div>
      </form>
      {asking && (
        <Confirm
          title="Become the person of this phrase?"
          verb="Restore"
          onConfirm={() => void restore()}
          onClose={() => setAsking(false)}
        >
          <p>This device leaves the person it belongs to now. Without that person’s own phrase there is no way back.</p>
        </Confirm>
      )}
    </Card>
  )
}
