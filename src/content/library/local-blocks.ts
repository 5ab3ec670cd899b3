// Blocks that this computer has already, wherever they lie: other versions of the same share, copies kept for others,
// and, for public shares, any other public share, since equal blocks have equal digests there. Each is checked before it
// is handed out, so a wrong hint costs a read and no more.

import { join } from 'node:path'
import { equalBytes } from '../../base/bytes.ts'
import { digestAsync, type Sealer } from '../format/seal.ts'
import type { Digest, ShareId, Visibility } from '../types.ts'
import type { BlockFiles } from './block-files.ts'
import type { BlockIndex } from './block-index.ts'
import { readPiece } from './file-read.ts'
import type { HoldingFacts, HoldingRows } from './holding-rows.ts'
import type { CheckLeaf } from './leaf-check.ts'
import { reuseSourcesMax } from './limits.ts'

export interface LocalBlocks {
  /** There is nowhere to look. */
  readonly isEmpty: boolean
  /** The plain bytes of a leaf and its wire bytes, if they are here. */
  leaf(digest: Digest): Promise<{ readonly plain: Uint8Array; readonly wire: Uint8Array } | undefined>
  /** The wire bytes of an inner node, if they are here. */
  node(digest: Digest): Promise<Uint8Array | undefined>
}

export interface LocalBlocksRequest {
  readonly shareId: ShareId
  readonly visibility: Visibility
  /** The holding that asks. */
  readonly except: number
  readonly sealer: Sealer
  readonly check: CheckLeaf
}

export interface LocalBlocksParts {
  readonly index: BlockIndex
  readonly rows: HoldingRows
  readonly blockFiles: BlockFiles
}

export function findLocalBlocks(parts: LocalBlocksParts, request: LocalBlocksRequest): LocalBlocks {
  const sources = chooseSources(parts.rows, request)
  const node = async (digest: Digest) => {
    for (const source of sources) {
      const wire = await storedWire(parts, source, digest)
      if (wire !== undefined) return wire
    }
    return undefined
  }
  return {
    isEmpty: sources.length === 0,
    node,
    async leaf(digest) {
      for (const source of sources) {
        const found = await leafInFile(parts.index, source, digest, request.check)
        if (found !== undefined) return found
      }
      const wire = await node(digest)
      return wire === undefined ? undefined : { wire, plain: request.sealer.open(wire) }
    },
  }
}

/** The same share first, newest version first. */
function chooseSources(rows: HoldingRows, request: LocalBlocksRequest): HoldingFacts[] {
  const others = rows.all().filter((facts) => facts.id !== request.except)
  const same = others.filter((facts) => facts.shareId === request.shareId).sort((a, b) => b.sequence - a.sequence)
  if (request.visibility === 'private') return same.slice(0, reuseSourcesMax)
  const open = others.filter((facts) => facts.visibility === 'public' && facts.shareId !== request.shareId)
  return [...same, ...open].slice(0, reuseSourcesMax)
}

async function leafInFile(index: BlockIndex, source: HoldingFacts, digest: Digest, check: CheckLeaf) {
  if (source.path === undefined) return undefined
  for (const place of index.places(source.id, digest, 2)) {
    const plain = await readPiece(join(source.path, place.path), place.start, place.bytes)
    if (plain === undefined) continue
    const wire = await check(plain, digest, place.seal)
    if (wire !== undefined) return { plain, wire }
  }
  return undefined
}

async function storedWire(
  { index, blockFiles }: LocalBlocksParts,
  source: HoldingFacts,
  digest: Digest,
): Promise<Uint8Array | undefined> {
  const kept = source.origin === 'kept' ? await blockFiles.read(source.shareId, digest) : undefined
  const wire = index.stored(source.id, digest) ?? kept
  return wire !== undefined && equalBytes(await digestAsync(wire), digest) ? wire : undefined
}
