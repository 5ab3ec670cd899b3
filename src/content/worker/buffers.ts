// Memory for blocks, shared by this thread and the block worker and used again and again. A fresh mebibyte for each block
// would be pages to fault in and, every few dozen of them, a full garbage collection: at full speed half of a sender's time.
//
//   take ──► a whole buffer (large block) or a piece of the open one (small block) ──► give ──► free when all pieces are back
//
// Must stay true: only what came from here goes back, once, and only when nobody reads or writes it any more.

import { copyBytes } from '../../base/copy.ts'
import { bufferBytes, buffersMax, gatherBuffersMax, ownBufferBytesMin } from './limits.ts'

export interface BlockBuffers {
  /** Memory to gather a block in; ordinary memory when it is small or no buffer is free. The content is arbitrary. */
  take(length: number): Uint8Array
  /** The bytes in memory from here: a copy, if they are elsewhere and there is room. */
  keep(bytes: Uint8Array): Uint8Array
  /** Gives memory back; anything that did not come from here, or came back already, is ignored. */
  give(bytes: Uint8Array): void
}

export interface BufferPool extends BlockBuffers {
  /** All buffers; undefined before the first was taken. */
  readonly memory: SharedArrayBuffer | undefined
  /** Buffers that are out. */
  readonly used: number
  /** Memory for the worker: a piece for small blocks; undefined when nothing is free. */
  lend(length: number): Uint8Array | undefined
  /** Whether these bytes lie in this pool, where the worker can see them. */
  holds(bytes: Uint8Array): boolean
  /** Lets go of all memory, if nothing is out; says whether. */
  release(): boolean
}

const pageBytes = 65_536

/** As much of WebAssembly as is used here; Node's types leave it out. */
declare const WebAssembly: {
  readonly Memory: new (pages: {
    readonly initial: number
    readonly maximum: number
    readonly shared: boolean
  }) => { readonly buffer: SharedArrayBuffer }
}

export function createBufferPool(): BufferPool {
  let memory: SharedArrayBuffer | undefined
  /** Pieces of each buffer that are out. */
  const pieces = new Uint16Array(buffersMax)
  let free: number[] = []
  let used = 0
  let gathering = 0
  /** The buffer that small pieces are cut from, and how much of it is gone. */
  let open: { readonly buffer: number; end: number } | undefined
  const owners = new Map<Uint8Array, { readonly buffer: number; readonly gather: boolean }>()

  function grab(): number | undefined {
    if (memory === undefined) {
      // WebAssembly's memory, because it begins at a page: writes around the page cache want that.
      const pages = (bufferBytes * buffersMax) / pageBytes
      memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer
      free = Array.from({ length: buffersMax }, (_, number) => buffersMax - 1 - number)
    }
    const buffer = free.pop()
    if (buffer !== undefined) used += 1
    return buffer
  }

  function cut(buffer: number, start: number, length: number, gather: boolean): Uint8Array | undefined {
    if (memory === undefined) return undefined
    const bytes = new Uint8Array(memory, buffer * bufferBytes + start, length)
    pieces[buffer] = (pieces[buffer] ?? 0) + 1
    owners.set(bytes, { buffer, gather })
    return bytes
  }

  function cutSmall(length: number): Uint8Array | undefined {
    if (open === undefined || open.end + length > bufferBytes) {
      const buffer = grab()
      if (buffer === undefined) return undefined
      const before = open?.buffer
      open = { buffer, end: 0 }
      if (before !== undefined) settle(before)
    }
    const start = open.end
    // The next piece begins at a word.
    open.end += Math.ceil(length / 8) * 8
    return cut(open.buffer, start, length, false)
  }

  function settle(buffer: number): void {
    if (pieces[buffer] !== 0) return
    if (open?.buffer === buffer) open = undefined
    free.push(buffer)
    used -= 1
  }

  function lend(length: number): Uint8Array | undefined {
    if (length > bufferBytes) return undefined
    if (length < ownBufferBytesMin) return cutSmall(length)
    const buffer = grab()
    return buffer === undefined ? undefined : cut(buffer, 0, length, false)
  }

  return {
    get memory() {
      return memory
    },
    get used() {
      return used
    },
    take(length) {
      const isLarge = length >= ownBufferBytesMin && length <= bufferBytes
      const buffer = isLarge && gathering < gatherBuffersMax ? grab() : undefined
      const bytes = buffer === undefined ? undefined : cut(buffer, 0, length, true)
      if (bytes === undefined) return new Uint8Array(length)
      gathering += 1
      return bytes
    },
    lend,
    keep(bytes) {
      const copy = owners.has(bytes) ? undefined : lend(bytes.length)
      if (copy === undefined) return bytes
      copyBytes(copy, 0, bytes)
      return copy
    },
    give(bytes) {
      const owner = owners.get(bytes)
      if (owner === undefined) return
      owners.delete(bytes)
      if (owner.gather) gathering -= 1
      pieces[owner.buffer] = (pieces[owner.buffer] ?? 1) - 1
      settle(owner.buffer)
    },
    holds: (bytes) => owners.has(bytes),
    release() {
      if (owners.size > 0) return false
      memory = undefined
      free = []
      open = undefined
      used = 0
      return true
    },
  }
}
