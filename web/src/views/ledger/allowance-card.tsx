// What programs with the API token may spend without asking: nothing, unless the person says so here.

import { useState } from 'react'
import type { Wallet } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { useReading } from '../../store/reading.ts'
import { Button } from '../../ui/button.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Badge, Card, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { amountProblem } from './core.ts'
import { PassphraseField } from './passphrase-field.tsx'

export function AllowanceCard({ wallet }: { wallet: Wallet }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [isOpen, setOpen] = useState(false)
  const reading = useReading(`allowances ${community.id}`, wallet, (options) =>
    peerhood.wallet.allowances(community.id, options),
  )
  const { value = [] } = reading
  const action = useAction()
  const remove = (token: string | null) =>
    action.run(async () => {
      await peerhood.wallet.allow(community.id, { amount: '0', ...(token === null ? {} : { token }) })
      reading.reread()
    })
  return (
    <Card
      title="Programs"
      actions={
        <Button look="quiet" expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Allow an amount
        </Button>
      }
    >
      <p className="soft">
        {value.length === 0
          ? 'A program with the API token may ask to spend; each time you say yes or no here.'
          : 'Programs with the API token may spend this much without asking:'}
      </p>
      {value.length > 0 && (
        <ul className="rows ledger-rows" aria-label="Allowances">
          {value.map((one) => (
            <li key={one.asset.contract ?? 'coin'}>
              <span className="row-title">
                <bdi>{one.text}</bdi>
              </span>
              {!one.active && <Badge tone="warn">Rests: set it again</Badge>}
              <Button
                look="quiet"
                about={one.asset.symbol}
                busy={action.busy}
                onClick={() => void remove(one.asset.contract)}
              >
                Take back
              </Button>
            </li>
          ))}
        </ul>
      )}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      {isOpen && (
        <AllowForm
          wallet={wallet}
          onAllowed={() => {
            setOpen(false)
            reading.reread()
          }}
        />
      )}
    </Card>
  )
}

function AllowForm({ wallet, onAllowed }: { wallet: Wallet; onAllowed: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [texts, setTexts] = useState({ amount: '', asset: '0', passphrase: '' })
  const action = useAction()
  const currencies = wallet.balances.filter(({ asset }) => asset.kind === 'coin' || asset.kind === 'erc20')
  const asset = (currencies[Number(texts.asset)] ?? currencies[0])?.asset
  if (asset === undefined) return null
  const problem = amountProblem(texts.amount, asset.decimals)
  const isReady =
    wallet.isPerson &&
    texts.amount.trim() !== '' &&
    problem === undefined &&
    (!wallet.passphrase || texts.passphrase !== '')
  const allow = () =>
    action.run(async () => {
      await peerhood.wallet.allow(community.id, {
        amount: texts.amount.trim(),
        ...(asset.contract === null ? {} : { token: asset.contract }),
        ...(wallet.passphrase ? { passphrase: texts.passphrase } : {}),
      })
      onAllowed()
    })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady && !action.busy) void allow()
      }}
    >
      {currencies.length > 1 && (
        <SelectField
          label="Of what"
          value={texts.asset}
          options={currencies.map((one, at) => ({ value: String(at), label: one.asset.name }))}
          onChange={(value) => setTexts({ ...texts, asset: value })}
        />
      )}
      <TextField
        label={`Amount in ${asset.symbol}`}
        hint="In any 24 hours. Only plain payments; fees count."
        value={texts.amount}
        error={problem}
        onChange={(amount) => setTexts({ ...texts, amount })}
      />
      {wallet.passphrase && (
        <PassphraseField
          hint="Your keys stay open in memory for it until Peerhood stops."
          value={texts.passphrase}
          onChange={(passphrase) => setTexts({ ...texts, passphrase })}
        />
      )}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" look="primary" busy={action.busy} disabled={!isReady}>
          Allow it
        </Button>
      </div>
    </form>
  )
}
