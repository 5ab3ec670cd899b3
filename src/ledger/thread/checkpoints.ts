// Checkpoints of this chain: which of its blocks are told to the community, and what it says of those that others told.
//
// Must stay true: every computer that holds the chain tells the same block, or none, so that their words can be counted.

import type { Clock } from '../../base/ports.ts'
import type { Chain, Header } from '../chain/types.ts'
import { setHash } from '../consensus/vote-wire.ts'
import { checkpointEverySeconds } from '../limits.ts'
import type { Checkpoint, LedgerNode } from '../validator/types.ts'
import type { CheckpointVerdict, FromLedger } from './messages.ts'

export interface CheckpointsParts {
  readonly chain: Pick<Chain, 'head' | 'header' | 'validators' | 'genesis' | 'genesisHash' | 'epochEnd'>
  readonly node: Pick<LedgerNode, 'checkpoint'>
  readonly clock: Clock
  readonly tell: (message: FromLedger) => void
}

export function createCheckpoints({ chain, node, clock, tell }: CheckpointsParts) {
  function judge({ chainId, genesisHash, height, block, timestamp, set }: Checkpoint): CheckpointVerdict {
    if (chainId !== chain.genesis.chainId || genesisHash !== chain.genesisHash) return 'contradicts'
    // Of a later one nobody here knows yet.
    if (height > chain.head().height) return 'unknown'
    const header = chain.header(height)
    if (header === undefined) return 'unknown'
    if (header.hash !== block || header.timestamp !== timestamp) return 'contradicts'
    const own = setOf(header)
    if (own === undefined) return 'unknown'
    return setHash(own) === setHash(set) && own.epoch === set.epoch ? 'agrees' : 'contradicts'
  }

  /** Who decides on the block after it. */
  function setOf({ place }: Header) {
    const now = chain.validators()
    const epoch = place === undefined ? 0 : place.epoch + (place.nextSetHash === undefined ? 0 : 1)
    if (epoch === now.epoch) return now
    return epoch === 0 ? { epoch: 0, validators: chain.genesis.validators } : chain.epochEnd(epoch - 1)?.next
  }

  return {
    /** The head is new: tells it where it is the first block of its time that is final, and its set stays. */
    final(): void {
      const head = chain.head()
      const before = chain.header(head.height - 1)
      const isOld = clock.nowMs() - head.timestamp * 1000 > checkpointEverySeconds * 1000
      if (before === undefined || isOld || !isFirst(before, head) || head.place?.nextSetHash !== undefined) return
      tell({ type: 'checkpoint', checkpoint: node.checkpoint() })
    },
    judge: (all: readonly Checkpoint[]): readonly CheckpointVerdict[] => all.map(judge),
  }
}

function isFirst(before: Header, head: Header): boolean {
  const time = ({ timestamp }: Header) => Math.floor(timestamp / checkpointEverySeconds)
  return time(before) < time(head)
}
