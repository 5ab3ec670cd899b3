// Who decides: which of them are here, how far each is, whose turn it is; and whether this computer would.

import { useState } from 'react'
import type { Ledger, LedgerValidator } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Switch } from '../../ui/field.tsx'
import { Badge, Card, Facts, ProblemNote } from '../../ui/parts.tsx'
import { Avatar } from '../community/avatar.tsx'
import { useCommunity } from '../community/context.tsx'
import { isTurn, ledgerHref, shortHash, validatorFacts } from './core.ts'

interface ValidatorsProps {
  readonly ledger: Ledger
  readonly onChanged: () => void
}

export function ValidatorsCard({ ledger, onChanged }: ValidatorsProps) {
  const { community } = useCommunity()
  return (
    <Card title="Validators">
      <p className="soft">
        They agree on each block. A block that {ledger.chain === null ? 'a quorum' : ledger.chain.quorum} of them signed
        is final.
      </p>
      <ul className="rows ledger-rows" aria-label="Validators">
        {ledger.validators.map((one) => (
          <ValidatorRow key={one.address} one={one} ledger={ledger} />
        ))}
      </ul>
      <OfferSwitch ledger={ledger} onChanged={onChanged} />
      <p className="soft">
        Too many of them are gone for good? Those who are left can{' '}
        <a href={ledgerHref(community.id, 'recovery')}>go on without them</a>.
      </p>
    </Card>
  )
}

function ValidatorRow({ one, ledger }: { one: LedgerValidator; ledger: Ledger }) {
  const { community } = useCommunity()
  const name = one.name === '' ? shortHash(one.address) : one.name
  return (
    <li>
      <Avatar id={one.person ?? one.address} name={name} />
      <div className="row-title">
        <span>
          <bdi>{name}</bdi>
          {one.isSelf && <span className="soft"> (this computer)</span>}
        </span>
        <Facts>
          {[
            <a key="address" className="mono" href={ledgerHref(community.id, 'explorer', 'account', one.address)}>
              {shortHash(one.address)}
            </a>,
            ...validatorFacts(one, ledger),
          ]}
        </Facts>
      </div>
      {isTurn(one, ledger) && <Badge tone="calm">Its turn</Badge>}
      <Badge tone={one.online ? 'good' : one.inSet ? 'warn' : 'calm'}>{one.online ? 'Here' : 'Away'}</Badge>
    </li>
  )
}

/** Optimistic: the switch shows what was asked for until the daemon has answered. */
export function OfferSwitch({ ledger, onChanged }: ValidatorsProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const action = useAction()
  const [asked, setAsked] = useState<boolean>()
  const offer = (validate: boolean) => {
    setAsked(validate)
    void action.run(async () => {
      try {
        await peerhood.ledger.offer(community.id, { validate })
        onChanged()
      } finally {
        setAsked(undefined)
      }
    })
  }
  return (
    <div className="stack ledger-offer">
      <Switch
        label="This computer may validate"
        hint="It should be on most of the time. It votes only once it is among the validators."
        checked={asked ?? ledger.validates}
        onChange={offer}
      />
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
    </div>
  )
}
