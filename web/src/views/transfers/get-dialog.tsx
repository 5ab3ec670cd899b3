// The form for a link, above whatever the person was looking at.

import { navigate } from '../../router/hooks.ts'
import { useShell } from '../../shell/hooks.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { GetForm } from './get-form.tsx'

export function GetDialog({ link, onClose }: { link: string; onClose: () => void }) {
  const { say } = useShell()
  return (
    <Dialog title="Open a link" onClose={onClose}>
      <GetForm
        link={link}
        onStarted={(sentence) => {
          onClose()
          navigate({ place: 'transfers' })
          say(sentence)
        }}
      />
    </Dialog>
  )
}
