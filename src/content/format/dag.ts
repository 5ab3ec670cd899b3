// Builds UnixFS DAGs after the profile unixfs-v1-2025 (IPIP-499): CIDv1, sha2-256, raw leaves, at most 1,024 links a
// file node, balanced, folders past 262,144 bytes sharded (hamt.ts), no mode, no mtime. CIDs are those of Kubo and
// Helia.
//
// Leaves are hashed elsewhere: links come in, inner nodes go out through `putNode`, children before parents. The
// reverse of that order (each node at its first place) has every node after all that link to it.

import { UnixFS } from 'ipfs-unixfs'
import { compareBytes, utf8 } from '../../base/bytes.ts'
import { assert } from '../../base/errors.ts'
import type { Digest } from '../types.ts'
import { rawCodec } from './cid.ts'
import { type DagLink, type NamedLink, type PutNode, putDagNode } from './dag-node.ts'
import { buildHamt } from './hamt.ts'
import { fileLinksMax, folderNodeBytesMax } from './limits.ts'

export type { DagLink, NamedLink, PutNode } from './dag-node.ts'

/** A leaf: `bytes` (before sealing) of file content, at most 1 MiB. */
export function leafLink(digest: Digest, bytes: number): DagLink {
  return { codec: rawCodec, digest, tsize: bytes, fileBytes: bytes }
}

/**
 * A file of these leaves; a file of one leaf is that leaf, an empty file has one empty leaf. Balanced as Kubo and Helia
 * do it: all leaves at the same depth, so the last node of a level may have a single child (IPIP-499, "balanced").
 * `linksMax` is another one in tests only.
 */
export function buildFile(leaves: readonly DagLink[], putNode: PutNode, linksMax = fileLinksMax): DagLink {
  let level = leaves
  while (level.length > 1) {
    const parents: DagLink[] = []
    for (let start = 0; start < level.length; start += linksMax) {
      parents.push(buildFileNode(level.slice(start, start + linksMax), putNode))
    }
    level = parents
  }
  const [root] = level
  assert(root !== undefined, 'a file has at least one leaf')
  return root
}

function buildFileNode(children: readonly DagLink[], putNode: PutNode): DagLink {
  const data = new UnixFS({ type: 'file', blockSizes: children.map((child) => BigInt(child.fileBytes)) })
  const links = children.map((link) => ({ name: '', link }))
  return putDagNode(data, links, putNode)
}

/** A folder of these entries, whose names differ. Throws `folder_not_shardable` (hamt.ts). */
export function buildFolder(entries: readonly NamedLink[], putNode: PutNode): DagLink {
  const encoded = entries.map((entry) => ({ ...entry, bytes: utf8(entry.name) }))
  // IPIP-499: "HAMT switch comparison >": a node of exactly 262,144 bytes stays plain.
  if (folderNodeBytes(encoded) > folderNodeBytesMax) return buildHamt(encoded, putNode)
  encoded.sort((a, b) => compareBytes(a.bytes, b.bytes))
  return putDagNode(new UnixFS({ type: 'directory' }), encoded, putNode)
}

/** Bytes of the plain dag-pb node ("block-bytes"), without encoding it. */
function folderNodeBytes(entries: readonly { bytes: Uint8Array; link: DagLink }[]): number {
  const data = 4 // tag, length, and UnixFS data of two bytes: the type
  const cid = 38 // tag, length, CIDv1 of 36 bytes
  return entries.reduce((sum, { bytes, link }) => {
    const content = cid + 1 + varintBytes(bytes.length) + bytes.length + 1 + varintBytes(link.tsize)
    return sum + 1 + varintBytes(content) + content
  }, data)
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 128; rest /= 128) bytes++
  return bytes
}
