// Snapshots of the state, for newcomers. Offered: of a final block, made anew as the chain goes on, part by part while others have
// their turn; only the digests are kept, parts are read from the tries when they are asked for. Taken in: part by part, each by its
// digest, the whole by the state root.
//
// Must stay true: a snapshot that is wrong, or that ends in the middle, leaves a chain that begins again at block 0.

import type { Clock, Log } from '../../base/ports.ts'
import { keccak256 } from '../evm/keccak.ts'
import { chainErrors } from './errors.ts'
import { hashOfBytes } from './header-wire.ts'
import {
  blockHashesMax,
  snapshotEveryBlocks,
  snapshotEveryGas,
  snapshotFetchedMs,
  snapshotPartBytes,
  snapshotPartsMax,
  snapshotPartsPerGas,
} from './limits.ts'
import { encodeManifest, type Manifest } from './snapshot-wire.ts'
import type { Header, SnapshotChain } from './types.ts'

export interface SnapshotOffer {
  readonly height: number
  /** Undefined while there is none. */
  manifest(): Uint8Array | undefined
  /** Undefined for what is not offered (any more). */
  chunk(height: number, index: number): Promise<Uint8Array | undefined>
  /** When none is being made. */
  settled(): Promise<void>
  stop(): Promise<void>
}

interface Offered {
  readonly header: Header
  readonly manifest: Uint8Array
  /** Where each part begins. */
  readonly begins: readonly (Uint8Array | undefined)[]
}

/**
 * Makes one whenever so many blocks have become final since the last, and at once where the chain has as many. Full blocks take long
 * to execute, so also whenever they used so much gas, unless somebody is fetching the one that there is.
 */
export function createSnapshots(
  options: { readonly everyBlocks?: number; readonly everyGas?: bigint } = {},
): (parts: { readonly chain: SnapshotChain; readonly clock: Clock; readonly log: Log }) => SnapshotOffer {
  const { everyBlocks = snapshotEveryBlocks, everyGas = snapshotEveryGas } = options
  return ({ chain, clock, log }) => {
    let offered: Offered | undefined
    let making: Promise<void> | undefined
    let isStopped = false
    /** Of the blocks after the one that is offered, or being made. */
    let gas = chain.head().height < everyBlocks ? gasUntil(chain) : 0n
    let fetchedMs = Number.NEGATIVE_INFINITY

    function isDue({ height }: Header): boolean {
      if (height >= (offered?.header.height ?? 0) + everyBlocks) return true
      // Of a large state it takes longer to make one.
      const size = BigInt(Math.max(1, Math.ceil((offered?.begins.length ?? 0) / snapshotPartsPerGas)))
      return gas >= everyGas * size && clock.monotonicMs() - fetchedMs >= snapshotFetchedMs
    }

    const consider = () => {
      const head = chain.head()
      // Of a block with a certificate of its own.
      if (making !== undefined || isStopped || !isDue(head) || chain.certificate(head.height) === undefined) return
      gas = 0n
      making = make(chain, head, () => isStopped)
        .then((made) => {
          offered = made ?? offered
        })
        .catch((error: unknown) => log.warn('ledger_snapshot_failed', { height: head.height, error }))
        .finally(() => {
          making = undefined
        })
    }
    const off = chain.on((event) => {
      if (event.kind !== 'final') return
      gas += event.header.gasUsed
      consider()
    })
    consider()

    return {
      get height() {
        return offered?.header.height ?? 0
      },
      manifest: () => offered?.manifest,
      async chunk(height, index) {
        if (offered?.header.height !== height || !(index in offered.begins)) return undefined
        fetchedMs = clock.monotonicMs()
        return chain.statePart(offered.header.hash, offered.begins[index], snapshotPartBytes).bytes
      },
      settled: async () => await making,
      async stop() {
        isStopped = true
        off()
        await making
      },
    }
  }
}

function gasUntil(chain: SnapshotChain): bigint {
  let gas = 0n
  for (let height = 1; height <= chain.head().height; height++) gas += chain.header(height)?.gasUsed ?? 0n
  return gas
}

async function make(chain: SnapshotChain, header: Header, isStopped: () => boolean): Promise<Offered | undefined> {
  const begins: (Uint8Array | undefined)[] = []
  const parts: Manifest['parts'][number][] = []
  for (let next: Uint8Array | undefined; begins.length < snapshotPartsMax; ) {
    begins.push(next)
    const part = chain.statePart(header.hash, next, snapshotPartBytes)
    parts.push(hashOfBytes(keccak256(part.bytes)))
    next = part.next
    if (next === undefined) break
    await new Promise((resolve) => setImmediate(resolve))
    if (isStopped()) return undefined
  }
  const before: Header[] = []
  for (let height = Math.max(0, header.height - blockHashesMax); height < header.height; height++) {
    const one = chain.header(height)
    if (one === undefined) return undefined
    before.push(one)
  }
  const certificate = chain.certificate(header.height)
  if (certificate === undefined) return undefined
  return { header, manifest: encodeManifest({ header, certificate, before, parts }), begins }
}

/** Throws `snapshot_refused` for a part that is not the one the manifest names. */
export function requirePart(manifest: Manifest, index: number, bytes: Uint8Array): void {
  if (manifest.parts[index] === hashOfBytes(keccak256(bytes))) return
  throw chainErrors.snapshot_refused('A part of the snapshot is not the one that it was said to be.')
}
