// Where each leaf of a version goes on disk: the layout of a stranger's share, with names made safe and `--only`
// applied, packed (20 bytes a leaf, of which the layout has at most `layoutLeavesMax`). Pure; made in steps, since a share
// may have hundreds of thousands of files; progress is counted here too.
//
//   block index ──► places: (entry, first byte) … a leaf may have many, an inner node some, too (share.md, "Inventory")
//   entry ──► safe path, wanted or not, leaves and bytes still missing

import { Bitfield } from '../format/bitfield.ts'
import { formatErrors } from '../format/errors.ts'
import { leafBytes } from '../format/limits.ts'
import { itemsPerStep, runSteps, type Steps } from '../format/steps.ts'
import type { FileEntry, Inventory, ReadonlyBitfield, VersionMeta } from '../types.ts'
import { libraryErrors } from './errors.ts'
import { compileOnly } from './ignore-rules.ts'
import { type SafePaths, safePathOf, safePathSteps } from './safe-names.ts'

export interface Place {
  readonly entry: number
  /** First byte in the file. */
  readonly start: number
}

export interface PlacementSource {
  readonly meta: VersionMeta
  readonly inventory: Inventory
  readonly layout: readonly FileEntry[]
  /** How much longer leaves are on the wire. */
  readonly overheadBytes: number
  readonly only: string | undefined
}

/** Throws `layout_malformed`, `only_malformed`, `only_matches_nothing`. */
export function* placementSteps(source: PlacementSource): Steps<Placement> {
  const paths = yield* safePathsOf(source)
  const wanted = yield* wantedEntries(source)
  const placement = new Placement(source, paths, wanted)
  yield* placement.fill()
  return placement
}

/** {@link placementSteps} at once. */
export function createPlacement(source: PlacementSource): Placement {
  return runSteps(placementSteps(source))
}

export class Placement {
  readonly entries: readonly FileEntry[]
  readonly #paths: SafePaths
  #bytesWanted = 0
  #filesWanted = 0
  #bytesDone = 0
  #filesDone = 0
  readonly #source: PlacementSource
  readonly #wantedEntries: Bitfield
  readonly #wantedBlocks: Bitfield
  /** Blocks that all their places have. Not the same as being here: an inner node is, before any file is written. */
  readonly #counted: Bitfield
  readonly #missingLeaves: Uint32Array
  readonly #entryBytes: Float64Array
  /** Linked lists in arrays: first place of a block, next place of a place; -1 ends. */
  readonly #firstPlace: Int32Array
  readonly #nextPlace: Int32Array
  readonly #placeEntry: Uint32Array
  readonly #placeStart: Float64Array

  /** Empty; `fill` does the rest. */
  constructor(source: PlacementSource, paths: SafePaths, wantedEntries: Bitfield) {
    this.#source = source
    this.entries = source.layout
    this.#paths = paths
    this.#wantedEntries = wantedEntries
    this.#wantedBlocks = new Bitfield(source.inventory.count)
    this.#counted = new Bitfield(source.inventory.count)
    const places = source.layout.reduce((sum, entry) => sum + entry.leaves.length, 0)
    this.#missingLeaves = new Uint32Array(source.layout.length)
    this.#entryBytes = new Float64Array(source.layout.length)
    this.#firstPlace = new Int32Array(source.inventory.count).fill(-1)
    this.#nextPlace = new Int32Array(places).fill(-1)
    this.#placeEntry = new Uint32Array(places)
    this.#placeStart = new Float64Array(places)
    for (let index = 0; index < source.meta.nodes; index++) this.#wantedBlocks.set(index)
  }

  get bytesWanted(): number {
    return this.#bytesWanted
  }

  get filesWanted(): number {
    return this.#filesWanted
  }

  get bytesDone(): number {
    return this.#bytesDone
  }

  get filesDone(): number {
    return this.#filesDone
  }

