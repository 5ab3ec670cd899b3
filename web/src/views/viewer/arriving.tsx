// Says in the viewer that a file is still on its way, so that nobody takes what is missing for a defect.

import type { Transfer } from '../../../../src/sdk/types.ts'
import { Facts, Note, Progress } from '../../ui/parts.tsx'
import { isActive, transferFacts, transferName } from '../transfers/core.ts'

export function Arriving({ transfer }: { transfer: Transfer }) {
  if (!isActive(transfer)) {
    return (
      <Note tone="warn" title="This transfer does not run: only what is here already can be shown.">
        <p>Go back to set it going again.</p>
      </Note>
    )
  }
  return (
    <div className="arriving">
      <Facts>{['Still arriving', ...transferFacts(transfer)]}</Facts>
      <Progress label={`Progress of ${transferName(transfer)}`} done={transfer.bytesDone} all={transfer.bytes} />
    </div>
  )
}
