// Runs a compiler: the one that Peerhood brings along, or a `soljson.js` that a person gives the path of. Nothing is downloaded.
// Each runs in a process of its own that may read no file, for a limited time, with limited memory and a limited answer; one at a
// time, at low priority. Nothing of it is loaded or running before somebody asks.

import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { constants, setPriority } from 'node:os'
import { isAbsolute } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../base/ports.ts'
import { createTurns } from '../../base/turns.ts'
import { programFile } from '../../program/program.ts'
import { sourceErrors } from './errors.ts'
import {
  compilerBytesMax,
  compilerHeapMb,
  compilerOutputBytesMax,
  compilerPagesMax,
  compilesWaitingMax,
  compileTimeoutMs,
} from './limits.ts'

export interface Compiled {
  /** As the compiler says it: `0.8.37+commit.f401782d`. */
  readonly version: string
  /** SHA-256 of its file, in hex. */
  readonly sha256: string
  readonly output: string
}

export interface Compiler {
  /** `0.8.37`: the one that is here. */
  readonly version: string
  /**
   * `file`: the path of another. Throws `source_compiler_unusable`, `source_compiler_stopped`, `source_busy`.
   */
  compile(input: string, file: string | undefined): Promise<Compiled>
  /** Kills what runs; nothing is compiled afterwards. */
  stop(): void
}

export function createCompiler({ clock }: { readonly clock: Clock }): Compiler {
  const require = createRequire(import.meta.url)
  const turns = createTurns(1)
  const running = new Set<ChildProcess>()
  let [waiting, isStopped] = [0, false]
  return {
    version: String(require('solc/package.json').version),
    async compile(input, file) {
      if (waiting > compilesWaitingMax) throw sourceErrors.source_busy(`${waiting} sources are being compiled already.`)
      waiting += 1
      try {
        return await turns(async () => {
          if (isStopped) throw sourceErrors.source_compiler_stopped('Peerhood stops, and compiles nothing more.')
          const compiler = await readCompiler(file ?? require.resolve('solc/soljson.js'))
          const answer = await runCompiler(compiler, input, { clock, running })
          const sha256 = createHash('sha256').update(compiler).digest('hex')
          return { ...answer, sha256 }
        })
      } finally {
        waiting -= 1
      }
    },
    stop() {
      isStopped = true
      for (const child of running) child.kill('SIGKILL')
    },
  }
}

async function readCompiler(path: string): Promise<Buffer> {
  if (!isAbsolute(path)) throw unusable('Its path is not a whole one')
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    if (size <= compilerBytesMax) return await file.readFile()
  } catch (cause) {
    throw unusable('Its file can’t be read', cause)
  }
  throw unusable(`Its file is larger than ${compilerBytesMax / 1024 ** 2} MiB`)
}

/** Of this program's file and of nothing else. */
function startProcess() {
  const path = fileURLToPath(programFile('ledger/source/compiler-process'))
  const flags = [
    ...['--permission', `--allow-fs-read=${path}`],
    ...[`--wasm-max-mem-pages=${compilerPagesMax}`, `--max-old-space-size=${compilerHeapMb}`],
    '--no-warnings',
  ]
  const child = spawn(process.execPath, [...flags, path, String(2 * compileTimeoutMs)], {
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  })
  if (child.pid !== undefined) lower(child.pid)
  return child
}

function lower(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended already; what became of it says its exit.
  }
}

function runCompiler(
  compiler: Uint8Array,
  input: string,
  { clock, running }: { readonly clock: Clock; readonly running: Set<ChildProcess> },
): Promise<{ readonly version: string; readonly output: string }> {
  const child = startProcess()
  running.add(child)
  return new Promise((resolve, reject) => {
    let why: string | undefined
    const chunks: Uint8Array[] = []
    let bytes = 0
    const end = (reason: string) => {
      why ??= reason
      child.kill('SIGKILL')
    }
    const cancel = clock.after(compileTimeoutMs, () => end(`took longer than ${compileTimeoutMs / 1000} seconds`))
    child.stdout.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes > compilerOutputBytesMax) end('said too much')
    })
    child.on('error', (cause) => {
      running.delete(child)
      cancel()
      reject(sourceErrors.source_compiler_stopped('The compiler could not be started.', { cause }))
    })
    child.on('close', (code, signal) => {
      running.delete(child)
      cancel()
      if (why !== undefined) return reject(sourceErrors.source_compiler_stopped(`The compiler ${why} and was stopped.`))
      if (signal !== null) return reject(outOfMemory())
      if (code !== 0) return reject(unusable('It ended without an answer, or it is no compiler'))
      const [version = '', ...lines] = new TextDecoder().decode(Buffer.concat(chunks)).split('\n')
      resolve({ version: version.split('.Emscripten')[0] ?? '', output: lines.join('\n') })
    })
    // Its end says more than what could not be written to it.
    child.stdin.on('error', () => undefined)
    const head = Buffer.alloc(4)
    head.writeUInt32BE(compiler.length)
    child.stdin.end(Buffer.concat([head, compiler, Buffer.from(input)]))
  })
}

const outOfMemory = () =>
  sourceErrors.source_compiler_stopped(
    `The compiler ended by itself: it may have needed more than ${compilerPagesMax / 16} MiB of memory.`,
  )
const unusable = (why: string, cause?: unknown) =>
  sourceErrors.source_compiler_unusable(`This compiler can’t be used: ${why.charAt(0).toLowerCase()}${why.slice(1)}.`, {
    cause,
  })
