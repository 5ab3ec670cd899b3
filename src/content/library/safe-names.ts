// Names from a stranger become names for a disk: pure, deterministic, and within one folder no two alike, not even on
// a file system that ignores case or Unicode normalisation. What must stay true: a result is never empty, `.`, `..`,
// never holds a separator, never is a device, and fits `nameBytesMax`; so no sequence of results leaves the folder.
//
//   cleanName    one name, without its neighbours
//   safeFolder   the names of one folder together: those that clash get a number
//   safePaths    whole paths of a version

import { nameBytesMax } from '../format/limits.ts'
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

/** Cuts on a character boundary so that at most `bytesMax` bytes of UTF-8 stay. */
function cut(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax || byteLength(text) <= bytesMax) return text
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
  return byteLength(clean) > nameBytesMax ? nameWithSuffix(clean, '') : clean
}

/** What a file system that ignores case and normalisation takes for the same name. */
export function foldName(name: string): string {
  // Lower after upper: ß/SS, dotless i and final sigma fold alike whichever table a file system uses.
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

/**
 * Maps the names of one folder, in the same order. Names that are safe already keep theirs and win over those that
 * only become alike by cleaning; among equals the first stays and the others get ` (2)`, ` (3)`, …
 */
export function safeFolder(names: readonly string[]): string[] {
  const cleaned = names.map(cleanName)
  const taken = new Set<string>()
  const result: (string | undefined)[] = names.map((name, index) => {
    const clean = cleaned[index] ?? '_'
    return clean === name ? claim(taken, clean) : undefined
  })
  return result.map((name, index) => name ?? claimNumbered(taken, cleaned[index] ?? '_'))
}

function claim(taken: Set<string>, name: string): string | undefined {
  const folded = foldName(name)
  if (taken.has(folded)) return undefined
  taken.add(folded)
  return name
}

function claimNumbered(taken: Set<string>, name: string): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : nameWithSuffix(name, ` (${number})`)
    const claimed = claim(taken, candidate)
    if (claimed !== undefined) return claimed
  }
}

interface Tree {
  /** By original name; a file and a folder of one name are kept apart, since one of them has to give way. */
  readonly folders: Map<string, Tree>
  readonly files: Set<string>
  safe: { readonly folders: Map<string, string>; readonly files: Map<string, string> } | undefined
}

const longPathsFolder = '_long paths'

/**
 * Safe paths for the files of one version (names from its root down), in the same order, "/" between names. Files whose
 * path would be over `pathBytesMax` go to a folder `_long paths`, numbered. Equal paths give equal results.
 */
export function safePaths(paths: readonly (readonly string[])[]): string[] {
  const root = emptyTree()
  for (const path of paths) addPath(root, path)
  const long = freeName(root, longPathsFolder)
  return paths.map((path, index) => {
    const safe = resolvePath(root, path)
    if (byteLength(safe) <= pathBytesMax) return safe
    return `${long}/${nameWithSuffix(cleanName(path.at(-1) ?? '_'), ` (${index + 1})`)}`
  })
}

function emptyTree(): Tree {
  return { folders: new Map(), files: new Set(), safe: undefined }
}

function addPath(root: Tree, path: readonly string[]): void {
  let folder = root
  for (const name of path.slice(0, -1)) {
    let child = folder.folders.get(name)
    if (child === undefined) {
      child = emptyTree()
      folder.folders.set(name, child)
    }
    folder = child
  }
  folder.files.add(path.at(-1) ?? '')
}

function resolvePath(root: Tree, path: readonly string[]): string {
  let folder: Tree | undefined = root
  const safe: string[] = []
  path.forEach((name, depth) => {
    if (folder === undefined) return
    const names = safeNamesOf(folder)
    const mapped = depth === path.length - 1 ? names.files.get(name) : names.folders.get(name)
    safe.push(mapped ?? '_')
    folder = folder.folders.get(name)
  })
  return safe.join('/')
}

function safeNamesOf(folder: Tree): { readonly folders: Map<string, string>; readonly files: Map<string, string> } {
  if (folder.safe === undefined) {
    const folders = [...folder.folders.keys()]
    const files = [...folder.files]
    const mapped = safeFolder([...folders, ...files])
    folder.safe = {
      folders: new Map(folders.map((name, index) => [name, mapped[index] ?? '_'])),
      files: new Map(files.map((name, index) => [name, mapped[folders.length + index] ?? '_'])),
    }
  }
  return folder.safe
}

function freeName(root: Tree, name: string): string {
  const names = safeNamesOf(root)
  const taken = new Set([...names.folders.values(), ...names.files.values()].map(foldName))
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
