// CIDs against those that other implementations publish, and against js-ipfs-unixfs' importer on random trees.

import assert from 'node:assert/strict'
import { createCipheriv, hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type ImportCandidate, type ImporterOptions, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { CID } from 'multiformats/cid'
import { makeVersion, publicKeys, type Tree } from '../../../test/support/shares.ts'
import type { Digest } from '../types.ts'
import { type BlockCodec, rootCid } from './cid.ts'
import { buildFile, buildFolder, type DagLink, leafLink, type NamedLink } from './dag.ts'
import { buildHamt } from './hamt.ts'
import { digestOf } from './keys.ts'
import { folderNodeBytesMax, leafBytes } from './limits.ts'
import { createSealer } from './seal.ts'

const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/unixfs/profile-v1-2025.json', import.meta.url), 'utf8'),
)

const putNode = (plain: Uint8Array) => ({ digest: digestOf(plain) })
const cidText = (link: DagLink) => rootCid({ visibility: 'public', rootCodec: link.codec, digest: link.digest })

/** The leaves of a file's content. */
function leavesOf(content: Uint8Array): DagLink[] {
  const starts = Array.from(
    { length: Math.max(1, Math.ceil(content.length / leafBytes)) },
    (_, leaf) => leaf * leafBytes,
  )
  return starts.map((start) => {
    const leaf = content.subarray(start, start + leafBytes)
    return leafLink(digestOf(leaf), leaf.length)
  })
}

/** The key stream that stands for a seed, to be read piece by piece. */
function seeded(seed: string): (bytes: number) => Uint8Array {
  const cipher = createCipheriv('chacha20', hash('sha256', seed, 'buffer'), new Uint8Array(16))
  return (bytes) => cipher.update(new Uint8Array(bytes))
}

/** The leaves of the first `bytes` of a seed's stream; full ones are hashed once. */
function seededLeaves(seed: string, bytes: number): DagLink[] {
  const stream = streams.get(seed) ?? { read: seeded(seed), full: [] }
  streams.set(seed, stream)
  const count = Math.floor(bytes / leafBytes)
  while (stream.full.length < count) stream.full.push(...leavesOf(stream.read(leafBytes)))
  const rest = bytes % leafBytes
  return rest === 0 ? stream.full.slice(0, count) : [...stream.full, ...leavesOf(stream.read(rest))]
}

const streams = new Map<string, { read: (bytes: number) => Uint8Array; full: DagLink[] }>()

function linkFrom({ cid, tsize }: { cid: string; tsize: number }): DagLink {
  const { code, multihash } = CID.parse(cid)
  return { codec: code as BlockCodec, digest: multihash.digest as Digest, tsize, fileBytes: 0 }
}

describe('published CIDs', () => {
  for (const { name, text, seed, bytes, cid } of vectors.files) {
    // One of these hashes a gibibyte: two seconds for the published CIDs of files with one and two levels of nodes.
    test(`file: ${name}`, () => {
      const leaves = seed === undefined ? leavesOf(Buffer.from(text)) : seededLeaves(seed, bytes)
      assert.equal(cidText(buildFile(leaves, putNode)), cid)
    })
  }

  const { seed, alphabet, files, letters, cases } = vectors.folders
  for (const { name, lastLetters, cid } of cases) {
    test(`folder ${name}`, () => {
      const read = seeded(seed)
      const link = leafLink(digestOf(Buffer.from('x')), 1)
      const entries = Array.from({ length: files }, (_, file) => {
        const bytes = read(file === files - 1 ? lastLetters : letters)
        return { name: Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join(''), link }
      })
      assert.equal(cidText(buildFolder(entries, putNode)), cid)
    })
  }

  test('the empty folder', () => {
    assert.equal(cidText(buildFolder([], putNode)), vectors.emptyFolder)
  })

  for (const { name, cid, entries } of vectors.fixtures.folders) {
    test(`folder ${name}`, () => {
      const links = entries.map((entry: { name: string; cid: string; tsize: number }) => ({
        name: entry.name,
        link: linkFrom(entry),
      }))
      assert.equal(cidText(buildFolder(links, putNode)), cid)
    })
  }

  test('a trie of 1,000 names', () => {
    const { cid, files, file, rootBytes } = vectors.fixtures.trie
    const entries = Array.from({ length: files }, (_, index) => {
      const name = `${index + 1}.txt`
      return { name, bytes: Buffer.from(name), link: linkFrom(file) }
    })
    const blocks: Uint8Array[] = []
    const root = buildHamt(entries, (plain) => {
      blocks.push(plain)
      return putNode(plain)
    })
    assert.equal(cidText(root), cid)
    assert.equal(blocks.at(-1)?.length, rootBytes)
  })
})

