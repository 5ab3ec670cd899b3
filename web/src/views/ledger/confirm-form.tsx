// The yes to a request: with the passphrase where one is set, and a word that warnings were read where there are such.

import { type ReactNode, useState } from 'react'
import type { Wallet, WalletRequest } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Switch } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { PassphraseField } from './passphrase-field.tsx'

interface ConfirmFormProps {
  readonly request: WalletRequest
  readonly wallet: Wallet
  readonly onDone: (request: WalletRequest) => void
  /** The other button. */
  readonly other: ReactNode
}

export function ConfirmForm({ request, wallet, onDone, other }: ConfirmFormProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [passphrase, setPassphrase] = useState('')
  const [isRead, setRead] = useState(false)
  const action = useAction()
  const hasStops = request.warnings.some(({ weight }) => weight === 'stop')
  const isReady = wallet.isPerson && (!hasStops || isRead) && (request.needs === 'session' || passphrase !== '')
  const confirm = () =>
    action.run(async () => {
      onDone(
        await peerhood.wallet.confirm(community.id, request.id, {
          ...(request.needs === 'passphrase' ? { passphrase } : {}),
          ...(hasStops ? { accept: isRead } : {}),
        }),
      )
    })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady && !action.busy) void confirm()
      }}
    >
      {hasStops && (
        <Switch label="I have read the warnings and want it all the same" checked={isRead} onChange={setRead} />
      )}
      {request.needs === 'passphrase' && <PassphraseField value={passphrase} onChange={setPassphrase} />}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        {other}
        <Button type="submit" look={hasStops ? 'danger' : 'primary'} busy={action.busy} disabled={!isReady}>
          {request.kind === 'transaction' ? 'Confirm and send' : 'Confirm and sign'}
        </Button>
      </div>
    </form>
  )
}
