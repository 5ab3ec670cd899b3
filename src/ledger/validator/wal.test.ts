import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { utf8 } from '../../base/bytes.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { nodeLedgerDisk } from './disk.ts'
import { createSimulatedDisk } from './disk-testing.ts'
import { walBytesMax, walRecordBytesMax } from './limits.ts'
import { openWal } from './wal.ts'
import { crc32, frameRecord, readRecords } from './wal-wire.ts'

const record = (text: string) => utf8(text)
const texts = (records: readonly Uint8Array[]) => records.map((one) => Buffer.from(one).toString())

test('the checksum is zlib’s', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => crc32(bytes) === zlibCrc32(bytes)),
    { seed: 1 },
  )
})

test('what was appended is there again, in order', async () => {
  const disk = createSimulatedDisk()
  const { wal } = await openWal(disk, 'votes')
  await Promise.all(['one', 'two', ''].map((text) => wal.append(record(text))))
  await wal.append(record('four'))
  disk.crash(() => 0)
  assert.deepEqual(texts((await openWal(disk, 'votes')).records), ['one', 'two', '', 'four'])
})

test('records that wait together are flushed together', async () => {
  const disk = createSimulatedDisk()
  const { wal } = await openWal(disk, 'votes')
  await Promise.all(Array.from({ length: 100 }, (_, at) => wal.append(record(`${at}`))))
  // The first alone, the others in one go; each go is an append and a flush, of two steps each.
  assert.equal(disk.steps, 8)
})

test('cut at every byte: the whole records before the cut are there, and it goes on after them', async () => {
  const whole = new Uint8Array(['a', 'bb', 'ccc'].flatMap((text) => [...frameRecord(record(text))]))
  const ends = [9, 19, 30]
  for (let length = 0; length <= whole.length; length++) {
    const disk = createSimulatedDisk()
    disk.put('votes', whole.slice(0, length))
    const { wal, records, cutBytes } = await openWal(disk, 'votes')
    const expected = ['a', 'bb', 'ccc'].filter((_, at) => length >= (ends[at] ?? 0))
    assert.deepEqual(texts(records), expected)
    assert.equal(cutBytes, length - wal.bytes)
    await wal.append(record('new'))
    assert.deepEqual(texts((await openWal(disk, 'votes')).records), [...expected, 'new'])
  }
})

test('a bit that changed anywhere costs the record that it is in and those after, none before', () => {
  const parts = ['a', 'bb', 'ccc'].map((text) => frameRecord(record(text)))
  const whole = new Uint8Array(parts.flatMap((part) => [...part]))
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const changed = whole.slice()
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const at = bit >> 3 < 9 ? 0 : bit >> 3 < 19 ? 1 : 2
    assert.deepEqual(texts(readRecords(changed).records), ['a', 'bb', 'ccc'].slice(0, at), `bit ${bit}`)
  }
})

test('a full disk: the vote is not given; with room again the log is whole and holds just what was acknowledged', async () => {
  const disk = createSimulatedDisk()
  const { wal } = await openWal(disk, 'votes')
  await wal.append(record('one'))
  disk.isFull = true
  await assert.rejects(wal.append(record('two')), { code: 'ledger_disk_full' })
  await assert.rejects(wal.append(record('two')), { code: 'ledger_disk_full' })
  disk.isFull = false
  await wal.append(record('three'))
  assert.deepEqual(texts((await openWal(disk, 'votes')).records), ['one', 'three'])
})

