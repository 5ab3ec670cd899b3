// What `eth_getLogs`, filters and subscriptions look for, and how it is found within bounds.

import { isPeerhoodError } from '../../base/errors.ts'
import { matches } from '../chain/log-index-core.ts'
import type { FoundLog } from '../chain/types.ts'
import type { Address, Hash } from '../types.ts'
import { limitReached, paramsWrong, refused } from './errors.ts'
import { logAddressesMax, logBlocksMax, logResultsMax, logTopicsMax } from './limits.ts'
import type { Parse } from './parse.ts'
import {
  type BlockRef,
  field,
  latest,
  parseAddress,
  parseBlockNumber,
  parseHash,
  parseList,
  parseObject,
} from './parse.ts'
import { headerOf, knownHeader } from './resolve.ts'
import type { Source } from './source.ts'

export interface LogQuery {
  /** Undefined: from where it is asked. */
  readonly fromHeight: number | undefined
  readonly toHeight: number | undefined
  readonly addresses: readonly Address[]
  readonly topics: readonly (readonly Hash[])[]
}

interface LogParams {
  readonly blockHash: Hash | undefined
  readonly from: BlockRef | undefined
  readonly to: BlockRef | undefined
  readonly addresses: readonly Address[]
  readonly topics: readonly (readonly Hash[])[]
}

/** A log has at most four topics. */
const topicsMax = 4

const parseAddresses: Parse<readonly Address[]> = (value, at) =>
  Array.isArray(value) ? parseList(parseAddress, logAddressesMax)(value, at) : [parseAddress(value, at)]

const parseTopic: Parse<readonly Hash[]> = (value, at) => {
  if (value === null) return []
  if (!Array.isArray(value)) return [parseHash(value, at)]
  // As in geth: null among the alternatives means anything.
  const alternatives = parseList<Hash | null>(
    (topic, place) => (topic === null ? null : parseHash(topic, place)),
    logTopicsMax,
  )(value, at)
  return alternatives.includes(null) ? [] : alternatives.filter((topic) => topic !== null)
}

export const parseLogParams: Parse<LogParams> = (value, at) => {
  const object = parseObject(value, at)
  const blockHash = field(object, 'blockHash', parseHash, at)
  const from = field(object, 'fromBlock', parseBlockNumber, at)
  const to = field(object, 'toBlock', parseBlockNumber, at)
  if (blockHash !== undefined && (from !== undefined || to !== undefined)) {
    throw paramsWrong('cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other')
  }
  const addresses = field(object, 'address', parseAddresses, at) ?? []
  const topics = field(object, 'topics', parseList(parseTopic, topicsMax), at) ?? []
  return { blockHash, from, to, addresses, topics }
}

async function heightOf(chain: Source, ref: BlockRef): Promise<number> {
  return ref.kind === 'number' ? ref.height : (await knownHeader(chain, ref)).height
}

/** The range that `eth_getLogs` means. Throws -32602 where it lies beyond the head. */
export async function boundedQuery(chain: Source, params: LogParams): Promise<LogQuery> {
  const { blockHash, addresses, topics } = params
  if (blockHash !== undefined) {
    const header = await headerOf(chain, { kind: 'hash', hash: blockHash, canonical: false })
    if (header === undefined) throw refused('unknown block')
    return { fromHeight: header.height, toHeight: header.height, addresses, topics }
  }
  const fromHeight = await heightOf(chain, params.from ?? latest)
  const toHeight = await heightOf(chain, params.to ?? latest)
  if (fromHeight > toHeight) throw paramsWrong('invalid block range params')
  if (toHeight > chain.head().height) throw paramsWrong('block range extends beyond current head block')
  return { fromHeight, toHeight, addresses, topics }
}

/** For filters and subscriptions: tags mean what is there when the filter is made; the end stays open where it is not a number. */
export async function openQuery(chain: Source, params: LogParams): Promise<LogQuery> {
  const { addresses, topics } = params
  if (params.blockHash !== undefined) return boundedQuery(chain, params)
  const { from, to } = params
  const fromHeight = from === undefined ? undefined : await heightOf(chain, from)
  const toHeight = to?.kind === 'number' ? to.height : undefined
  if (fromHeight !== undefined && toHeight !== undefined && fromHeight > toHeight) {
    throw paramsWrong('invalid block range params')
  }
  return { fromHeight, toHeight, addresses, topics }
}

interface FoundLogs {
  readonly logs: readonly FoundLog[]
  /** The first height that was not looked at. */
  readonly nextHeight: number
}

/** `partly`: less than the range where it holds too many. Else -32005, with a range that would do. */
export async function findLogs(
  chain: Source,
  query: LogQuery & { readonly fromHeight: number; readonly toHeight: number },
  { partly = false } = {},
): Promise<FoundLogs> {
  const { fromHeight, addresses, topics } = query
  let { toHeight } = query
  if (toHeight - fromHeight >= logBlocksMax) {
    throw limitReached(`more than ${logBlocksMax} blocks; ask for a shorter range`)
  }
  for (;;) {
    try {
      const logs = await chain.logs({ fromHeight, toHeight, addresses, topics })
      if (logs.length <= logResultsMax || fromHeight === toHeight) return { logs, nextHeight: toHeight + 1 }
    } catch (error) {
      if (!isPeerhoodError(error) || error.code !== 'logs_too_many') throw error
      if (!partly || fromHeight === toHeight) throw limitReached(error.message)
    }
    toHeight = Math.floor((fromHeight + toHeight) / 2)
    if (!partly) {
      const range = `0x${fromHeight.toString(16)} to 0x${toHeight.toString(16)}`
      throw limitReached(`more than ${logResultsMax} logs; ask for a shorter range, as from ${range}`)
    }
  }
}

/** Whether one log is what a filter looks for; for subscriptions. */
export function isWanted(query: LogQuery, log: FoundLog): boolean {
  const { fromHeight = 0, toHeight = Number.POSITIVE_INFINITY } = query
  return log.height >= fromHeight && log.height <= toHeight && matches(log, query)
}
