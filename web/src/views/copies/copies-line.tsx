// A line on a share's card: how many copies are alive and where; and the way to change that.

import { useState } from 'react'
import type { Copies, Share } from '../../../../src/sdk/types.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Badge } from '../../ui/parts.tsx'
import { shareName } from '../shares/core.ts'
import { CopiesDialog } from './copies-dialog.tsx'
import { aliveText, aliveTone } from './core.ts'

interface Props {
  readonly share: Share
  readonly copies: Copies | undefined
  readonly onChanged: () => void
}

/** Nothing at all for what this computer only holds. */
export function CopiesLine({ share, copies, onChanged }: Props) {
  const [open, setOpen] = useState(false)
  if (share.origin !== 'own' || copies === undefined) return null
  const own = copies.shares.find(({ shareId }) => shareId === share.id)
  const text = aliveText(own)
  return (
    <div className="item-line copies-line">
      <Icon name="keep" size={16} />
      {own === undefined || text === undefined ? (
        <span className="soft">Only on this computer</span>
      ) : (
        <Badge tone={aliveTone(own)}>
          <span dir="auto">{text}</span>
        </Badge>
      )}
      <Button look="quiet" about={`of ${shareName(share)}`} onClick={() => setOpen(true)}>
        Copies
      </Button>
      {open && <CopiesDialog share={share} copies={copies} onChanged={onChanged} onClose={() => setOpen(false)} />}
    </div>
  )
}
