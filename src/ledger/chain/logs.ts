// A search for logs in final blocks: the index says which blocks may have some, their receipts decide. Bounded in blocks and
// results, and others get their turn in between.

import { chainErrors } from './errors.ts'
import { logBlocksMax, logChoicesMax, logsMax } from './limits.ts'
import { keysOfChoice, matches } from './log-index-core.ts'
import type { ChainInside } from './parts.ts'
import type { createQuestions } from './questions.ts'
import { decodeLogs } from './receipts-wire.ts'
import { transactionHash } from './transaction-wire.ts'
import type { FoundLog, FullBlock, Header, LogFilter } from './types.ts'

/** After so many blocks whoever else waits has its turn. */
const blocksATurn = 32

/** Throws `logs_filter_wrong`, `logs_too_many`, `history_pruned`. */
export async function findLogs(
  inside: ChainInside,
  questions: ReturnType<typeof createQuestions>,
  filter: LogFilter,
): Promise<readonly FoundLog[]> {
  const to = Math.min(filter.toHeight, inside.known.head.header.height)
  checkFilter(inside, filter, to)
  const keys = keysOfChoice(filter)
  const heights = inside.store.heightsWithLogs(keys, filter.fromHeight, to, logBlocksMax + 1)
  const found: FoundLog[] = []
  for (const [index, height] of heights.entries()) {
    if (index >= logBlocksMax) throw tooMany(filter.fromHeight, height - 1)
    if (index % blocksATurn === blocksATurn - 1) await new Promise((resolve) => setImmediate(resolve))
    const header = inside.store.headerAt(height)
    if (header === undefined) continue
    found.push(...logsOfBlock(inside, questions, header, filter))
    if (found.length > logsMax) throw tooMany(filter.fromHeight, height - 1)
  }
  return found
}

function checkFilter({ store }: ChainInside, { fromHeight, addresses, topics }: LogFilter, to: number): void {
  const isWide = [addresses, ...topics].some((choices) => choices.length > logChoicesMax)
  const isWrong = topics.length > 4 || isWide || !Number.isSafeInteger(fromHeight) || fromHeight < 0
  if (isWrong) throw chainErrors.logs_filter_wrong('The filter names more than one may, or begins before block 0.')
  const oldest = store.oldestBody()
  // Block 0 has no body and no logs.
  if (oldest === undefined || oldest <= 1 || fromHeight >= oldest || fromHeight > to) return
  throw chainErrors.history_pruned(`Blocks before ${oldest} are not kept here.`, { details: { oldest } })
}

/** `last`: the last block up to which it would have been few enough. */
function tooMany(from: number, last: number) {
  const sentence =
    last < from
      ? `Block ${from} alone has more than ${logsMax} such logs.`
      : `There are more than ${logsMax} logs, or ${logBlocksMax} blocks; ${from} to ${last} would do.`
  return chainErrors.logs_too_many(sentence, { details: { fromHeight: from, toHeight: last } })
}

function logsOfBlock(
  { store }: ChainInside,
  questions: ReturnType<typeof createQuestions>,
  header: Header,
  filter: LogFilter,
): FoundLog[] {
  const body = store.body(header.height)
  const lists = body === undefined ? undefined : decodeLogs(body.receipts)
  if (lists === undefined) return []
  let block: FullBlock | undefined
  const found: FoundLog[] = []
  let logIndex = 0
  for (const [transactionIndex, logs] of lists.entries()) {
    for (const log of logs) {
      const place = logIndex++
      if (!matches(log, filter)) continue
      block ??= questions.block(header.hash)
      const transaction = block?.transactions[transactionIndex]
      if (transaction === undefined) continue
      const { hash, height, timestamp } = header
      const at = {
        block: hash,
        height,
        timestamp,
        transaction: transactionHash(transaction),
        transactionIndex,
        logIndex: place,
      }
      found.push({ ...log, ...at })
    }
  }
  return found
}
