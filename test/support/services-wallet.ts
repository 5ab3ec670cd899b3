// The wallet of the in-memory services: no community has a chain, and it says so; what a wallet does is tested where it is.

import type { WalletServices } from '../../src/api/wallet-services.ts'
import { ledgerErrors } from '../../src/ledger/errors.ts'

const none = async (): Promise<never> => {
  throw ledgerErrors.ledger_none('This community has no ledger here.')
}

export function createMemoryWallet(): WalletServices {
  return {
    view: none,
    chain: async () => null,
    chooseChain: async () => null,
    addAccount: none,
    nameAccount: none,
    receive: none,
    requests: none,
    request: none,
    propose: none,
    confirm: none,
    refuse: none,
    allowances: none,
    allow: none,
    history: none,
    contacts: none,
    setContact: none,
    setToken: none,
    blocks: none,
    block: none,
    transaction: none,
    account: none,
    search: none,
    accountTransactions: none,
    verify: none,
    source: none,
    forgetSource: none,
    setAbi: none,
  }
}
