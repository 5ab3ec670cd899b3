// `npm test`: finds every *.test.ts and runs them under node:test, ending in its summary.
// Arguments narrow it: `npm test -- src/content test/e2e`.

import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const places = process.argv.slice(2)
const roots = places.length > 0 ? places : ['src', 'test', 'lab', 'fuzz', 'soak', 'web/src']
const files = roots.flatMap((root) => (root.endsWith('.test.ts') ? [root] : globSync(`${root}/**/*.test.ts`))).sort()

// Two at a time: several-process and browser tests need cores of their own to keep their deadlines honest.
const runner = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2', '--test-timeout=300000', ...files],
  // Each file is a process of its own and needs the modules of many others: where bin/peerhood.mjs keeps them as well.
  { stdio: 'inherit', env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '../.cache/compile'), ...process.env } },
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal))
runner.on('exit', (code) => process.exit(code ?? 1))
