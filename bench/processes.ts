// Child processes of a benchmark: started, measured through /proc, stopped for certain.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const ticksPerSecond = 100 // USER_HZ, which Linux fixes for /proc/<pid>/stat

/** What a process has used since it started. */
export interface Usage {
  readonly cpuSeconds: number
  readonly memoryMaxBytes: number
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
// Else they would outlive a benchmark that is ended from outside.
process.once('SIGTERM', () => process.exit(1))

export function start(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.stderr?.resume()
  return child
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), 3000)
  await exited
  clearTimeout(killer)
}

/** The lines that a process prints, as they come. */
export async function* lines(child: ChildProcess): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of child.stdout ?? []) {
    const parts = (rest + String(chunk)).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}

/** CPU and peak memory of a process and its children. */
export function usage(pid: number): Usage {
  let cpuTicks = 0
  let memoryMaxBytes = 0
  for (const id of family(pid)) {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    cpuTicks += Number(stat[11]) + Number(stat[12])
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))
    memoryMaxBytes += Number(peak?.[1] ?? 0) * 1024
  }
  return { cpuSeconds: cpuTicks / ticksPerSecond, memoryMaxBytes }
}

function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return [pid, ...children.flatMap((child) => family(Number(child)))]
}

export function difference(after: Usage, before: Usage): Usage {
  return { cpuSeconds: after.cpuSeconds - before.cpuSeconds, memoryMaxBytes: after.memoryMaxBytes }
}

/** Polls until `ready` gives something; so seldom that the asking does not weigh on whoever is asked. */
export async function until<Result>(
  what: string,
  ready: () => Promise<Result | undefined> | Result | undefined,
  options: { everyMs?: number; timeoutMs?: number } = {},
): Promise<Result> {
  const deadlineMs = performance.now() + (options.timeoutMs ?? 120_000)
  for (;;) {
    const result = await ready()
    if (result !== undefined) return result
    if (performance.now() > deadlineMs) throw new Error(`gave up waiting: ${what}`)
    await wait(options.everyMs ?? 50)
  }
}

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

/** Number of files below a folder and the sum of their sizes. */
export function sizeOf(folder: string): { files: number; bytes: number } {
  let files = 0
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    files += 1
    bytes += statSync(join(entry.parentPath, entry.name)).size
  }
  return { files, bytes }
}