  /** An entry's safe path below the share's top, "/" between names; empty for a share that is a single file. */
  pathOf(entry: number): string {
    return safePathOf(this.#paths, this.entries, entry)
  }

  get entriesWanted(): ReadonlyBitfield {
    return this.#wantedEntries
  }

  isEntryWanted(entry: number): boolean {
    return this.#wantedEntries.has(entry)
  }

  isBlockWanted(index: number): boolean {
    return this.#wantedBlocks.has(index)
  }

  /** Bytes of an entry that are here. */
  entryBytesDone(entry: number): number {
    return this.#entryBytes[entry] ?? 0
  }

  isEntryDone(entry: number): boolean {
    return this.#missingLeaves[entry] === 0
  }

  /** Places of a block in wanted files. */
  *places(index: number): Generator<Place, void, undefined> {
    for (const place of this.anyPlaces(index)) if (this.isEntryWanted(place.entry)) yield place
  }

  /** Places of a block in all files, wanted or not. */
  *anyPlaces(index: number): Generator<Place, void, undefined> {
    for (let place = this.#firstPlace[index] ?? -1; place >= 0; place = this.#nextPlace[place] ?? -1) {
      yield { entry: this.#placeEntry[place] ?? 0, start: this.#placeStart[place] ?? 0 }
    }
  }

  /** Plain bytes of a leaf. */
  leafBytes(index: number): number {
    return this.#source.inventory.length(index) - this.#source.overheadBytes
  }

  /** Bytes of wanted files that a block fills, in all its places together. */
  wantedBytes(index: number): number {
    let bytes = 0
    for (const _place of this.places(index)) bytes += this.leafBytes(index)
    return bytes
  }

  /** First byte of an entry's leaf. */
  startOf(entry: FileEntry, leaf: number): number {
    return entry.offsets?.[leaf] ?? leaf * leafBytes
  }

  /** Inner nodes whose bytes wanted files hold, too, and lack. */
  *nodesMissing(): Generator<number, void, undefined> {
    for (let index = 0; index < this.#source.meta.nodes; index++) {
      if (!this.isCounted(index) && this.places(index).next().done === false) yield index
    }
  }

  isCounted(index: number): boolean {
    return this.#counted.has(index)
  }

  /** Counts a block as written in all its places; false when it was counted before. */
  count(index: number): boolean {
    if (!this.#counted.set(index)) return false
    const bytes = this.leafBytes(index)
    for (const { entry } of this.places(index)) {
      this.#entryBytes[entry] = (this.#entryBytes[entry] ?? 0) + bytes
      this.#bytesDone += bytes
      this.#missingLeaves[entry] = (this.#missingLeaves[entry] ?? 0) - 1
      if (this.#missingLeaves[entry] === 0) this.#filesDone += 1
    }
    return true
  }

  /** Takes back `count`, for a block that is no longer on disk. */
  uncount(index: number): void {
    if (!this.#counted.clear(index)) return
    const bytes = this.leafBytes(index)
    for (const { entry } of this.places(index)) {
      if (this.#missingLeaves[entry] === 0) this.#filesDone -= 1
      this.#entryBytes[entry] = (this.#entryBytes[entry] ?? 0) - bytes
      this.#bytesDone -= bytes
      this.#missingLeaves[entry] = (this.#missingLeaves[entry] ?? 0) + 1
    }
  }

  /** Takes in the layout. Once, before anything else. */
  *fill(): Steps<void> {
    let place = 0
    for (const [entryIndex, entry] of this.entries.entries()) {
      const isWanted = this.isEntryWanted(entryIndex)
      if (isWanted && entry.kind === 'file') {
        this.#filesWanted += 1
        this.#bytesWanted += entry.bytes
      }
      this.#missingLeaves[entryIndex] = entry.leaves.length
      for (const [leaf, index] of entry.leaves.entries()) {
        if (isWanted) this.#wantedBlocks.set(index)
        this.#placeEntry[place] = entryIndex
        this.#placeStart[place] = this.startOf(entry, leaf)
        this.#nextPlace[place] = this.#firstPlace[index] ?? -1
        this.#firstPlace[index] = place
        if (++place % itemsPerStep === 0) yield
      }
    }
  }
}

function* safePathsOf({ layout, meta }: PlacementSource): Steps<SafePaths> {
  if (meta.kind === 'file') return { renamed: new Map([[0, '']]), distinct: true }
  const paths = yield* safePathSteps(layout)
  if (!paths.distinct) throw formatErrors.layout_malformed('The share has two files of one name.')
  return paths
}

function* wantedEntries({ layout, meta, only }: PlacementSource): Steps<Bitfield> {
  const wanted = new Bitfield(layout.length)
  if (only === undefined) {
    wanted.fill()
    return wanted
  }
  const matches = compileOnly(only)
  for (const [index, entry] of layout.entries()) {
    const path = entry.path.length === 0 ? [meta.name] : entry.path
    if (entry.kind === 'file' && matches(path)) wanted.set(index)
    if (index % itemsPerStep === 0) yield
  }
  if (wanted.ones === 0) throw libraryErrors.only_matches_nothing(`Nothing in the share matches "${only}".`)
  return wanted
}
