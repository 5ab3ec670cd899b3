// The wallet, for the API. All of it (viem, and what it brings) is loaded when somebody asks for the first time.

import type { WalletServices } from '../../api/wallet-services.ts'
import type { Communities } from '../../community/types.ts'
import type { AccountOf } from '../../ledger/announced.ts'
import type { Ledgers } from '../../ledger/service-types.ts'
import type { Compiler } from '../../ledger/source/compiler.ts'
import { walletErrors } from '../../ledger/wallet/errors.ts'
import type { AnnouncedAccount } from '../../ledger/wallet/types.ts'
import type { OpenWallet, Wallets } from '../../ledger/wallet/wallets.ts'
import type { CommunityId } from '../../log/types.ts'
import type { Foundation } from '../foundation.ts'

export interface WalletServiceParts {
  readonly foundation: Pick<Foundation, 'clock' | 'random' | 'log' | 'database' | 'identity'>
  readonly ledgers: Ledgers
  readonly communities: Pick<Communities, 'get'>
  /** In the place of the one that runs in a process of its own. */
  readonly compiler?: Compiler
}

export function createWalletServices(parts: WalletServiceParts): { readonly calls: WalletServices; stop(): void } {
  let wallets: Promise<Wallets> | undefined
  let compiler: Promise<Compiler> | undefined
  const loadCompiler = async () => {
    if (parts.compiler !== undefined) return parts.compiler
    const { createCompiler } = await import('../../ledger/source/compiler.ts')
    return createCompiler(parts.foundation)
  }
  const load = async () => {
    const { createWallets } = await import('../../ledger/wallet/wallets.ts')
    const { ledgers } = parts
    return createWallets({
      ...parts.foundation,
      ledgers,
      announced: (id) => named(parts, id, ledgers.facts(id).accounts),
      validators: (id) => named(parts, id, ledgers.facts(id).willing),
      compiler: () => {
        compiler ??= loadCompiler()
        return compiler
      },
    })
  }
  const all = () => {
    wallets ??= load()
    return wallets
  }
  const open = async (id: string) => (await all()).open(id as CommunityId)
  return {
    calls: { ...holding(all, open), ...spending(open), ...exploring(open) },
    stop() {
      void wallets?.then((loaded) => loaded.stop())
      void compiler?.then((loaded) => loaded.stop())
    },
  }
}

/** With the names that members have in the community. */
function named(
  { communities }: WalletServiceParts,
  id: CommunityId,
  accounts: readonly AccountOf[],
): readonly AnnouncedAccount[] {
  const members = communities.get(id).state?.members
  return accounts.map(({ address, person }) => ({ address, person, name: members?.get(person)?.name ?? '' }))
}

type Open = (id: string) => Promise<OpenWallet>
type Holding =
  | 'view'
  | 'chain'
  | 'chooseChain'
  | 'addAccount'
  | 'nameAccount'
  | 'receive'
  | 'history'
  | 'contacts'
  | 'setContact'
  | 'setToken'

function holding(all: () => Promise<Wallets>, open: Open): Pick<WalletServices, Holding> {
  const view: WalletServices['view'] = async (id, account, caller) => ({
    ...(await (await open(id)).view(account)),
    ...caller,
  })
  return {
    view,
    chain: async (id) => (await all()).chain(id as CommunityId),
    async chooseChain(id, outside, caller) {
      // Another chain may show other balances and take payments: no program decides that.
      if (!caller.isPerson) throw walletErrors.wallet_not_confirmed('An API token alone can’t choose the chain.')
      const wallets = await all()
      await wallets.chooseChain(id as CommunityId, outside ?? undefined)
      return wallets.chain(id as CommunityId)
    },
    addAccount: async (id, name, passphrase) => (await open(id)).addAccount(name, passphrase),
    nameAccount: async (id, index, name) => (await open(id)).nameAccount(index, name),
    receive: async (id, options) => (await open(id)).receive(options),
    history: async (id, options) => (await open(id)).history(options),
    contacts: async (id) => (await open(id)).contacts(),
    setContact: async (id, address, name) => (await open(id)).setContact(address, name),
    setToken: async (id, contract, known) => (await open(id)).setToken(contract, known),
  }
}

type Spending = 'requests' | 'request' | 'propose' | 'confirm' | 'refuse' | 'allowances' | 'allow'

function spending(open: Open): Pick<WalletServices, Spending> {
  return {
    requests: async (id) => (await open(id)).requests(),
    request: async (id, request) => (await open(id)).request(request),
    propose: async (id, proposal, caller) => (await open(id)).propose(proposal, caller),
    confirm: async (id, request, options, caller) => (await open(id)).confirm(request, caller, options),
    refuse: async (id, request) => (await open(id)).refuse(request),
    allowances: async (id) => (await open(id)).allowances(),
    allow: async (id, request, caller) => (await open(id)).allow(request, caller),
  }
}

type Exploring =
  | 'blocks'
  | 'block'
  | 'transaction'
  | 'account'
  | 'accountTransactions'
  | 'search'
  | 'verify'
  | 'source'
  | 'forgetSource'
  | 'setAbi'

function exploring(open: Open): Pick<WalletServices, Exploring> {
  return {
    blocks: async (id, page) => (await open(id)).explorer.blocks(page),
    block: async (id, at) => (await open(id)).explorer.block(at),
    transaction: async (id, hash) => (await open(id)).explorer.transaction(hash),
    account: async (id, address) => (await open(id)).explorer.account(address),
    accountTransactions: async (id, address, page) => (await open(id)).explorer.transactionsOf(address, page),
    search: async (id, text) => (await open(id)).explorer.search(text),
    verify: async (id, address, request, caller) => (await open(id)).explorer.verify(address, request, caller),
    source: async (id, address) => (await open(id)).explorer.details(address),
    forgetSource: async (id, address, caller) => (await open(id)).explorer.forget(address, caller),
    async setAbi(id, address, abi, caller) {
      const { explorer } = await open(id)
      explorer.setAbi(address, abi ?? undefined, caller)
      return explorer.account(address)
    },
  }
}
