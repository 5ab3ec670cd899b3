// Sample data that is the same at every run: a seeded ChaCha20 key stream, so that nothing compresses or repeats.

import { createCipheriv, createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const chunkBytes = 1 << 20

function keyStream(seed: string) {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('chacha20', key, Buffer.alloc(16))
}

/** A folder with one file of `bytes` bytes. */
export function makeBigFile(folder: string, bytes: number): void {
  if (existsSync(join(folder, 'big.bin'))) return
  mkdirSync(folder, { recursive: true })
  const stream = keyStream('big file')
  const zeros = Buffer.alloc(chunkBytes)
  const file = openSync(join(folder, 'big.bin'), 'wx')
  for (let left = bytes; left > 0; left -= chunkBytes) {
    writeSync(file, stream.update(zeros.subarray(0, Math.min(left, chunkBytes))))
  }
  closeSync(file)
}

/** A folder with `files` files of 500 B to 20 KB (or `bytesMax`) in folders of 100. */
export function makeSmallFiles(folder: string, files: number, bytesMax = 20_000): void {
  if (existsSync(folder)) return
  const stream = keyStream('small files')
  const random = keyStream('small sizes')
  for (let index = 0; index < files; index++) {
    const place = join(folder, `folder-${String(Math.floor(index / 100)).padStart(3, '0')}`)
    if (index % 100 === 0) mkdirSync(place, { recursive: true })
    const bytes = 500 + (random.update(Buffer.alloc(4)).readUInt32LE() % (bytesMax - 499))
    writeFileSync(join(place, `file-${String(index).padStart(5, '0')}.bin`), stream.update(Buffer.alloc(bytes)))
  }
}
