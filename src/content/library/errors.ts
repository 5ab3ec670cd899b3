// Everything that can go wrong between a share and a disk, with what to do about it.

import { defineErrors, type PeerhoodError } from '../../base/errors.ts'

export const libraryErrors = defineErrors({
  path_not_found: { kind: 'not-found', hint: 'Check the path; it has to exist on this computer.' },
  path_not_shareable: { kind: 'usage', hint: 'Share a regular file or a folder.' },
  path_unreadable: { kind: 'local', hint: 'Check the permissions of the file or folder.' },
  path_changing: { kind: 'local', hint: 'Peerhood looks again once the file is left alone.' },
  path_vanished: { kind: 'local', hint: 'Put it back where it was, or stop sharing it with `peerhood unshare`.' },
  share_too_large: { kind: 'usage', hint: 'Share its subfolders one by one.' },
  share_unknown: { kind: 'not-found', hint: 'See `peerhood shares` for what this computer has.' },
  shares_too_many: { kind: 'usage', hint: 'Stop sharing something first.' },
  block_not_here: { kind: 'not-found', hint: 'Ask another peer for it.' },
  block_changed: { kind: 'local', hint: 'The file is no longer what was shared; a new version follows.' },
  block_not_wanted: { kind: 'refused', hint: 'It lies outside what was asked for.' },
  record_outdated: { kind: 'refused', hint: 'A newer version is known already; ask again.' },
  link_cannot_read: { kind: 'usage', hint: 'Use `peerhood keep` with this link, or ask for the full link.' },
  only_malformed: { kind: 'usage', hint: 'Give a pattern as in .gitignore, such as "*.pdf" or "photos/".' },
  only_matches_nothing: { kind: 'usage', hint: 'Check the pattern; `peerhood get` without --only takes everything.' },
  get_not_finished: { kind: 'conflict', hint: 'Wait until all blocks are here.' },
  get_elsewhere: { kind: 'conflict', hint: 'Wait for the other get of this share into this folder, or cancel it.' },
  folder_missing: { kind: 'local', hint: 'Make the folder first, or choose another with --to.' },
  folder_not_folder: { kind: 'local', hint: 'Choose a folder with --to.' },
  folder_read_only: { kind: 'local', hint: 'Choose a folder that you may write to, with --to.' },
  disk_full: { kind: 'local', hint: 'Free some space or choose another disk with --to; the get goes on from here.' },
  disk_failed: { kind: 'local', hint: 'Check the disk; `peerhood doctor` tells more.' },
})

/** Why one entry of a folder was left out of a share. */
export type SkipCode =
  | 'symlink'
  | 'special_file'
  | 'unreadable'
  | 'name_not_text'
  | 'changing'
  | 'too_deep'
  | 'vanished'
  | 'working_folder'
  | 'own_data'

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const readOnlyCodes = new Set(['EROFS', 'EACCES', 'EPERM'])

/** The `code` of a system error (`ENOENT`, …), if it is one. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return error instanceof Error && typeof code === 'string' ? code : undefined
}

/** What a failed write to `path` means for a person. */
export function writeError(error: unknown, path: string): PeerhoodError {
  const code = systemCode(error) ?? ''
  const extras = { cause: error, details: { path, code } }
  if (fullCodes.has(code)) return libraryErrors.disk_full(`There is no room left for ${path}.`, extras)
  if (readOnlyCodes.has(code)) return libraryErrors.folder_read_only(`${path} can't be written to.`, extras)
  if (code === 'ENOENT') return libraryErrors.folder_missing(`The folder of ${path} is gone.`, extras)
  return libraryErrors.disk_failed(`Writing ${path} failed${code === '' ? '' : ` (${code})`}.`, extras)
}

/** What a failed write to the database means. Result codes: https://sqlite.org/rescode.html */
export function databaseError(error: unknown): PeerhoodError {
  const result = (error as { errcode?: unknown } | undefined)?.errcode
  const extras = { cause: error, details: { errcode: result ?? null } }
  if (result === 13) return libraryErrors.disk_full('There is no room left for Peerhood’s own data.', extras)
  return libraryErrors.disk_failed('Peerhood’s own data could not be written.', extras)
}
