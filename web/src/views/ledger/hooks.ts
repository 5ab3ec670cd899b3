// What the ledger's views read from the daemon, and when again.

import type { Ledger, Wallet, WalletContact, WalletRequest } from '../../../../src/sdk/types.ts'
import { useDaemon, useNow } from '../../store/hooks.tsx'
import { type Reading, useReading } from '../../store/reading.ts'
import { useNews } from '../admission/hooks.ts'

/** Who is there is told by no event. */
const lookMs = 10_000

export function useLedger(community: string): Reading<Ledger> {
  const { peerhood } = useDaemon()
  const news = useLedgerNews(community)
  return useReading(`ledger ${community}`, `${news} ${useNow(lookMs)}`, (options) =>
    peerhood.ledger.get(community, options),
  )
}

/** Counts new blocks and changes. */
export function useLedgerNews(community: string): number {
  return useNews((event) => event.type === 'ledger' && event.community === community)
}

export function useWallet(community: string, account: number): Reading<Wallet> {
  const { peerhood } = useDaemon()
  const news = useLedgerNews(community)
  return useReading(`wallet ${community} ${account}`, `${news} ${useNow(lookMs)}`, (options) =>
    peerhood.wallet.get(community, { account, ...options }),
  )
}

export function useWalletRequests(community: string, version: unknown): Reading<readonly WalletRequest[]> {
  const { peerhood } = useDaemon()
  // A program may ask at any time.
  return useReading(`requests ${community}`, `${String(version)} ${useNow(3000)}`, (options) =>
    peerhood.wallet.requests(community, options),
  )
}

export function useContacts(community: string): Reading<readonly WalletContact[]> {
  const { peerhood } = useDaemon()
  const news = useLedgerNews(community)
  return useReading(`contacts ${community}`, news, (options) => peerhood.wallet.contacts(community, options))
}
