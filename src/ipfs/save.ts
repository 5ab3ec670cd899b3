// Writes a DAG of UnixFS to disk as the file or folder that it is, whatever `GetBlock` takes its blocks from.
//
//   stack of what is to be read, the last first ─► a few workers: get, write or go deeper ─► all there: rename
//
// It is written into a hidden folder beside its place, named after the CID. What lies there from an earlier run is taken
// over where its bytes are those that a leaf's CID names, so that a get goes on where it was.
// Must stay true: names are made safe for the disk; nothing takes its final name before all of it is there; nothing that
// was there before is overwritten.

import { constants, existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { isPeerhoodError } from '../base/errors.ts'
import { rawCodec } from '../content/format/cid.ts'
import { createDisk } from '../content/library/disk.ts'
import { writeError } from '../content/library/errors.ts'
import { cleanName, safeFolder, workingFolderName } from '../content/library/safe-names.ts'
import type { GetBlock } from './blocks.ts'
import { checkBlock, inlineBlock } from './cid.ts'
import { checkPart, listFolder } from './dag.ts'
import { ipfsErrors } from './errors.ts'
import { blocksUnderWayMax, dagDepthMax, dagEntriesMax, dagWaitingMax } from './limits.ts'
import { decodeNode, type FileLink, type Node } from './unixfs-wire.ts'

export interface SaveRequest {
  readonly get: GetBlock
  readonly cid: CID
  /** Absolute path of a folder; made when it is not there. */
  readonly to: string
  /** What it is called there. */
  readonly name: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: SaveProgress) => void
}

export interface SaveProgress {
  /** Bytes of file content written, or found to be here. */
  readonly bytesDone: number
  /** Bytes of the files seen so far. */
  readonly bytes: number
  readonly bytesReused: number
  readonly files: number
}

export interface Saved extends SaveProgress {
  readonly path: string
  /** Symbolic links, which are left out. */
  readonly left: number
}

interface OpenFile {
  readonly path: string
  readonly handle: FileHandle
  readonly bytes: number
  readonly isOld: boolean
  /** Parts that are not written. */
  parts: number
}

type Task =
  | { readonly type: 'entry'; readonly cid: CID; readonly path: string; readonly depth: number }
  | {
      readonly type: 'part'
      readonly link: FileLink
      readonly at: number
      readonly file: OpenFile
      readonly depth: number
    }

export interface SaveBounds {
  /** Files and folders. */
  readonly entriesMax: number
  /** Nodes and leaves that wait. */
  readonly waitingMax: number
}

const saveBounds: SaveBounds = { entriesMax: dagEntriesMax, waitingMax: dagWaitingMax }

/** Throws `ipfs_target_taken`, what writing and reading blocks throw, or the signal's reason. */
export async function saveDag(request: SaveRequest, bounds: SaveBounds = saveBounds): Promise<Saved> {
  const target = join(request.to, cleanName(request.name))
  if (existsSync(target)) throw ipfsErrors.ipfs_target_taken(`There is something at ${target} already.`)
  const work = join(request.to, workingFolderName(`ipfs-${request.cid}`))
  try {
    await mkdir(work, { recursive: true })
    const content = join(work, 'content')
    const saving = new Saving(request, bounds)
    const saved = await saving.run(content)
    // What is said to be done outlives a power cut.
    const disk = createDisk()
    await disk.flush(work, saving.written)
    if (existsSync(target)) throw ipfsErrors.ipfs_target_taken(`There is something at ${target} now.`)
    await rename(content, target)
    await disk.flushFolder(request.to)
    await rm(work, { recursive: true, force: true })
    return { ...saved, path: target }
  } catch (error) {
    if (isPeerhoodError(error) || request.signal.aborted) throw error
    throw writeError(error, target)
  }
}

class Saving {
  readonly #request: SaveRequest
  readonly #bounds: SaveBounds
  readonly #stack: Task[] = []
  readonly #open = new Set<OpenFile>()
  readonly #failed = new AbortController()
  /** All files so far. */
  readonly written: string[] = []
  readonly #signal: AbortSignal
  /** Wakes workers that wait for others to find more. */
  #waiting: (() => void)[] = []
  #busy = 0
  #entries = 0
  #bytesDone = 0
  #bytes = 0
  #bytesReused = 0
  #files = 0
  #left = 0

  constructor(request: SaveRequest, bounds: SaveBounds) {
    this.#request = request
    this.#bounds = bounds
    this.#signal = AbortSignal.any([request.signal, this.#failed.signal])
  }

