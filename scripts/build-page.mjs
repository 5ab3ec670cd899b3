// Builds the page into dist/web when its sources changed since the last build, and says nothing when they did not.
// Run by `npm start`, `npm run demo` and before the tests.

import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stampFile = join(root, 'dist', 'web-stamp')
// The page is built from these; src/base, src/sdk and src/api are those of its imports that lie outside web/.
const sources = [
  'web/**/*',
  'src/base/*.ts',
  'src/sdk/*.ts',
  'src/api/*.ts',
  'package-lock.json',
  'scripts/build-page.mjs',
]

if (!existsSync(join(root, 'web', 'index.html'))) {
  process.stdout.write('There is no page to build (web/index.html is missing); going on without it.\n')
} else if (!isFresh()) {
  await buildPage()
}

function isFresh() {
  return (
    existsSync(join(root, 'dist', 'web', 'index.html')) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, 'utf8') === sourcesHash()
  )
}

async function buildPage() {
  // Taken before the build: what changes meanwhile is built next time.
  const hash = sourcesHash()
  const { build } = await import('vite')
  const startedMs = performance.now()
  await build({ root: join(root, 'web'), configFile: join(root, 'web', 'vite.config.ts'), logLevel: 'warn' })
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(stampFile, hash)
  process.stdout.write(`The page is built (${((performance.now() - startedMs) / 1000).toFixed(1)} s).\n`)
}

function sourcesHash() {
  const hash = createHash('sha256')
  const files = sources.flatMap((pattern) => globSync(pattern, { cwd: root, withFileTypes: true }))
  const paths = files.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  for (const path of paths.filter((path) => !path.endsWith('.test.ts')).sort()) {
    hash.update(`${path}\0`).update(readFileSync(path)).update('\0')
  }
  return hash.digest('hex')
}
