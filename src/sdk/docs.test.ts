// Runs every example of docs/sdk.md as a program of its own against a real API server, after checking its types. The
// first example sets `peerhood` up; the others go on from it.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startApi, type TestApi, testToken } from '../../test/support/api.ts'

const run = promisify(execFile)
const client = new URL('./client.ts', import.meta.url)
const page = readFileSync(new URL('../../docs/sdk.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```ts\n([\s\S]*?)```/g)]
const blocks = examples.map((match) => match[1] ?? '')
/** The heading that an example stands under. */
const titles = examples.map(({ index }) => [...page.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '')
const setup = (blocks[0] ?? '').split('\n\nconst { peerId')[0] ?? ''

let folder: string
let api: TestApi
let link: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'peerhood-docs-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const files = new Map([['film.mp4', new Uint8Array(200_000)]])
  api = await startApi({ disk: new Map([['/home/ada/film.mp4', files]]), offers: (text) => api.services.offer(text) })
  const { id } = await api.client.shares.add({ path: '/home/ada/film.mp4' })
  link = String((await api.client.shares.ready(id)).link)
})
after(async () => {
  await api.close()
  rmSync(folder, { recursive: true })
})

/** One example as a whole program. */
function programOf(block: string, index: number): string {
  const source = index === 0 ? block : `${setup}\n${block}`
  return `${source.replaceAll("'peerhood/sdk'", JSON.stringify(fileURLToPath(client)))}\nexport {}\n`
}

function write(index: number): string {
  const file = join(folder, `example-${index}.ts`)
  writeFileSync(file, programOf(blocks[index] ?? '', index))
  return file
}

describe('the examples of docs/sdk.md', () => {
  test('are all there', () => {
    assert.equal(blocks.length, 12)
    assert.match(setup, /createPeerhood\(\{[\s\S]*\}\)$/)
  })

  test('have the types that they say', async () => {
    const config = {
      extends: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)),
      compilerOptions: {
        typeRoots: [fileURLToPath(new URL('../../node_modules/@types', import.meta.url))],
        noUnusedLocals: false,
        rewriteRelativeImportExtensions: false,
      },
      files: blocks.map((_, index) => write(index)),
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, include: [] }))
    const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
    const checked = await run(process.execPath, [compiler, '--noEmit', '-p', folder]).catch((error) => error)
    assert.equal(checked.stdout, '')
  })

  for (const [index, title] of titles.entries()) {
    test(`run: ${title}`, async () => {
      const env = { ...process.env, PEERHOOD_API: api.url, PEERHOOD_TOKEN: testToken }
      const { stdout, stderr } = await run(process.execPath, [write(index), link], { env, timeout: 30_000 })
      assert.equal(stderr, '')
      assert.match(stdout, /\S/)
    })
  }
})
