// Walks a shared file or folder in a fixed order (names by their UTF-8 bytes, depth first) and says what it finds,
// including what it leaves out and why. Symlinks are never followed; ignore files are obeyed. Bounded: one listing per
// open level is in memory, entries and depth are limited.

import { type BigIntStats, type Dirent, lstatSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { compareBytes, utf8 } from '../../base/bytes.ts'
import { layoutEntriesMax, pathNamesMax } from '../format/limits.ts'
import { libraryErrors, type SkipCode, systemCode } from './errors.ts'
import { IgnoreRules, ignoreFileNames } from './ignore-rules.ts'
import { ignoreFileBytesMax } from './limits.ts'
import { isWorkingFolder } from './safe-names.ts'

export type WalkStep =
  | { readonly kind: 'enter'; readonly path: readonly string[]; readonly absolute: string }
  | { readonly kind: 'leave'; readonly path: readonly string[] }
  | { readonly kind: 'file'; readonly path: readonly string[]; readonly absolute: string }
  | { readonly kind: 'skipped'; readonly path: readonly string[]; readonly code: SkipCode }

export interface WalkOptions {
  readonly signal?: AbortSignal
  /** Called with each folder before it is listed, so that a watcher set up here misses no change. */
  readonly onFolder?: (absolute: string) => void
  /** A folder that is left out when it is met: Peerhood's own, with keys in it. */
  readonly exclude?: string
}

/** A folder whose listing is being gone through. */
interface OpenFolder {
  readonly path: readonly string[]
  readonly absolute: string
  readonly rules: IgnoreRules
  readonly listing: readonly Dirent[]
  next: number
}

/**
 * Steps of a walk over `root`: a file gives one step with an empty path, a folder starts with `enter` and ends with
 * `leave` of the empty path. Throws `path_vanished`, `path_not_shareable`, `path_unreadable`, `share_too_large`.
 */
export async function* walk(root: string, options: WalkOptions = {}): AsyncGenerator<WalkStep, void, undefined> {
  if (statRoot(root).isFile()) {
    yield { kind: 'file', path: [], absolute: root }
    return
  }
  let entries = 0
  // A stack of our own: generators inside generators pay for each level at each step.
  const open: OpenFolder[] = [await openRoot(root, options)]
  yield { kind: 'enter', path: [], absolute: root }
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const entry = folder.listing[folder.next++]
    if (entry === undefined) {
      open.pop()
      yield { kind: 'leave', path: folder.path }
      continue
    }
    const step = classify(entry, folder, options.exclude)
    if (step === undefined) continue
    if (++entries > layoutEntriesMax) {
      throw libraryErrors.share_too_large(`The folder has more than ${layoutEntriesMax} entries.`)
    }
    if (step.kind === 'enter') {
      const opened = await openFolder(step.absolute, step.path, folder.rules, options)
      if (typeof opened !== 'string') open.push(opened)
      yield typeof opened === 'string' ? { kind: 'skipped', path: step.path, code: opened } : step
    } else yield step
  }
}

/** What lies at a shared path; throws unless it is a regular file or a folder. */
export function statRoot(root: string): BigIntStats {
  const stats = lstatOrCode(root)
  if (typeof stats === 'string') {
    if (stats === 'vanished') throw libraryErrors.path_vanished(`${root} is not there any more.`)
    throw libraryErrors.path_unreadable(`${root} can't be read.`)
  }
  if (stats.isFile() || stats.isDirectory()) return stats
  if (stats.isSymbolicLink()) {
    throw libraryErrors.path_not_shareable(`${root} is a symbolic link.`, { hint: 'Share what the link points to.' })
  }
  throw libraryErrors.path_not_shareable(`${root} is neither a file nor a folder.`)
}

async function openRoot(root: string, options: WalkOptions): Promise<OpenFolder> {
  const opened = await openFolder(root, [], new IgnoreRules(), options)
  if (typeof opened === 'string') throw libraryErrors.path_unreadable(`${root} can't be listed.`)
  return opened
}

async function openFolder(
  absolute: string,
  path: readonly string[],
  inherited: IgnoreRules,
  { signal, onFolder }: WalkOptions,
): Promise<OpenFolder | Extract<SkipCode, 'unreadable' | 'vanished' | 'name_not_text'>> {
  signal?.throwIfAborted()
  onFolder?.(absolute)
  try {
    const listing = sortByBytes(await readdir(absolute, { withFileTypes: true }))
    const rules = inherited.within(path, await readIgnoreFiles(absolute, listing))
    return { path, absolute, rules, listing, next: 0 }
  } catch (error) {
    return missingCode(path, systemCode(error) === 'ENOENT' ? 'vanished' : 'unreadable')
  }
}

/** A name that is no valid UTF-8 comes back with U+FFFD in it, and then names nothing. */
export function missingCode<Code extends SkipCode>(path: readonly string[], code: Code): Code | 'name_not_text' {
  return code === 'vanished' && path.at(-1)?.includes('\ufffd') === true ? 'name_not_text' : code
}

/** Undefined: ignored. The kind is the listing's; whoever opens a file finds out if that was changed meanwhile. */
function classify(entry: Dirent, folder: OpenFolder, exclude: string | undefined): WalkStep | undefined {
  const path = [...folder.path, entry.name]
  const skipped = (code: SkipCode): WalkStep => ({ kind: 'skipped', path, code })
  if (folder.rules.ignores(path, entry.isDirectory())) return undefined
  if (isWorkingFolder(entry.name)) return skipped('working_folder')
  const absolute = join(folder.absolute, entry.name)
  if (absolute === exclude) return skipped('own_data')
  if (entry.isFile()) return { kind: 'file', path, absolute }
  if (entry.isSymbolicLink()) return skipped('symlink')
  if (!entry.isDirectory()) return skipped('special_file')
  return path.length >= pathNamesMax ? skipped('too_deep') : { kind: 'enter', path, absolute }
}

function lstatOrCode(path: string): BigIntStats | 'vanished' | 'unreadable' {
  try {
    return lstatSync(path, { bigint: true })
  } catch (error) {
    const code = systemCode(error)
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'vanished' : 'unreadable'
  }
}

const plainAscii = /^[\x20-\x7e]*$/

/** Sorts by UTF-8 bytes; for ASCII that is the order of JavaScript's strings. */
function sortByBytes(entries: Dirent[]): Dirent[] {
  if (entries.every(({ name }) => plainAscii.test(name))) {
    return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }
  return entries
    .map((entry) => ({ entry, key: utf8(entry.name) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ entry }) => entry)
}

async function readIgnoreFiles(folder: string, listing: readonly Dirent[]): Promise<string[]> {
  const texts: string[] = []
  for (const name of ignoreFileNames) {
    const entry = listing.find((candidate) => candidate.name === name)
    if (entry?.isFile()) texts.push(await readIgnoreFile(join(folder, name)))
  }
  return texts
}

/** The first `ignoreFileBytesMax` bytes; unreadable ones have no rules, as for git. */
async function readIgnoreFile(path: string): Promise<string> {
  try {
    await using handle = await open(path, 'r')
    const buffer = Buffer.alloc(ignoreFileBytesMax)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch {
    return ''
  }
}