  async run(path: string): Promise<Omit<Saved, 'path'>> {
    this.#push([{ type: 'entry', cid: this.#request.cid, path, depth: 0 }])
    try {
      const workers = await Promise.allSettled(Array.from({ length: blocksUnderWayMax }, () => this.#work()))
      if (this.#failed.signal.aborted) throw this.#failed.signal.reason
      for (const worker of workers) if (worker.status === 'rejected') throw worker.reason
    } finally {
      await Promise.allSettled([...this.#open].map(({ handle }) => handle.close()))
    }
    return { ...this.#progress(), left: this.#left }
  }

  async #work(): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted()
      const task = this.#stack.pop()
      if (task === undefined) {
        if (this.#busy === 0) return this.#wakeAll()
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
        continue
      }
      this.#busy += 1
      try {
        if (task.type === 'entry') await this.#readEntry(task)
        else await this.#readPart(task)
      } catch (error) {
        this.#failed.abort(error)
        throw error
      } finally {
        this.#busy -= 1
        this.#wakeAll()
      }
      this.#request.onProgress(this.#progress())
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  #progress(): SaveProgress {
    return { bytesDone: this.#bytesDone, bytes: this.#bytes, bytesReused: this.#bytesReused, files: this.#files }
  }

  #push(tasks: readonly Task[]): void {
    if (this.#stack.length + tasks.length > this.#bounds.waitingMax)
      throw ipfsErrors.ipfs_dag_too_large('There is too much in it.')
    // The last is read first: backwards, so that it goes in order and few files are open.
    for (const task of tasks.toReversed()) this.#stack.push(task)
  }

  async #readEntry({ cid, path, depth }: Extract<Task, { type: 'entry' }>): Promise<void> {
    if (depth > dagDepthMax) throw ipfsErrors.ipfs_dag_too_large('It has folders in folders too deep.')
    if (++this.#entries > this.#bounds.entriesMax)
      throw ipfsErrors.ipfs_dag_too_large('There are too many files in it.')
    const node = decodeNode(cid, await this.#request.get(cid, { signal: this.#signal }))
    if (node.type === 'file') await this.#beginFile(node, path)
    else if (node.type === 'symlink') this.#left += 1
    else await this.#beginFolder(node, path, depth)
  }

  async #beginFolder(node: Node, path: string, depth: number): Promise<void> {
    await mkdir(path, { recursive: true })
    const links: { cid: CID; name: string }[] = []
    for await (const link of listFolder(this.#request.get, node, { signal: this.#signal })) {
      if (links.push(link) > this.#bounds.entriesMax)
        throw ipfsErrors.ipfs_dag_too_large('There are too many files in it.')
    }
    if (new Set(links.map(({ name }) => name)).size < links.length) {
      throw ipfsErrors.ipfs_node_malformed('A folder has a name twice.')
    }
    const safe = safeFolder(links.map(({ name }) => name))
    this.#push(
      links.map(({ cid }, place) => ({ type: 'entry', cid, path: join(path, safe[place] ?? '_'), depth: depth + 1 })),
    )
  }

  async #beginFile(node: Extract<Node, { type: 'file' }>, path: string): Promise<void> {
    const isOld = existsSync(path)
    const handle = await open(path, constants.O_CREAT | constants.O_RDWR, 0o644)
    const file: OpenFile = { path, handle, bytes: node.bytes, isOld, parts: 1 }
    this.#open.add(file)
    this.written.push(path)
    this.#bytes += node.bytes
    await this.#writeNode(file, node, 0, 0)
    await this.#partDone(file)
  }

  async #readPart({ link, at, file, depth }: Extract<Task, { type: 'part' }>): Promise<void> {
    if (depth > dagDepthMax) throw ipfsErrors.ipfs_dag_too_large('A file has too many levels of blocks.')
    if (await this.#isHere(link, at, file)) {
      this.#bytesDone += link.bytes
      this.#bytesReused += link.bytes
    } else {
      const node = decodeNode(link.cid, await this.#request.get(link.cid, { signal: this.#signal }))
      checkPart(link, node)
      await this.#writeNode(file, node, at, depth)
    }
    await this.#partDone(file)
  }

  /** Whether an earlier run left just these bytes in their place. */
  async #isHere({ cid, bytes }: FileLink, at: number, { handle, isOld }: OpenFile): Promise<boolean> {
    if (!isOld || cid.code !== rawCodec || inlineBlock(cid) !== undefined) return false
    const buffer = new Uint8Array(Math.min(bytes, 2_097_152))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    if (bytesRead !== bytes) return false
    return checkBlock(cid, buffer).then(
      () => true,
      () => false,
    )
  }

  async #writeNode(file: OpenFile, node: Extract<Node, { type: 'file' }>, at: number, depth: number): Promise<void> {
    for (let written = 0; written < node.data.length; ) {
      const { bytesWritten } = await file.handle.write(node.data, written, node.data.length - written, at + written)
      written += bytesWritten
    }
    this.#bytesDone += node.data.length
    let start = at + node.data.length
    const tasks = node.links.map((link): Task => {
      const task: Task = { type: 'part', link, at: start, file, depth: depth + 1 }
      start += link.bytes
      return task
    })
    file.parts += tasks.length
    this.#push(tasks)
  }

  async #partDone(file: OpenFile): Promise<void> {
    file.parts -= 1
    if (file.parts > 0) return
    // Something longer may have been there before.
    await file.handle.truncate(file.bytes)
    this.#open.delete(file)
    await file.handle.close()
    this.#files += 1
  }
}
