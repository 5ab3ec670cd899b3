// Layouts: what builders make comes back; what strangers craft is refused, soon.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { CraftedDag, type CraftedLink } from '../../../test/support/crafted-dag.ts'
import { assertOnlyOwnErrors } from '../../../test/support/hostile.ts'
import { assertLayout, layoutOf } from '../../../test/support/layouts.ts'
import { makeVersion, privateKeys, publicKeys, type Tree } from '../../../test/support/shares.ts'
import { hamtSlots } from './hamt.ts'
import { layoutSteps, readLayout } from './layout.ts'
import { fileDepthMax, layoutStepsPerLinkMax, leafBytes, nameBytesMax, pathNamesMax } from './limits.ts'
import { createSealer } from './seal.ts'
import { itemsPerStep, runSteps, sortSteps } from './steps.ts'

const publicSealer = createSealer(publicKeys)
const privateSealer = createSealer(privateKeys)

describe('what is built', () => {
  const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((name) => !/[/\0]/.test(name))
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.uint8Array({ maxLength: 64 }),
      fc
        .uniqueArray(fc.tuple(names, tie('tree')), { maxLength: 6, selector: ([name]) => name })
        .map((entries) => new Map(entries)),
    ),
  }))

  for (const sealer of [publicSealer, privateSealer]) {
    const kind = sealer.overheadBytes === 0 ? 'public' : 'private'
    test(`comes back, ${kind}`, () => fc.assert(fc.property(tree, (any) => assertLayout(any, sealer))))
    test(`comes back in other chunks, ${kind}`, () => {
      const chunks = fc.integer({ min: 1, max: 20 })
      fc.assert(fc.property(tree, chunks, (any, chunkBytes) => assertLayout(any, sealer, chunkBytes)))
    })
    test(`comes back as a single file, ${kind}`, () => {
      for (const bytes of [0, 1, leafBytes, leafBytes + 1, 3 * leafBytes]) {
        assertLayout(
          new Uint8Array(bytes).map((_, place) => place >> 16),
          sealer,
        )
      }
    })
  }

  test('comes back from a trie', () => {
    const entries = Array.from({ length: 9_000 }, (_, file) => [`été ${file}`, Buffer.from(`${file}`)] as const)
    assertLayout(new Map<string, Tree>([...entries, ['folder', new Map()]]), publicSealer)
  })

  test('comes back with a byte order mark, and with the longest name', () => {
    assertLayout({ '\ufeffmarked': Buffer.from('1'), ['n'.repeat(nameBytesMax)]: Buffer.from('2') }, publicSealer)
  })

  test('comes back at the depth that is the limit, and not deeper', () => {
    const nested = (depth: number): Tree => (depth === 0 ? Buffer.from('x') : { d: nested(depth - 1) })
    assertLayout(nested(pathNamesMax), publicSealer)
    const version = makeVersion(nested(pathNamesMax + 1), publicSealer)
    assert.throws(() => layoutOf(version, publicSealer), { code: 'layout_too_large' })
  })

  test('is read in steps, of which none reads many nodes or lists many files', () => {
    const files = (from: number, count: number) =>
      new Map(
        Array.from({ length: count }, (_, file) => [`file ${from + file}`, Buffer.from(`${from + file}`)] as const),
      )
    const folders = Array.from({ length: 300 }, (_, folder) => [`folder ${folder}`, files(folder, 2)] as const)
    const chunked = new Uint8Array(3_000).map((_, place) => place % 251)
    const tree = new Map<string, Tree>([...files(1_000, 9_000), ...folders, ['chunked', chunked]])
    const version = makeVersion(tree, publicSealer, { chunkBytes: 1 })
    assert.ok(version.meta.nodes > 500)
    let [nodes, steps] = [0, 0]
    const getNode = (index: number) => {
      nodes += 1
      return version.blocks[index] ?? new Uint8Array()
    }
    const reading = layoutSteps({ meta: version.meta, inventory: version.inventory, overheadBytes: 0, getNode })
    for (let step = reading.next(); step.done !== true; step = reading.next()) {
      // One to see what it is, another to read it.
      assert.ok(nodes <= 2)
      nodes = 0
      steps += 1
    }
    assert.ok(steps > version.meta.nodes + 4 * (9_600 / itemsPerStep))
  })

  test('200,000 files in 400 folders take a few seconds', () => {
    const files = new Map(Array.from({ length: 500 }, (_, file) => [`file ${file}`, Buffer.from(`${file}`)] as const))
    const folders = Array.from({ length: 400 }, (_, folder) => {
      return [`folder ${folder}`, new Map<string, Tree>([...files, ['own', Buffer.from(`own ${folder}`)]])] as const
    })
    const version = makeVersion(new Map(folders), publicSealer)
    const start = process.cpuUsage()
    assert.equal(layoutOf(version, publicSealer).length, 200_400)
    assert.ok(process.cpuUsage(start).user < 20_000_000)
  })
})

