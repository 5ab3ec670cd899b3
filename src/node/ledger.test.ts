// What a daemon carries that has no ledger: nothing of one. Its idle memory is at its limit, and an EVM takes a hundred megabytes.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
/** What only a ledger needs. */
const heavy = /^(@ethereumjs\/|viem|ws$|secp256k1|tiny-secp256k1)/
const inside =
  /^src\/ledger\/(chain|consensus|evm|rpc|validator|wallet|client|source|thread\/run|proof\/(prove|check)|room|links|door)/

/** Files and packages that are loaded with `entry`: what is imported in full, not by type, and not by `import()`. */
function loadedWith(entry: string): ReadonlySet<string> {
  const seen = new Set<string>()
  const todo = [entry]
  for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
    if (seen.has(file)) continue
    seen.add(file)
    if (!file.startsWith('src/')) continue
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, what = '', from = ''] of text.matchAll(
      /^(?:import|export) (?:([\w*{}\s,$]+?) from )?'([^'\n]+)'/gm,
    )) {
      if (what.startsWith('type ') || onlyTypes(what)) continue
      todo.push(from.startsWith('.') ? relative(root, resolve(root, dirname(file), from)) : from)
    }
  }
  return seen
}

/** `{ type A, type B }`. */
function onlyTypes(what: string): boolean {
  const names = /^\{([^}]*)\}$/s
    .exec(what.trim())?.[1]
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith('type '))
}

test('a daemon without a ledger loads nothing of one', () => {
  for (const entry of ['src/node/daemon.ts', 'src/node/reading-thread.ts', 'src/cli/main.ts']) {
    assert.ok(existsSync(join(root, entry)))
    const loaded = [...loadedWith(entry)]
    assert.ok(loaded.length > 10, `${entry} loads ${loaded.length}`)
    assert.deepEqual(
      loaded.filter((file) => (heavy.test(file) || inside.test(file)) && !file.endsWith('/errors.ts')),
      [],
      entry,
    )
  }
})

test('routes of a ledger, and what describes all routes, are loaded when somebody asks for them', () => {
  const loaded = [...loadedWith('src/node/daemon.ts')]
  assert.ok(loaded.includes('src/api/routes.ts'))
  const late = /^src\/api\/(openapi|all-routes|late-routes|(ledger|wallet)\S*-(routes|schemas)\.ts)/
  assert.deepEqual(
    loaded.filter((file) => late.test(file)),
    [],
  )
})

test('the thread of a ledger loads what the daemon does not', () => {
  const loaded = [...loadedWith('src/node/ledger-thread.ts')]
  assert.ok(loaded.some((file) => heavy.test(file)))
  assert.ok(loaded.some((file) => file.startsWith('src/ledger/evm/')))
})
