// A disk for tests: what was flushed survives a crash, of the rest any part may; it can be full, slow, and stop a process at any
// step. One disk outlives the nodes that use it.

import type { Clock } from '../../base/ports.ts'
import { sleep } from '../../base/ports.ts'
import type { LedgerDisk } from './types.ts'

interface SimulatedFile {
  bytes: Uint8Array
  /** So many of them were flushed. */
  flushed: number
}

export interface SimulatedDisk extends LedgerDisk {
  /** Power is lost: of what was not flushed so many bytes a file survive at most; locks are gone. */
  crash(survives: (unflushed: number) => number): void
  /** Writes throw, after having written some of it. */
  isFull: boolean
  /** Milliseconds that a flush takes. */
  delayMs: number
  /** Steps taken so far: each append, flush and replacement is one, and one more in its middle. */
  readonly steps: number
  /** From this step on nothing happens any more: the process was killed there. `onStop` is called once. */
  stopAt(step: number, onStop: () => void): void
  /** A copy of all that is there now, as a person's backup. */
  copy(): SimulatedDisk
  /** As if its marker had been restored with the rest, or been deleted. */
  putMarker(state: 'restored' | 'new'): void
  content(name: string): Uint8Array | undefined
  put(name: string, bytes: Uint8Array): void
  remove(name: string): void
}

export function createSimulatedDisk(clock?: Clock, start?: ReadonlyMap<string, Uint8Array>): SimulatedDisk {
  let marker: 'new' | 'same' | 'restored' = start === undefined ? 'new' : 'restored'
  const files = new Map<string, SimulatedFile>(
    [...(start ?? [])].map(([name, bytes]) => [name, { bytes: bytes.slice(), flushed: bytes.length }]),
  )
  const locks = new Set<string>()
  let stop: { readonly step: number; readonly run: () => void } | undefined
  let generation = 0
  let steps = 0

  /** Never resolves for a process that was killed. */
  async function step(of: number): Promise<void> {
    steps += 1
    if (stop !== undefined && steps >= stop.step) {
      const { run } = stop
      stop = undefined
      generation += 1
      run()
    }
    if (of !== generation) await new Promise(() => {})
  }

  async function wait(of: number): Promise<void> {
    if (clock !== undefined && disk.delayMs > 0) await sleep(clock, disk.delayMs)
    if (of !== generation) await new Promise(() => {})
  }

  function fileOf(name: string): SimulatedFile {
    const file = files.get(name) ?? { bytes: new Uint8Array(0), flushed: 0 }
    files.set(name, file)
    return file
  }

  function add(file: SimulatedFile, bytes: Uint8Array): void {
    const joined = new Uint8Array(file.bytes.length + bytes.length)
    joined.set(file.bytes)
    joined.set(bytes, file.bytes.length)
    file.bytes = joined
  }

  const full = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })

  const disk: SimulatedDisk = {
    isFull: false,
    delayMs: 0,
    get steps() {
      return steps
    },
    async read(name, bytesMax) {
      const file = files.get(name)
      if (file !== undefined && file.bytes.length > bytesMax) throw new Error('too long')
      return file?.bytes.slice()
    },
    async replace(name, bytes) {
      const of = generation
      await step(of)
      if (disk.isFull) throw full()
      await wait(of)
      files.set(name, { bytes: bytes.slice(), flushed: bytes.length })
      await step(of)
    },
    async openLog(name, length) {
      const of = generation
      const file = fileOf(name)
      file.bytes = file.bytes.slice(0, length)
      file.flushed = Math.min(file.flushed, length)
      return {
        async append(bytes) {
          await step(of)
          if (disk.isFull) {
            add(file, bytes.subarray(0, bytes.length >> 1))
            throw full()
          }
          add(file, bytes)
          await step(of)
        },
        async sync() {
          await step(of)
          if (disk.isFull) throw full()
          await wait(of)
          file.flushed = file.bytes.length
          await step(of)
        },
        async close() {},
      }
    },
    async lock(name) {
      if (locks.has(name)) return undefined
      locks.add(name)
      return async () => void locks.delete(name)
    },
    marker: async () => marker,
    async mark() {
      marker = 'same'
    },
    crash(survives) {
      generation += 1
      locks.clear()
      for (const file of files.values()) {
        const kept = survives(file.bytes.length - file.flushed)
        file.bytes = file.bytes.slice(0, file.flushed + kept)
        file.flushed = file.bytes.length
      }
    },
    stopAt(at, run) {
      stop = { step: at, run }
    },
    putMarker(state) {
      marker = state
    },
    copy: () => createSimulatedDisk(clock, new Map([...files].map(([name, { bytes }]) => [name, bytes]))),
    content: (name) => files.get(name)?.bytes.slice(),
    put: (name, bytes) => void files.set(name, { bytes: bytes.slice(), flushed: bytes.length }),
    remove: (name) => void files.delete(name),
  }
  return disk
}
