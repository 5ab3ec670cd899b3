// Turns DAG blocks into what crosses the wire and back. docs/protocol/share.md, "Blocks".
//
//   public:  wire = the block
//   private: id = HMAC(blockId, block), key = HMAC(blockKey, id), wire = id ‖ AES-256-GCM(key, nonce 0, block) ‖ tag
//
// What must stay true: the key follows from the content, so one key and the fixed nonce never meet two contents; and
// what was opened counts only once the digest of its wire bytes was checked, which is the caller's business.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type DecipherGCM,
  type Hash,
  type KeyObject,
  type webcrypto,
} from 'node:crypto'
import { copyBytes } from '../../base/copy.ts'
import type { Digest } from '../types.ts'
import { formatErrors } from './errors.ts'
import { deriveSecret, digestOf, type ShareKeys } from './keys.ts'
import { pieceBytes, sealBytes, threadPoolBytesMin } from './limits.ts'

const idBytes = 32
const tagBytes = 16
const cipher = 'aes-256-gcm'
// A key belongs to one content only (above), so its only nonce may be constant.
const nonce = new Uint8Array(12)

export interface SealedBlock {
  readonly wire: Uint8Array
  /** sha2-256 of `wire`. */
  readonly digest: Digest
}

/** Reads a piece of a block, from its byte `at` on; false when there are no such bytes. */
export type ReadPiece = (piece: Uint8Array, at: number) => boolean

/** Seals and opens the blocks of one share. Equal blocks seal equally. */
export interface Sealer {
  /** How much longer than the block its wire bytes are: 0 (public) or 48 (private). */
  readonly overheadBytes: number
  /** The wire bytes of a block; a public sealer returns the block itself, not a copy. */
  seal(plain: Uint8Array): Uint8Array
  /**
   * {@link Sealer.seal} with the id (the first 32 wire bytes) that the block had before, which spares one pass over it.
   * The block may have changed since: check the digest, and let nothing out when it differs, or one key would have
   * sealed two contents. A public sealer returns the block itself.
   */
  sealAgain(plain: Uint8Array, id: Uint8Array): Uint8Array
  /** {@link Sealer.seal} into `wire`, which has just the length it takes. */
  sealInto(wire: Uint8Array, plain: Uint8Array): void
  /**
   * {@link Sealer.sealAgain} (without an id: {@link Sealer.seal}) into `wire` for a block that is read meanwhile, and the
   * digest: piece by piece, each of which stays in the processor's cache from reading to hashing. Undefined when it can't
   * be read.
   */
  sealPieces(wire: Uint8Array, read: ReadPiece, id?: Uint8Array): Digest | undefined
  /** The block of wire bytes; throws `block_seal_wrong` when the key does not open them. */
  open(wire: Uint8Array): Uint8Array
  /**
   * {@link Sealer.open} and the digest, piece by piece. The block lies where the wire bytes were, from their first byte on;
   * it is undefined when the key does not open them.
   */
  openPieces(wire: Uint8Array): { readonly digest: Digest; readonly plain: Uint8Array | undefined }
  /**
   * {@link Sealer.seal} and the digest; large blocks are hashed beside this thread. Leave `plain` alone meanwhile, and
   * `into`, where a private sealer puts the wire bytes of a large block instead of into new memory.
   */
  sealAsync(plain: Uint8Array, into?: Uint8Array): Promise<SealedBlock>
  /** {@link Sealer.open}, rejecting instead of throwing. */
  openAsync(wire: Uint8Array): Promise<Uint8Array>
}

/** Throws `key_malformed` for a private share without its secret. */
export function createSealer(keys: ShareKeys): Sealer {
  return keys.visibility === 'public' ? publicSealer : createPrivateSealer(keys)
}

/**
 * sha2-256, beside this thread for large blocks. Measured with 1 MiB blocks on two cores with SHA extensions: on this
 * thread 617 µs a block (1.7 GB/s); in the thread pool (WebCrypto) 754 µs, of which 130 to 250 µs are this thread's
 * (it copies), and 2.3 GB/s with four under way. At 4 KiB: 4 µs on this thread, 46 µs in the pool.
 */
