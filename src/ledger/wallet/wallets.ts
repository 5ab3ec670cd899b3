// The wallets of all communities, opened when they are asked for: over the chain that the community uses, its own or one outside, or
// another that the person chose on this computer.
//
//   this computer's word (wallet_chains) ?? the community's (its log) ?? its own chain
//
// Must stay true: no outside address is asked before the person of this computer has agreed to that chain and that address;
// whoever may write the community's choice can neither make members ask an address nor keep them from their own chain.

import { type Database, migrate } from '../../base/database.ts'
import type { Clock, Log, Random } from '../../base/ports.ts'
import type { Identity } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { choiceSentence } from '../choice-core.ts'
import { describeOutside } from '../client/describe-core.ts'
import { openOutsideLedger, openOwnLedger } from '../client/service.ts'
import { readOutsideChain } from '../client/settings-core.ts'
import type { Description, LedgerClient, OutsideChain } from '../client/types.ts'
import { ledgerErrors } from '../errors.ts'
import type { Ledgers } from '../service-types.ts'
import type { Compiler } from '../source/compiler.ts'
import type { Explorer } from './explorer-types.ts'
import { openWallet, type WalletOptions } from './service.ts'
import type { AnnouncedAccount, Wallet } from './types.ts'

export type OpenWallet = Wallet & { readonly explorer: Explorer }

export interface WalletsParts {
  readonly ledgers: Pick<Ledgers, 'facts' | 'rpc' | 'ask'>
  readonly identity: Pick<Identity, 'did' | 'ethereumAddress' | 'phrase' | 'passphrase'>
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly announced: (community: CommunityId) => readonly AnnouncedAccount[]
  /** Addresses that computers of members validate under. */
  readonly validators: (community: CommunityId) => readonly AnnouncedAccount[]
  readonly compiler: () => Promise<Compiler>
}

export interface Wallets {
  /** Throws `ledger_none` where there is no chain, and what opening one throws. */
  open(community: CommunityId): Promise<OpenWallet>
  /** What `open` would open; null where there is nothing. Does not ask an outside chain. */
  chain(community: CommunityId): Promise<Description | null>
  /**
   * This computer's word: an outside chain, which is asked before it is kept; `own`, the chain that the community runs itself,
   * whatever it says; undefined: what the community says.
   */
  chooseChain(community: CommunityId, choice: OutsideChain | 'own' | undefined): Promise<void>
  stop(): void
}

const schema = ['CREATE TABLE wallet_chains (community TEXT PRIMARY KEY, outside TEXT NOT NULL) STRICT, WITHOUT ROWID']

interface Opened {
  /** Which chain it was opened over. */
  readonly key: string
  readonly opening: Promise<Opening>
}

type OwnOptions = Omit<WalletOptions, 'chain'>

interface Opening {
  readonly wallet: OpenWallet
  /** Asks the chain for what `describe` says. */
  refresh(): Promise<void>
}

