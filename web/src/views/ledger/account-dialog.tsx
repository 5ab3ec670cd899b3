// The accounts of one phrase: which there are, and one more.

import { useState } from 'react'
import type { Wallet } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { CopyPair } from '../../ui/pairs.tsx'
import { ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { shortHash } from './core.ts'
import { PassphraseField } from './passphrase-field.tsx'

interface AccountProps {
  readonly wallet: Wallet
  readonly onClose: () => void
  readonly onChanged: () => void
  readonly onAccount: (index: number) => void
}

export function AccountDialog({ wallet, onClose, onChanged, onAccount }: AccountProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [name, setName] = useState('')
  const [passphrase, setPassphrase] = useState('')
  const action = useAction()
  const isReady = name.trim() !== '' && (!wallet.passphrase || passphrase !== '')
  const add = () =>
    action.run(async () => {
      const secret = wallet.passphrase ? { passphrase } : {}
      const { index } = await peerhood.wallet.addAccount(community.id, { name: name.trim(), ...secret })
      onAccount(index)
      onChanged()
      onClose()
    })
  return (
    <Dialog title="Accounts" onClose={onClose}>
      <p className="soft">
        All come from your 24 words, on every computer that holds them and in any wallet, under the path that stands
        beside them.
      </p>
      <dl className="pairs">
        {wallet.accounts.map((one) => (
          <CopyPair
            key={one.index}
            name={one.name}
            text={one.address}
            what="address"
            shown={`${shortHash(one.address)}, ${one.path}`}
          />
        ))}
      </dl>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady && !action.busy) void add()
        }}
      >
        <TextField label="Name of one more" charsMax={64} value={name} onChange={setName} />
        {wallet.passphrase && <PassphraseField value={passphrase} onChange={setPassphrase} />}
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
        <div className="actions actions-end">
          <Button type="submit" busy={action.busy} disabled={!isReady}>
            Add it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
