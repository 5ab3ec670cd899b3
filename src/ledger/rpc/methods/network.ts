// Which chain and program this is. There are no accounts: the wallet signs in the page or the CLI, never for whoever can
// reach the port.

import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Context, Methods } from '../context.ts'
import { bytes, quantity } from '../hex.ts'
import { rpcBodyBytesMax } from '../limits.ts'
import { parseBytesMax } from '../parse.ts'
import type { Source } from '../source.ts'

function syncing({ parts }: Context<Source>): unknown {
  const state = parts.syncing?.()
  if (state === undefined) return false
  return {
    startingBlock: quantity(state.startingHeight),
    currentBlock: quantity(state.currentHeight),
    highestBlock: quantity(state.highestHeight),
  }
}

function capabilities({ chain }: Context<Source>): unknown {
  const head = chain.head()
  const from = (height: number) => ({ disabled: false, oldestBlock: quantity(height) })
  const { block, state } = chain.oldest
  return {
    head: { number: quantity(head.height), hash: head.hash },
    state: from(state),
    tx: from(block),
    logs: from(block),
    receipts: from(block),
    blocks: from(block),
    stateproofs: from(state),
  }
}

export const networkMethods: Methods<Source> = {
  eth_chainId: { paramsMax: 0, run: (_, { chain }) => quantity(chain.genesis.chainId) },
  eth_syncing: { paramsMax: 0, run: (_, context) => syncing(context) },
  eth_accounts: { paramsMax: 0, run: () => [] },
  eth_capabilities: { paramsMax: 0, run: (_, context) => capabilities(context) },
  net_version: { paramsMax: 0, run: (_, { chain }) => String(chain.genesis.chainId) },
  net_listening: { paramsMax: 0, run: () => true },
  net_peerCount: { paramsMax: 0, run: (_, { parts }) => quantity(parts.peers?.() ?? 0) },
  web3_clientVersion: { paramsMax: 0, run: (_, { options }) => options.clientVersion },
  web3_sha3: {
    paramsMax: 1,
    run: (params) => bytes(keccak_256(params.required(0, parseBytesMax(rpcBodyBytesMax)))),
  },
  rpc_modules: {
    paramsMax: 0,
    run: () => ({ debug: '1.0', eth: '1.0', net: '1.0', rpc: '1.0', txpool: '1.0', web3: '1.0' }),
  },
}
