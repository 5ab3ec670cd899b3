// The address book: accounts that members announced, and names that this person wrote.

import { useState } from 'react'
import type { WalletContact } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { pageRows } from '../../ui/core.ts'
import { TextField } from '../../ui/field.tsx'
import { Pager } from '../../ui/pager.tsx'
import { Card, ProblemNote } from '../../ui/parts.tsx'
import { Avatar } from '../community/avatar.tsx'
import { useCommunity } from '../community/context.tsx'
import { ledgerHref, shortHash } from './core.ts'
import { useContacts } from './hooks.ts'

const perPage = 12

export function ContactsCard() {
  const { community } = useCommunity()
  const { value = [], reread } = useContacts(community.id)
  const [page, setPage] = useState(0)
  const [isAdding, setAdding] = useState(false)
  const others = value.filter(({ source }) => source !== 'self')
  const { from, to } = pageRows(others.length, perPage, page)
  return (
    <Card
      title="Address book"
      actions={
        <Button look="quiet" icon="plus" expanded={isAdding} onClick={() => setAdding(!isAdding)}>
          Add
        </Button>
      }
    >
      {isAdding && (
        <AddForm
          onAdded={() => {
            setAdding(false)
            reread()
          }}
        />
      )}
      {others.length === 0 && <p className="soft">Nobody else has announced an account in this community yet.</p>}
      <ul className="rows ledger-rows" aria-label="Address book">
        {others.slice(from, to).map((one) => (
          <ContactRow key={one.address} one={one} onChanged={reread} />
        ))}
      </ul>
      <Pager what="addresses" total={others.length} perPage={perPage} page={page} onPage={setPage} />
    </Card>
  )
}

function ContactRow({ one, onChanged }: { one: WalletContact; onChanged: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const action = useAction()
  const remove = () =>
    action.run(async () => {
      await peerhood.wallet.setContact(community.id, one.address, '')
      onChanged()
    })
  return (
    <li>
      <Avatar id={one.person ?? one.address} name={one.name} />
      <div className="row-title">
        <bdi>{one.name}</bdi>
        <span className="small soft">
          <a className="mono" href={ledgerHref(community.id, 'explorer', 'account', one.address)}>
            {shortHash(one.address)}
          </a>
          {one.source === 'member' ? ', member' : ', written by you'}
        </span>
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      </div>
      <CopyButton text={one.address} what={`address of ${one.name}`} look="quiet" iconOnly />
      {one.source === 'own' && (
        <Button look="quiet" icon="close" iconOnly about={one.name} busy={action.busy} onClick={() => void remove()}>
          Take out
        </Button>
      )}
    </li>
  )
}

function AddForm({ onAdded }: { onAdded: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [texts, setTexts] = useState({ name: '', address: '' })
  const action = useAction()
  const isComplete = texts.name.trim() !== '' && /^0x[0-9a-fA-F]{40}$/.test(texts.address.trim())
  const add = () =>
    action.run(async () => {
      await peerhood.wallet.setContact(community.id, texts.address.trim(), texts.name.trim())
      onAdded()
    })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isComplete && !action.busy) void add()
      }}
    >
      <TextField label="Name" charsMax={64} value={texts.name} onChange={(name) => setTexts({ ...texts, name })} />
      <TextField
        label="Address"
        mono
        charsMax={42}
        value={texts.address}
        onChange={(address) => setTexts({ ...texts, address })}
      />
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" busy={action.busy} disabled={!isComplete}>
          Keep it
        </Button>
      </div>
    </form>
  )
}
