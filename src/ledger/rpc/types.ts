// Ethereum JSON-RPC over one chain, independent of HTTP and WebSocket: text goes in, text comes out. So it can live in the
// thread that holds the chain, and be reached by messages.
//
//   body ─► envelope (dispatch.ts) ─► parameters (parse.ts) ─► method (methods/*.ts) ─► chain ─► format-*.ts ─► answer
//
// What must stay true: `handle` never rejects and never takes more memory or time than limits.ts says, whatever the body is;
// nothing here signs, and nothing but `eth_sendRawTransaction` changes anything.

import type { Clock, Log, Random } from '../../base/ports.ts'
import type { Chain, ChainEvent } from '../chain/types.ts'
import type { Source } from './source.ts'

export interface RpcOptions {
  /** What `web3_clientVersion` says: `Peerhood/v0.1.0`. */
  readonly clientVersion: string
}

export interface RpcParts {
  readonly chain: Chain
  readonly clock: Clock
  /** Makes ids of filters and subscriptions, which others must not guess. */
  readonly random: Random
  readonly log?: Log
  /** Answers `eth_syncing`; absent: never syncing. */
  readonly syncing?: () => Syncing | undefined
  /** Peers of this ledger, for `net_peerCount`. */
  readonly peers?: () => number
}

/** Of a chain that is asked of others. */
export interface LightRpcParts extends Omit<RpcParts, 'chain'> {
  readonly chain: Source & { on(listener: (event: ChainEvent) => void): () => void }
}

export interface Syncing {
  readonly startingHeight: number
  readonly currentHeight: number
  readonly highestHeight: number
}

/** Made by `createRpc(options)(parts)`. */
export interface Rpc {
  /**
   * Answers one body: a request or a batch. Undefined when nothing is to be answered (notifications). Who has no session comes
   * over HTTP: they share their filters, `eth_subscribe` is refused, and a name tells them apart where turns are taken.
   */
  handle(body: string | Uint8Array, who?: RpcSession | string): Promise<string | undefined>
  /**
   * One WebSocket. `send` gets notifications of subscriptions; false from it means that the client does not take them fast
   * enough, and ends the session.
   */
  openSession(send: (text: string) => boolean): RpcSession
  /** Ends all sessions and filters; what is on its way is still answered. */
  close(): void
}

export interface RpcSession {
  /** Drops its filters and subscriptions. */
  close(): void
  readonly closed: boolean
}
