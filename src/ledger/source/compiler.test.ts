// The compiler in its process: the real one once, and files that only claim to be one.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createManualClock } from '../../../test/support/clock.ts'
import { createCompiler } from './compiler.ts'
import { compilerInput, readSourceInput } from './input-core.ts'
import { compilerBytesMax, compilerOutputBytesMax, compilesWaitingMax, compileTimeoutMs } from './limits.ts'
import { tillInput, tillOutput } from './testing.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'peerhood-compiler-'))
})
after(() => rmSync(folder, { recursive: true }))

/** A file that behaves like the text, where solc's would be. */
function pretending(name: string, text: string): string {
  const path = join(folder, `${name}.js`)
  writeFileSync(path, text)
  return path
}

const answering = (expression: string) => `var Module = { cwrap: () => () => String(${expression}) }`

test('the compiler that is here makes of a source what the vector says', async () => {
  const compiler = createCompiler({ clock: createManualClock() })
  assert.equal(compiler.version, '0.8.37')
  const { version, sha256, output } = await compiler.compile(compilerInput(readSourceInput(tillInput)), undefined)
  assert.equal(version, '0.8.37+commit.f401782d')
  assert.match(sha256, /^[0-9a-f]{64}$/)
  assert.equal(output, tillOutput)
})

test('a compiler finds nothing of Node and of this computer', async () => {
  const compiler = createCompiler({ clock: createManualClock() })
  const reach = ['process', 'require', 'fetch', 'setTimeout', 'global', 'Buffer'].map((name) => `typeof ${name}`)
  const file = pretending('curious', answering(`[${reach}].every((type) => type === 'undefined')`))
  assert.equal((await compiler.compile('{}', file)).output, 'true')
  const escaping = pretending('escaping', answering(`this.constructor.constructor('return process')()`))
  await assert.rejects(compiler.compile('{}', escaping), { code: 'source_compiler_unusable' })
  const module = pretending('importing', `import('node:fs').then(() => {}); ${answering('1')}`)
  await assert.rejects(compiler.compile('{}', module), { code: 'source_compiler_unusable' })
})

test('what is no compiler is refused, with why', async () => {
  const compiler = createCompiler({ clock: createManualClock() })
  const refused = (file: string) => assert.rejects(compiler.compile('{}', file), { code: 'source_compiler_unusable' })
  await refused(pretending('text', 'hello('))
  await refused(pretending('object', 'var Module = { cwrap: () => () => ({}) }'))
  await refused(join(folder, 'missing.js'))
  await refused(folder)
  await refused('soljson.js')
  const large = pretending('large', '')
  truncateSync(large, compilerBytesMax + 1)
  await refused(large)
})

test('one that never ends is killed after its time, and at a stop; only so many wait', async () => {
  const clock = createManualClock()
  const compiler = createCompiler({ clock })
  const endless = pretending('endless', 'for (;;);')
  const waiting = Array.from({ length: compilesWaitingMax + 1 }, () => compiler.compile('{}', endless))
  await assert.rejects(compiler.compile('{}', endless), { code: 'source_busy' })
  const [first, ...others] = waiting.map((one) => one.catch((error) => error))
  while (clock.waiting === 0) await new Promise(setImmediate)
  clock.advance(compileTimeoutMs)
  assert.equal((await first).code, 'source_compiler_stopped')
  while (clock.waiting === 0) await new Promise(setImmediate)
  compiler.stop()
  for (const one of others) assert.equal((await one).code, 'source_compiler_stopped')
})

test('an answer that never ends is cut off', async () => {
  const compiler = createCompiler({ clock: createManualClock() })
  const chatty = pretending('chatty', answering(`'x'.repeat(${compilerOutputBytesMax})`))
  await assert.rejects(compiler.compile('{}', chatty), {
    code: 'source_compiler_stopped',
    message: 'The compiler said too much and was stopped.',
  })
})

test('memory ends before the computer’s does', async () => {
  const compiler = createCompiler({ clock: createManualClock() })
  const memory = `(() => { const memory = new WebAssembly.Memory({ initial: 1 }); try { for (;;) memory.grow(4096) } catch {}
    return memory.buffer.byteLength <= 2 ** 30 })()`
  assert.equal((await compiler.compile('{}', pretending('wasm', answering(memory)))).output, 'true')
})
