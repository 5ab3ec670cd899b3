// `peerhood.log` in the data folder. Lines are written at once, so that the last ones before a crash are there; the file
// never grows past its bound: it becomes `peerhood.log.1` (whose former content goes) and starts anew.

import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import type { LogLevel } from '../base/ports.ts'
import type { LogSink } from './adapters.ts'

export interface LogFile extends LogSink {
  close(): void
}

/** Opens (or goes on with) the log at `path`. A disk that is full or gone costs log lines, never the daemon. */
export function openLogFile(path: string, level: LogLevel, bytesMax: number): LogFile {
  let file: { fd: number; bytes: number } | undefined = openFile(path)
  return {
    level,
    write(line) {
      if (file === undefined) return
      try {
        if (file.bytes + line.length > bytesMax) {
          closeSync(file.fd)
          file = undefined
          renameSync(path, `${path}.1`)
          file = openFile(path)
        }
        file.bytes += writeSync(file.fd, line)
      } catch {
        // Nowhere left to say it: the next line tries again.
      }
    },
    close() {
      if (file !== undefined) closeSync(file.fd)
      file = undefined
    },
  }
}

function openFile(path: string): { fd: number; bytes: number } {
  const fd = openSync(path, 'a', 0o600)
  return { fd, bytes: fstatSync(fd).size }
}
