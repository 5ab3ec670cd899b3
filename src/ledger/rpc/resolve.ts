// From what a caller says of a block to the block and its state. Every block that is known here is final, so `latest`, `safe`
// and `finalized` are one.

import type { FullBlock, Header } from '../chain/types.ts'
import type { BlockEnvironment, StateReader } from '../evm/types.ts'
import type { Hash } from '../types.ts'
import { refused } from './errors.ts'
import type { BlockRef } from './parse.ts'
import type { Source } from './source.ts'

/** Undefined: there is none, or it has been pruned. `pending` is the head: what runs now runs on top of it. */
export async function headerOf(chain: Pick<Source, 'head' | 'header'>, ref: BlockRef): Promise<Header | undefined> {
  switch (ref.kind) {
    case 'tag':
      return ref.tag === 'earliest' ? chain.header(0) : chain.head()
    case 'number':
      return chain.header(ref.height)
    case 'hash':
      return finalHeader(chain, ref.hash)
  }
}

/** Blocks that are not final may still go; nobody is told of them. */
async function finalHeader(chain: Pick<Source, 'header'>, hash: Hash): Promise<Header | undefined> {
  const header = await chain.header(hash)
  return header !== undefined && (await chain.header(header.height))?.hash === header.hash ? header : undefined
}

export async function blockOf(chain: Source, ref: BlockRef): Promise<FullBlock | undefined> {
  const header = await headerOf(chain, ref)
  return header === undefined ? undefined : chain.block(header.hash)
}

/** Throws -32000 where there is no such block. */
export async function knownHeader(chain: Source, ref: BlockRef): Promise<Header> {
  const header = await headerOf(chain, ref)
  if (header !== undefined) return header
  if (ref.kind === 'number' && ref.height < chain.oldest.block) {
    throw refused(`block ${ref.height} is pruned; the oldest one here is ${chain.oldest.block}`)
  }
  throw refused('header not found')
}

/** Throws -32000 where its state is not kept any more. */
export async function stateOf(
  chain: Source,
  ref: BlockRef,
): Promise<{ readonly header: Header; readonly state: StateReader }> {
  const header = await knownHeader(chain, ref)
  const state = await chain.state(header.hash)
  if (state === undefined) throw statePruned(chain, header.height)
  return { header, state }
}

export function statePruned(chain: Pick<Source, 'oldest'>, height: number) {
  return refused(`state of block ${height} is pruned; the oldest one here is that of block ${chain.oldest.state}`)
}

/** What the EVM sees that runs in this block. */
export function environmentOf(chain: Pick<Source, 'header'>, header: Header): BlockEnvironment {
  const { excessBlobGas, parentBeaconBlockRoot } = header.fields
  return {
    height: header.height,
    parent: header.parent,
    timestamp: BigInt(header.timestamp),
    gasLimit: header.gasLimit,
    baseFeePerGas: header.baseFeePerGas ?? 0n,
    coinbase: header.coinbase,
    prevRandao: header.prevRandao,
    excessBlobGas,
    parentBeaconBlockRoot,
    withdrawals: undefined,
    async blockHash(height) {
      const isRecent = height < header.height && height >= header.height - 256
      return isRecent ? (await chain.header(height))?.hash : undefined
    },
  }
}
