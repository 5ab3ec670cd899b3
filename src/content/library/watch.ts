// Watches the folders of a share for changes, one system watcher a folder, within a budget that all shares have together.
// Where the budget or the system's own limit ends, the share is looked at from time to time instead.

import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Cancel, Clock } from '../../base/ports.ts'
import { pollMs, watchersMax } from './limits.ts'

export type Watching = 'events' | 'polling'

/** The watchers of one share. A scan renews them: `begin`, `add` for each folder before it is listed, `end`. */
export interface ShareWatch {
  readonly watching: Watching
  begin(): void
  add(folder: string): void
  /** Lets go of folders that were not added since `begin`. */
  end(): void
  close(): void
}

export interface WatchBudget {
  left: number
}

export function createWatchBudget(): WatchBudget {
  return { left: watchersMax }
}

/** `onChange` may be called often and for nothing; whoever listens looks and decides. */
export function watchShare(
  parts: { readonly clock: Clock; readonly budget: WatchBudget },
  path: string,
  onChange: () => void,
): ShareWatch {
  const watchers = new Map<string, FSWatcher>()
  let added = new Set<string>()
  let complete = true
  let cancelPoll: Cancel = () => {}

  const drop = (folder: string) => {
    const watcher = watchers.get(folder)
    if (watcher === undefined) return
    watchers.delete(folder)
    parts.budget.left += 1
    watcher.close()
  }
  const open = (folder: string, onlyName: string | undefined) => {
    if (watchers.has(folder)) return
    const watcher = parts.budget.left > 0 ? openWatcher(folder, onlyName, onChange, () => drop(folder)) : undefined
    if (watcher === undefined) {
      complete = false
      return
    }
    parts.budget.left -= 1
    watchers.set(folder, watcher)
  }
  const poll = () => {
    cancelPoll()
    if (complete) return
    cancelPoll = parts.clock.after(pollMs, () => {
      onChange()
      poll()
    })
  }
  return {
    get watching() {
      return complete ? 'events' : 'polling'
    },
    begin() {
      complete = true
      added = new Set()
      // A file is watched through its folder, since editors replace files; so are coming and going of the path itself.
      added.add(dirname(path))
      open(dirname(path), basename(path))
    },
    add(folder) {
      added.add(folder)
      open(folder, undefined)
    },
    end() {
      for (const folder of [...watchers.keys()]) if (!added.has(folder)) drop(folder)
      poll()
    },
    close() {
      cancelPoll()
      for (const folder of [...watchers.keys()]) drop(folder)
    },
  }
}

/** Undefined when the system has no watcher left, or the folder can't be watched. */
function openWatcher(
  folder: string,
  onlyName: string | undefined,
  onChange: () => void,
  onGone: () => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (onlyName === undefined || name === null || name === onlyName) onChange()
    })
    watcher.on('error', () => {
      onGone()
      onChange()
    })
    return watcher
  } catch {
    return undefined
  }
}
