import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMerkleProof, createMPT, MerklePatriciaTrie } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import fc from 'fast-check'
import { compareBytes, toHex } from '../../base/bytes.ts'
import { keccak256 } from './keccak.ts'
import {
  commit,
  cut,
  type LoadedNode,
  leavesAfter,
  prove,
  rootOf,
  rootOfList,
  stubOf,
  type Trie,
  type TrieSource,
  update,
  walk,
} from './trie.ts'
import { pathKey } from './trie-store.ts'
import { decodeNode, encodeNode } from './trie-wire.ts'

/** Nodes by path, as the database has them: what was replaced is gone. */
class Disk implements TrieSource {
  readonly nodes = new Map<string, Uint8Array>()

  load(key: Uint8Array, depth: number, ref: Uint8Array): LoadedNode {
    const encoded = this.nodes.get(toHex(pathKey(undefined, key, depth)))
    assert.ok(encoded !== undefined, 'a node is missing')
    assert.deepEqual(keccak256(encoded), ref)
    const node = decodeNode(encoded, key, depth, ref)
    assert.ok(node !== undefined)
    assert.deepEqual(encodeNode(node, depth), encoded)
    return node
  }

  replaced(key: Uint8Array, depth: number): void {
    assert.ok(this.nodes.delete(toHex(pathKey(undefined, key, depth))), 'what was replaced had been there, once')
  }

  apply(trie: Trie, entries: readonly (readonly [Uint8Array, Uint8Array | undefined])[]): Trie {
    const sorted = entries.map(([key, value]) => ({ key, value })).sort((a, b) => compareBytes(a.key, b.key))
    const after = update(trie, sorted, this)
    commit(after, (key, depth, encoded) => this.nodes.set(toHex(pathKey(undefined, key, depth)), encoded))
    return after
  }
}

/** Few different nibbles at the beginning, so that keys share long paths; also deep ones, where nodes lie in their parents. */
const keys = fc
  .tuple(
    fc.array(fc.constantFrom(0, 1, 0x10, 0x11), { minLength: 32, maxLength: 32 }),
    fc.nat({ max: 31 }),
    fc.nat(255),
  )
  .map(([bytes, at, byte]) =>
    Uint8Array.from(bytes.map((one, index) => (index === at ? byte : index < 29 ? 0x11 : one))),
  )
const anyKey = fc.oneof(keys, fc.uint8Array({ minLength: 32, maxLength: 32 }))
const values = fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined, freq: 3 })
const batches = fc.array(fc.array(fc.tuple(anyKey, values), { maxLength: 12 }), { minLength: 1, maxLength: 6 })

test('roots, nodes on disk and proofs are those of @ethereumjs/mpt, whatever is put and deleted', async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.nat({ max: 4 }), async (rounds, depth) => {
      const disk = new Disk()
      const theirs = await createMPT({})
      const content = new Map<string, [Uint8Array, Uint8Array]>()
      let trie: Trie
      for (const round of rounds) {
        const batch = new Map(round.map(([key, value]) => [toHex(key), [key, value] as const]))
        for (const [hex, [key, value]] of batch) {
          if (value === undefined) {
            content.delete(hex)
            await theirs.del(key)
          } else {
            content.set(hex, [key, value])
            await theirs.put(key, value)
          }
        }
        // From memory, from memory in part, or from disk alone.
        trie = disk.apply(depth === 0 ? stubOf(rootOf(trie)) : depth === 4 ? trie : cut(trie, depth), [
          ...batch.values(),
        ])
        assert.equal(toHex(rootOf(trie)), toHex(theirs.root()))
      }
      const sorted = [...content.values()].map(([key]) => key).sort(compareBytes)
      const stub = stubOf(rootOf(trie))
      assert.deepEqual(
        [...leavesAfter(stub, undefined, disk)].map(({ key }) => key),
        sorted,
      )
      for (const key of sorted.slice(0, 3)) {
        assert.deepEqual(
          [...leavesAfter(stub, key, disk)].map((leaf) => leaf.key),
          sorted.slice(sorted.indexOf(key) + 1),
        )
        assert.deepEqual(walk(stub, key, disk), content.get(toHex(key))?.[1])
        // Theirs tells nodes that lie in their parents once more; geth and we don't.
        const proof = (await createMerkleProof(theirs, key)).filter((node, index) => index === 0 || node.length >= 32)
        assert.deepEqual(prove(trie, key, disk), proof)
      }
      assert.equal(disk.nodes.size, new Set([...disk.nodes.keys()]).size)
      assert.equal(countNodes(stub, disk), disk.nodes.size, 'nothing is left over')
    }),
    { seed: 5, numRuns: 120 },
  )
})

/** Nodes that stand by themselves. */
function countNodes(trie: Trie, disk: Disk): number {
  const seen = new Set<string>()
  const below = (node: Trie, path: Uint8Array, depth: number): void => {
    if (node === undefined) return
    const loaded = node.kind === 'stub' ? disk.load(path, depth, node.ref) : node
    if (loaded.ref?.length === 32)
      seen.add(toHex(pathKey(undefined, loaded.kind === 'branch' ? path : loaded.key, depth)))
    if (loaded.kind === 'extension') below(loaded.child, loaded.key, loaded.end)
    if (loaded.kind !== 'branch') return
    loaded.children.forEach((child, nibble) => {
      const next = path.slice()
      const byte = next[depth >> 1] ?? 0
      next[depth >> 1] = (depth & 1) === 0 ? (nibble << 4) | (byte & 15) : (byte & 0xf0) | nibble
      below(child, next, depth + 1)
    })
  }
  below(trie, new Uint8Array(32), 0)
  return seen.size
}

test('the root of a list is that of a trie by RLP of the places', async () => {
  for (const length of [0, 1, 2, 17, 127, 128, 129, 300]) {
    const list = Array.from({ length }, (_, index) =>
      keccak256(Uint8Array.of(index, index >> 8)).subarray(0, 1 + (index % 32)),
    )
    const theirs = new MerklePatriciaTrie({})
    for (const [index, value] of list.entries()) await theirs.put(RLP.encode(index), value)
    assert.equal(toHex(rootOfList(list)), toHex(theirs.root()), `${length}`)
  }
})

test('what is no node is not read as one', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat({ max: 63 }), (bytes, depth) => {
      const node = decodeNode(bytes, new Uint8Array(32), depth, new Uint8Array(32))
      if (node !== undefined) encodeNode(node, depth)
    }),
    { seed: 6, numRuns: 3_000 },
  )
})