describe('beside js-ipfs-unixfs', () => {
  const sealer = createSealer(publicKeys)

  async function importedCid(source: ImportCandidate[], options: ImporterOptions = {}): Promise<string> {
    const blocks = { put: async (cid: CID) => cid }
    let last = ''
    for await (const entry of importer(source, blocks, { profile: 'unixfs-v1-2025', ...options })) {
      last = entry.cid.toString()
    }
    return last
  }

  /** The tree as the importer wants it: paths below one root. */
  function candidates(tree: Tree, path: string): ImportCandidate[] {
    if (tree instanceof Uint8Array) return [{ path, content: tree }]
    const entries = tree instanceof Map ? [...tree] : Object.entries(tree)
    return [{ path }, ...entries.flatMap(([name, part]) => candidates(part, `${path}/${name}`))]
  }

  async function assertSame(tree: Tree): Promise<void> {
    assert.equal(cidText(makeVersion(tree, sealer).root), await importedCid(candidates(tree, 'root')))
  }

  const names = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((name) => !/[/\0\\]|^\.+$/.test(name))
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.uint8Array({ maxLength: 64 }),
      fc
        .uniqueArray(fc.tuple(names, tie('tree')), { maxLength: 6, selector: ([name]) => name })
        .map((entries) => new Map(entries)),
    ),
  }))

  test('random trees', async () => {
    await fc.assert(fc.asyncProperty(tree, assertSame), { numRuns: 150 })
  })

  test('folders around the bytes at which they are sharded', async () => {
    // 2,674 entries of 98 bytes and 4 for the folder's data come to 262,056: a last name of 44 letters fills the rest.
    const content = Buffer.from('x')
    for (const letters of [43, 44, 45]) {
      const entries = Array.from({ length: 2674 }, (_, file) => [`${file}`.padStart(54, 'n'), content] as const)
      await assertSame(new Map([...entries, ['z'.repeat(letters), content]]))
    }
  })

  test('a folder of 10,100 names of every kind', async () => {
    const entries = Array.from({ length: 10_100 }, (_, file) => {
      const name = ['ascii', 'été', '日本', '🎈'][file % 4] ?? ''
      return [`${name}-${file}`, Buffer.from(`${file % 100}`)] as const
    })
    await assertSame(new Map<string, Tree>([...entries, ['below', new Map(entries.slice(0, 10))]]))
  })

  test('files that hold just the bytes of inner nodes beside them', async () => {
    const part = {
      folder: { 'x.txt': Buffer.from('x'), empty: {} },
      large: Uint8Array.from({ length: leafBytes + 9 }, (_, place) => place >> 8),
      'a.txt': Buffer.from('a'),
    }
    const { blocks, meta } = makeVersion({ part }, sealer)
    assert.equal(meta.nodes, 5)
    const copies = blocks.slice(0, meta.nodes).map((block, node) => [`node ${node}`, block] as const)
    await assertSame({ part, copies: new Map(copies) })
    await assertSame({ early: new Map(copies), part })
  })

  test('files of up to six levels, with three links a node', async () => {
    const layout = balanced({ maxChildrenPerNode: 3 })
    for (const leaves of [2, 3, 4, 9, 10, 27, 28, 81, 82, 100, 243, 244]) {
      const content = Uint8Array.from({ length: leaves }, (_, place) => place)
      const links = Array.from(content, (byte) => leafLink(digestOf(Uint8Array.of(byte)), 1))
      const cid = await importedCid([{ path: 'file', content }], { chunker: fixedSize({ chunkSize: 1 }), layout })
      assert.equal(cidText(buildFile(links, putNode, 3)), cid)
    }
  })

  for (const leaves of [2, 1_023, 1_024, 1_025, 2_048, 2_049]) {
    test(`a file of ${leaves} leaves`, async () => {
      const content = new Uint8Array(leaves * 4 - 1).map((_, place) => place * 7 + (place >> 8))
      const cid = await importedCid([{ path: 'file', content }], { chunker: fixedSize({ chunkSize: 4 }) })
      assert.equal(cidText(makeVersion(content, sealer, { chunkBytes: 4 }).root), cid)
    })
  }
})

describe('shape', () => {
  const leaf = (index: number) => leafLink(digestOf(Buffer.from(`${index}`)), leafBytes)

  test('children come before parents', () => {
    const seen = new Set<string>()
    const entries: NamedLink[] = Array.from({ length: 9_000 }, (_, file) => ({
      name: `file ${file}`,
      link: leaf(file),
    }))
    let nodes = 0
    const root = buildFolder(entries, (plain) => {
      nodes++
      const { digest } = putNode(plain)
      seen.add(Buffer.from(digest).toString('hex'))
      return { digest }
    })
    assert.ok(nodes > 256)
    assert.equal([...seen].at(-1), Buffer.from(root.digest).toString('hex'))
  })

  test('a folder node of the largest size is not sharded, the next one is', () => {
    const sizes: number[] = []
    const small = leafLink(digestOf(Buffer.from('x')), 1)
    const build = (lastLetters: number) => {
      const entries = Array.from({ length: 2674 }, (_, file) => ({ name: `${file}`.padStart(54, 'n'), link: small }))
      entries.push({ name: 'z'.repeat(lastLetters), link: small })
      buildFolder(entries, (plain) => {
        sizes.push(plain.length)
        return putNode(plain)
      })
    }
    const largest = Array.from({ length: 60 }, (_, letters) => letters + 1).findLast((letters) => {
      sizes.length = 0
      build(letters)
      return sizes.length === 1
    })
    sizes.length = 0
    build(largest ?? 0)
    assert.deepEqual(sizes, [folderNodeBytesMax])
  })

  test('two names with one hash cannot be in a large folder', () => {
    // A real pair takes 2^32 names to find: this one is only said to be two.
    const entry = { name: 'a', bytes: Buffer.from('a'), link: leaf(1) }
    assert.throws(() => buildHamt([entry, { ...entry, name: 'b' }], putNode), { code: 'folder_not_shardable' })
  })
})
