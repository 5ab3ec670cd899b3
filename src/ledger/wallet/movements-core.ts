// Entries of the history as people read them. Names are looked up when it is shown, so that they are today's. Pure.

import type { Address } from '../types.ts'
import { shownAddress } from './address-core.ts'
import type { Sent, StoredMove } from './store.ts'
import type { AssetView, MovementView } from './types.ts'
import { type Book, holdingText, inForm, whoText } from './words-core.ts'

export interface MovementContext {
  readonly account: Address
  readonly coin: AssetView
  readonly book: Book
  readonly assetOf: (standard: string, contract: Address | undefined) => AssetView
}

export function movementOf(move: StoredMove, { account, book, assetOf }: MovementContext): MovementView {
  const asset = assetOf(move.standard, move.contract)
  const direction = directionOf(account, move)
  const what = holdingText(move.amount, move.tokenId, asset)
  const words = { what, from: whoText(move.from, book), to: move.to === undefined ? 'nobody' : whoText(move.to, book) }
  return {
    id: String(move.id),
    direction: move.failed ? 'none' : direction,
    asset,
    amount: move.amount.toString(),
    tokenId: move.tokenId?.toString() ?? null,
    text: what,
    from: shownAddress(move.from),
    to: move.to === undefined ? null : shownAddress(move.to),
    transaction: move.hash,
    state: move.failed ? 'failed' : 'done',
    height: move.height,
    timeMs: move.timeMs,
    sentence: move.failed ? `Failed: ${sentenceOf(direction, words)}` : sentenceOf(direction, words),
  }
}

function directionOf(account: Address, { from, to, amount, standard }: StoredMove): MovementView['direction'] {
  if (standard === 'coin' && amount === 0n) return 'none'
  if (from === to) return 'self'
  return from === account ? 'out' : 'in'
}

function sentenceOf(
  direction: MovementView['direction'],
  { what, from, to }: { what: string; from: string; to: string },
): string {
  switch (direction) {
    case 'in':
      return `${what} from ${from}`
    case 'out':
      return `${what} to ${to}`
    case 'self':
      return `${what} to yourself`
    case 'none':
      return `A call of ${to}`
  }
}

/** Sent from here, and in no block yet. */
export function waitingMovement(sent: Sent, { coin }: MovementContext): MovementView {
  return {
    id: `waiting-${sent.nonce}`,
    direction: 'out',
    asset: coin,
    amount: sent.value.toString(),
    tokenId: null,
    text: inForm(sent.sentence, 'waiting'),
    from: shownAddress(sent.account),
    to: sent.to === undefined ? null : shownAddress(sent.to),
    transaction: sent.hash,
    state: 'waiting',
    height: null,
    timeMs: sent.atMs,
    sentence: inForm(sent.sentence, 'waiting'),
  }
}
