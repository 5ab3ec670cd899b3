// What methods ask a chain for. One that lies here answers at once, one in light mode when somebody has proven it; methods await
// both. What only a whole chain can answer asks for a `Chain`.

import type { FoundLog, FullBlock, Genesis, Header, LogFilter, Placed, Pool } from '../chain/types.ts'
import type { Receipt, StateReader, World } from '../evm/types.ts'
import type { Hash } from '../types.ts'

type Maybe<Value> = Value | Promise<Value>

export interface Source {
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly oldest: { readonly block: number; readonly state: number }
  readonly pool: Pick<Pool, 'add' | 'get' | 'nextNonce' | 'content'>
  readonly world: Pick<World, 'call' | 'createAccessList'>
  head(): Header
  header(at: number | Hash): Maybe<Header | undefined>
  block(at: number | Hash): Maybe<FullBlock | undefined>
  receipts(block: Hash): Maybe<readonly Receipt[] | undefined>
  transaction(hash: Hash): Maybe<Placed | undefined>
  state(at: number | Hash): Maybe<StateReader | undefined>
  logs(filter: LogFilter): Promise<readonly FoundLog[]>
}
