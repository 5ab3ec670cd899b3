// Files inside a share or a transfer, for the API: their list, and their plain bytes.

import { mediaOf } from '../../api/media.ts'
import type { File } from '../../api/schemas.ts'
import { itemsPerStep, runSteps, type Steps } from '../../content/format/steps.ts'
import type { FileEntry, ReadableHolding } from '../../content/types.ts'
import { readFile } from '../../transfer/read.ts'
import { nodeErrors } from '../errors.ts'

/** What shares and transfers both offer of their files. */
export interface FileServices {
  /** Rejects with `file_unknown`, `file_not_here`, `share_not_readable`. */
  file(id: string, path: string): Promise<File>
  /** Plain bytes of the range; throws as `file` does while it is read. */
  open(id: string, path: string, range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>
}

/** Bytes [start, end). */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** An entry of a layout with the path that the API gives it. */
export interface NamedEntry {
  readonly path: string
  readonly entry: FileEntry
  /** Its place in the layout. */
  readonly index: number
}

/** By path; empty folders are none. Kept as long as the layout itself, since every range request asks. */
const namedLayouts = new WeakMap<readonly FileEntry[], ReadonlyMap<string, NamedEntry>>()

/** `name` is what a share that is a single file is called. */
export function nameEntries(layout: readonly FileEntry[], name: string): ReadonlyMap<string, NamedEntry> {
  return runSteps(nameEntrySteps(layout, name))
}

/** {@link nameEntries} in steps, for large shares. */
export function* nameEntrySteps(layout: readonly FileEntry[], name: string): Steps<ReadonlyMap<string, NamedEntry>> {
  const known = namedLayouts.get(layout)
  if (known !== undefined) return known
  const named = new Map<string, NamedEntry>()
  for (const [index, entry] of layout.entries()) {
    if (index % itemsPerStep === itemsPerStep - 1) yield
    const path = entry.path.length === 0 ? name : entry.path.join('/')
    if (entry.kind === 'file') named.set(path, { path, entry, index })
  }
  namedLayouts.set(layout, named)
  return named
}

/** All entries of what a holding has; read with pauses where they are not in memory. Throws `file_not_here`. */
export async function layoutOf(holding: ReadableHolding | undefined): Promise<readonly FileEntry[]> {
  const layout = (await holding?.readLayout?.()) ?? holding?.layout
  if (layout === undefined) throw nodeErrors.file_not_here('The list of its files is not here yet.')
  return layout
}

export function findEntry(layout: readonly FileEntry[], name: string, path: string): NamedEntry {
  const found = nameEntries(layout, name).get(path)
  if (found === undefined) throw nodeErrors.file_unknown(`There is no file ${path}.`, { details: { path } })
  return found
}

export function entryToApi(
  named: NamedEntry,
  progress: { readonly bytesDone: number; readonly wanted: boolean },
): File {
  const { path, entry } = named
  return { path, bytes: entry.bytes, ...progress, mediaType: mediaOf(path).type }
}

/** Bytes of what is here; what is not ends it with `file_not_here`. */
export function readHeld(
  holding: ReadableHolding,
  entry: FileEntry,
  range: ByteRange,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const changed = async () => {
    throw nodeErrors.file_not_here('Not all of this file is on this computer.')
  }
  return readFile({ holding, callFor: () => undefined, changed }, entry, range, signal)
}
