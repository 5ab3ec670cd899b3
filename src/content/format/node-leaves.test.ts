// Files that hold just the bytes of an inner node of their own share (docs/protocol/share.md, "Inventory"): read like any
// other, and nothing that a stranger could hide behind.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { CraftedDag, type CraftedLink } from '../../../test/support/crafted-dag.ts'
import { assertLayout, layoutOf } from '../../../test/support/layouts.ts'
import { makeVersion, privateKeys, publicKeys, type Tree } from '../../../test/support/shares.ts'
import { hamtSlots } from './hamt.ts'
import { createInventory } from './inventory.ts'
import { digestOf } from './keys.ts'
import { blockBytesMax } from './limits.ts'
import { createSealer } from './seal.ts'

/** The same block, linked as a file's content. */
const asLeaf = ({ block }: CraftedLink): CraftedLink => ({ codec: 0x55, block })

type Folder = ReadonlyMap<string, Tree>
const isFolder = (tree: Tree): tree is Folder => tree instanceof Map

/** All folders of a tree, the top first. */
function foldersOf(tree: Folder): Folder[] {
  return [tree, ...[...tree.values()].filter(isFolder).flatMap(foldersOf)]
}

/** The tree with one more entry in one of its folders; only that folder and those above it are others. */
function grafted(tree: Folder, folder: Folder, name: string, content: Uint8Array): Folder {
  const entries = [...tree].map(([key, part]) => [key, isFolder(part) ? grafted(part, folder, name, content) : part])
  return new Map([...(entries as [string, Tree][]), ...(tree === folder ? [[name, content] as const] : [])])
}

describe('any tree with a file that is one of its nodes', () => {
  const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((name) => !/[/\0]/.test(name))
  const { folder } = fc.letrec<{ folder: Folder }>((tie) => ({
    folder: fc
      .uniqueArray(fc.tuple(names, fc.oneof({ depthSize: 'small' }, fc.uint8Array({ maxLength: 40 }), tie('folder'))), {
        maxLength: 5,
        selector: ([name]) => name,
      })
      .map((entries) => new Map<string, Tree>(entries)),
  }))

  for (const keys of [publicKeys, privateKeys]) {
    const sealer = createSealer(keys)
    test(`comes back, ${keys.visibility}`, () => {
      let met = 0
      fc.assert(
        fc.property(folder, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 60 }), (tree, node, place, chunkBytes) => {
          const before = makeVersion(tree, sealer, { chunkBytes })
          const plain = sealer.open(before.blocks[node % before.meta.nodes] ?? new Uint8Array(0))
          const folders = foldersOf(tree)
          const target = folders[place % folders.length] ?? tree
          const after = grafted(tree, target, 'a node', plain)
          assertLayout(after, sealer)
          assertLayout(after, sealer, chunkBytes)
          const { meta } = makeVersion(after, sealer)
          const isMet = layoutOf(makeVersion(after, sealer), sealer).some(
            ({ leaves }) => (leaves[0] ?? meta.nodes) < meta.nodes,
          )
          met += Number(isMet)
        }),
        { numRuns: 300 },
      )
      // Where the graft lies outside the folder whose node it is, that node stays as it was.
      assert.ok(met > 30, `${met}`)
    })
  }
})

