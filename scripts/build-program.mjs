// Makes few large files of the program and of the packages that it uses, in a folder of dist/ that is called after what is in it;
// bin/built.mjs says why. Says nothing when nothing changed.

import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtProgram, recordFile } from '../bin/built.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What runs by itself: the command line, which the daemon is a command of, threads, and a process. */
const entries = [
  'cli/main',
  'content/worker/thread',
  'ledger/source/compiler-process',
  'log/verify-thread',
  'node/ledger-thread',
  'node/reading-thread',
]

async function buildProgram() {
  const { rolldown } = await import('rolldown')
  const startedMs = Date.now()
  const build = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, join(root, 'src', `${entry}.ts`)])),
    platform: 'node',
    plugins: [httpAlone],
    logLevel: 'warn',
  })
  // Shared code lies beside the entries' folders, where src/program/program.ts looks for them.
  const { output } = await build.generate({ entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' })
  await build.close()
  const chunks = output.filter((one) => one.type === 'chunk')
  const inputs = inputsOf(chunks)
  // What changed meanwhile may be half in it: the source runs, and the next time builds.
  if (inputs.some(([, , changedMs]) => changedMs >= startedMs)) return
  const before = readFolder()
  const folder = `program-${hashOf(chunks)}`
  if (folder !== before) write(folder, chunks)
  const record = join(root, recordFile)
  writeFileSync(`${record}.new`, JSON.stringify({ folder, inputs }))
  renameSync(`${record}.new`, record)
  removeOthers(folder, before)
  process.stdout.write(`The program is built (${((Date.now() - startedMs) / 1000).toFixed(1)} s).\n`)
}

/** An import of `node:http` asks for all that it exports, also for what loads undici: an eighth of a daemon's start. */
const httpAlone = {
  name: 'http-alone',
  resolveId: (id) => (/^(?:node:)?http$/.test(id) ? 'http-alone' : undefined),
  load: (id) => (id === 'http-alone' ? httpModule() : undefined),
}

function httpModule() {
  const names = Object.keys(http).filter((name) => !['WebSocket', 'CloseEvent', 'MessageEvent'].includes(name))
  return `const http = process.getBuiltinModule('node:http')\nexport default http\nexport const { ${names.join(', ')} } = http\n`
}

/** The packages by npm's own list of them: none changes without it. */
function inputsOf(chunks) {
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds.map((id) => relative(root, id)))
  const sources = modules.filter((path) => path.startsWith(`src${sep}`))
  const paths = ['node_modules/.package-lock.json', 'scripts/build-program.mjs', ...new Set(sources)]
  return paths.map((path) => {
    const { size, mtimeMs } = statSync(join(root, path))
    return [path, size, mtimeMs]
  })
}

function hashOf(chunks) {
  const hash = createHash('sha256')
  for (const { fileName, code } of chunks) hash.update(`${fileName}\0${code}\0`)
  return hash.digest('hex').slice(0, 12)
}

function write(folder, chunks) {
  for (const { fileName, code } of chunks) {
    const path = join(root, 'dist', folder, fileName)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, code)
  }
}

function readFolder() {
  try {
    return JSON.parse(readFileSync(join(root, recordFile), 'utf8')).folder
  } catch {
    return undefined
  }
}

/** A daemon that runs since the last time still loads from that folder what it needs late. */
function removeOthers(folder, before) {
  for (const name of readdirSync(join(root, 'dist'))) {
    if (!name.startsWith('program-') || name === folder || name === before) continue
    rmSync(join(root, 'dist', name), { recursive: true })
  }
}

if (builtProgram(root) === undefined) await buildProgram()
