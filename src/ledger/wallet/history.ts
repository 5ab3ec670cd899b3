// The history of an account, read from the chain range by range and kept: own transactions from blocks, tokens from the events
// of their standards. It is read while somebody looks at it, and goes on from where it was.
//
// What must stay true: a range counts when all of it was read; what is kept can be thrown away and read again.

import type { Log } from '../../base/ports.ts'
import type { Address, Hash } from '../types.ts'
import type { BlockAnswer, PlacedLog, TransactionAnswer } from './answers-core.ts'
import { type Ask, refusalOf } from './ask.ts'
import { type Move, movesOf, topics } from './changes-core.ts'
import { logsRangeMax, scanBlocksAtOnce, scanBlocksBackMax, tokensMax } from './limits.ts'
import type { StoredMove, WalletStore } from './store.ts'

export interface HistoryParts {
  readonly ask: Ask
  readonly store: WalletStore
  readonly log: Log
}

export interface HistoryOptions {
  readonly chain: string
  /** Blocks of the community's own chain are final; those of others may be taken back. */
  readonly isOwn: boolean
  /** All blocks can be read; else only so many back. */
  readonly isWhole: () => boolean
}

/** Blocks of an outside chain that are read again each time. Longer reorganisations than two epochs' worth do not happen. */
const unsureBlocks = 64

export interface History {
  /** Reads on in the background until the newest block; calling it while it runs changes nothing. */
  follow(account: Address): void
  /** Resolves when what `follow` began has ended. */
  settled(): Promise<void>
  reach(account: Address): { readonly first: number; readonly next: number; readonly height: number } | undefined
  stop(): void
}

export function createHistory({ chain, isOwn, isWhole }: HistoryOptions) {
  return ({ ask, store, log }: HistoryParts): History => {
    const running = new Map<Address, { isStale: boolean; work: Promise<void> }>()
    let [height, stopped] = [-1, false]
    let logsRange = logsRangeMax

    async function readOn(account: Address, follower: { isStale: boolean }): Promise<void> {
      while (follower.isStale && !stopped) {
        follower.isStale = false
        height = await ask.height()
        const { first, next } = begin(account)
        for (let from = next; from <= height && !stopped; from += scanBlocksAtOnce) {
          const to = Math.min(height, from + scanBlocksAtOnce - 1)
          const moves = await readRange(account, from, to)
          // Half a range is none: it is read again next time.
          if (stopped) return
          store.addMoves(chain, account, { first, from, next: to + 1 }, moves)
          for (const contract of contractsOf(moves)) rememberToken(contract)
        }
      }
    }

    function begin(account: Address): { first: number; next: number } {
      const before = store.scan(chain, account)
      // What was not looked at in light mode is, once all blocks are here.
      if (before === undefined || (before.first > 0 && isWhole())) {
        const first = isWhole() ? 0 : Math.max(0, height - scanBlocksBackMax)
        return { first, next: first }
      }
      if (before.next > height + 1) store.rewind(chain, account, height + 1, before.first)
      const next = Math.min(before.next, height + 1)
      return { first: before.first, next: isOwn ? next : Math.max(before.first, next - unsureBlocks) }
    }

    async function readRange(account: Address, from: number, to: number): Promise<Omit<StoredMove, 'id'>[]> {
      const logs = await readLogs(account, from, to)
      const moves: Omit<StoredMove, 'id'>[] = []
      for (let at = from; at <= to && !stopped; at++) {
        const block = await ask.block(at, true)
        if (block !== undefined) moves.push(...(await movesIn(account, block, logs.get(at) ?? [])))
      }
      return moves
    }

    /** By height; a node that wants smaller ranges says so. */
    async function readLogs(account: Address, from: number, to: number): Promise<Map<number, PlacedLog[]>> {
      const end = Math.min(to, from + logsRange - 1)
      try {
        const found = (
          await Promise.all(filtersFor(account).map((one) => ask.logs({ from, to: end, topics: one })))
        ).flat()
        const byHeight = end < to ? await readLogs(account, end + 1, to) : new Map<number, PlacedLog[]>()
        for (const one of found) byHeight.set(one.height, [...(byHeight.get(one.height) ?? []), one])
        return byHeight
      } catch (error) {
        if (refusalOf(error) === undefined || from === end) throw error
        logsRange = Math.max(1, Math.floor((end - from + 1) / 2))
        return readLogs(account, from, to)
      }
    }

    async function movesIn(
      account: Address,
      block: BlockAnswer,
      logs: readonly PlacedLog[],
    ): Promise<Omit<StoredMove, 'id'>[]> {
      const place = { height: block.height, timeMs: block.timeMs }
      const moves: Omit<StoredMove, 'id'>[] = []
      const seen = new Set<Hash>()
      for (const transaction of block.transactions) {
        const own = transaction.from === account || transaction.to === account
        const told = tokenMoves(
          account,
          logs.filter((one) => one.transaction === transaction.hash),
        )
        if (!own && told.length === 0) continue
        seen.add(transaction.hash)
        const base = own ? await baseMove(account, transaction, told.length > 0) : undefined
        if (base !== undefined) moves.push({ ...base, ...place })
        moves.push(...told.map((move) => storedOf(move, transaction.hash, place)))
      }
      return moves
    }

    /** The transaction itself; undefined where it did nothing but move tokens, which are told on their own. */
    async function baseMove(
      account: Address,
      transaction: TransactionAnswer,
      movesTokens: boolean,
    ): Promise<Omit<StoredMove, 'id' | 'height' | 'timeMs'> | undefined> {
      const receipt = await ask.receipt(transaction.hash)
      const failed = receipt !== undefined && !receipt.succeeded
      if (transaction.value === 0n && (movesTokens || transaction.from !== account)) return undefined
      if (failed && transaction.from !== account) return undefined
      const { hash, from, to, value } = transaction
      return {
        hash,
        standard: 'coin',
        contract: undefined,
        from,
        to: to ?? receipt?.created,
        amount: value,
        tokenId: undefined,
        failed,
      }
    }

    function rememberToken(contract: Address): void {
      if (store.tokens(chain).size < tokensMax) store.markToken(chain, contract, 'seen')
    }

    return {
      follow(account) {
        const present = running.get(account)
        if (present !== undefined) present.isStale = true
        if (present !== undefined || stopped) return
        const follower = { isStale: true, work: Promise.resolve() }
        running.set(account, follower)
        follower.work = readOn(account, follower)
          .catch((error) => {
            if (!stopped) log.warn('wallet_history_stopped', { message: String(error) })
          })
          .finally(() => running.delete(account))
      },
      async settled() {
        await Promise.all([...running.values()].map(({ work }) => work))
      },
      reach(account) {
        const scan = store.scan(chain, account)
        return scan && { ...scan, height: Math.max(height, scan.next - 1) }
      },
      stop() {
        stopped = true
      },
    }
  }
}

