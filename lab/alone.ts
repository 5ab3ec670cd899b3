// Runs the lab in namespaces of its own: network, mounts, processes. Whatever it makes (namespaces, rules, daemons, their
// folders) exists in there only and is gone when its first process is, however that ends, so there is nothing to clean up
// after a run that was killed.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const mark = 'PEERHOOD_LAB'
/** Names of namespaces and all folders are below /run, of the lab's own. */
const setUp = 'mount -t tmpfs none /run && ip link set lo up'

// Where nft, ip and tc are on systems that keep them out of users' search paths.
process.env.PATH += ':/usr/sbin:/sbin'

/** Whether this process is the one inside. */
export const isInside = process.env[mark] !== undefined

/** Root has the right to; others where their system lets users have namespaces. */
function unshareArgs(...command: readonly string[]): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const own = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child']
  return [...user, ...own, 'sh', '-c', `set -e\n${setUp}\nexec "$@"`, 'sh', ...command]
}

/** Why the lab can't run here, in a sentence; undefined when it can. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux') return 'The lab needs Linux: it is made of network namespaces.'
  const tried = spawnSync('unshare', unshareArgs('nft', 'list', 'tables'), { encoding: 'utf8' })
  const missing = ['nft', 'python3'].find((program) => spawnSync(program, ['--version']).status !== 0)
  if (missing !== undefined) return `The lab needs ${missing}: \`scripts/install-test-tools.sh\` installs it on Debian.`
  if (tried.status === 0) return undefined
  return `The lab needs root, or a system that lets users have network namespaces: ${tried.stderr.trim()}`
}

/** Runs the file in there and resolves with its exit code. What is inside ends with this process, too. */
export async function runInside(file: string, args: readonly string[], { keep }: { keep: boolean }): Promise<number> {
  const child = spawn('unshare', unshareArgs(process.execPath, file, ...args), {
    env: { ...process.env, [mark]: '1' },
    stdio: ['pipe', 'inherit', 'inherit'],
    // Ctrl-C reaches this process, which asks the one inside to end by closing its input.
    detached: true,
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.stdin.end())
  child.stdin.on('error', () => {})
  if (keep) tellWayIn(child.pid ?? 0)
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))
}

/** The first process inside is the child of the `unshare` that made the namespaces. */
function tellWayIn(pid: number): void {
  const children = `/proc/${pid}/task/${pid}/children`
  const timer = setInterval(() => {
    const [first] = existsSync(children) ? readFileSync(children, 'utf8').trim().split(' ') : []
    if (first === undefined || first === '') return
    clearInterval(timer)
    console.log(`To look around, as root: nsenter --target ${first} --net --mount --pid, then: ip netns`)
  }, 100)
}

/** Inside: aborts when the process outside wants the end, or is gone. */
export function endOfLab(): AbortSignal {
  const controller = new AbortController()
  process.stdin.on('close', () => controller.abort()).resume()
  return controller.signal
}