describe('sorting in steps', () => {
  test('gives what sorting at once does, and keeps equals in order', () => {
    const items = fc.array(fc.record({ key: fc.nat(5), place: fc.nat() }), { maxLength: 30 })
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 700 }), (few, times) => {
        const many = Array.from({ length: times }, () => few).flat()
        const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
        assert.deepEqual(runSteps(sortSteps(many, compare)), many.toSorted(compare))
      }),
      { numRuns: 50 },
    )
  })
})

/** What one crafted DAG is refused with. */
function refused(code: string, craft: (dag: CraftedDag) => void, meta: Parameters<CraftedDag['read']>[0] = {}): void {
  const dag = new CraftedDag()
  craft(dag)
  assert.throws(() => dag.read(meta), { name: 'PeerhoodError', code })
}

describe('what is crafted', () => {
  test('right, is read', () => {
    const dag = new CraftedDag()
    const file = dag.file([dag.leaf('abc'), dag.leaf('de'), dag.leaf('abc')])
    dag.folder({ again: file, empty: dag.folder({}), file, nothing: dag.file([]) })
    assert.deepEqual(dag.read({ files: 3, bytes: 16 }), [
      { kind: 'file', path: ['again'], bytes: 8, leaves: [4, 5, 4], offsets: [0, 3, 5] },
      { kind: 'folder', path: ['empty'], bytes: 0, leaves: [] },
      { kind: 'file', path: ['file'], bytes: 8, leaves: [4, 5, 4], offsets: [0, 3, 5] },
      { kind: 'file', path: ['nothing'], bytes: 0, leaves: [] },
    ])
  })

  test('with other totals than the author says, is malformed', () => {
    const craft = (dag: CraftedDag) => dag.folder({ file: dag.leaf('abc') })
    const dag = new CraftedDag()
    craft(dag)
    assert.equal(dag.read({ files: 1, bytes: 3 }).length, 1)
    for (const meta of [
      { files: 2, bytes: 3 },
      { files: 1, bytes: 4 },
      { kind: 'file', files: 1, bytes: 3 } as const,
    ]) {
      refused('layout_malformed', craft, meta)
    }
    refused('layout_malformed', (dag) => dag.file([dag.leaf('a'), dag.leaf('b')]), { files: 1, bytes: 2 })
  })

  const wrong: Record<string, (dag: CraftedDag) => void> = {
    'a link to a block that is missing': (dag) => {
      const elsewhere = new CraftedDag().leaf('elsewhere')
      dag.folder({ file: elsewhere })
    },
    'an inner node among the leaves': (dag) => {
      const block = dag.leaf('x')
      dag.folder({ file: { ...block, codec: 0x70 } })
    },
    'a leaf among the inner nodes': (dag) => {
      const folder = dag.folder({})
      dag.folder({ file: { ...folder, codec: 0x55 } })
    },
    'a block that nothing leads to': (dag) => {
      dag.leaf('left over')
      dag.folder({})
    },
    'a node that nothing leads to': (dag) => {
      dag.folder({ unused: dag.leaf('x') })
      dag.folder({ file: dag.leaf('x') })
    },
    'a name twice': (dag) => {
      const leaf = dag.leaf('x')
      dag.folder([
        ['same', leaf],
        ['same', leaf],
      ])
    },
    'an empty name': (dag) => dag.folder({ '': dag.leaf('x') }),
    'a name with a slash': (dag) => dag.folder({ 'a/b': dag.leaf('x') }),
    'a name with a NUL': (dag) => dag.folder({ 'a\0b': dag.leaf('x') }),
    'a name that is too long': (dag) => dag.folder({ ['n'.repeat(nameBytesMax + 1)]: dag.leaf('x') }),
    'a file whose sizes are wrong': (dag) => dag.folder({ f: dag.file([dag.leaf('abc'), dag.leaf('d')], [2, 2]) }),
    'a file without sizes': (dag) => dag.folder({ f: dag.file([dag.leaf('abc')], []) }),
    'a file with names in it': (dag) => {
      const data = new UnixFS({ type: 'file', blockSizes: [1n] })
      dag.folder({ f: dag.unixfs(data, [['name', dag.leaf('x')]]) })
    },
    'a file with content in its node': (dag) => {
      dag.folder({ f: dag.unixfs(new UnixFS({ type: 'file', data: Buffer.from('inline') }), []) })
    },
    'a folder in a file': (dag) => dag.folder({ f: dag.file([dag.folder({ x: dag.leaf('x') })], [1]) }),
    'an empty part of a file': (dag) => dag.folder({ f: dag.file([dag.file([]), dag.leaf('x')], [0, 1]) }),
    'a folder with sizes': (dag) => {
      dag.unixfs(new UnixFS({ type: 'directory', blockSizes: [1n] }), [['x', dag.leaf('x')]])
    },
    'a symbolic link': (dag) => {
      dag.folder({ s: dag.unixfs(new UnixFS({ type: 'symlink', data: Buffer.from('/etc/passwd') }), []) })
    },
    'a raw UnixFS node': (dag) =>
      dag.folder({ s: dag.unixfs(new UnixFS({ type: 'raw', data: Buffer.from('x') }), []) }),
    'a node without data': (dag) => dag.node(new Uint8Array(0)),
    'a node that is noise': (dag) => dag.node(Buffer.from('noise')),
    'a name that is not UTF-8': (dag) => {
      const right = new CraftedDag().folder({ '####': dag.leaf('x') }).block
      dag.node(Buffer.from(Buffer.from(right).toString('hex').replace('23232323', 'c0afc0af'), 'hex'))
    },
    'a number that is not in its shortest form': (dag) => {
      const { block } = new CraftedDag().folder({})
      assert.deepEqual([...block], [0x0a, 2, 8, 1])
      dag.node(Uint8Array.of(0x0a, 3, 8, 0x81, 0))
    },
    'an unknown field': (dag) => dag.node(Uint8Array.of(0x0a, 4, 8, 1, 0x48, 1)),
    'fields out of order': (dag) => {
      const { block } = new CraftedDag().folder({ f: dag.leaf('x') })
      dag.node(Uint8Array.of(...block.subarray(-4), ...block.subarray(0, -4)))
    },
    'a link to a CID of another kind': (dag) => {
      const { block } = new CraftedDag().folder({ f: dag.leaf('x') })
      dag.node(Buffer.from(Buffer.from(block).toString('hex').replace('01551220', '01711220'), 'hex'))
    },
  }
  for (const [name, craft] of Object.entries(wrong)) {
    test(`with ${name}, is malformed`, () => refused('layout_malformed', craft, { files: 1, bytes: 1 }))
  }

  test('with a node after one that it leads to, is malformed', () => {
    const dag = new CraftedDag()
    const inner = dag.folder({ f: dag.leaf('x') })
    dag.folder({ inner })
    const source = dag.source({ files: 1, bytes: 1 })
    // The same blocks, said to be the other way round: the root is the inner folder, which nothing leads from.
    const backwards = {
      ...source,
      inventory: { ...source.inventory, find: (digest: Uint8Array) => (source.inventory.find(digest) === 1 ? 0 : 2) },
    }
    assert.throws(() => readLayout(backwards), { code: 'layout_malformed' })
  })
})

