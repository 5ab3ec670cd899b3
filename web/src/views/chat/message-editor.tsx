// A message while its author changes it, in its place: Enter saves, Escape leaves it as it was.

import { useEffect, useRef, useState } from 'react'
import type { Message } from '../../../../src/sdk/types.ts'
import { Button } from '../../ui/button.tsx'
import { useRoom } from './context.tsx'

export function MessageEditor({ message }: { message: Message }) {
  const { actions } = useRoom()
  const [text, setText] = useState(message.text)
  const [busy, setBusy] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    field.current?.focus()
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length)
  }, [])
  const save = async () => {
    if (busy || text.trim() === '') return
    if (text === message.text) return actions.edit(undefined)
    setBusy(true)
    if (!(await actions.saveEdit(message, text))) setBusy(false)
  }
  return (
    <div className="message-editor">
      <textarea
        ref={field}
        className="input"
        aria-label="Change the message"
        dir="auto"
        rows={1}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return
          if (event.key !== 'Escape' && (event.key !== 'Enter' || event.shiftKey)) return
          event.preventDefault()
          if (event.key === 'Enter') void save()
          else actions.edit(undefined)
        }}
      />
      <div className="actions">
        <Button look="primary" busy={busy} disabled={text.trim() === ''} onClick={() => void save()}>
          Save
        </Button>
        <Button look="quiet" onClick={() => actions.edit(undefined)}>
          Cancel
        </Button>
        <span className="soft small">Others see that it was edited.</span>
      </div>
    </div>
  )
}