/** Events in which the account gives or gets. */
export function filtersFor(account: Address): readonly (readonly (string | readonly string[] | null)[])[] {
  const word = `0x${account.slice(2).padStart(64, '0')}`
  const many = [topics.single, topics.batch]
  return [
    [topics.transfer, word],
    [topics.transfer, null, word],
    [many, null, word],
    [many, null, null, word],
  ]
}

/** Sorted by their place, each once: what goes from an account to itself comes up twice. */
function tokenMoves(account: Address, logs: readonly PlacedLog[]): readonly Move[] {
  const byPlace = new Map(logs.map((one) => [one.index, one]))
  const sorted = [...byPlace.values()].sort((a, b) => a.index - b.index)
  return movesOf(sorted).moves.filter(
    ({ from, to, standard }) => standard !== 'coin' && (from === account || to === account),
  )
}

function storedOf(move: Move, hash: Hash, place: { height: number; timeMs: number }): Omit<StoredMove, 'id'> {
  const { standard, contract, from, to, amount, id: tokenId } = move
  return { ...place, hash, standard, contract, from, to, amount, tokenId, failed: false }
}

function contractsOf(moves: readonly Pick<StoredMove, 'contract'>[]): ReadonlySet<Address> {
  return new Set(moves.flatMap(({ contract }) => contract ?? []))
}

/** How far it has been read, and what is not seen. */
export function reachText(reach: ReturnType<History['reach']>): string {
  if (reach === undefined) return 'The chain is being read.'
  const { first, next, height } = reach
  const hidden = 'Coin that a contract sends on is not listed; the balance has it.'
  if (next <= height) return `Read up to block ${next - 1} of ${height}; it goes on. ${hidden}`
  return first === 0 ? hidden : `From block ${first} on. ${hidden}`
}