describe('what is crafted as a trie', () => {
  const slotOf = (name: string, level = 0) => hamtSlots(Buffer.from(name))[level] ?? 0
  const bySlot = (names: readonly string[]) => [...names].sort((a, b) => slotOf(a) - slotOf(b))
  const oneFile = { files: 1, bytes: 1 }

  test('right, is read', () => {
    const dag = new CraftedDag()
    const leaf = dag.leaf('x')
    const below = dag.shard([[slotOf('deep', 1), 'deep', leaf]])
    const names = ['a', 'b', 'c'].filter((name) => slotOf(name) !== slotOf('deep'))
    const slots = bySlot([...names, 'deep']).map((name) => {
      return name === 'deep' ? ([slotOf(name), '', below] as const) : ([slotOf(name), name, leaf] as const)
    })
    dag.shard(slots)
    const layout = dag.read({ files: slots.length, bytes: slots.length })
    assert.deepEqual(
      layout.map(({ path }) => path[0]),
      [...names, 'deep'].sort(),
    )
  })

  test('with a name in the wrong place, is malformed', () => {
    refused('layout_malformed', (dag) => dag.shard([[(slotOf('a') + 1) % 256, 'a', dag.leaf('x')]]), oneFile)
    refused(
      'layout_malformed',
      (dag) => dag.shard([[slotOf('a'), '', dag.shard([[(slotOf('a', 1) + 1) % 256, 'a', dag.leaf('x')]])]]),
      oneFile,
    )
  })

  const right = (dag: CraftedDag) => [[slotOf('a'), 'a', dag.leaf('x')]] as const
  const wrong: Record<string, (dag: CraftedDag) => void> = {
    'with another fan-out': (dag) => dag.shard(right(dag), { fanout: 1024n }),
    'with another hash': (dag) => dag.shard(right(dag), { hashType: 0x12n }),
    'with wrong bits': (dag) => dag.shard(right(dag), { data: Uint8Array.of(1, 2, 3) }),
    'with an empty node below': (dag) => dag.shard([...right(dag), [255, '', dag.shard([])]]),
    'with a plain folder below': (dag) => dag.shard([[slotOf('a'), '', dag.folder({ a: dag.leaf('x') })]]),
    'with labels in lower case': (dag) => {
      const data = new UnixFS({ type: 'hamt-sharded-directory', data: Uint8Array.of(1), fanout: 256n, hashType: 0x22n })
      dag.unixfs(data, [['0aname', dag.leaf('x')]])
    },
    'deeper than its hash has bits': (dag) => {
      let node = dag.shard([[1, 'a', dag.leaf('x')]])
      for (let level = 0; level < 8; level++) node = dag.shard([[slotOf('a', 7 - level), '', node]])
    },
  }
  for (const [name, craft] of Object.entries(wrong)) {
    test(`${name}, is malformed`, () => refused('layout_malformed', craft, oneFile))
  }

  test('empty, is an empty folder', () => {
    const dag = new CraftedDag()
    dag.shard([])
    assert.deepEqual(dag.read(), [{ kind: 'folder', path: [], bytes: 0, leaves: [] }])
  })
})