export async function digestAsync(bytes: Uint8Array): Promise<Digest> {
  // WebCrypto takes no shared memory.
  if (bytes.length < threadPoolBytesMin || bytes.buffer instanceof SharedArrayBuffer) return digestOf(bytes)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)) as Digest
}

const publicSealer: Sealer = {
  overheadBytes: 0,
  seal: (plain) => plain,
  sealAgain: (plain) => plain,
  sealInto: (wire, plain) => wire.set(plain),
  sealPieces(wire, read) {
    const sum = createHash('sha256')
    for (const [start, end] of piecesOf(wire.length)) {
      const piece = wire.subarray(start, end)
      if (!read(piece, start)) return undefined
      sum.update(piece)
    }
    return digestFrom(sum)
  },
  open: (wire) => wire,
  openPieces: (wire) => ({ digest: digestOf(wire), plain: wire }),
  sealAsync: async (plain) => ({ wire: plain, digest: await digestAsync(plain) }),
  openAsync: async (wire) => wire,
}

/**
 * Measured with 1 MiB blocks on the same two cores, microseconds a block (this thread's share in brackets):
 *
 *                                      one at a time    four under way
 *   HMAC, GCM, digest on this thread   1,507 (1,507)    the same              4 KiB: 45
 *   HMAC and digest in the pool        2,306 (1,024)    1,398 (1,317)         what `sealAsync` does
 *   all in the pool                    2,768 (1,024)    1,841 (1,703)         4 KiB: 86; WebCrypto copies at each step
 *   two worker threads, transferring   2,481   (427)    1,374   (338)         4 KiB: 73
 *   GCM alone on this thread             380   (380)    the same              what `open` and `sealAgain` do
 *
 * So a scan, which waits for nothing else, uses the pool. Blocks that are served or arrive are sealed and opened by the
 * block worker (../worker), which works with the first line's cost in memory that is not allocated anew.
 */
function createPrivateSealer({ share, secret }: ShareKeys): Sealer {
  const idKey = deriveSecret(share, secret, 'peerhood/share/block-id/1')
  const keyKey = deriveSecret(share, secret, 'peerhood/share/block-key/1')
  const poolKey = createPoolKey(idKey)
  // As key objects: Node takes 10 µs longer for each use of bare bytes as a key.
  const [idObject, keyObject] = [createSecretKey(idKey), createSecretKey(keyKey)]

  const keyOf = (id: Uint8Array) => createSecretKey(createHmac('sha256', keyObject).update(id).digest())
  const idOf = (plain: Uint8Array) => createHmac('sha256', idObject).update(plain).digest()
  const seal = (plain: Uint8Array) => {
    const id = idOf(plain)
    return encrypt(id, keyOf(id), plain)
  }
  const sealInto = (wire: Uint8Array, plain: Uint8Array) => {
    const id = idOf(plain)
    encryptInto(wire, id, keyOf(id), plain)
  }
  const open = (wire: Uint8Array) => {
    if (wire.length < sealBytes) throw formatErrors.block_seal_wrong('The block is too short to be a sealed one.')
    return decrypt(keyOf(wire.subarray(0, idBytes)), wire)
  }
  return {
    overheadBytes: sealBytes,
    seal,
    sealAgain: (plain, id) => encrypt(id, keyOf(id), plain),
    sealInto,
    sealPieces(wire, read, id) {
      if (id === undefined) {
        // The id is of all of it. Where the sealed bytes go there is room for that.
        const plain = wire.subarray(idBytes, wire.length - tagBytes)
        if (!read(plain, 0)) return undefined
        sealInto(wire, plain)
        return digestOf(wire)
      }
      const encryption = createCipheriv(cipher, keyOf(id), nonce)
      const sum = createHash('sha256').update(id)
      wire.set(id)
      for (const [start, end] of piecesOf(wire.length - sealBytes)) {
        const plain = scratch().subarray(0, end - start)
        if (!read(plain, start)) return undefined
        const sealed = encryption.update(plain)
        copyBytes(wire, idBytes + start, sealed)
        sum.update(sealed)
      }
      encryption.final()
      const tag = encryption.getAuthTag()
      wire.set(tag, wire.length - tagBytes)
      return digestFrom(sum.update(tag))
    },
    open,
    openPieces(wire) {
      if (wire.length < sealBytes) return { digest: digestOf(wire), plain: undefined }
      const id = wire.slice(0, idBytes)
      const tag = wire.slice(wire.length - tagBytes)
      const decryption = startDecryption(keyOf(id), tag)
      const sum = createHash('sha256').update(id)
      const length = wire.length - sealBytes
      for (const [start, end] of piecesOf(length)) {
        const sealed = wire.subarray(idBytes + start, idBytes + end)
        sum.update(sealed)
        // Over bytes that have been read: the block begins before its sealed bytes do.
        copyBytes(wire, start, decryption.update(sealed))
      }
      const digest = digestFrom(sum.update(tag))
      return { digest, plain: isAuthentic(decryption) ? wire.subarray(0, length) : undefined }
    },
    async sealAsync(plain, into) {
      if (plain.length < threadPoolBytesMin) {
        const wire = seal(plain)
        return { wire, digest: digestOf(wire) }
      }
      const signature = await crypto.subtle.sign('HMAC', await poolKey(), plain as Uint8Array<ArrayBuffer>)
      const id = new Uint8Array(signature)
      const wire = into ?? new Uint8Array(plain.length + sealBytes)
      encryptInto(wire, id, keyOf(id), plain)
      return { wire, digest: await digestAsync(wire) }
    },
    openAsync: async (wire) => open(wire),
  }
}

