// Files that gets write into, kept open between blocks, at most so many at once. A file that is in use is never closed.

import type { Disk } from './disk.ts'
import { openFilesMax } from './limits.ts'

export interface OpenFiles {
  /** Runs `work` with the file open for writing; makes the file when it is missing. */
  use<Result>(path: string, work: (descriptor: number) => Promise<Result>): Promise<Result>
  /** Closes those that lie at or below `folder` as soon as nobody uses them. */
  closeBelow(folder: string): void
}

interface OpenFile {
  readonly descriptor: number
  users: number
  closing: boolean
}

/** Whether a path leads to a folder or into it; on Windows too. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`) || path.startsWith(`${folder}\\`)
}

export function createOpenFiles(disk: Pick<Disk, 'open' | 'close'>): OpenFiles {
  // In the order of last use.
  const files = new Map<string, OpenFile>()

  const closeIfIdle = (path: string, file: OpenFile) => {
    if (file.users > 0) return
    if (files.get(path) === file) files.delete(path)
    disk.close(file.descriptor)
  }
  const makeRoom = () => {
    for (const [path, file] of files) {
      if (files.size < openFilesMax) return
      closeIfIdle(path, file)
    }
  }
  const acquire = (path: string): OpenFile => {
    const known = files.get(path)
    if (known !== undefined) {
      files.delete(path)
      files.set(path, known)
      return known
    }
    makeRoom()
    const file: OpenFile = { descriptor: disk.open(path), users: 0, closing: false }
    files.set(path, file)
    return file
  }
  return {
    async use(path, work) {
      const file = acquire(path)
      file.users += 1
      try {
        return await work(file.descriptor)
      } finally {
        file.users -= 1
        if (file.closing) closeIfIdle(path, file)
      }
    },
    closeBelow(folder) {
      for (const [path, file] of [...files]) {
        if (!isAtOrBelow(path, folder)) continue
        file.closing = true
        files.delete(path)
        closeIfIdle(path, file)
      }
    },
  }
}