describe('what unfolds', () => {
  /** Reads a small DAG that stands for a huge tree; it must be refused in time that fits its bytes. */
  function refusedSoon(craft: (dag: CraftedDag) => void): void {
    const dag = new CraftedDag()
    craft(dag)
    const source = dag.source({ files: 500_000, bytes: 0 })
    assert.ok(!assertOnlyOwnErrors(() => readLayout(source), source.blockBytes))
    assert.throws(() => readLayout(source), { code: 'layout_too_large' })
  }

  test('folders that double at each level', () => {
    refusedSoon((dag) => {
      let folder = dag.folder({ file: dag.leaf('x') })
      for (let level = 0; level < 40; level++) folder = dag.folder({ a: folder, b: folder })
    })
  })

  test('folders that double, above a long chain', () => {
    refusedSoon((dag) => {
      let folder = dag.folder({ file: dag.leaf('x') })
      for (let level = 0; level < 100; level++) folder = dag.folder({ a: folder })
      for (let level = 0; level < 20; level++) folder = dag.folder({ a: folder, b: folder })
    })
  })

  test('tries that repeat, which no names can fit', () => {
    const dag = new CraftedDag()
    let shard = dag.shard([[0, 'name', dag.leaf('x')]])
    for (let level = 0; level < 7; level++) {
      shard = dag.shard(Array.from({ length: 256 }, (_, slot) => [slot, '', shard] as const))
    }
    const source = dag.source({ files: 500_000, bytes: 500_000 })
    assert.ok(!assertOnlyOwnErrors(() => readLayout(source), source.blockBytes))
  })

  test('files that double at each level', () => {
    const dag = new CraftedDag()
    let file: CraftedLink = dag.leaf('x')
    let size = 1
    for (let level = 0; level < fileDepthMax; level++) {
      file = dag.file(new Array<CraftedLink>(4).fill(file), new Array<number>(4).fill(size))
      size *= 4
    }
    const source = dag.source({ kind: 'file', files: 1, bytes: size })
    assertOnlyOwnErrors(() => readLayout(source), source.blockBytes)
    assert.throws(() => readLayout(source), { code: 'layout_too_large' })
  })

  test('a file with more levels than any needs', () => {
    const dag = new CraftedDag()
    let file: CraftedLink = dag.leaf('x')
    for (let level = 0; level < fileDepthMax + 2; level++) file = dag.file([file], [1])
    assert.throws(() => dag.read({ kind: 'file', files: 1, bytes: 1 }), { code: 'layout_too_large' })
  })

  test('a folder that is there a hundred times is no such thing', () => {
    assert.ok(layoutStepsPerLinkMax > 100)
    const folder = Object.fromEntries(Array.from({ length: 50 }, (_, file) => [`file ${file}`, Buffer.from(`${file}`)]))
    assertLayout(Object.fromEntries(Array.from({ length: 100 }, (_, copy) => [`copy ${copy}`, folder])), publicSealer)
  })
})