/** The HMAC key as WebCrypto wants it, made once, when first needed. */
function createPoolKey(raw: Uint8Array): () => Promise<webcrypto.CryptoKey> {
  let key: Promise<webcrypto.CryptoKey> | undefined
  return () => {
    key ??= crypto.subtle.importKey('raw', new Uint8Array(raw), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    return key
  }
}

function encrypt(id: Uint8Array, key: KeyObject, plain: Uint8Array): Uint8Array {
  const wire = new Uint8Array(plain.length + sealBytes)
  encryptInto(wire, id, key, plain)
  return wire
}

function encryptInto(wire: Uint8Array, id: Uint8Array, key: KeyObject, plain: Uint8Array): void {
  const encryption = createCipheriv(cipher, key, nonce)
  wire.set(id, 0)
  wire.set(encryption.update(plain), idBytes)
  encryption.final()
  wire.set(encryption.getAuthTag(), idBytes + plain.length)
}

/** Start and end of each piece of so many bytes. */
function* piecesOf(length: number): Generator<readonly [number, number]> {
  for (let start = 0; start < length; start += pieceBytes) yield [start, Math.min(start + pieceBytes, length)]
}

let pieceMemory: Uint8Array | undefined

function scratch(): Uint8Array {
  pieceMemory ??= new Uint8Array(pieceBytes)
  return pieceMemory
}

function digestFrom(sum: Hash): Digest {
  return new Uint8Array(sum.digest()) as Digest
}

function startDecryption(key: KeyObject, tag: Uint8Array): DecipherGCM {
  return createDecipheriv(cipher, key, nonce, { authTagLength: tagBytes }).setAuthTag(tag)
}

function isAuthentic(decryption: DecipherGCM): boolean {
  try {
    decryption.final()
    return true
  } catch {
    return false
  }
}

function decrypt(key: KeyObject, wire: Uint8Array): Uint8Array {
  const decryption = startDecryption(key, wire.subarray(wire.length - tagBytes))
  const plain = decryption.update(wire.subarray(idBytes, wire.length - tagBytes))
  try {
    decryption.final()
  } catch (cause) {
    throw formatErrors.block_seal_wrong('The key of this link does not open the block.', { cause })
  }
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.length)
}
