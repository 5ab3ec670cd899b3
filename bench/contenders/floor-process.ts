// `serve FOLDER`: prints its port, answers each connection's first byte with all files.
// `get PORT FOLDER COPIES`: connects, waits for a line, fetches into FOLDER/<copy>, prints the seconds.
// Frame: path length (u16), path, file length (u64), bytes.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'

const readBytes = 1 << 20
const [command, first = '', second = '', third = '1'] = process.argv.slice(2)
const secret = { psk: Buffer.alloc(32, 7), identity: 'floor' }
const options = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256:PSK' } as const

async function sendFolder(socket: TLSSocket, folder: string): Promise<void> {
  const buffers = [Buffer.allocUnsafe(readBytes), Buffer.allocUnsafe(readBytes)]
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const name = Buffer.from(relative(folder, path))
    const header = Buffer.alloc(2 + name.length + 8)
    header.writeUInt16BE(name.length)
    name.copy(header, 2)
    header.writeBigUInt64BE(BigInt(statSync(path).size), 2 + name.length)
    socket.write(header)
    const file = await open(path)
    let written = Promise.resolve()
    for (let turn = 0; ; turn++) {
      const buffer = buffers[turn % 2] ?? Buffer.alloc(0)
      const { bytesRead } = await file.read(buffer, 0, readBytes)
      await written // the other buffer is free again only after this
      if (bytesRead === 0) break
      written = new Promise((resolve) => socket.write(buffer.subarray(0, bytesRead), () => resolve()))
    }
    await file.close()
  }
  socket.end()
}

class Receiver {
  #pending: Buffer[] = []
  #pendingBytes = 0
  #file: FileHandle | undefined
  #left = 0
  #offset = 0
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async take(chunk: Buffer): Promise<void> {
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    while (this.#pendingBytes > 0) {
      if (this.#file === undefined && !(await this.#openNext())) return
      const wanted = Math.min(this.#left, readBytes)
      if (this.#pendingBytes < wanted) return
      await this.#write(this.#read(wanted))
    }
  }

  async #openNext(): Promise<boolean> {
    if (this.#pendingBytes < 2) return false
    const all = Buffer.concat(this.#pending)
    this.#pending = [all]
    const nameBytes = all.readUInt16BE()
    if (all.length < 10 + nameBytes) return false
    const header = this.#read(10 + nameBytes)
    const path = join(this.#folder, header.subarray(2, 2 + nameBytes).toString())
    this.#left = Number(header.readBigUInt64BE(2 + nameBytes))
    this.#offset = 0
    await mkdir(dirname(path), { recursive: true })
    this.#file = await open(path, 'w')
    return true
  }

  async #write(bytes: Buffer): Promise<void> {
    createHash('sha256').update(bytes).digest()
    await this.#file?.write(bytes, 0, bytes.length, this.#offset)
    this.#offset += bytes.length
    this.#left -= bytes.length
    if (this.#left > 0) return
    await this.#file?.close()
    this.#file = undefined
  }

  #read(length: number): Buffer {
    const parts: Buffer[] = []
    for (let left = length; left > 0; ) {
      const head = this.#pending[0] ?? Buffer.alloc(0)
      const part = head.subarray(0, left)
      parts.push(part)
      left -= part.length
      if (part.length === head.length) this.#pending.shift()
      else this.#pending[0] = head.subarray(part.length)
    }
    this.#pendingBytes -= length
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
  }
}

async function receive(socket: TLSSocket, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const receiver = new Receiver(folder)
  socket.write('x')
  for await (const chunk of socket) await receiver.take(chunk)
}

if (command === 'serve') {
  const server = createServer({ ...options, pskCallback: () => secret.psk }, (socket) => {
    socket.once('data', () => void sendFolder(socket, first))
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    console.log(typeof address === 'object' ? address?.port : '')
  })
} else {
  const sockets = await Promise.all(
    Array.from({ length: Number(third) }, async () => {
      const socket = connect({
        ...options,
        port: Number(first),
        host: '127.0.0.1',
        pskCallback: () => secret,
        checkServerIdentity: () => undefined,
      })
      await once(socket, 'secureConnect')
      return socket
    }),
  )
  console.log('connected')
  await once(process.stdin, 'data')
  const startedMs = performance.now()
  await Promise.all(sockets.map((socket, index) => receive(socket, join(second, String(index)))))
  console.log((performance.now() - startedMs) / 1000)
  process.stdin.destroy()
}