export function createWallets(parts: WalletsParts): Wallets {
  const { ledgers, database, clock, log } = parts
  migrate(database, 'ledger-wallet-chains', schema)
  const opened = new Map<CommunityId, Opened>()

  /** What was chosen on this computer. */
  function hereOf(community: CommunityId): OutsideChain | 'own' | undefined {
    const row = database.prepare('SELECT outside FROM wallet_chains WHERE community = ?').get(community)
    if (row === undefined) return undefined
    const value: unknown = JSON.parse(String(row.outside))
    return value === 'own' ? value : readOutsideChain(value)
  }

  const chosenOf = (community: CommunityId) => ledgers.facts(community).choice?.chain

  function keyOf(community: CommunityId): string {
    const here = hereOf(community)
    return here === undefined ? JSON.stringify(chosenOf(community) ?? 'own') : JSON.stringify(here)
  }

  async function begin(community: CommunityId): Promise<Opening> {
    const outside = hereOf(community)
    const chosen = chosenOf(community)
    if (outside === 'own' || (outside === undefined && chosen === undefined)) return beginOwn(community)
    if (outside === undefined) {
      const sentence = `${choiceSentence(chosen, true)} Nothing is asked there before you agree on this computer.`
      throw ledgerErrors.ledger_choice_not_accepted(sentence)
    }
    const client = await openOutsideLedger(outside)({ clock })
    return { wallet: walletOver(community, client, `outside/${outside.chainId}`), refresh: async () => undefined }
  }

  async function beginOwn(community: CommunityId): Promise<Opening> {
    const { founded, genesisHash } = ledgers.facts(community)
    if (founded === undefined) throw ledgerErrors.ledger_none('This community has no ledger here.')
    if (genesisHash === undefined) throw ledgerErrors.ledger_starting('The ledger is being opened.')
    const { chainId, name, coin, strangerFee } = founded.genesis
    let [validators, verifies] = [founded.genesis.validators.length, true]
    const refresh = async () => {
      const { status } = await ledgers.ask(community, { what: 'status' })
      validators = status.validators.length
      verifies = status.sync.kind === 'level'
    }
    await refresh()
    const isLight = () => ledgers.facts(community).settings.mode === 'light'
    const own = {
      chainId,
      name,
      coin,
      genesisHash,
      strangerFee,
      validators: () => validators,
      verifies: () => verifies,
      isLight,
    }
    const exchange = async (body: string) => (await ledgers.rpc(community, body, 'wallet')) ?? ''
    const client = await openOwnLedger(own, exchange)({ clock })
    return { wallet: walletOver(community, client, genesisHash, { strangerFee, isLight }), refresh }
  }

  function walletOver(community: CommunityId, client: LedgerClient, chain: string, own: OwnOptions = {}): OpenWallet {
    const announced = () => parts.announced(community)
    const validators = () => parts.validators(community)
    return openWallet({ chain, ...own })({ ...parts, client, announced, validators, log: log.child('wallet') })
  }

  async function close(community: CommunityId): Promise<void> {
    const present = opened.get(community)
    opened.delete(community)
    await present?.opening.then(
      ({ wallet }) => wallet.stop(),
      () => undefined,
    )
  }

  /** With what the community says, where it says something else. */
  function described(community: CommunityId, description: Description): Description {
    const chosen = chosenOf(community)
    const here = hereOf(community)
    const isSame = here === undefined || (here === 'own' ? chosen === undefined : here.chainId === chosen?.chainId)
    if (isSame) return description
    const warning = `This was chosen on this computer alone. ${choiceSentence(chosen, ledgers.facts(community).founded !== undefined)}`
    return { ...description, warnings: [warning, ...description.warnings] }
  }

  return {
    async open(community) {
      const key = keyOf(community)
      if (opened.get(community)?.key !== key) await close(community)
      const present = opened.get(community) ?? { key, opening: begin(community) }
      opened.set(community, present)
      try {
        const { wallet, refresh } = await present.opening
        // What it last said of itself stays while the ledger's thread is down; requests that wait must not go with it.
        await refresh().catch((error) => log.debug('wallet_not_refreshed', { message: String(error) }))
        return wallet
      } catch (error) {
        // What could not be opened is opened anew at the next question.
        if (opened.get(community) === present) opened.delete(community)
        throw error
      }
    },
    async chain(community) {
      const here = hereOf(community)
      if (here !== undefined && here !== 'own') return described(community, describeOutside(here))
      // Nothing is opened that was not agreed to.
      if (here === undefined && chosenOf(community) !== undefined) return null
      const { genesisHash } = ledgers.facts(community)
      return genesisHash === undefined ? null : described(community, (await this.open(community)).client.describe())
    },
    async chooseChain(community, choice) {
      ledgers.facts(community)
      if (choice === undefined) {
        database.prepare('DELETE FROM wallet_chains WHERE community = ?').run(community)
      } else {
        if (choice !== 'own') (await openOutsideLedger(choice)({ clock })).close()
        const text = JSON.stringify(choice === 'own' ? choice : readOutsideChain(choice))
        database.prepare('INSERT OR REPLACE INTO wallet_chains VALUES (?, ?)').run(community, text)
      }
      await close(community)
    },
    stop() {
      for (const community of [...opened.keys()]) void close(community)
    },
  }
}
