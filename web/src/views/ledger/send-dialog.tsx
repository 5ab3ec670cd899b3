// Sends coin or a token: who and how much, then what would happen in words, then the yes.

import { useId, useState } from 'react'
import type { Proposal, Wallet, WalletRequest } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { SelectField, TextField } from '../../ui/field.tsx'
import { Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { ConfirmForm } from './confirm-form.tsx'
import { amountProblem, amountText, ledgerHref, shortHash } from './core.ts'
import { useContacts } from './hooks.ts'
import { RequestWords } from './request-words.tsx'

interface SendProps {
  readonly wallet: Wallet
  readonly account: number
  readonly onClose: () => void
  readonly onSent: () => void
}

export function SendDialog({ wallet, account, onClose, onSent }: SendProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const [texts, setTexts] = useState({ to: '', amount: '', asset: '0', id: '' })
  const [request, setRequest] = useState<WalletRequest>()
  const leave = () => {
    if (request?.state === 'waiting') void peerhood.wallet.refuse(community.id, request.id).catch(() => undefined)
    onClose()
  }
  const back = () => {
    if (request !== undefined) void peerhood.wallet.refuse(community.id, request.id).catch(() => undefined)
    setRequest(undefined)
  }
  return (
    <Dialog
      title={request === undefined ? 'Send' : request.state === 'waiting' ? 'Look before you send' : 'Sent'}
      onClose={leave}
    >
      {request === undefined && (
        <SendForm wallet={wallet} account={account} texts={texts} onTexts={setTexts} onRequest={setRequest} />
      )}
      {request?.state === 'waiting' && (
        <>
          <RequestWords request={request} />
          <ConfirmForm
            request={request}
            wallet={wallet}
            onDone={(after) => {
              setRequest(after)
              onSent()
            }}
            other={<Button onClick={back}>Back</Button>}
          />
        </>
      )}
      {request !== undefined && request.state !== 'waiting' && <After request={request} onClose={onClose} />}
    </Dialog>
  )
}

interface Texts {
  readonly to: string
  readonly amount: string
  readonly asset: string
  readonly id: string
}

interface SendFormProps {
  readonly wallet: Wallet
  readonly account: number
  readonly texts: Texts
  readonly onTexts: (texts: Texts) => void
  readonly onRequest: (request: WalletRequest) => void
}

function SendForm({ wallet, account, texts, onTexts, onRequest }: SendFormProps) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const action = useAction()
  const set = (change: Partial<Texts>) => onTexts({ ...texts, ...change })
  const balance = wallet.balances[Number(texts.asset)] ?? wallet.balances[0]
  if (balance === undefined) return null
  const { asset } = balance
  const hasIds = asset.kind === 'erc721' || asset.kind === 'erc1155'
  const problem = amountProblem(texts.amount, asset.decimals)
  const isComplete =
    texts.to.trim() !== '' &&
    problem === undefined &&
    (asset.kind === 'erc721' || texts.amount.trim() !== '') &&
    (!hasIds || texts.id !== '')
  const look = () =>
    action.run(async () => {
      const proposal: Proposal = {
        ...{ kind: 'send', account, to: texts.to.trim(), amount: asset.kind === 'erc721' ? '1' : texts.amount.trim() },
        ...(asset.contract === null ? {} : { token: asset.contract }),
        ...(hasIds ? { id: texts.id } : {}),
      }
      onRequest(await peerhood.wallet.propose(community.id, proposal))
    })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (isComplete && !action.busy) void look()
      }}
    >
      <ReceiverField value={texts.to} onChange={(to) => set({ to, ...amountOfLink(to, texts.amount) })} />
      {wallet.balances.length > 1 && (
        <SelectField
          label="What"
          value={texts.asset}
          options={wallet.balances.map((one, at) => ({
            value: String(at),
            label: one.asset.contract === null ? one.asset.name : `${one.asset.name}, ${shortHash(one.asset.contract)}`,
          }))}
          onChange={(value) => set({ asset: value, id: '' })}
        />
      )}
      {hasIds && (
        <SelectField
          label="Which one"
          value={texts.id}
          options={[
            { value: '', label: 'Choose one' },
            ...balance.ids.map(({ id }) => ({ value: id, label: `No. ${shortHash(id)}` })),
          ]}
          onChange={(id) => set({ id })}
        />
      )}
      {asset.kind !== 'erc721' && (
        <TextField
          label={`Amount in ${asset.symbol}`}
          hint={`You have ${amountText(balance.amount, asset.decimals)}.`}
          value={texts.amount}
          error={problem}
          onChange={(amount) => set({ amount })}
        />
      )}
      {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      <div className="actions actions-end">
        <Button type="submit" look="primary" busy={action.busy} disabled={!isComplete}>
          Look at it
        </Button>
      </div>
    </form>
  )
}

/** A link of the coin says the amount itself, in its smallest unit; it is shown, and can be changed. */
function amountOfLink(to: string, before: string): { amount?: string } {
  const value = /^ethereum:[^/]*\?(?:.*&)?value=(\d{1,60})(?:e18)?(?:&|$)/i.exec(to.trim())
  if (value === null || before !== '') return {}
  return { amount: /e18(?:&|$)/i.test(to) ? (value[1] ?? '') : amountText(value[1] ?? '0', 18).replaceAll(',', '') }
}

function ReceiverField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { community } = useCommunity()
  const { value: contacts = [] } = useContacts(community.id)
  const id = useId()
  const others = contacts.filter(({ source }) => source !== 'self')
  const known = others.find(
    ({ name, address }) => name.toLowerCase() === value.trim().toLowerCase() || address === value.trim(),
  )
  return (
    <div className="field">
      <label htmlFor={id}>To</label>
      <input
        id={id}
        className="input"
        list={`${id}-names`}
        value={value}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={512}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={`${id}-names`}>
        {others.map(({ address, name, source }) => (
          <option key={address} value={name}>
            {source === 'member' ? 'member' : 'address book'}, {shortHash(address)}
          </option>
        ))}
      </datalist>
      <div id={`${id}-hint`} className="field-hint">
        {known === undefined ? (
          'A name of the address book, an address, or an ethereum: link.'
        ) : (
          <>
            <bdi>{known.name}</bdi>, <span className="mono">{shortHash(known.address)}</span>
            {known.source === 'member' && ', announced in this community'}
          </>
        )}
      </div>
    </div>
  )
}

function After({ request, onClose }: { request: WalletRequest; onClose: () => void }) {
  const { community } = useCommunity()
  const { failure, transaction, sentence } = request
  return (
    <div className="stack">
      {failure === null ? (
        <Note tone="good" title={sentence}>
          <p>It is final once it is in a block: mostly within seconds.</p>
        </Note>
      ) : (
        <ProblemNote problem={failure} />
      )}
      <div className="actions actions-end">
        {transaction !== null && (
          <ButtonLink href={ledgerHref(community.id, 'explorer', 'transaction', transaction)}>
            See the transaction
          </ButtonLink>
        )}
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  )
}
