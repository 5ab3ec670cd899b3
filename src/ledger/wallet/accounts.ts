// The accounts of one phrase: the first is always there, others when the person made them. Only public sides are kept.

import type { Identity } from '../../identity/types.ts'
import type { Address } from '../types.ts'
import { parseAddress, readAddress, shownAddress } from './address-core.ts'
import { walletErrors } from './errors.ts'
import { accountPath, openKeyRing } from './keys.ts'
import { accountsMax, nameCharsMax } from './limits.ts'
import type { WalletStore } from './store.ts'
import { ownName } from './text-core.ts'
import type { AccountView } from './types.ts'

export interface OwnAccount {
  readonly index: number
  readonly address: Address
}

export interface AccountsParts {
  readonly identity: Pick<Identity, 'did' | 'ethereumAddress' | 'phrase'>
  readonly store: Pick<WalletStore, 'accounts' | 'setAccount'>
}

export function createAccounts({ identity, store }: AccountsParts) {
  function list(): readonly AccountView[] {
    const stored = store.accounts(identity.did)
    const first = { index: 0, address: identity.ethereumAddress.toLowerCase() as Address, name: 'Main' }
    const name = stored.find(({ index }) => index === 0)?.name ?? first.name
    return [{ ...first, name }, ...stored.filter(({ index }) => index > 0)].map(viewOf)
  }

  /** Throws `wallet_account_unknown`. */
  function get(index = 0): OwnAccount {
    const account = list().find((one) => one.index === index)
    if (account === undefined) throw walletErrors.wallet_account_unknown(`There is no account number ${index}.`)
    return { index, address: parseAddress(account.address) }
  }

  function keep(account: OwnAccount, name: string): AccountView {
    const named = { ...account, name: nameOf(name) }
    store.setAccount(identity.did, named)
    return viewOf(named)
  }

  return {
    list,
    get,
    name: (index: number, name: string) => keep(get(index), name),
    async add(name: string, passphrase: string | undefined): Promise<AccountView> {
      const index = list().length
      if (index >= accountsMax) throw walletErrors.wallet_accounts_full(`There are ${index} accounts already.`)
      nameOf(name)
      const { address } = (await openKeyRing(identity, passphrase)).signer(index)
      return keep({ index, address }, name)
    },
  }
}

function viewOf({ index, address, name }: OwnAccount & { readonly name: string }): AccountView {
  return { index, address: shownAddress(address), path: accountPath(index), name }
}

function nameOf(name: string): string {
  const own = ownName(name, nameCharsMax)
  if (own === undefined || readAddress(own) !== undefined) {
    throw walletErrors.wallet_name_unusable('This is no name that can be used.')
  }
  return own
}
