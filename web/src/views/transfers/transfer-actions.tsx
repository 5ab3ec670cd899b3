// What can be done with a transfer in its present state.

import { type ReactNode, useState } from 'react'
import type { Transfer } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { toFailure, useDaemon, useLearn } from '../../store/hooks.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Confirm } from '../../ui/dialog.tsx'
import { viewerHref } from '../viewer/file-list.tsx'
import { isActive, isEnded, removedText, transferName } from './core.ts'

/** `children` come before what ends or removes it. */
export function TransferActions({ transfer, children }: { transfer: Transfer; children: ReactNode }) {
  const { pause, resume, cancel, remove } = useTransferCalls(transfer)
  const [asking, setAsking] = useState(false)
  const name = transferName(transfer)
  return (
    <>
      <OpenLink transfer={transfer} />
      {isActive(transfer) && (
        <Button icon="pause" about={name} onClick={pause}>
          Pause
        </Button>
      )}
      {(transfer.state === 'paused' || transfer.state === 'failed') && (
        <Button icon={transfer.state === 'paused' ? 'play' : 'refresh'} about={name} onClick={resume}>
          {transfer.state === 'paused' ? 'Resume' : 'Try again'}
        </Button>
      )}
      {children}
      {isEnded(transfer) ? (
        <Button look="quiet" icon="close" iconOnly about={`${name} from the list`} onClick={remove}>
          Remove
        </Button>
      ) : (
        <Button look="quiet" icon="trash" iconOnly about={name} onClick={() => setAsking(true)}>
          Cancel
        </Button>
      )}
      {asking && (
        <Confirm title={`Cancel ${name}?`} verb="Cancel it" onConfirm={cancel} onClose={() => setAsking(false)}>
          <p>What has not been finished is deleted; finished files stay.</p>
        </Confirm>
      )}
    </>
  )
}

/** A single file opens right from the card, while it arrives too. */
function OpenLink({ transfer }: { transfer: Transfer }) {
  const { id, kind, name, mode, state } = transfer
  if (mode !== 'get' || kind !== 'file' || name === null || state === 'cancelled') return null
  return (
    <ButtonLink icon="eye" about={name} href={viewerHref({ transfer: id }, name)}>
      Open
    </ButtonLink>
  )
}

function useTransferCalls(transfer: Transfer) {
  const { peerhood } = useDaemon()
  const learn = useLearn()
  const { say, warn } = useShell()
  const { id } = transfer
  const change = (call: () => Promise<Transfer>) => () => {
    // Its event says how it is now.
    call().catch((error: unknown) => warn(toFailure(error)))
  }
  const remove = () => {
    peerhood.transfers.remove(id).then(
      () => {
        learn({ type: 'transfer-removed', id })
        say(removedText(transfer))
      },
      (error: unknown) => warn(toFailure(error)),
    )
  }
  return {
    pause: change(() => peerhood.transfers.pause(id)),
    resume: change(() => peerhood.transfers.resume(id)),
    cancel: change(() => peerhood.transfers.cancel(id)),
    remove,
  }
}
