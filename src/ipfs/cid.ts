// CIDs as IPFS tools use them: version 0 and 1, raw and dag-pb, sha2-256 and identity. What is compared is the multihash
// alone: a block is the same whatever codec it is asked for by.

import { base16 } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { equalBytes, toHex } from '../base/bytes.ts'
import { dagPbCodec, rawCodec } from '../content/format/cid.ts'
import { digestAsync } from '../content/format/seal.ts'
import { ipfsErrors } from './errors.ts'
import { cidBytesMax, cidCharsMax, ipfsBlockBytesMax } from './limits.ts'

const sha256Code = 0x12
const identityCode = 0x00
const anyBase = base32.decoder.or(base58btc.decoder).or(base36.decoder).or(base16.decoder).or(base32upper.decoder)

/** Throws `cid_malformed`, `cid_unsupported`. */
export function parseCid(text: string): CID {
  if (text.length === 0 || text.length > cidCharsMax) throw malformed(text)
  let cid: CID
  try {
    cid = text.startsWith('Qm') ? CID.parse(text) : CID.parse(text, anyBase)
  } catch (error) {
    throw malformed(text, error)
  }
  return checkCid(cid)
}

/** A binary CID with nothing behind it. Throws `cid_malformed`, `cid_unsupported`. */
export function decodeCid(bytes: Uint8Array): CID {
  if (bytes.length === 0 || bytes.length > cidBytesMax) throw malformed('')
  try {
    return CID.decode(bytes)
  } catch (error) {
    throw malformed('', error)
  }
}

/** Whether blocks of this kind can be checked and read here. */
export function isSupported(cid: CID): boolean {
  const { code, digest } = cid.multihash
  if (cid.code !== rawCodec && cid.code !== dagPbCodec) return false
  return (code === sha256Code && digest.length === 32) || code === identityCode
}

function checkCid(cid: CID): CID {
  if (cid.bytes.length > cidBytesMax) throw malformed(cid.toString())
  if (isSupported(cid)) return cid
  throw ipfsErrors.cid_unsupported(`${shown(cid.toString())} names content of a kind that Peerhood does not read.`)
}

/** What the same block has in common, whatever CID it is called by. */
export type BlockKey = string

export function keyOf(cid: CID): BlockKey {
  return toHex(cid.multihash.bytes)
}

/** The digest of a sha2-256 CID. */
export function sha256Of(cid: CID): Uint8Array | undefined {
  const { code, digest } = cid.multihash
  return code === sha256Code && digest.length === 32 ? digest : undefined
}

/** The block that an identity CID holds in itself. */
export function inlineBlock(cid: CID): Uint8Array | undefined {
  return cid.multihash.code === identityCode ? cid.multihash.digest : undefined
}

/** Throws `ipfs_block_wrong` unless these are the bytes that the CID names, `ipfs_block_too_large`. */
export async function checkBlock(cid: CID, bytes: Uint8Array): Promise<void> {
  if (bytes.length > ipfsBlockBytesMax) throw ipfsErrors.ipfs_block_too_large(`A block has ${bytes.length} bytes.`)
  const expected = sha256Of(cid)
  if (expected === undefined || !equalBytes(await digestAsync(bytes), expected)) {
    throw ipfsErrors.ipfs_block_wrong(`The bytes are not those that ${cid} names.`)
  }
}

function malformed(text: string, cause?: unknown) {
  return ipfsErrors.cid_malformed(text === '' ? 'This is no CID.' : `${shown(text)} is no CID.`, { cause })
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
