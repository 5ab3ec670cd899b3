// One wallet: a person's accounts on one chain. Puts together keys, requests, allowances, balances, history and names.

import type { Database } from '../../base/database.ts'
import type { Clock, Log, Random } from '../../base/ports.ts'
import type { Identity } from '../../identity/types.ts'
import { systemAbi, systemAddress } from '../chain/system-contract.ts'
import type { LedgerClient } from '../client/types.ts'
import type { Compiler } from '../source/compiler.ts'
import { createSourceStore } from '../source/store.ts'
import type { Address } from '../types.ts'
import { createAbis } from './abis.ts'
import { createAccounts, type OwnAccount } from './accounts.ts'
import { parseAddress, shownAddress } from './address-core.ts'
import { createAllowances } from './allowances.ts'
import { parseAmount } from './amount-core.ts'
import { createAsk } from './ask.ts'
import { createBook } from './book.ts'
import { walletErrors } from './errors.ts'
import { createExplorer } from './explorer.ts'
import type { Explorer } from './explorer-types.ts'
import { createHistory, reachText } from './history.ts'
import { createHoldings } from './holdings.ts'
import { checkSigner, type KeyRing, openKeyRing, type Signer } from './keys.ts'
import { movementsAtOnceMax } from './limits.ts'
import { createMovements } from './movements.ts'
import { createPrepare } from './prepare.ts'
import { createRequestStore } from './request-store.ts'
import { createRequests } from './requests.ts'
import { createSender } from './sender.ts'
import { createSources } from './sources.ts'
import { createWalletStore } from './store.ts'
import { createTokens } from './tokens.ts'
import type { AnnouncedAccount, AssetView, RequestView, Wallet } from './types.ts'
import { writePayment } from './uri-core.ts'
import { inForm } from './words-core.ts'

export interface WalletOptions {
  /** Names the chain in the wallet's tables: the genesis hash of an own one, `outside/<chain id>` of another. */
  readonly chain: string
  /** What who is no member pays per gas on an own chain. */
  readonly strangerFee?: bigint | undefined
  /** Of an own chain: its blocks are elsewhere, so history is read back for a while only. */
  readonly isLight?: () => boolean
}

export interface WalletParts {
  readonly client: LedgerClient
  readonly identity: Pick<Identity, 'did' | 'ethereumAddress' | 'phrase' | 'passphrase'>
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Accounts that members announced in the community. */
  readonly announced: () => readonly AnnouncedAccount[]
  /** Addresses that members' computers validate under, with the members' names. */
  readonly validators: () => readonly AnnouncedAccount[]
  /** Asked for when the first source is checked. */
  readonly compiler: () => Promise<Compiler>
}

/** The wallet, and the explorer, which needs the same knowledge of names and tokens. */
export function openWallet(options: WalletOptions) {
  return (parts: WalletParts): Wallet & { readonly explorer: Explorer } => {
    const inside = assemble(options, parts)
    const { client, explorer, history, requests, book } = inside
    return {
      client,
      explorer,
      ...accountCalls(inside, parts),
      ...spendingCalls(inside, parts),
      requests: () => requests.list().map(answered),
      request: (id) => answered(requests.get(id)),
      confirm: async (...call) => answered(await requests.confirm(...call)),
      refuse: requests.refuse,
      contacts: book.contacts,
      setContact: (address, name) => book.set(parseAddress(address), name),
      settled: history.settled,
      stop() {
        inside.keys.lock()
        history.stop()
        client.close()
      },
    }
  }
}

type Inside = ReturnType<typeof assemble>

function assemble({ chain, strangerFee, isLight = () => false }: WalletOptions, parts: WalletParts) {
  const { client, identity, clock, random, log, announced, validators } = parts
  const isOwn = client.kind === 'own'
  const store = createWalletStore(parts.database)
  const ask = createAsk(client)
  const tokens = createTokens(ask)
  const { coin: named } = client.describe()
  const coin: AssetView = { kind: 'coin', contract: null, name: named.name, symbol: named.symbol, decimals: 18 }
  const accounts = createAccounts({ identity, store })
  const system = isOwn ? { address: systemAddress, name: 'Ledger rules (system contract)' } : undefined
  const book = createBook({ store, announced, validators, own: accounts.list, system })
  const sourceStore = createSourceStore(parts.database, chain)
  // The ledger's own contract on its own chain.
  const abis = createAbis({
    ask,
    store: sourceStore,
    own: isOwn ? { address: systemAddress, abi: systemAbi } : undefined,
  })
  const prepare = createPrepare({
    strangerFee,
    client,
    ask,
    tokens,
    coin,
    book: book.view,
    byName: book.byName,
    abis: abis.reader,
  })
  const history = createHistory({ chain, isOwn, isWhole: () => isOwn && !isLight() })({ ask, store, log })
  const isRead = (account: Address, height: number) => (history.reach(account)?.next ?? 0) > height
  const sender = createSender({ chain, chainId: client.chainId })({ ask, store, clock, log, isRead })
  const keys = createKeys(identity)
  const allowances = createAllowances({ chain, coin, store, clock, tokens, isUnlocked: keys.areOpen })
  const requests = createRequests({
    store: createRequestStore(parts.database, chain),
    ...{ clock, random, log, signer: keys.signer, spend: allowances.spend },
    needsPassphrase: () => identity.passphrase,
    send: ({ kind: _, ...payload }, sentence, signer) => sender.send({ ...payload, sentence }, signer),
    programSigner: async (account) => (allowances.isNone() ? undefined : keys.programSigner(account)),
  })
  const sources = createSources({ ask, store: sourceStore, abis, clock, compiler: parts.compiler })
  const explorer = createExplorer({ client, ask, tokens, coin, book: book.view, abis, sources })
  const balances = createHoldings({ chain, coin, ask, store, tokens })
  const movements = createMovements({ chain, coin, store, tokens, book: book.view })
  return {
    ...{ chain, client, coin, store, tokens, accounts, book, prepare, history, sender, keys, allowances },
    ...{ requests, explorer, balances, movements },
  }
}

