// The program in few files: it runs only while its source is what it was made of, and everything that runs by itself is in it.

import assert from 'node:assert/strict'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
// Plain JavaScript, as the door is.
const { builtProgram, recordFile } = await import(new URL('../bin/built.mjs', import.meta.url).href)

test('what was made of the source runs until a file of it changes or goes', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-built-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const source = join(folder, 'src', 'main.ts')
  const record = join(folder, recordFile)
  const write = () => {
    mkdirSync(join(folder, 'src'), { recursive: true })
    writeFileSync(source, 'one')
    utimesSync(source, 1_000, 1_000)
  }
  write()
  assert.equal(builtProgram(folder), undefined, 'nothing was built yet')
  const built = join(folder, 'dist', 'program-1')
  mkdirSync(join(built, 'cli'), { recursive: true })
  writeFileSync(join(built, 'cli', 'main.mjs'), '')
  const { size, mtimeMs } = statSync(source)
  writeFileSync(record, JSON.stringify({ folder: 'program-1', inputs: [['src/main.ts', size, mtimeMs]] }))
  assert.equal(builtProgram(folder), built)
  utimesSync(source, 1_000, 1_001)
  assert.equal(builtProgram(folder), undefined, 'its time is another')
  writeFileSync(source, 'three')
  utimesSync(source, 1_000, 1_000)
  assert.equal(builtProgram(folder), undefined, 'its size is another')
  rmSync(source)
  assert.equal(builtProgram(folder), undefined, 'it is gone')
  write()
  assert.equal(builtProgram(folder), built)
  rmSync(join(folder, 'src'), { recursive: true })
  assert.equal(builtProgram(folder), built, 'an installed package has no source')
  writeFileSync(record, '{"folder":')
  assert.equal(builtProgram(folder), undefined, 'a record that is cut off says nothing')
})

test('each module that is started by itself is built by itself', (context) => {
  const built = builtProgram(root)
  if (built === undefined) return context.skip('the source has changed since the last `npm run build`')
  const sources = globSync('src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('.test.ts'))
  const texts = sources.map((path) => readFileSync(join(root, path), 'utf8')).join('\n')
  const started = [...texts.matchAll(/\b(?:openThread|programFile)\('([a-z/-]+)'/g)].map(([, path]) => `${path}`)
  const ofNode = [...texts.matchAll(/\bstartThread\('([a-z-]+)'/g)].map(([, name]) => `node/${name}`)
  assert.ok(started.length >= 3 && ofNode.length >= 2)
  for (const path of [...started, ...ofNode, 'cli/main']) {
    assert.ok(existsSync(join(root, 'src', `${path}.ts`)), path)
    assert.ok(existsSync(join(built, `${path}.mjs`)), path)
  }
})
