// Limits of layouts and records that only the largest shares reach, or those of a stranger who means to.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CraftedDag, type CraftedLink } from '../../../test/support/crafted-dag.ts'
import { buildFile, leafLink } from './dag.ts'
import { digestOf } from './keys.ts'
import { fileLinksMax, layoutEntriesMax, layoutLeavesMax, layoutNamesMax } from './limits.ts'
import { readUnixfsNode } from './unixfs-node.ts'

const tooLarge = { code: 'layout_too_large' }
/** How often a folder is repeated below, which by itself is not refused. */
const copies = 256

function folderOf(dag: CraftedDag, count: number, link: CraftedLink): CraftedLink {
  return dag.folder(Array.from({ length: count }, (_, file) => [`${file}`.padStart(7, '0'), link] as const))
}

test('a layout has so many files', () => {
  const dag = new CraftedDag()
  folderOf(dag, copies, folderOf(dag, layoutEntriesMax / copies + 1, dag.leaf('x')))
  assert.throws(() => dag.read(), { ...tooLarge, message: /too many files/ })
})

test('and so many names in all their paths', () => {
  const dag = new CraftedDag()
  let folder = folderOf(dag, layoutEntriesMax / copies / 4, dag.leaf('x'))
  folder = folderOf(dag, copies, folder)
  // A quarter of the files that it may have, and more than four times the mean depth.
  const depth = Math.ceil((4 * layoutNamesMax) / layoutEntriesMax)
  for (let level = 0; level < depth; level++) folder = dag.folder({ a: folder })
  assert.throws(() => dag.read(), { ...tooLarge, message: /too many files/ })
})

test('and its files so many leaves', () => {
  const dag = new CraftedDag()
  const file = dag.file(new Array<CraftedLink>(fileLinksMax).fill(dag.leaf('x')))
  folderOf(dag, layoutLeavesMax / fileLinksMax, file)
  assert.throws(() => dag.read(), { ...tooLarge, message: /files of the share are too large/ })
})

test('a node of a file that we make has so many links', () => {
  const links: number[] = []
  const leaf = leafLink(digestOf(new Uint8Array(1)), 1)
  buildFile(new Array(fileLinksMax + 1).fill(leaf), (block) => {
    links.push(readUnixfsNode(block).links.length)
    return { digest: digestOf(block) }
  })
  assert.deepEqual(links, [fileLinksMax, 1, 2])
})
