// The two things people come for: give something, and get something.

import { useState } from 'react'
import { findLink } from '../../intake/core.ts'
import { useTakeIn } from '../../intake/hooks.ts'
import { pick } from '../../intake/service.ts'
import { useShell } from '../../shell/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'

export function QuickActions() {
  return (
    <div className="quick">
      <ShareTile />
      <GetTile />
    </div>
  )
}

function ShareTile() {
  const takeIn = useTakeIn()
  const { show } = useShell()
  return (
    <section className="quick-tile" aria-labelledby="quick-share">
      <span className="quick-icon">
        <Icon name="share" size={22} />
      </span>
      <h2 id="quick-share">Share something</h2>
      <p className="quick-text">Drop a file or folder anywhere on this page. Only people with its link can read it.</p>
      <div className="actions quick-buttons">
        <Button look="primary" icon="file" onClick={() => void takeIn(pick('files'), 'private')}>
          Choose files
        </Button>
        <Button icon="folder" onClick={() => show({ kind: 'share' })}>
          More ways
        </Button>
      </div>
    </section>
  )
}

function GetTile() {
  const { show } = useShell()
  const [text, setText] = useState('')
  const [error, setError] = useState<string>()
  const open = () => {
    const link = findLink(text)
    setError(link === undefined ? 'A link starts with peerhood: – paste all of it.' : undefined)
    if (link === undefined) return
    setText('')
    show({ kind: 'get', link })
  }
  return (
    <section className="quick-tile" aria-labelledby="quick-get">
      <span className="quick-icon">
        <Icon name="download" size={22} />
      </span>
      <h2 id="quick-get">Open a link</h2>
      <form
        className="quick-form"
        onSubmit={(event) => {
          event.preventDefault()
          open()
        }}
      >
        <TextField
          label="Paste it here"
          value={text}
          onChange={(value) => {
            setText(value)
            setError(undefined)
          }}
          placeholder="peerhood:…"
          error={error}
          mono
        />
        <Button type="submit" look={text === '' ? 'plain' : 'primary'} icon="download">
          Open
        </Button>
      </form>
    </section>
  )
}