describe('a crafted node that is a leaf, too', () => {
  test('is read wherever it stands: after the folder that holds it, before it, in a file of several leaves', () => {
    const dag = new CraftedDag()
    const early = dag.folder({ x: dag.leaf('x') })
    const holder = dag.folder({ early: asLeaf(early) })
    const late = dag.folder({ y: dag.leaf('y') })
    // Parts of a file may have any length, so that a node can be the middle one.
    const parts = dag.file([dag.leaf('abc'), asLeaf(late), dag.leaf('de')])
    const before = dag.folder({ late: asLeaf(late), parts })
    dag.folder({ before, early, holder, late })
    const { inventory, meta } = dag.source()
    const [earlyIndex, lateIndex] = [early, late].map(({ block }) =>
      indexOf(inventory, meta.nodes, block.length, block),
    )
    const bytes = early.block.length + 2 * late.block.length + 5 + 2
    const layout = dag.read({ files: 5, bytes })
    assert.deepEqual(
      layout.map(({ path, bytes: size, leaves }) => [path.join('/'), size, leaves.map((leaf) => Math.min(leaf, 6))]),
      [
        ['before/late', late.block.length, [lateIndex]],
        ['before/parts', late.block.length + 5, [6, lateIndex, 6]],
        ['early/x', 1, [6]],
        ['holder/early', early.block.length, [earlyIndex]],
        ['late/y', 1, [6]],
      ],
    )
    assert.deepEqual(layout[1]?.offsets, [0, 3, 3 + late.block.length])
  })

  test('gives the file that it is and the file that it leads to, each its own content', () => {
    for (const names of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const dag = new CraftedDag()
      const file = dag.file([dag.leaf('abc'), dag.leaf('de')])
      const entries = [[names[0], file] as const, [names[1], asLeaf(file)] as const]
      dag.folder(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
      const layout = dag.read({ files: 2, bytes: 5 + file.block.length })
      const found = Object.fromEntries(layout.map(({ path, bytes, leaves }) => [path[0], [bytes, leaves]]))
      assert.deepEqual(found, { [names[0]]: [5, [2, 3]], [names[1]]: [file.block.length, [1]] })
    }
  })

  test('is not gone into: what it links to is not there a second time', () => {
    const dag = new CraftedDag()
    let folder = dag.folder({ file: dag.leaf('x') })
    for (let level = 0; level < 40; level++) folder = dag.folder({ a: folder, b: asLeaf(folder), c: asLeaf(folder) })
    const { inventory } = dag.source()
    // Every folder but the outermost is there as two files; the one of the single leaf, once as itself.
    const bytes = Array.from({ length: 40 }, (_, level) => 2 * inventory.length(level + 1)).reduce((a, b) => a + b)
    assert.equal(dag.read({ files: 81, bytes: bytes + 1 }).length, 81)
  })

  const refused: Record<string, { craft: (dag: CraftedDag) => void; files?: number; bytes: number }> = {
    'a leaf among the nodes, which would be fetched whatever --only says': {
      craft: (dag) => dag.folder({ file: asLeaf(dag.node(new Uint8Array(1_000))) }),
      bytes: 1_000,
    },
    'a right node among the nodes that only a file holds': {
      craft: (dag) => dag.folder({ file: asLeaf(dag.folder({})) }),
      bytes: 4,
    },
    'one that is no node, linked as both': {
      craft: (dag) => {
        const noise = dag.node(new Uint8Array(100))
        dag.folder({ a: noise, b: asLeaf(noise) })
      },
      bytes: 100,
    },
    'a part of a file that says another size than the node has': {
      craft: (dag) => {
        const node = dag.folder({})
        dag.folder({ a: node, b: dag.file([dag.leaf('x'), asLeaf(node)], [1, 5]) })
      },
      bytes: 6,
    },
    'a leaf linked as a node': {
      craft: (dag) => {
        const leaf = dag.leaf('x')
        dag.folder({ a: leaf, b: { ...leaf, codec: 0x70 } })
      },
      bytes: 1,
    },
    'a trie that goes on behind a link to a leaf': {
      craft: (dag) => {
        const slot = (level: number) => hamtSlots(Buffer.from('a'))[level] ?? 0
        const below = dag.shard([[slot(1), 'a', dag.leaf('x')]])
        dag.folder({ right: dag.shard([[slot(0), '', below]]), wrong: dag.shard([[slot(0), '', asLeaf(below)]]) })
      },
      files: 2,
      bytes: 2,
    },
    'a trie that goes on behind a block that is no node': {
      craft: (dag) => dag.shard([[1, '', dag.leaf('x')]]),
      files: 0,
      bytes: 0,
    },
  }
  for (const [name, { craft, files = 1, bytes }] of Object.entries(refused)) {
    test(`refused: ${name}`, () => {
      const dag = new CraftedDag()
      craft(dag)
      assert.throws(() => dag.read({ files, bytes }), { name: 'PeerhoodError', code: 'layout_malformed' })
    })
  }

  test('refused: more nodes than blocks', () => {
    const dag = new CraftedDag()
    dag.folder({})
    assert.equal(dag.read({ nodes: 1 }).length, 1)
    assert.throws(() => dag.read({ nodes: 2 }), { code: 'layout_malformed' })
  })

  test('refused: one that is longer than a leaf may be', () => {
    const length = blockBytesMax + 1
    const page = Buffer.alloc(36, 1)
    page.writeUInt32BE(length, 32)
    assert.throws(() => createInventory([page]), { code: 'inventory_malformed' })
  })
})

function indexOf(
  inventory: ReturnType<CraftedDag['source']>['inventory'],
  nodes: number,
  length: number,
  block: Uint8Array,
): number {
  const index = inventory.find(digestOf(block))
  assert.ok(index !== undefined && index < nodes && inventory.length(index) === length)
  return index
}
