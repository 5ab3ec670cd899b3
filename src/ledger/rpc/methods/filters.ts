// Logs, and filters that are asked for their changes.

import type { FoundLog } from '../../chain/types.ts'
import type { Hash } from '../../types.ts'
import type { Context, Methods } from '../context.ts'
import { logJson } from '../format-receipt.ts'
import { boundedQuery, findLogs, openQuery, parseLogParams } from '../log-query.ts'
import { type Params, type Parse, wrong } from '../parse.ts'
import type { Source } from '../source.ts'

export const parseId: Parse<string> = (value, at) => {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/i.test(value)) throw wrong(at, 'not an id')
  return value.toLowerCase()
}

export async function logs(params: Params, { chain }: Context<Source>): Promise<unknown> {
  const query = await boundedQuery(chain, params.required(0, parseLogParams))
  const { fromHeight = 0, toHeight = 0 } = query
  const found = await findLogs(chain, { ...query, fromHeight, toHeight })
  return found.logs.map(logJson)
}

const changeJson = (change: Hash | FoundLog) => (typeof change === 'string' ? change : logJson(change))

async function changes(params: Params, { filters }: Context): Promise<unknown> {
  return (await filters.changes(params.required(0, parseId))).map(changeJson)
}

async function filterLogs(params: Params, { chain, filters }: Context): Promise<unknown> {
  const query = filters.query(params.required(0, parseId))
  const head = chain.head().height
  const fromHeight = query.fromHeight ?? head
  const toHeight = Math.min(query.toHeight ?? head, head)
  if (fromHeight > toHeight) return []
  return (await findLogs(chain, { ...query, fromHeight, toHeight })).logs.map(logJson)
}

export const filterMethods: Methods = {
  eth_getLogs: { paramsMax: 1, heavy: true, run: logs },
  eth_newFilter: {
    paramsMax: 1,
    run: async (params, { chain, filters }) =>
      filters.add({ kind: 'logs', query: await openQuery(chain, params.required(0, parseLogParams)) }),
  },
  eth_newBlockFilter: { paramsMax: 0, run: (_, { filters }) => filters.add({ kind: 'blocks' }) },
  eth_newPendingTransactionFilter: { paramsMax: 1, run: (_, { filters }) => filters.add({ kind: 'pending' }) },
  eth_getFilterChanges: { paramsMax: 1, heavy: true, run: changes },
  eth_getFilterLogs: { paramsMax: 1, heavy: true, run: filterLogs },
  eth_uninstallFilter: { paramsMax: 1, run: (params, { filters }) => filters.remove(params.required(0, parseId)) },
}
