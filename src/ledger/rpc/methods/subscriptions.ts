// eth_subscribe and eth_unsubscribe: over WebSocket only.

import type { Context, Methods } from '../context.ts'
import { paramsWrong, refused } from '../errors.ts'
import { openQuery, parseLogParams } from '../log-query.ts'
import { nameOf, type Params, type Parse, parseBoolean, wrong } from '../parse.ts'
import type { Source } from '../source.ts'
import type { Wanted } from '../subscriptions.ts'
import { parseId } from './filters.ts'

function subscriptionsOf({ subscriptions }: Context<Source>) {
  if (subscriptions === undefined) throw refused('notifications not supported: subscribe over WebSocket')
  return subscriptions
}

const parseName: Parse<string> = (value, at) => {
  if (typeof value !== 'string') throw wrong(at, `expected a string, got ${nameOf(value)}`)
  return value
}

export async function wantedOf(params: Params, { chain }: Context<Source>): Promise<Wanted> {
  const name = params.required(0, parseName)
  switch (name) {
    case 'newHeads':
      return { kind: 'newHeads' }
    case 'logs':
      return { kind: 'logs', query: await openQuery(chain, params.optional(1, parseLogParams, anything)) }
    case 'newPendingTransactions':
      return { kind: 'newPendingTransactions', full: params.optional(1, parseBoolean, false) }
    case 'syncing':
      return { kind: 'syncing' }
    default:
      throw paramsWrong(`no "${name.slice(0, 50)}" subscription in eth namespace`)
  }
}

const anything = { blockHash: undefined, from: undefined, to: undefined, addresses: [], topics: [] }

export const subscriptionMethods: Methods<Source> = {
  eth_subscribe: {
    paramsMax: 2,
    async run(params, context) {
      const subscriptions = subscriptionsOf(context)
      return subscriptions.add(await wantedOf(params, context))
    },
  },
  eth_unsubscribe: {
    paramsMax: 1,
    run: (params, context) => subscriptionsOf(context).remove(params.required(0, parseId)),
  },
}
