// What to show somebody who pays: a QR code that any wallet reads, and the address.

import { useState } from 'react'
import type { Wallet } from '../../../../src/sdk/types.ts'
import { useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { CopyButton } from '../../ui/copy.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { QrCode } from '../../ui/qr-code.tsx'
import { useCommunity } from '../community/context.tsx'
import { amountProblem } from './core.ts'

export function ReceiveDialog({ wallet, account, onClose }: { wallet: Wallet; account: number; onClose: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [amount, setAmount] = useState('')
  const problem = amountProblem(amount, 18)
  const asked = problem === undefined && amount.trim() !== '' ? { amount: amount.trim() } : {}
  const { value, failure } = useReading(
    `receive ${community.id} ${account} ${asked.amount ?? ''}`,
    undefined,
    (options) => peerhood.wallet.receive(community.id, { account, ...asked, ...options }),
  )
  const { coin, name, chainId } = wallet.chain
  return (
    <Dialog title="Receive" onClose={onClose}>
      <div className="stack receive">
        <TextField
          label={`Amount in ${coin.symbol}`}
          hint="May stay empty: then whoever pays says how much."
          value={amount}
          error={problem}
          onChange={setAmount}
        />
        {failure !== undefined && <ProblemNote problem={failure} />}
        <div className="receive-code">
          {value !== undefined && <QrCode text={value.uri} label="QR code to pay this account" />}
        </div>
        {value !== undefined && (
          <>
            <p className="mono receive-address">{value.address}</p>
            <p className="small soft">
              Only on the chain <bdi>{name}</bdi> (id {chainId}): what is sent to this address elsewhere is not here.
            </p>
            <div className="actions">
              <CopyButton text={value.address} what="address" look="primary" />
              <CopyButton text={value.uri} what="link" />
            </div>
          </>
        )}
      </div>
    </Dialog>
  )
}
