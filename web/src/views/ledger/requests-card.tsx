// Requests of programs that wait for this person.

import type { Wallet, WalletRequest } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { ConfirmForm } from './confirm-form.tsx'
import { RequestWords } from './request-words.tsx'

interface RequestsProps {
  readonly requests: readonly WalletRequest[]
  readonly wallet: Wallet
  readonly onChanged: () => void
}

export function RequestsCard({ requests, wallet, onChanged }: RequestsProps) {
  // What the person began in this page is asked about in its dialog.
  const waiting = requests.filter(({ state, by }) => state === 'waiting' && by === 'program')
  if (waiting.length === 0) return null
  return (
    <Card title={waiting.length === 1 ? 'A program asks' : `Programs ask ${waiting.length} things`}>
      <p className="soft">
        It has the API token of this computer and wants something signed. Nothing happens without your yes.
      </p>
      <ul className="ledger-requests" aria-label="Requests">
        {waiting.map((request) => (
          <RequestItem key={request.id} request={request} wallet={wallet} onChanged={onChanged} />
        ))}
      </ul>
    </Card>
  )
}

function RequestItem({
  request,
  wallet,
  onChanged,
}: {
  request: WalletRequest
  wallet: Wallet
  onChanged: () => void
}) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { say, warn } = useShell()
  const action = useAction()
  const refuse = () =>
    action.run(async () => {
      await peerhood.wallet.refuse(community.id, request.id)
      say('Refused')
      onChanged()
    })
  const done = (after: WalletRequest) => {
    if (after.failure !== null) warn(after.failure)
    else say(after.state === 'signed' ? 'Signed' : 'Sent')
    onChanged()
  }
  return (
    <li>
      <RequestWords request={request} />
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <ConfirmForm
        request={request}
        wallet={wallet}
        onDone={done}
        other={
          <Button busy={action.busy} onClick={() => void refuse()}>
            Refuse
          </Button>
        }
      />
    </li>
  )
}
