// CAR files, version 1: written block by block to wherever they go, and read as a source of blocks.
//
// A CAR is untrusted: sections are looked through once for where each block lies (lengths bounded before a byte of a body
// is read), and every block is checked against its CID when it is taken.

import { open } from 'node:fs/promises'
import { createDecoder } from '@ipld/car/decoder'
import { CarWriter } from '@ipld/car/writer'
import type { CID } from 'multiformats/cid'
import { isPeerhoodError } from '../base/errors.ts'
import type { GetBlock } from './blocks.ts'
import { type BlockKey, checkBlock, inlineBlock, isSupported, keyOf } from './cid.ts'
import type { Block } from './dag.ts'
import { ipfsErrors } from './errors.ts'
import { carBlocksMax, carHeaderBytesMax, ipfsBlockBytesMax } from './limits.ts'

/** The bytes of a CAR with one root. Blocks are taken as the reader takes bytes; what `blocks` throws comes out here. */
export async function* carBytes(root: CID, blocks: AsyncIterable<Block>): AsyncGenerator<Uint8Array, void> {
  const { writer, out } = CarWriter.create([root])
  const failed: { error?: unknown } = {}
  const fill = async () => {
    try {
      for await (const { cid, bytes } of blocks) await writer.put({ cid, bytes })
    } catch (error) {
      failed.error = error
    } finally {
      await writer.close()
    }
  }
  const filling = fill()
  try {
    yield* out
    await filling
    if ('error' in failed) throw failed.error
  } finally {
    // A reader that leaves: the writer's queue is never taken, so it must not be waited for.
    filling.catch(() => {})
  }
}

export interface CarFile {
  readonly root: CID
  readonly blocks: number
  readonly get: GetBlock
  close(): Promise<void>
}

interface Place {
  readonly offset: number
  readonly length: number
}

/** What a CAR lies in; a `FileHandle` is one. */
export interface CarBytes {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>
}

/** Throws `car_unreadable`, and what `readCar` throws. */
export async function openCarFile(path: string, signal: AbortSignal): Promise<CarFile> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw ipfsErrors.car_unreadable(`${path} can't be read.`, { cause })
  })
  try {
    const { size } = await handle.stat()
    return { ...(await readCar(handle, size, signal)), close: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Throws `car_malformed`, `car_version_unknown`, `car_roots_many`, `car_too_large`, `ipfs_block_too_large`. */
export async function readCar(
  car: CarBytes,
  size: number,
  signal: AbortSignal,
  blocksMax = carBlocksMax,
): Promise<Omit<CarFile, 'close'>> {
  const { root, places } = await index(car, size, signal, blocksMax).catch((error: unknown) => {
    if (isPeerhoodError(error) || signal.aborted) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw ipfsErrors.car_malformed(`It is no CAR file: ${reason}.`, { cause: error })
  })
  return {
    root,
    blocks: places.size,
    async get(cid) {
      const inline = inlineBlock(cid)
      if (inline !== undefined) return inline
      const place = places.get(keyOf(cid))
      if (place === undefined) throw ipfsErrors.car_incomplete(`The CAR file lacks ${cid}.`)
      const bytes = new Uint8Array(place.length)
      await car.read(bytes, 0, bytes.length, place.offset)
      await checkBlock(cid, bytes)
      return bytes
    },
  }
}

/** Where each block lies, and the root. */
async function index(car: CarBytes, size: number, signal: AbortSignal, blocksMax: number) {
  const decoder = createDecoder(fileReader(car, size))
  const header = await decoder.header()
  if (header.version !== 1) throw ipfsErrors.car_version_unknown(`It is a CAR file of version ${header.version}.`)
  const [root, ...others] = header.roots
  if (root === undefined || others.length > 0) {
    throw ipfsErrors.car_roots_many(`The CAR file has ${header.roots.length} roots, not one.`)
  }
  const places = new Map<BlockKey, Place>()
  for await (const { cid, blockLength, blockOffset } of decoder.blocksIndex()) {
    signal.throwIfAborted()
    if (blockLength < 0 || blockOffset + blockLength > size) throw ipfsErrors.car_malformed('It ends inside a block.')
    if (blockLength > ipfsBlockBytesMax) throw ipfsErrors.ipfs_block_too_large(`A block has ${blockLength} bytes.`)
    if (places.size >= blocksMax) throw ipfsErrors.car_too_large('The CAR file has too many blocks.')
    if (isSupported(cid)) places.set(keyOf(cid), { offset: blockOffset, length: blockLength })
  }
  return { root, places }
}

type BytesReader = Parameters<typeof createDecoder>[0]

/** Reads heads through a window of the file; bodies are stepped over. Nothing longer than a header is ever gathered. */
function fileReader(car: CarBytes, size: number): BytesReader {
  const windowBytes = 65_536
  let pos = 0
  let window: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array(0) }
  const upTo = async (length: number) => {
    if (length > carHeaderBytesMax) throw ipfsErrors.car_malformed('It has a header that is far too long.')
    const wanted = Math.min(length, Math.max(0, size - pos))
    if (pos < window.start || pos + wanted > window.start + window.bytes.length) {
      const bytes = new Uint8Array(Math.min(windowBytes, Math.max(0, size - pos)))
      const { bytesRead } = await car.read(bytes, 0, bytes.length, pos)
      window = { start: pos, bytes: bytes.subarray(0, bytesRead) }
    }
    return window.bytes.subarray(pos - window.start, pos - window.start + wanted)
  }
  return {
    upTo,
    async exactly(length, seek = false) {
      const bytes = await upTo(length)
      if (bytes.length < length) throw ipfsErrors.car_malformed('It ends too early.')
      if (seek) pos += length
      return bytes
    },
    seek(length) {
      pos += length
    },
    get pos() {
      return pos
    },
  }
}
