// Snapshots of the state, for newcomers. Offered: of a final block, made anew as the chain goes on, part by part while others have
// their turn; only the digests are kept, parts are read from the tries when they are asked for. Taken in: part by part, each by its
// digest, the whole by the state root.
//
// Must stay true: a snapshot that is wrong, or that ends in the middle, leaves a chain that begins again at block 0.

import type { Log } from '../../base/ports.ts'
import { keccak256 } from '../evm/keccak.ts'
import { chainErrors } from './errors.ts'
import { hashOfBytes } from './header-wire.ts'
import { blockHashesMax, snapshotEveryBlocks, snapshotPartBytes, snapshotPartsMax } from './limits.ts'
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

/** Makes one whenever so many blocks have become final since the last, and at once where the chain has as many. */
export function createSnapshots(
  options: { readonly everyBlocks?: number } = {},
): (parts: { readonly chain: SnapshotChain; readonly log: Log }) => SnapshotOffer {
  const { everyBlocks = snapshotEveryBlocks } = options
  return ({ chain, log }) => {
    let offered: Offered | undefined
    let making: Promise<void> | undefined
    let isStopped = false

    const consider = () => {
      const head = chain.head()
      const isDue = head.height >= (offered?.header.height ?? 0) + everyBlocks
      // Of a block with a certificate of its own.
      if (making !== undefined || isStopped || !isDue || chain.certificate(head.height) === undefined) return
      making = make(chain, head, () => isStopped)
        .then((made) => {
          offered = made ?? offered
        })
        .catch((error: unknown) => log.warn('ledger_snapshot_failed', { height: head.height, error }))
        .finally(() => {
          making = undefined
        })
    }
    const off = chain.on((event) => event.kind === 'final' && consider())
    consider()

    return {
      get height() {
        return offered?.header.height ?? 0
      },
      manifest: () => offered?.manifest,
      async chunk(height, index) {
        if (offered?.header.height !== height || !(index in offered.begins)) return undefined
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
