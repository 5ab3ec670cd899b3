// The request and response files of ethereum/execution-apis (CC0), on the chain of 54 blocks that they were made with: `>>` a
// request, `<<` its response; `// speconly`: only the shape counts.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { createRandom } from '../../../test/sim/random.ts'
import { openForeignChain, splitBlocks } from '../chain/foreign.ts'
import { createTestClock, quietLog } from '../chain/testing.ts'
import { createRpc } from './service.ts'
import type { Rpc } from './types.ts'

const vectors = join(import.meta.dirname, '../../../test/vectors/ethereum/execution-apis')

/** Not here: `testing_` builds blocks for tests of other programs, EIP-7910 tells forks to come, and we have none. */
const notHere = ['testing_buildBlockV1', 'eth_config']

interface Exchange {
  readonly request: string
  readonly response: unknown
}

interface VectorFile {
  readonly name: string
  readonly onlyShape: boolean
  readonly exchanges: readonly Exchange[]
}

function readVector(name: string): VectorFile {
  const lines = readFileSync(join(vectors, name), 'utf8').split('\n')
  const exchanges: Exchange[] = []
  let request = ''
  for (const line of lines) {
    if (line.startsWith('>> ')) request = line.slice(3)
    if (line.startsWith('<< ')) exchanges.push({ request, response: JSON.parse(line.slice(3)) })
  }
  return { name, onlyShape: lines.some((line) => line.startsWith('// speconly')), exchanges }
}

async function importedRpc(): Promise<Rpc> {
  const genesis = JSON.parse(readFileSync(join(vectors, 'genesis.json'), 'utf8'))
  const clock = createTestClock()
  // Blobs are not in blocks, so nothing is ever checked with it.
  const kzg = {} as NonNullable<Parameters<typeof openForeignChain>[0]['kzg']>
  const parts = { database: new DatabaseSync(':memory:'), clock, log: quietLog }
  const chain = await openForeignChain({ genesis, keep: 'archive', kzg })(parts)
  for (const block of splitBlocks(readFileSync(join(vectors, 'chain.rlp')))) await chain.importBlock(block)
  return createRpc({ clientVersion: 'test' })({ chain, clock, random: createRandom('vectors') })
}

/** Ours has nothing that theirs has not, and of the same kind; what may be absent may be absent. */
function assertShape(ours: unknown, theirs: unknown, at: string): void {
  assert.equal(typeof ours, typeof theirs, at)
  assert.equal(Array.isArray(ours), Array.isArray(theirs), at)
  if (typeof ours !== 'object' || ours === null || typeof theirs !== 'object' || theirs === null) return
  const first = Array.isArray(theirs) ? theirs[0] : undefined
  for (const [name, value] of Object.entries(ours)) {
    const other = first ?? (theirs as Record<string, unknown>)[name]
    assert.notEqual(other, undefined, `${at}.${name}`)
    // Further entries of a list may have other optional fields than the first.
    if (first === undefined || name === '0') assertShape(value, other, `${at}.${name}`)
  }
}

const files = globSync('*/*.io', { cwd: vectors }).sort()
const wanted = files.filter((name) => !notHere.some((method) => name.startsWith(`${method}/`)))
const rpc = importedRpc()

test('there are files to replay', () => {
  assert.ok(wanted.length > 120, String(wanted.length))
})

for (const method of new Set(wanted.map((name) => name.split('/')[0] ?? ''))) {
  test(method, async () => {
    for (const { name, onlyShape, exchanges } of wanted
      .filter((file) => file.startsWith(`${method}/`))
      .map(readVector)) {
      for (const { request, response } of exchanges) {
        const answer: unknown = JSON.parse((await (await rpc).handle(request)) ?? 'null')
        if (onlyShape) assertShape(answer, response, name)
        else assert.deepEqual(answer, response, name)
      }
    }
  })
}
