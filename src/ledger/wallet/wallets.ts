// The wallets of all communities, opened when they are asked for: over the community's own chain, or the outside one that the
// person chose for it on this computer.

import { type Database, migrate } from '../../base/database.ts'
import type { Clock, Log, Random } from '../../base/ports.ts'
import type { Identity } from '../../identity/types.ts'
import type { CommunityId } from '../../log/types.ts'
import { describeOutside } from '../client/describe-core.ts'
import { openOutsideLedger, openOwnLedger } from '../client/service.ts'
import { readOutsideChain } from '../client/settings-core.ts'
import type { Description, LedgerClient, OutsideChain } from '../client/types.ts'
import { ledgerErrors } from '../errors.ts'
import type { Ledgers } from '../service-types.ts'
import type { Explorer } from './explorer.ts'
import { openWallet } from './service.ts'
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
}

export interface Wallets {
  /** Throws `ledger_none` where there is no chain, and what opening one throws. */
  open(community: CommunityId): Promise<OpenWallet>
  /** What `open` would open; null where there is nothing. Does not ask an outside chain. */
  chain(community: CommunityId): Promise<Description | null>
  /** Asks the outside chain before it is kept. */
  chooseChain(community: CommunityId, outside: OutsideChain | undefined): Promise<void>
  stop(): void
}

const schema = ['CREATE TABLE wallet_chains (community TEXT PRIMARY KEY, outside TEXT NOT NULL) STRICT, WITHOUT ROWID']

interface Opened {
  readonly wallet: OpenWallet
  /** Asks the chain for what `describe` says. */
  refresh(): Promise<void>
}

export function createWallets(parts: WalletsParts): Wallets {
  const { ledgers, database, clock, log } = parts
  migrate(database, 'ledger-wallet-chains', schema)
  const opened = new Map<CommunityId, Promise<Opened>>()

  function outsideOf(community: CommunityId): OutsideChain | undefined {
    const row = database.prepare('SELECT outside FROM wallet_chains WHERE community = ?').get(community)
    return row === undefined ? undefined : readOutsideChain(JSON.parse(String(row.outside)))
  }

  async function begin(community: CommunityId): Promise<Opened> {
    const outside = outsideOf(community)
    if (outside === undefined) return beginOwn(community)
    const client = await openOutsideLedger(outside)({ clock })
    return { wallet: walletOver(community, client, `outside/${outside.chainId}`), refresh: async () => undefined }
  }

  async function beginOwn(community: CommunityId): Promise<Opened> {
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
    const own = {
      chainId,
      name,
      coin,
      genesisHash,
      strangerFee,
      validators: () => validators,
      verifies: () => verifies,
    }
    const exchange = async (body: string) => (await ledgers.rpc(community, body)) ?? ''
    const client = await openOwnLedger(own, exchange)({ clock })
    return { wallet: walletOver(community, client, genesisHash, strangerFee), refresh }
  }

  function walletOver(community: CommunityId, client: LedgerClient, chain: string, strangerFee?: bigint): OpenWallet {
    const announced = () => parts.announced(community)
    const validators = () => parts.validators(community)
    return openWallet({ chain, strangerFee })({ ...parts, client, announced, validators, log: log.child('wallet') })
  }

  async function close(community: CommunityId): Promise<void> {
    const present = opened.get(community)
    opened.delete(community)
    await present?.then(
      ({ wallet }) => wallet.stop(),
      () => undefined,
    )
  }

  return {
    async open(community) {
      const present = opened.get(community) ?? begin(community)
      opened.set(community, present)
      try {
        const { wallet, refresh } = await present
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
      const outside = outsideOf(community)
      if (outside !== undefined) return describeOutside(outside)
      const { genesisHash } = ledgers.facts(community)
      return genesisHash === undefined ? null : (await this.open(community)).client.describe()
    },
    async chooseChain(community, outside) {
      ledgers.facts(community)
      if (outside === undefined) {
        database.prepare('DELETE FROM wallet_chains WHERE community = ?').run(community)
      } else {
        const trial = await openOutsideLedger(outside)({ clock })
        trial.close()
        const text = JSON.stringify(readOutsideChain(outside))
        database.prepare('INSERT OR REPLACE INTO wallet_chains VALUES (?, ?)').run(community, text)
      }
      await close(community)
    },
    stop() {
      for (const community of [...opened.keys()]) void close(community)
    },
  }
}
