// A block becomes final: header, body, receipts, indexes, quota, certificate, state and head go to disk in one transaction, or
// nothing does. What is pruned goes in the same one.

import type { Database } from '../../base/database.ts'
import { transaction } from '../../base/database.ts'
import { keccak256 } from '../evm/keccak.ts'
import type { Hash } from '../types.ts'
import { listOf, restOf } from './body-core.ts'
import { chainErrors } from './errors.ts'
import { hashOfBytes } from './header-wire.ts'
import { prunedPerBlockMax } from './limits.ts'
import { logKeys } from './log-index-core.ts'
import type { ChainInside, Known } from './parts.ts'
import { windowOf } from './quota-core.ts'
import { decodeLogs, encodeReceipts } from './receipts-wire.ts'
import { decodeRlp, encodeRlp } from './rlp-wire.ts'
import type { StoredBlock } from './store.ts'

/** The child of the head becomes the head. Throws `chain_disk_failed`; then all is as it was before. */
export function writeBlock(
  inside: ChainInside,
  database: Database,
  known: Known,
  options: { readonly certificate: Uint8Array | undefined; readonly keepBlocks: number | 'archive' },
): void {
  const { store, world } = inside
  const { hash, height } = known.header
  try {
    transaction(database, () => {
      store.append(storedOf(inside, known, options.certificate))
      world.settle(hash, height, database)
      if (options.keepBlocks !== 'archive') prune(inside, height - options.keepBlocks)
    })
  } catch (error) {
    world.rolledBack()
    throw chainErrors.chain_disk_failed('A block could not be written to disk; nothing of it was.', { cause: error })
  }
}

function storedOf(
  { spec, known: before }: ChainInside,
  known: Known,
  certificate: Uint8Array | undefined,
): StoredBlock {
  const { header, receipts, block, hashes, nextSets, quota } = known
  const logs = receipts.flatMap((receipt) => receipt.logs)
  return {
    header,
    rest: restOf(block.bytes, header.bytes),
    receipts: encodeReceipts(receipts),
    logs: logs.length,
    transactions: hashes,
    logKeys: logKeys(logs),
    certificate,
    nextSets,
    quota: {
      reset: windowOf(header.timestamp, spec.genesis) !== windowOf(before.head.header.timestamp, spec.genesis),
      used: quota,
    },
  }
}

/** Bodies below this height; headers go with them, but for those of epoch changes and block 0. */
function prune({ store }: ChainInside, below: number): void {
  for (const height of store.bodiesBelow(below, prunedPerBlockMax)) {
    const body = store.body(height)
    if (body === undefined) continue
    const logs = decodeLogs(body.receipts)?.flat() ?? []
    store.removeBlock(height, transactionHashes(body.rest), logKeys(logs))
  }
}

/** Of what follows the header in a block, without reading the transactions. */
function transactionHashes(rest: Uint8Array): Hash[] {
  // One list after the other: the first holds the transactions. Wrapped into one, they can be read.
  const items = decodeRlp(listOf(rest))
  const transactions = Array.isArray(items) ? items[0] : undefined
  if (!Array.isArray(transactions)) return []
  return transactions.map((item) => hashOfBytes(keccak256(item instanceof Uint8Array ? item : encodeRlp(item))))
}
