// Ends a share, after asking.

import { useState } from 'react'
import type { Share } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon, useLearn } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { shareName } from './core.ts'

export function Unshare({ share }: { share: Share }) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say, warn } = useShell()
  const [asking, setAsking] = useState(false)
  const name = shareName(share)
  const remove = async () => {
    try {
      await peerhood.shares.remove(share.id)
      learn({ type: 'share-removed', id: share.id })
      say(`${name} is not shared any more`)
    } catch (error) {
      warn(toFailure(error))
    }
  }
  return (
    <>
      <Button look="quiet" icon="trash" iconOnly about={name} onClick={() => setAsking(true)}>
        Stop sharing
      </Button>
      {asking && (
        <Confirm
          title={`Stop sharing ${name}?`}
          verb="Stop sharing"
          onConfirm={() => void remove()}
          onClose={() => setAsking(false)}
        >
          <p>Nobody can fetch it from here any more, and its link stops working unless somebody else has it.</p>
          {share.path !== null && (
            <p className="soft">
              The files stay where they are: <span className="mono">{share.path}</span>. Only when you dropped them on
              this page or chose them in it, that is a copy of Peerhood’s own; then the copy is deleted, yours stays.
            </p>
          )}
        </Confirm>
      )}
    </>
  )
}
