// A community without a ledger: what one is, who would validate, and the form that founds it.

import { useState } from 'react'
import type { Ledger } from '../../../../src/sdk/types.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useAction, useDaemon, useWorld } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Badge, Card, Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { communityName } from '../community/core.ts'
import { amountProblem, weiOf } from './core.ts'
import { PassphraseField } from './passphrase-field.tsx'
import { OfferSwitch } from './validators-card.tsx'

interface FoundProps {
  readonly ledger: Ledger
  readonly onChanged: () => void
}

export function FoundCard({ ledger, onChanged }: FoundProps) {
  const willing = ledger.validators.filter((one) => one.willing)
  return (
    <Card title="A ledger for this community">
      <div className="stack">
        <p className="soft">
          Money, votes and titles need one order that nobody can change afterwards. A ledger is a chain that members’
          computers keep together: it runs Ethereum contracts, members use it free of charge, and everyone holds a
          wallet.
        </p>
        <h3>Who would validate</h3>
        {willing.length === 0 ? (
          <p className="soft">Nobody has offered a computer yet. One that is mostly on is best.</p>
        ) : (
          <ul className="ledger-names" aria-label="Computers that were offered">
            {willing.map((one) => (
              <li key={one.address}>
                <Badge tone={one.online ? 'good' : 'calm'} icon="computer">
                  <bdi>{one.name === '' ? 'A member' : one.name}</bdi>
                  {one.isSelf && ' (this computer)'}
                </Badge>
              </li>
            ))}
          </ul>
        )}
        <OfferSwitch ledger={ledger} onChanged={onChanged} />
        {ledger.mayFound ? (
          <FoundForm willing={willing.length} onChanged={onChanged} />
        ) : (
          <Note title="An owner of the community founds it">
            <p>As soon as one has, it opens here by itself.</p>
          </Note>
        )}
      </div>
    </Card>
  )
}

function FoundForm({ willing, onChanged }: { willing: number; onChanged: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const { say } = useShell()
  const isLocked = useWorld((world) => world.identity?.passphrase === true)
  const [texts, setTexts] = useState({
    name: communityName(community),
    coin: 'Coin',
    symbol: 'COIN',
    supply: '1000000',
    passphrase: '',
  })
  const action = useAction()
  const set = (change: Partial<typeof texts>) => setTexts((before) => ({ ...before, ...change }))
  const supply = weiOf(texts.supply)
  const isComplete = texts.name.trim() !== '' && /^[A-Za-z0-9]{1,11}$/.test(texts.symbol) && supply !== undefined
  const found = () =>
    action.run(async () => {
      await peerhood.ledger.found(community.id, {
        name: texts.name.trim(),
        coin: { name: texts.coin.trim() === '' ? texts.symbol : texts.coin.trim(), symbol: texts.symbol },
        ...(supply === undefined ? {} : { supply }),
        ...(isLocked && texts.passphrase !== '' ? { passphrase: texts.passphrase } : {}),
      })
      say('The ledger is founded')
      onChanged()
    })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isComplete && !action.busy) void found()
      }}
    >
      {willing < 4 && (
        <Note tone="warn" title="Trusted mode">
          <p>
            With fewer than four computers none may fail or lie: the chain works, but whoever uses it trusts each of
            them. Others can be let in as validators later.
          </p>
        </Note>
      )}
      <TextField label="Name of the chain" charsMax={64} value={texts.name} onChange={(name) => set({ name })} />
      <div className="field-pair">
        <TextField
          label="Its coin"
          charsMax={64}
          hint="What people call it."
          value={texts.coin}
          onChange={(coin) => set({ coin })}
        />
        <TextField
          label="Symbol"
          charsMax={11}
          hint="As wallets show it: letters and digits."
          value={texts.symbol}
          onChange={(symbol) => set({ symbol })}
        />
      </div>
      <TextField
        label="Coins that you hold at the start"
        hint="All there are, unless a contract makes others. You hand them out."
        value={texts.supply}
        error={amountProblem(texts.supply, 18)}
        onChange={(value) => set({ supply: value })}
      />
      {isLocked && (
        <PassphraseField
          hint="Your account signs that it is yours."
          value={texts.passphrase}
          onChange={(passphrase) => set({ passphrase })}
        />
      )}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" look="primary" busy={action.busy} disabled={!isComplete}>
          Found the ledger
        </Button>
      </div>
    </form>
  )
}