/** Keys are made of the phrase for one signature; while an allowance wants it, a ring of them stays although a passphrase is set. */
function createKeys(identity: WalletParts['identity']) {
  let open: KeyRing | undefined
  const signerOf = (ring: KeyRing, { index, address }: OwnAccount): Signer => checkSigner(ring.signer(index), address)
  return {
    areOpen: () => !identity.passphrase || open !== undefined,
    signer: async (account: OwnAccount, passphrase: string | undefined) =>
      signerOf(await openKeyRing(identity, passphrase), account),
    async programSigner(account: OwnAccount): Promise<Signer | undefined> {
      if (!identity.passphrase) return signerOf(await openKeyRing(identity, undefined), account)
      return open && signerOf(open, account)
    },
    async unlock(passphrase: string | undefined): Promise<void> {
      if (identity.passphrase) open = await openKeyRing(identity, passphrase)
    },
    lock(): void {
      open = undefined
    },
  }
}

type AccountCalls = 'view' | 'accounts' | 'addAccount' | 'nameAccount' | 'receive' | 'history' | 'setToken'

function accountCalls(inside: Inside, { identity, log }: WalletParts): Pick<Wallet, AccountCalls> {
  const { client, accounts, balances, history, sender, requests, movements, tokens, store, chain } = inside
  return {
    async view(account) {
      const { address } = accounts.get(account)
      history.follow(address)
      return {
        chain: client.describe(),
        accounts: accounts.list(),
        balances: await balances(address),
        waiting: requests.waiting,
        passphrase: identity.passphrase,
      }
    },
    accounts: accounts.list,
    addAccount: accounts.add,
    nameAccount: accounts.name,
    async receive({ account, amount, token }) {
      const { address } = accounts.get(account)
      const { contract, asset } = await currencyOf(inside, token)
      const sum = amount === undefined ? undefined : parseAmount(amount, asset.decimals)
      const uri = writePayment({ to: address, chainId: client.chainId, amount: sum, token: contract })
      return { address: shownAddress(address), uri }
    },
    async history({ account, before, limit = 50 }) {
      const { address } = accounts.get(account)
      // Nobody may be there to ask; what is known here is told all the same.
      await sender
        .settle(address)
        .catch((error: unknown) => log.debug('wallet_not_settled', { message: String(error) }))
      history.follow(address)
      const most = Math.min(limit, movementsAtOnceMax)
      const page = await movements(address, before === undefined ? undefined : Number(before), most)
      return { ...page, sentence: reachText(history.reach(address)) }
    },
    async setToken(contract, known) {
      const address = parseAddress(contract)
      if (known && (await tokens.asset(address)) === undefined) throw noToken()
      store.markToken(chain, address, known ? 'known' : 'hidden')
      return balances(accounts.get().address)
    },
  }
}

function spendingCalls(inside: Inside, { identity }: WalletParts): Pick<Wallet, 'propose' | 'allowances' | 'allow'> {
  const { accounts, requests, prepare, allowances, keys } = inside
  return {
    async propose(proposal, caller) {
      const account = accounts.get(proposal.account)
      return answered(await requests.propose(await prepare(proposal, account.address), account, caller))
    },
    allowances: allowances.list,
    async allow({ token, amount, passphrase }, caller) {
      const { contract, asset } = await currencyOf(inside, token)
      const most = parseAmount(amount, asset.decimals)
      if (most > 0n) {
        if (!caller.isPerson) {
          throw walletErrors.wallet_not_confirmed('An API token alone can’t allow itself to spend.')
        }
        await keys.unlock(passphrase)
      }
      allowances.set(contract, most)
      if (allowances.isNone() || !identity.passphrase) keys.lock()
      return allowances.list()
    },
  }
}

/** What one is asked stands in the imperative; once it has left, no longer. */
function answered(view: RequestView): RequestView {
  if (view.state === 'sent') return { ...view, sentence: inForm(view.sentence, 'waiting') }
  return view.state === 'signed' ? { ...view, sentence: inForm(view.sentence, 'done') } : view
}

async function currencyOf({ tokens, coin }: Inside, token: string | undefined) {
  if (token === undefined) return { contract: undefined, asset: coin }
  const contract = parseAddress(token)
  const asset = await tokens.asset(contract)
  if (asset === undefined) throw noToken()
  return { contract, asset }
}

const noToken = () => walletErrors.wallet_token_unknown('There is no token at this address on this chain.')
