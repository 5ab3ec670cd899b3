// Layouts of versions made in memory, beside the trees that they were made from.

import assert from 'node:assert/strict'
import { readLayout } from '../../src/content/format/layout.ts'
import { leafBytes } from '../../src/content/format/limits.ts'
import type { Sealer } from '../../src/content/format/seal.ts'
import type { FileEntry } from '../../src/content/types.ts'
import { type MemoryVersion, makeVersion, type Tree } from './shares.ts'

export function layoutOf(version: MemoryVersion, sealer: Sealer): readonly FileEntry[] {
  return readLayout({
    meta: version.meta,
    inventory: version.inventory,
    overheadBytes: sealer.overheadBytes,
    getNode: (index) => sealer.open(version.blocks[index] ?? new Uint8Array(0)),
  })
}

/** Files and empty folders of a tree, depth first, names in byte order. */
function* walk(tree: Tree, path: readonly string[] = []): Generator<{ path: readonly string[]; content?: Uint8Array }> {
  if (tree instanceof Uint8Array) {
    yield { path, content: tree }
    return
  }
  const entries = tree instanceof Map ? [...tree] : Object.entries(tree)
  if (entries.length === 0) yield { path }
  entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  for (const [name, part] of entries) yield* walk(part, [...path, name])
}

/** That the layout says where each byte of the tree lies. */
export function assertLayout(tree: Tree, sealer: Sealer, chunkBytes = leafBytes): void {
  const version = makeVersion(tree, sealer, { chunkBytes })
  const layout = layoutOf(version, sealer)
  const expected = [...walk(tree)]
  assert.deepEqual(
    layout.map(({ kind, path }) => ({ kind, path })),
    expected.map(({ path, content }) => ({ kind: content === undefined ? 'folder' : 'file', path })),
  )
  layout.forEach((entry, place) => {
    const content = expected[place]?.content ?? new Uint8Array(0)
    assert.equal(entry.bytes, content.length)
    const read = new Uint8Array(entry.bytes)
    entry.leaves.forEach((leaf, number) => {
      const plain = sealer.open(version.blocks[leaf] ?? new Uint8Array(0))
      read.set(plain, entry.offsets?.[number] ?? number * leafBytes)
    })
    assert.deepEqual(read, new Uint8Array(content))
  })
}
