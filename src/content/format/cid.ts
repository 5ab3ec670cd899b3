// CIDs of blocks: CIDv1, sha2-256, codec raw or dag-pb, text in base32.

import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { Digest, VersionMeta, Visibility } from '../types.ts'

const sha256Code = 0x12

/** Codec of a block once opened: 0x55 raw or 0x70 dag-pb. */
export type BlockCodec = VersionMeta['rootCodec']
export const rawCodec = 0x55
export const dagPbCodec = 0x70

export function cidOf(codec: BlockCodec, digest: Digest): CID {
  return CID.createV1(codec, create(sha256Code, digest))
}

/**
 * The root's CID as people see it. That of a private share names its sealed root, which nobody can take for dag-pb:
 * its codec is raw.
 */
export function rootCid(root: { visibility: Visibility; rootCodec: BlockCodec; digest: Digest }): string {
  return cidOf(root.visibility === 'private' ? rawCodec : root.rootCodec, root.digest).toString()
}