test('killed at any step: nothing acknowledged is lost, nothing is there that was not given', async () => {
  for (let step = 1; ; step++) {
    const disk = createSimulatedDisk()
    const { wal } = await openWal(disk, 'votes')
    let acknowledged = ''
    let isStopped = false
    disk.stopAt(step, () => {
      isStopped = true
    })
    const append = (text: string) => wal.append(record(text)).then(() => (acknowledged += text))
    const run = async () => {
      for (const text of ['a', 'b', 'c']) await append(text)
      await wal.rewrite([record('c')])
      await append('d')
    }
    await Promise.race([run(), new Promise((resolve) => setImmediate(resolve))])
    if (!isStopped) return
    for (const part of [0, 0.5, 1]) {
      const left = disk.copy()
      left.crash((unflushed) => Math.floor(part * unflushed))
      const found = texts((await openWal(left, 'votes')).records).join('')
      const wanted = ['', 'a', 'ab', 'abc', 'c', 'cd'].filter(
        (text) => text.length >= acknowledged.length || text[0] === 'c',
      )
      assert.ok(wanted.includes(found), `${found} after step ${step}, ${acknowledged} was acknowledged`)
      if (acknowledged.endsWith('d')) assert.equal(found, 'cd')
    }
  }
})

test('rewriting waits for what is being written, and a failed one loses nothing', async () => {
  const disk = createSimulatedDisk()
  const { wal } = await openWal(disk, 'votes')
  const writing = wal.append(record('a'))
  const rewriting = wal.rewrite([record('b')])
  const after = wal.append(record('c'))
  await Promise.all([writing, rewriting, after])
  assert.deepEqual(texts((await openWal(disk, 'votes')).records), ['b', 'c'])
  disk.isFull = true
  await assert.rejects(wal.rewrite([]), { code: 'ledger_disk_full' })
  disk.isFull = false
  await wal.append(record('d'))
  assert.deepEqual(texts((await openWal(disk, 'votes')).records), ['b', 'c', 'd'])
})

test('limits: a record, the whole log', async () => {
  const disk = createSimulatedDisk()
  const { wal } = await openWal(disk, 'votes')
  assert.throws(() => void wal.append(new Uint8Array(walRecordBytesMax + 1)), /bounded/)
  await wal.append(new Uint8Array(walRecordBytesMax))
  const head = frameRecord(new Uint8Array(0)).slice()
  new DataView(head.buffer).setUint32(0, walRecordBytesMax + 1)
  assert.deepEqual(readRecords(head).records, [])
  assert.ok(walBytesMax > 8 * walRecordBytesMax)
})

test('on a real disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'peerhood-wal-'))
  const copy = `${folder}-copy`
  try {
    const disk = nodeLedgerDisk(folder)
    const opened = await openWal(disk, 'votes')
    await opened.wal.append(record('a'))
    await opened.wal.rewrite([record('b')])
    await opened.wal.append(record('c'))
    await opened.wal.close()
    const { wal, records } = await openWal(disk, 'votes')
    assert.deepEqual(texts(records), ['b', 'c'])
    assert.equal(readFileSync(join(folder, 'votes')).length, wal.bytes)
    await wal.close()
    const release = await disk.lock('lock')
    assert.ok(release)
    await release()
    assert.ok(await disk.lock('lock'))
    await assert.rejects(disk.read('votes', 3), (error) => isPeerhoodError(error))
    assert.equal(await disk.read('none', 3), undefined)
    assert.equal(await disk.marker('here'), 'new')
    await disk.mark('here')
    assert.equal(await disk.marker('here'), 'same')
    assert.equal(await nodeLedgerDisk(folder).marker('here'), 'same')
    cpSync(folder, copy, { recursive: true })
    const other = nodeLedgerDisk(copy)
    assert.equal(await other.marker('here'), 'restored')
    assert.equal(await other.marker('here'), 'restored')
    await other.mark('here')
    assert.equal(await nodeLedgerDisk(copy).marker('here'), 'same')
    // A restore that writes into the files that are there.
    writeFileSync(join(copy, 'here'), readFileSync(join(folder, 'here')))
    assert.equal(await nodeLedgerDisk(copy).marker('here'), 'restored')
  } finally {
    rmSync(folder, { recursive: true })
    rmSync(copy, { recursive: true, force: true })
  }
})
