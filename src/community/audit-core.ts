// What lets people compare their logs by voice: one digest over the ids of all entries, as six words.
// docs/protocol/community.md, "Comparing".

import { sha256 } from '@noble/hashes/sha2.js'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { concatBytes, toHex } from '../base/bytes.ts'
import { idBytes } from '../log/ids.ts'
import type { EntryId } from '../log/types.ts'
import { rootWords } from './limits.ts'

// RFC 9162 §2.1.1: leaves and nodes are hashed under different first bytes, so that neither passes for the other.
const leafMark = Uint8Array.of(0)
const nodeMark = Uint8Array.of(1)

/** Takes ids in ascending order, one after the other, and keeps a digest for each level of the tree only. */
export interface MerkleTree {
  add(id: EntryId): void
  /** 32 bytes; of the empty tree: sha2-256 of nothing. */
  root(): Uint8Array
}

export function createMerkleTree(hash: (bytes: Uint8Array) => Uint8Array = sha256): MerkleTree {
  /** Digests of whole subtrees, largest first. */
  const whole: { readonly leaves: number; readonly digest: Uint8Array }[] = []
  const join = (left: Uint8Array, right: Uint8Array) => hash(concatBytes(nodeMark, left, right))
  return {
    add(id) {
      let subtree = { leaves: 1, digest: hash(concatBytes(leafMark, idBytes(id))) }
      for (let last = whole.at(-1); last?.leaves === subtree.leaves; last = whole.at(-1)) {
        whole.pop()
        subtree = { leaves: subtree.leaves * 2, digest: join(last.digest, subtree.digest) }
      }
      whole.push(subtree)
    },
    root: () =>
      whole.length === 0
        ? hash(new Uint8Array(0))
        : whole.map(({ digest }) => digest).reduceRight((right, left) => join(left, right)),
  }
}

/** The first 66 bits of a root as words of BIP-39's English list: enough that nobody finds another log with the same. */
export function rootToWords(root: Uint8Array): string[] {
  const bits = BigInt(`0x${toHex(root)}`)
  return Array.from({ length: rootWords }, (_, at) => {
    const index = Number((bits >> BigInt(256 - 11 * (at + 1))) & 0x7ffn)
    return wordlist[index] ?? ''
  })
}
