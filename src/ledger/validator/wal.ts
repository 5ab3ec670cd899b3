// The vote log: what consensus promised stands here before it leaves this computer. One file of checksummed records:
//
//   record = length (u32) ‖ checksum (u32, CRC-32 of length and bytes) ‖ bytes        all numbers big-endian
//
// Must stay true: `append` resolves only when the record is on the disk for good; what a power cut left half written is cut off
// when the log is opened (nobody was told of it); after a write that failed nothing is believed of the file but what was
// flushed before, so it is cut back to that and what waits is written again. Records that wait together are flushed together.
// A record never leaves the log but by `rewrite`, which replaces the file in one step.

import { concatBytes } from '../../base/bytes.ts'
import { validatorErrors } from './errors.ts'
import { walBytesMax, walRecordBytesMax } from './limits.ts'
import type { LedgerDisk, LogFile } from './types.ts'
import { frameRecord, readRecords } from './wal-wire.ts'

export interface Wal {
  /** Length of the file. */
  readonly bytes: number
  /** Rejects with `ledger_disk_full` when the disk did not take it: the same record has to be given again, nothing else. */
  append(record: Uint8Array): Promise<void>
  /** From now on the log holds these only. Waits for what is being written. */
  rewrite(records: readonly Uint8Array[]): Promise<void>
  close(): Promise<void>
}

export interface OpenedWal {
  readonly wal: Wal
  readonly records: readonly Uint8Array[]
  /** Bytes at the end that were no whole record. */
  readonly cutBytes: number
}

interface Waiting {
  readonly bytes: Uint8Array
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** `bytesMax`: the whole log. */
export async function openWal(disk: LedgerDisk, name: string, bytesMax = walBytesMax): Promise<OpenedWal> {
  const content = (await disk.read(name, bytesMax)) ?? new Uint8Array(0)
  const { records, goodBytes } = readRecords(content)
  const file = await disk.openLog(name, goodBytes)
  return { wal: createWal({ disk, name, bytesMax }, file, goodBytes), records, cutBytes: content.length - goodBytes }
}

interface Place {
  readonly disk: LedgerDisk
  readonly name: string
  readonly bytesMax: number
}

function createWal({ disk, name, bytesMax }: Place, opened: LogFile, goodBytes: number): Wal {
  /** Undefined after a failure, until it was opened and cut back again. */
  let file: LogFile | undefined = opened
  /** Flushed. */
  let length = goodBytes
  let isUnknown = false
  let waiting: Waiting[] = []
  let isWriting = false
  let isReplacing = false
  let running: Promise<void> = Promise.resolve()
  let isClosed = false

  async function reopen(): Promise<LogFile> {
    // After a replacement that failed either content may be there.
    if (isUnknown) length = readRecords((await disk.read(name, bytesMax)) ?? new Uint8Array(0)).goodBytes
    isUnknown = false
    const again = await disk.openLog(name, length)
    file = again
    return again
  }

  async function forget(): Promise<void> {
    const old = file
    file = undefined
    await old?.close().catch(() => {})
  }

  /** All that waits, in one write and one flush; then what came meanwhile. */
  async function write(): Promise<void> {
    while (waiting.length > 0 && !isReplacing) {
      const group = waiting
      waiting = []
      try {
        const target = file ?? (await reopen())
        const bytes = concatBytes(...group.map((one) => one.bytes))
        await target.append(bytes)
        await target.sync()
        length += bytes.length
        for (const one of group) one.done()
      } catch (error) {
        await forget()
        const failure = diskFull(error)
        for (const one of [...group, ...waiting]) one.failed(failure)
        waiting = []
      }
    }
    // Without a pause after the last look at `waiting`: what comes later starts a run of its own.
    isWriting = false
  }

  function run(): void {
    if (isWriting || isReplacing) return
    isWriting = true
    running = write()
  }

  return {
    get bytes() {
      return length
    },
    append(record) {
      if (isClosed) return Promise.reject(diskFull(new Error('the log is closed')))
      if (record.length > walRecordBytesMax) throw new Error('assertion failed: a record has a bounded length')
      const framed = frameRecord(record)
      if (length + framed.length > bytesMax) return Promise.reject(diskFull(new Error('the log is at its limit')))
      return new Promise((done, failed) => {
        waiting.push({ bytes: framed, done, failed })
        run()
      })
    },
    async rewrite(records) {
      if (isReplacing) throw new Error('assertion failed: one rewrite at a time')
      isReplacing = true
      try {
        await running
        await replace(concatBytes(...records.map(frameRecord)))
      } finally {
        isReplacing = false
        run()
      }
    },
    async close() {
      isClosed = true
      await running
      await forget()
    },
  }

  async function replace(bytes: Uint8Array): Promise<void> {
    await forget()
    try {
      await disk.replace(name, bytes)
      length = bytes.length
    } catch (error) {
      isUnknown = true
      throw diskFull(error)
    }
  }
}

function diskFull(cause: unknown) {
  return validatorErrors.ledger_disk_full('The disk did not take a vote, so it was not given.', { cause })
}