describe('any nodes', () => {
  test('throw nothing but layout errors', () => {
    const anyNodes = fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(anyNodes, (nodes) => {
        const dag = new CraftedDag()
        for (const node of nodes) dag.node(node)
        const source = dag.source()
        assertOnlyOwnErrors(() => readLayout(source), source.blockBytes)
      }),
    )
  })

  test('with changed bytes throw nothing but layout errors', () => {
    const dag = new CraftedDag()
    const file = dag.file([dag.leaf('abc'), dag.leaf('de')])
    const shard = dag.shard([[hamtSlots(Buffer.from('a'))[0] ?? 0, 'a', file]])
    dag.folder({ empty: dag.folder({}), file, shard })
    const source = dag.source({ files: 2, bytes: 10 })
    assert.equal(readLayout(source).length, 3)
    fc.assert(
      fc.property(fc.nat(3), fc.nat(), fc.nat(255), fc.nat(3), (node, place, value, cut) => {
        const getNode = (index: number) => {
          const block = source.getNode(index).slice()
          if (index !== node) return block
          block[place % block.length] = value
          return block.subarray(0, block.length - (place % 7 === 0 ? cut : 0))
        }
        assertOnlyOwnErrors(() => readLayout({ ...source, getNode }), source.blockBytes)
      }),
      { numRuns: 3_000 },
    )
  })
})
