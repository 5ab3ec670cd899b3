// This person's wallet on the community's chain: what there is, what waits for a yes, what came and went.

import { useState } from 'react'
import type { Wallet, WalletBalance } from '../../../../src/sdk/types.ts'
import { useAction, useDaemon } from '../../store/hooks.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Badge, Card, Note, ProblemNote } from '../../ui/parts.tsx'
import { useCommunity } from '../community/context.tsx'
import { AccountDialog } from './account-dialog.tsx'
import { AllowanceCard } from './allowance-card.tsx'
import { ContactsCard } from './contacts-card.tsx'
import { amountText, shortHash } from './core.ts'
import { HistoryCard } from './history-card.tsx'
import { useWallet, useWalletRequests } from './hooks.ts'
import { ReceiveDialog } from './receive-dialog.tsx'
import { RequestsCard } from './requests-card.tsx'
import { SendDialog } from './send-dialog.tsx'

export function WalletView() {
  const { community } = useCommunity()
  const [account, setAccount] = useState(0)
  const { value: wallet, failure, reread } = useWallet(community.id, account)
  const requests = useWalletRequests(community.id, wallet?.waiting)
  if (wallet === undefined)
    return failure === undefined ? <p className="soft">Opening…</p> : <ProblemNote problem={failure} />
  const refresh = () => {
    reread()
    requests.reread()
  }
  return (
    <>
      {!wallet.isPerson && (
        <Note tone="warn" title="This page can look, but not confirm">
          <p>
            Open it anew with the address that <code>peerhood open</code> prints; that one holds the key to confirm
            with.
          </p>
        </Note>
      )}
      <RequestsCard requests={requests.value ?? []} wallet={wallet} onChanged={refresh} />
      <BalanceCard wallet={wallet} account={account} onAccount={setAccount} onChanged={refresh} />
      <TokensCard wallet={wallet} onChanged={refresh} />
      <HistoryCard account={account} />
      <ContactsCard />
      <AllowanceCard wallet={wallet} />
    </>
  )
}

interface BalanceProps {
  readonly wallet: Wallet
  readonly account: number
  readonly onAccount: (index: number) => void
  readonly onChanged: () => void
}

function BalanceCard({ wallet, account, onAccount, onChanged }: BalanceProps) {
  const [open, setOpen] = useState<'send' | 'receive' | 'account'>()
  const close = () => setOpen(undefined)
  const [coin] = wallet.balances
  const own = wallet.accounts.find(({ index }) => index === account) ?? wallet.accounts[0]
  if (coin === undefined || own === undefined) return null
  return (
    <Card
      title={own.name}
      actions={
        <div className="actions">
          <Button look="quiet" onClick={() => setOpen('account')}>
            Accounts
          </Button>
          <Badge tone={wallet.chain.kind === 'own' ? 'calm' : 'warn'}>
            <bdi>{wallet.chain.name}</bdi>
          </Badge>
        </div>
      }
    >
      <p className="wallet-balance" title={coin.text}>
        <strong className="figures">{amountText(coin.amount, coin.asset.decimals, 6)}</strong>{' '}
        <bdi>{coin.asset.symbol}</bdi>
      </p>
      <p className="copy-line wallet-address">
        <span className="mono cut" title={own.address}>
          {own.address}
        </span>
        <CopyButton text={own.address} what="address" look="quiet" iconOnly />
      </p>
      {wallet.accounts.length > 1 && (
        <SelectField
          label="Account"
          value={String(account)}
          options={wallet.accounts.map((one) => ({
            value: String(one.index),
            label: `${one.name}, ${shortHash(one.address)}`,
          }))}
          onChange={(value) => onAccount(Number(value))}
        />
      )}
      <div className="actions">
        <Button look="primary" icon="out" onClick={() => setOpen('send')}>
          Send
        </Button>
        <Button icon="in" onClick={() => setOpen('receive')}>
          Receive
        </Button>
      </div>
      {wallet.chain.kind === 'outside' && <p className="small soft">{wallet.chain.warnings[0]}</p>}
      {open === 'send' && <SendDialog wallet={wallet} account={account} onClose={close} onSent={onChanged} />}
      {open === 'receive' && <ReceiveDialog wallet={wallet} account={account} onClose={close} />}
      {open === 'account' && (
        <AccountDialog wallet={wallet} onClose={close} onChanged={onChanged} onAccount={onAccount} />
      )}
    </Card>
  )
}

function TokensCard({ wallet, onChanged }: { wallet: Wallet; onChanged: () => void }) {
  const tokens = wallet.balances.slice(1)
  if (tokens.length === 0) return null
  return (
    <Card title="Tokens">
      <ul className="rows ledger-rows" aria-label="Tokens">
        {tokens.map((one) => (
          <TokenRow key={one.asset.contract} one={one} onChanged={onChanged} />
        ))}
      </ul>
    </Card>
  )
}

const kindWords = { coin: 'coin', erc20: 'currency', erc721: 'pieces', erc1155: 'numbered pieces' } as const

function TokenRow({ one, onChanged }: { one: WalletBalance; onChanged: () => void }) {
  const { peerhood } = useDaemon()
  const { community } = useCommunity()
  const action = useAction()
  const { asset } = one
  const mark = (known: boolean) =>
    action.run(async () => {
      await peerhood.wallet.setToken(community.id, asset.contract ?? '', known)
      onChanged()
    })
  return (
    <li className="token-row">
      <div className="row-title">
        <bdi>{asset.name}</bdi>
        <span className="small soft">
          {kindWords[asset.kind]}, <span className="mono">{shortHash(asset.contract ?? '')}</span>
          {one.ids.length > 0 && `, no. ${one.ids.map(({ id }) => shortHash(id)).join(', ')}`}
        </span>
        {!one.known && (
          <span className="small token-unknown">
            Somebody sent it. Its name is what its contract says, which may be a lie.
          </span>
        )}
        {action.failure !== undefined && <ProblemNote problem={action.failure} />}
      </div>
      <span className="figures token-amount">
        {amountText(one.amount, asset.decimals, 6)} <bdi>{asset.symbol}</bdi>
      </span>
      {!one.known && (
        <Button look="quiet" busy={action.busy} about={asset.name} onClick={() => void mark(true)}>
          I know it
        </Button>
      )}
      <Button look="quiet" icon="hidden" iconOnly about={asset.name} onClick={() => void mark(false)}>
        Hide
      </Button>
    </li>
  )
}
