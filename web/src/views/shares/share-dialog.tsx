// All ways to share: files, a folder, or a path on this computer, which copies nothing.

import { useState } from 'react'
import { useTakeIn } from '../../intake/hooks.ts'
import { pick } from '../../intake/service.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon, useLearn } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { type Visibility, VisibilityChoice } from './visibility.tsx'

export function ShareDialog({ onClose }: { onClose: () => void }) {
  const takeIn = useTakeIn()
  const [visibility, setVisibility] = useState<Visibility>('private')
  return (
    <Dialog title="Share something" onClose={onClose}>
      <VisibilityChoice value={visibility} onChange={setVisibility} />
      <section className="dialog-part">
        <h3>Choose it here</h3>
        <p className="soft">A browser hands over a copy, which Peerhood keeps for as long as you share it.</p>
        <div className="actions">
          <Button look="primary" icon="file" onClick={() => void takeIn(pick('files'), visibility)}>
            Choose files
          </Button>
          <Button icon="folder" onClick={() => void takeIn(pick('folder'), visibility)}>
            Choose a folder
          </Button>
        </div>
      </section>
      <PathForm visibility={visibility} />
    </Dialog>
  )
}

function PathForm({ visibility }: { visibility: Visibility }) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { show } = useShell()
  const [path, setPath] = useState('')
  const action = useAction()
  const share = () =>
    action.run(async () => {
      const made = await peerhood.shares.add({ path: path.trim(), public: visibility === 'public' })
      learn({ type: 'share', share: made })
      show({ kind: 'link', share: made.id })
    })
  return (
    <section className="dialog-part">
      <h3>Or give its path</h3>
      <p className="soft">Nothing is copied: it is served from where it lies, and changes become new versions.</p>
      <form
        className="inline-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (path.trim() !== '' && !action.busy) void share()
        }}
      >
        <TextField
          label="Path on this computer"
          placeholder="/home/you/Photos"
          value={path}
          onChange={(value) => {
            setPath(value)
            action.clear()
          }}
          error={action.failure && `${action.failure.sentence} ${action.failure.hint}`}
          mono
          charsMax={4096}
        />
        <Button type="submit" busy={action.busy} disabled={path.trim() === ''}>
          Share
        </Button>
      </form>
    </section>
  )
}
