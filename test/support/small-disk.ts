// A disk of a few MiB that only one process sees: a tmpfs in a mount namespace of its own, which is gone when the process
// is. Linux only, and only where the system lets this user have one.

import { spawnSync } from 'node:child_process'

export interface SmallDisk {
  /** For `PeerOptions.within`: the daemon then has the disk at `folder`. */
  readonly within: readonly string[]
  /** The folder as other processes reach it while the daemon runs. */
  seenBy(pid: number | undefined): string
}

/** Users' namespaces first: they ask for no rights. */
const namespaces: readonly (readonly string[])[] = [
  ['unshare', '-Urm'],
  ['unshare', '-m'],
]

/** `folder` is an empty one. Undefined where nothing can be mounted. */
export function smallDisk(folder: string, mebibytes: number): SmallDisk | undefined {
  if (process.platform !== 'linux') return undefined
  const mount = ['sh', '-c', `mount -t tmpfs -o size=${mebibytes}m tmpfs "$0" && exec "$@"`, folder]
  const found = namespaces.find(([command = '', ...args]) => {
    const tried = spawnSync(command, [...args, ...mount, 'true'], { stdio: 'ignore' })
    return tried.status === 0
  })
  if (found === undefined) return undefined
  return { within: [...found, ...mount], seenBy: (pid) => `/proc/${pid}/root${folder}` }
}
