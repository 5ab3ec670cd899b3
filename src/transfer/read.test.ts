// Files read while they arrive, over a real library: what a reader is told in the moment in which the files are known and
// what is on this computer already is still looked for.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createDisk, type Disk } from '../content/library/disk.ts'
import {
  openComputer,
  openGet,
  seededBytes,
  tempFolder,
  transfer,
  until,
  writeTree,
} from '../content/library/testing.ts'
import type { FileEntry, ReadableHolding } from '../content/types.ts'
import { readFile } from './read.ts'

const tree = { 'a.bin': seededBytes(1, 2_500_000), 'b.bin': seededBytes(2, 1_500_000), 'c.txt': 'c' }

/** A get whose files are known, and that wants no leaf until `release`. */
async function heldGet(context: TestContext) {
  const real = createDisk()
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  context.after(() => release())
  let looks = 0
  const disk: Disk = {
    ...real,
    async freeBytes(path) {
      // The second look at the room comes last before leaves are wanted.
      looks += 1
      if (looks === 2) await held
      return real.freeBytes(path)
    },
  }
  const folder = tempFolder(context)
  writeTree(join(folder, 'root'), tree)
  const author = await openComputer(context, join(folder, 'author'))
  const shared = await author.share(join(folder, 'root'))
  const reader = await openComputer(context, join(folder, 'reader'), { disk })
  const holding = await openGet(reader, shared, join(folder, 'to'), '*.bin')
  looks = 1
  const moving = transfer(shared.holding, holding)
  await until(() => looks === 2)
  return { holding, moving, release }
}

function entryOf({ layout = [] }: ReadableHolding, name: string): FileEntry {
  const entry = layout.find(({ path }) => path[0] === name)
  assert.ok(entry)
  return entry
}

/** Reads a whole file; `waits` counts how often it had to wait. */
function startReading(holding: ReadableHolding, entry: FileEntry) {
  const state = { waits: 0, called: [] as number[] }
  const parts = {
    holding,
    callFor: (indexes: readonly number[]) => void state.called.push(...indexes),
    changed: () =>
      new Promise<void>((resolve) => {
        state.waits += 1
        const off = holding.on(() => {
          off()
          resolve()
        })
      }),
  }
  const read = async () => {
    const chunks: Uint8Array[] = []
    const range = { start: 0, end: entry.bytes }
    for await (const chunk of readFile(parts, entry, range, new AbortController().signal)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  return { state, bytes: read() }
}

test('a reader that comes before it is known what is here already waits, then reads', async (context) => {
  const { holding, moving, release } = await heldGet(context)
  const entry = entryOf(holding, 'b.bin')
  assert.equal(holding.isWanted(entry.leaves[0] ?? 0), false)
  const { state, bytes } = startReading(holding, entry)
  await Promise.race([until(() => state.waits > 0), bytes])
  assert.deepEqual(state.called, entry.leaves)
  release()
  assert.ok((await bytes).equals(tree['b.bin']))
  await moving
})

test('a file that is left out is refused at any time', async (context) => {
  const { holding, moving, release } = await heldGet(context)
  const entry = entryOf(holding, 'c.txt')
  await assert.rejects(startReading(holding, entry).bytes, { code: 'block_not_wanted' })
  release()
  await moving
  await assert.rejects(startReading(holding, entry).bytes, { code: 'block_not_wanted' })
})
