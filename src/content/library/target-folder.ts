// The folder that a get writes into: whether it can, and which name in it is free.

import { lstatSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Disk } from './disk.ts'
import { libraryErrors, systemCode, writeError } from './errors.ts'
import { nameTriesMax } from './limits.ts'
import { foldName, nameWithSuffix } from './safe-names.ts'

/**
 * Makes sure that one can write into `folder`; makes it when only its last part is missing. Throws `folder_missing`,
 * `folder_not_folder`, `folder_read_only`.
 */
export async function prepareTarget(disk: Disk, folder: string): Promise<void> {
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (stats === undefined) await makeTarget(folder)
  else if (!stats.isDirectory()) throw libraryErrors.folder_not_folder(`${folder} is not a folder.`)
  if (!(await disk.isWritable(folder))) throw libraryErrors.folder_read_only(`${folder} can't be written to.`)
}

async function makeTarget(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw libraryErrors.folder_missing(`${folder} does not exist.`)
    throw writeError(error, folder)
  }
}

/** `path`, or `name (2)`, `name (3)`, … beside it: the first that is neither on disk nor `taken`. */
export function freePath(path: string, isTaken: (path: string) => boolean): string {
  for (let number = 1; number <= nameTriesMax; number++) {
    const name = number === 1 ? basename(path) : nameWithSuffix(basename(path), ` (${number})`)
    const candidate = join(dirname(path), name)
    if (!isTaken(candidate) && lstatSync(candidate, { throwIfNoEntry: false }) === undefined) return candidate
  }
  throw libraryErrors.disk_failed(`There is no free name for ${path}.`)
}

/** Compares paths as a file system that ignores case would. */
export function isSamePath(a: string, b: string): boolean {
  return dirname(a) === dirname(b) && foldName(basename(a)) === foldName(basename(b))
}
