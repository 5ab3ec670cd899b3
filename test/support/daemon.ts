// Real daemons as child processes, each with a temporary data folder of its own, for several-process tests and the demo.
// `startPeer` resolves when the daemon is ready; `peers.stop()` ends every process and deletes every folder.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createPeerhood, type Peerhood } from '../../src/sdk/client.ts'

/** What `peerhood` is in a checkout. */
export const program = fileURLToPath(new URL('../../bin/peerhood.mjs', import.meta.url))

/** How long a daemon may take to be ready, in ms: a second here, many on a busy machine that never started one before. */
const readyMsMax = 60_000

interface PeerOptions {
  /** Default: a new temporary folder, deleted at the end. */
  readonly home?: string
  /** More arguments for `peerhood start`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A command that runs the daemon's own as its last arguments, in the same process. */
  readonly within?: readonly string[]
}

export interface Peer {
  readonly home: string
  readonly process: ChildProcess
  readonly api: string
  readonly token: string
  /** What its page and commands confirm with. */
  readonly confirmKey: string
  readonly peerId: string
  readonly addresses: readonly string[]
  /** Acts as the person does. */
  readonly client: Peerhood
  /** Ends it in order and waits; resolves with the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>
  /** Runs a command against this peer. */
  run(...args: readonly string[]): Promise<CommandResult>
  /** The same, not awaited: to signal it or to read along. */
  spawn(...args: readonly string[]): RunningCommand
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface RunningCommand {
  readonly process: ChildProcess
  readonly done: Promise<CommandResult>
}

export interface Peers {
  /** A temporary folder that goes with the peers. */
  folder(): string
  start(options?: PeerOptions): Promise<Peer>
  /** Starts a stopped or killed peer again on its folder. */
  restart(peer: Peer, options?: PeerOptions): Promise<Peer>
  stop(): Promise<void>
}

export function createPeers(): Peers {
  const folders: string[] = []
  const running = new Set<ChildProcess>()
  // Whatever happens to the tests, no daemon outlives them.
  const killAll = () => {
    for (const child of running) child.kill('SIGKILL')
  }
  process.on('exit', killAll)

  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'peerhood-test-'))
    folders.push(path)
    return path
  }
  const start = async (options: PeerOptions = {}) => {
    const peer = await startPeer({ ...options, home: options.home ?? folder() }, running)
    return peer
  }
  return {
    folder,
    start,
    restart: (peer, options) => start({ ...options, home: peer.home }),
    async stop() {
      await Promise.all([...running].map((child) => endProcess(child)))
      process.off('exit', killAll)
      for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function startPeer(options: PeerOptions & { home: string }, running: Set<ChildProcess>): Promise<Peer> {
  const { home } = options
  const env = { ...process.env, ...options.env, PEERHOOD_HOME: home }
  const args = [program, 'start', '--json', '--port', '0', ...(options.args ?? defaultArgs)]
  const [command = process.execPath, ...before] = [...(options.within ?? []), process.execPath]
  const child = track(spawn(command, [...before, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }), running)
  const ready = await readReady(child)
  const confirmKey = readFileSync(join(home, 'confirm-key'), 'utf8').trim()
  const client = createPeerhood({ url: ready.api, token: ready.token, confirmKey })
  const spawnCommand = (...commandArgs: readonly string[]) => runCommand(commandArgs, env, { running })
  return {
    home,
    process: child,
    ...ready,
    confirmKey,
    client,
    spawn: spawnCommand,
    run: (...commandArgs) => spawnCommand(...commandArgs).done,
    stop: () => endProcess(child),
    kill: async () => {
      await endProcess(child, 'SIGKILL')
    },
  }
}

/** Loopback only and no help from the network around the machine: what tests need, and nothing outside is touched. */
export const defaultArgs: readonly string[] = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-upnp']

interface CommandOptions {
  readonly running?: Set<ChildProcess>
  /** Default: the Node that runs this. */
  readonly node?: string
}

/** Runs a command of the program in the given environment. */
export function runCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { running = new Set(), node = process.execPath }: CommandOptions = {},
): RunningCommand {
  const child = spawn(node, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  track(child, running)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk)
  })
  const done = new Promise<CommandResult>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { process: child, done }
}

interface Ready {
  readonly api: string
  readonly token: string
  readonly peerId: string
  readonly addresses: readonly string[]
}

/** The one line that `peerhood start --json` prints. */
function readReady(child: ChildProcess): Promise<Ready> {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('the daemon has no pipes')
  let complaints = ''
  stderr.on('data', (chunk) => {
    complaints = (complaints + String(chunk)).slice(-4_000)
  })
  return new Promise((resolve, reject) => {
    const fail = (what: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`${what}: ${complaints}`))
    }
    const timer = setTimeout(() => fail('the daemon was not ready in time'), readyMsMax)
    child.once('exit', (code) => fail(`the daemon ended with ${code}`))
    const lines = createInterface({ input: stdout })
    lines.once('line', (line) => {
      clearTimeout(timer)
      const ready = JSON.parse(line)
      if (ready.event === 'error') fail(line)
      else resolve(ready)
      lines.close()
      stdout.resume()
    })
  })
}

function track<Child extends ChildProcess>(child: Child, running: Set<ChildProcess>): Child {
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill(signal)
  const killer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  const code = await ended
  clearTimeout(killer)
  return code
}
