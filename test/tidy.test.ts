// What the linter can't hold: layers, purity, sizes, limits that are documented, links that lead somewhere.

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { limitsPage, readLimits } from '../scripts/limits-page.ts'

const root = join(import.meta.dirname, '..')
const sources = globSync('src/**/*.ts', { cwd: root })
const production = sources.filter((file) => !file.endsWith('.test.ts'))
const read = (file: string) => readFileSync(join(root, file), 'utf8')

/** What each folder of src/ may import besides itself (ARCHITECTURE.md, "Layers"). */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  program: [],
  identity: ['base'],
  network: ['base', 'identity'],
  content: ['base', 'identity', 'network', 'program'],
  transfer: ['base', 'identity', 'network', 'content'],
  copies: ['base', 'identity', 'network', 'content', 'transfer'],
  ipfs: ['base', 'identity', 'network', 'content', 'transfer'],
  log: ['base', 'identity', 'network', 'program'],
  community: ['base', 'identity', 'network', 'content', 'log'],
  ledger: ['base', 'identity', 'network', 'log', 'community', 'program'],
  apps: ['base', 'identity', 'network', 'content', 'transfer', 'log', 'community', 'ledger'],
  api: ['base'],
  sdk: ['base', 'api'],
  cli: ['base', 'program', 'sdk'],
  node: [
    'base',
    'program',
    'identity',
    'network',
    'content',
    'transfer',
    'copies',
    'ipfs',
    'log',
    'community',
    'ledger',
    'apps',
    'api',
    'sdk',
  ],
}
/** Pure parsing that a page needs to show what the API gives: the SDK hands it on. */
const handedOnBySdk: ReadonlySet<string> = new Set(['src/apps/chat/markdown-core.ts'])
/** The one command that runs the daemon in its own process. */
const startsTheDaemon = 'src/cli/commands/start.ts'

function imports(file: string): string[] {
  return [...read(file).matchAll(/(?:^|\n)\s*(?:import|export)[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
}

function folderOf(file: string): string {
  return relative('src', file).split('/')[0] ?? ''
}

test('layers import downwards only', () => {
  const wrong: string[] = []
  for (const file of production) {
    const from = folderOf(file)
    for (const specifier of imports(file).filter((name) => name.startsWith('.'))) {
      const to = folderOf(relative(root, resolve(root, dirname(file), specifier)))
      if (to === from || mayImport[from]?.includes(to)) continue
      if (file === startsTheDaemon && to === 'node') continue
      if (from === 'sdk' && handedOnBySdk.has(relative(root, resolve(root, dirname(file), specifier)))) continue
      wrong.push(`${file} imports ${specifier}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('apps know nothing of each other', () => {
  const wrong = production.filter((file) => {
    const [, app] = /^src\/apps\/([^/]+)\//.exec(file) ?? []
    const targets = imports(file).map((specifier) => relative(root, resolve(root, dirname(file), specifier)))
    return app !== undefined && targets.some((to) => to.startsWith('src/apps/') && !to.startsWith(`src/apps/${app}/`))
  })
  assert.deepEqual(wrong, [])
})

test('pure files read no clock, no randomness, no Node', () => {
  const pure = production.filter((file) => /^src\/(base|ledger\/consensus)\/|core\.ts$|wire\.ts$/.test(file))
  const wrong = pure.filter((file) => {
    const code = read(file).replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
    return imports(file).some((name) => name.startsWith('node:')) || /\bMath\.random\b|\bDate\.now\b/.test(code)
  })
  assert.deepEqual(wrong, [])
})

test('what runs in a browser imports nothing of Node', () => {
  const browser = production.filter((file) => /^src\/(base|sdk)\//.test(file))
  assert.deepEqual(
    browser.filter((file) => imports(file).some((name) => name.startsWith('node:'))),
    [],
  )
})

test('no file outgrows a reader', () => {
  const linesMax = 500
  const large = globSync('{src,test,bench,fuzz,lab,scripts,soak,web/src}/**/*.{ts,tsx}', { cwd: root })
    .map((file) => ({ file, lines: read(file).split('\n').length }))
    .filter(({ lines }) => lines > linesMax)
  assert.deepEqual(large, [])
})

test('every limit says why, and docs/limits.md lists it', () => {
  const limits = readLimits(root)
  assert.deepEqual(
    limits.filter((limit) => limit.reason === '').map((limit) => `${limit.file}: ${limit.name}`),
    [],
  )
  assert.equal(read('docs/limits.md'), limitsPage(limits), 'run: node scripts/limits-page.ts')
})

test('links in the documents lead somewhere', () => {
  const dead: string[] = []
  for (const file of globSync(['*.md', 'docs/**/*.md'], { cwd: root })) {
    for (const match of read(file).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)) {
      const target = join(root, dirname(file), match[1] ?? '')
      if (!existsSync(target)) dead.push(`${file}: ${match[1]}`)
    }
  }
  assert.deepEqual(dead, [])
})

test('documents and code name no path of the computer they were made on', () => {
  const files = globSync(
    '{*.md,docs/**/*.md,src/**/*.ts,bench/**/*.ts,fuzz/**/*.ts,lab/*,scripts/*,soak/*,web/src/**/*}',
    { cwd: root },
  )
  const needle = ['', 'work', ''].join('/')
  assert.deepEqual(
    files.filter((file) => /\.(ts|tsx|md|mjs|sh|css)$/.test(file) && read(file).includes(needle)),
    [],
  )
})
