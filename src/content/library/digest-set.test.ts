import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../../base/bytes.ts'
import { asDigest, digestOf } from '../format/keys.ts'
import { DigestSet } from './digest-set.ts'
import { createPathSet } from './path-set.ts'

test('a set of digests keeps each once, in the order in which they came, however many there are', () => {
  const set = new DigestSet()
  // Some collide in the part that places them.
  const digests = Array.from({ length: 5_000 }, (_, at) => {
    const digest = digestOf(new Uint8Array([at, at >> 8]))
    if (at % 100 === 0) digest.set([1, 2, 3, 4])
    return digest
  })
  for (const [at, digest] of digests.entries()) assert.equal(set.add(digest, at), true)
  for (const digest of digests) assert.equal(set.add(digest, 7), false)
  assert.equal(set.size, digests.length)
  for (const [at, digest] of digests.entries()) {
    assert.deepEqual([toHex(set.digest(at)), set.length(at), set.has(digest)], [toHex(digest), at, true])
  }
  assert.equal(set.has(asDigest(new Uint8Array(32))), false)
})

test('a set of paths has those that were added', () => {
  const set = createPathSet()
  const paths = Array.from({ length: 1_000 }, (_, at) => `folder-${at % 10}/file-${at}.txt`)
  for (const path of ['', ...paths]) set.add(path)
  assert.ok(set.has('') && paths.every((path) => set.has(path)))
  assert.ok(!set.has('folder-0/file-1.txt') && !set.has('folder-0'))
})
