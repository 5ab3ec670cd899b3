// One inner node of a UnixFS DAG: links and UnixFS data in dag-pb, handed over to be hashed.

import { encode } from '@ipld/dag-pb'
import type { UnixFS } from 'ipfs-unixfs'
import type { Digest } from '../types.ts'
import { type BlockCodec, cidOf, dagPbCodec } from './cid.ts'

/** A link to a built file, folder or leaf. */
export interface DagLink {
  readonly codec: BlockCodec
  /** sha2-256 of the wire bytes. */
  readonly digest: Digest
  /** Bytes of all blocks from here down before sealing, each counted as often as it is linked. */
  readonly tsize: number
  /** Bytes of file content below; 0 for folders. */
  readonly fileBytes: number
}

export interface NamedLink {
  readonly name: string
  readonly link: DagLink
}

/** Takes an inner node before sealing and says what digest its wire bytes have. */
export type PutNode = (plain: Uint8Array) => { readonly digest: Digest }

/** Encodes a node (its links in their final order), hands it over and returns the link to it. */
export function putDagNode(data: UnixFS, links: readonly NamedLink[], putNode: PutNode): DagLink {
  const plain = encode({
    Data: data.marshal(),
    Links: links.map(({ name, link }) => ({ Hash: cidOf(link.codec, link.digest), Name: name, Tsize: link.tsize })),
  })
  const { digest } = putNode(plain)
  const tsize = links.reduce((sum, { link }) => sum + link.tsize, plain.length)
  return { codec: dagPbCodec, digest, tsize, fileBytes: data.isDirectory() ? 0 : Number(data.fileSize()) }
}
