// What a method gets to work with, and what a row of the table of methods is.

import type { Chain } from '../chain/types.ts'
import type { Filters } from './filters.ts'
import type { Params } from './parse.ts'
import type { Source } from './source.ts'
import type { Subscriptions } from './subscriptions.ts'
import type { RpcOptions, RpcParts } from './types.ts'

/** `Asked`: a whole chain, or what methods that also run in light mode ask of either. */
export interface Context<Asked extends Source = Chain> {
  readonly options: RpcOptions
  readonly parts: Omit<RpcParts, 'chain'>
  readonly chain: Asked
  /** Of the caller's session; of all who come over HTTP where there is none. */
  readonly filters: Filters
  /** Absent without a session. */
  readonly subscriptions: Subscriptions | undefined
}

export interface Method<Asked extends Source = Chain> {
  /** More parameters than this are refused. */
  readonly paramsMax: number
  /** Runs the EVM or reads many blocks: takes its turn among others. */
  readonly heavy?: true
  run(params: Params, context: Context<Asked>): unknown
}

export type Methods<Asked extends Source = Chain> = Readonly<Record<string, Method<Asked>>>
