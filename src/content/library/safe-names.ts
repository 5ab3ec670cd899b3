// Names from a stranger become names for a disk: pure, deterministic, and within one folder no two alike, not even on
// a file system that ignores case or Unicode normalisation. What must stay true: a result is never empty, `.`, `..`,
// never holds a separator, never is a device, and fits `nameBytesMax`; so no sequence of results leaves the folder.
//
//   cleanName    one name, without its neighbours
//   safeFolder   the names of one folder together: those that clash get a number
//   safePaths    whole paths of a version, in steps where there may be many

import { nameBytesMax } from '../format/limits.ts'
import { itemsPerStep, runSteps, type Steps } from '../format/steps.ts'
import type { FileEntry } from '../types.ts'
import { pathBytesMax } from './limits.ts'

// Windows: https://learn.microsoft.com/windows/win32/fileio/naming-a-file. Every system gets the same names, so that a
// folder can move between them.
const devices = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])$/i
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes.
const forbidden = /[\u0000-\u001f\u007f-\u009f<>:"/\\|?*]/g
// Bidirectional overrides make `photo‮gpj.exe` look like a picture; zero-width marks make equal-looking names.
const deceptive = /[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

const workingPrefix = '.peerhood-'

const encoder = new TextEncoder()

function byteLength(text: string): number {
  return encoder.encode(text).length
}

/** A character of a string is at most 3 bytes, so that most need no counting. */
function fits(text: string, bytesMax: number): boolean {
  return text.length * 3 <= bytesMax || byteLength(text) <= bytesMax
}

/** Cuts on a character boundary so that at most `bytesMax` bytes of UTF-8 stay. */
function cut(text: string, bytesMax: number): string {
  if (fits(text, bytesMax)) return text
  let bytes = 0
  let kept = ''
  for (const character of text) {
    bytes += byteLength(character)
    if (bytes > bytesMax) break
    kept += character
  }
  return kept
}

/** `['archive', '.zip']`; an extension is at most 16 bytes and never the whole name. */
function splitExtension(name: string): readonly [string, string] {
  const dot = name.lastIndexOf('.')
  if (dot <= 0 || byteLength(name.slice(dot)) > 16) return [name, '']
  return [name.slice(0, dot), name.slice(dot)]
}

/** `name` with `suffix` before its extension, cut to fit. */
export function nameWithSuffix(name: string, suffix: string): string {
  const [stem, extension] = splitExtension(name)
  return trimEnd(cut(stem, nameBytesMax - byteLength(suffix) - byteLength(extension))) + suffix + extension
}

function trimEnd(name: string): string {
  return name.replace(/[. ]+$/, '')
}

/** One safe name, looking at nothing but this name. Safe names of our own making come back unchanged. */
export function cleanName(name: string): string {
  let clean = name.normalize('NFC').replace(forbidden, '_').replace(deceptive, '_').replace(loneSurrogate, '_')
  const trimmed = trimEnd(clean)
  // Trailing dots and spaces vanish on Windows: `..` and `name.` must not become something else there.
  if (trimmed !== clean) clean = `${trimmed}_`
  if (clean === '') return '_'
  const stem = clean.split('.')[0] ?? clean
  if (devices.test(trimEnd(stem))) clean = `_${clean}`
  if (clean.toLowerCase().startsWith(workingPrefix)) clean = `_${clean}`
  return fits(clean, nameBytesMax) ? clean : nameWithSuffix(clean, '')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, of which they are a part.
const onlyAscii = /^[\u0000-\u007f]*$/

/** What a file system that ignores case and normalisation takes for the same name. */
export function foldName(name: string): string {
  if (onlyAscii.test(name)) return name.toLowerCase()
  // Lower after upper: ß/SS, dotless i and final sigma fold alike whichever table a file system uses.
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

/**
 * Maps the names of one folder, in the same order. Names that are safe already keep theirs and win over those that
 * only become alike by cleaning; among equals the first stays and the others get ` (2)`, ` (3)`, …
 */
export function safeFolder(names: readonly string[]): string[] {
  return runSteps(safeFolderSteps(names))
}

function* safeFolderSteps(names: readonly string[]): Steps<string[]> {
  const cleaned: string[] = []
  const result: (string | undefined)[] = []
  const taken: Taken = new Map()
  for (const name of names) {
    const clean = cleanName(name)
    result.push(clean === name ? claim(taken, clean) : undefined)
    if (cleaned.push(clean) % itemsPerStep === 0) yield
  }
  const safe: string[] = []
  for (const [index, name] of result.entries()) {
    if (safe.push(name ?? claimNumbered(taken, cleaned[index] ?? '_')) % itemsPerStep === 0) yield
  }
  return safe
}

/** Folded names of a folder, and from which number on those that clash with each are tried. */
type Taken = Map<string, number>

function claim(taken: Taken, name: string): string | undefined {
  const folded = foldName(name)
  if (taken.has(folded)) return undefined
  taken.set(folded, 2)
  return name
}

/** Goes on where the last of the same name ended: a stranger can make all names of a folder clash. */
function claimNumbered(taken: Taken, name: string): string {
  const claimed = claim(taken, name)
  if (claimed !== undefined) return claimed
  const folded = foldName(name)
  for (let number = taken.get(folded) ?? 2; ; number++) {
    const numbered = claim(taken, nameWithSuffix(name, ` (${number})`))
    if (numbered === undefined) continue
    taken.set(folded, number + 1)
    return numbered
  }
}

interface Tree {
  /** By original name; a file and a folder of one name are kept apart, since one of them has to give way. */
  readonly folders: Map<string, Tree>
  /** Original names. */
  readonly files: Set<string>
  /** Original name → safe name, of files for which that is another. */
  readonly renamed: Map<string, string>
  /** The folder's own safe name. */
  safe: string
}

const longPathsFolder = '_long paths'

type WithPath = Pick<FileEntry, 'path'>

/** Safe paths, "/" between names. Nearly all are the stranger's own, which need not be kept twice. */
export interface SafePaths {
  /** Those that differ, by the entry's place in the list. */
  readonly renamed: ReadonlyMap<number, string>
  /** No two entries have the same path. */
  readonly distinct: boolean
}

/**
 * Safe paths for the files of one version (names from its root down). Files whose path would be over `pathBytesMax` go to
 * a folder `_long paths`, numbered. Equal paths give equal results.
 */
export function* safePathSteps(entries: readonly WithPath[]): Steps<SafePaths> {
  const root = emptyTree()
  let distinct = true
  for (const [index, { path }] of entries.entries()) {
    if (!addPath(root, path)) distinct = false
    if (index % itemsPerStep === 0) yield
  }
  yield* nameFolders(root)
  const renamed = new Map<number, string>()
  let long: string | undefined
  for (const [index, { path }] of entries.entries()) {
    const safe = resolvePath(root, path)
    if (!fits(safe, pathBytesMax)) {
      long ??= freeName(root, longPathsFolder)
      renamed.set(index, `${long}/${nameWithSuffix(cleanName(path.at(-1) ?? '_'), ` (${index + 1})`)}`)
    } else if (safe !== joined(path)) renamed.set(index, safe)
    if (index % itemsPerStep === 0) yield
  }
  return { renamed, distinct }
}

function joined(path: readonly string[]): string {
  return path.join('/')
}

/** The safe path of an entry. */
export function safePathOf({ renamed }: SafePaths, entries: readonly WithPath[], index: number): string {
  return renamed.get(index) ?? joined(entries[index]?.path ?? [])
}

/** {@link safePathSteps} at once, for all of them. */
export function safePaths(paths: readonly (readonly string[])[]): string[] {
  const entries = paths.map((path) => ({ path }))
  const safe = runSteps(safePathSteps(entries))
  return entries.map((_, index) => safePathOf(safe, entries, index))
}

function emptyTree(): Tree {
  return { folders: new Map(), files: new Set(), renamed: new Map(), safe: '' }
}

/** False when it was added before. */
function addPath(root: Tree, path: readonly string[]): boolean {
  let folder = root
  for (const name of path.slice(0, -1)) {
    let child = folder.folders.get(name)
    if (child === undefined) {
      child = emptyTree()
      folder.folders.set(name, child)
    }
    folder = child
  }
  const { size } = folder.files
  return folder.files.add(path.at(-1) ?? '').size > size
}

/** Gives everything in the tree its safe name; a stack of our own, since folders may lie deep. */
function* nameFolders(root: Tree): Steps<void> {
  const stack = [root]
  for (let folder = stack.pop(); folder !== undefined; folder = stack.pop()) {
    const names = [...folder.folders.keys(), ...folder.files.keys()]
    const safe = yield* safeFolderSteps(names)
    for (const [index, name] of names.entries()) {
      const below = index < folder.folders.size ? folder.folders.get(name) : undefined
      if (below === undefined) {
        if (safe[index] !== name) folder.renamed.set(name, safe[index] ?? '_')
      } else {
        below.safe = safe[index] ?? '_'
        stack.push(below)
      }
      if (index % itemsPerStep === 0) yield
    }
    if (folder !== root) folder.files.clear()
  }
}

function resolvePath(root: Tree, path: readonly string[]): string {
  let folder: Tree | undefined = root
  let safe = ''
  for (const name of path.slice(0, -1)) {
    folder = folder?.folders.get(name)
    safe += `${folder?.safe ?? '_'}/`
  }
  const name = path.at(-1) ?? ''
  return safe + (folder?.renamed.get(name) ?? name)
}

function freeName(root: Tree, name: string): string {
  const folders = [...root.folders.values()].map(({ safe }) => safe)
  const files = [...root.files].map((file) => root.renamed.get(file) ?? file)
  const taken: Taken = new Map([...folders, ...files].map((safe) => [foldName(safe), 2]))
  return claimNumbered(taken, name)
}

/** Whether a name is that of a get's working folder; such folders are never shared. */
export function isWorkingFolder(name: string): boolean {
  return name.startsWith(workingPrefix)
}

/** The working folder of a get; `name` comes from the share's id. */
export function workingFolderName(name: string): string {
  return workingPrefix + name
}
