// The history as it is shown, page by page: what waits first, then what the history has read, newest first.

import type { Address } from '../types.ts'
import { movementOf, waitingMovement } from './movements-core.ts'
import { unknownAsset } from './prepare.ts'
import type { WalletStore } from './store.ts'
import type { Tokens } from './tokens.ts'
import type { AssetView, MovementView } from './types.ts'
import type { Book } from './words-core.ts'

export interface MovementsParts {
  readonly chain: string
  readonly coin: AssetView
  readonly store: Pick<WalletStore, 'moves' | 'sent'>
  readonly tokens: Tokens
  readonly book: () => Book
}

export function createMovements({ chain, coin, store, tokens, book }: MovementsParts) {
  const assetOf = (standard: string, contract: Address | undefined): AssetView =>
    contract === undefined ? coin : (tokens.known(contract) ?? unknownAsset(contract, standard))

  return async (
    account: Address,
    before: number | undefined,
    limit: number,
  ): Promise<{ movements: readonly MovementView[]; before: string | null }> => {
    const stored = store.moves(chain, account, before, limit)
    const contracts = new Set(stored.flatMap(({ contract }) => contract ?? []))
    await Promise.all([...contracts].map((contract) => tokens.asset(contract).catch(() => undefined)))
    const told = new Set(stored.map(({ hash }) => hash))
    const waiting = before === undefined ? store.sent(chain, account).filter(({ hash }) => !told.has(hash)) : []
    const context = { account, coin, book: book(), assetOf }
    const last = stored.at(-1)
    return {
      movements: [
        ...waiting.reverse().map((sent) => waitingMovement(sent, context)),
        ...stored.map((move) => movementOf(move, context)),
      ],
      before: last === undefined || stored.length < limit ? null : String(last.id),
    }
  }
}
