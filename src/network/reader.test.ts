// Reader's rules against a source that does only what a test says: pulling and pausing, ends, and going on elsewhere.

import assert from 'node:assert/strict'
import { test as unboundedTest } from 'node:test'
import { StreamResetError } from '@libp2p/interface'
import { isPeerhoodError } from '../base/errors.ts'
import { networkErrors } from './errors.ts'
import { readQueueHighBytes } from './limits.ts'
import { Reader } from './reader.ts'

/** None takes longer than a blink; a reader that hangs must not hang the run. */
const testTimeoutMs = 5_000
const test = (name: string, run: () => Promise<void>) => unboundedTest(name, { timeout: testTimeoutMs }, run)

const withCode = (code: string) => (error: unknown) => isPeerhoodError(error) && error.code === code
const broken = withCode('stream_broken')

/** A source that starts paused and holds back what comes meanwhile, as libp2p's streams and sockets do, and its reader. */
function createSource() {
  const held: Uint8Array[] = []
  const calls: string[] = []
  let status: 'flowing' | 'paused' | 'over' = 'paused'
  let isResuming = false
  let receivedBytes = 0
  const reader = new Reader(
    {
      get status() {
        return status
      },
      get heldBytes() {
        return held.reduce((sum, { length }) => sum + length, 0)
      },
      pause() {
        assert.equal(isResuming, false, 'a source that resumes is not paused')
        calls.push('pause')
        status = 'paused'
      },
      resume() {
        calls.push('resume')
        status = 'flowing'
        isResuming = true
        if (held.length > 0) reader.take(held.splice(0))
        isResuming = false
      },
    },
    (bytes) => {
      receivedBytes += bytes
    },
  )
  return {
    reader,
    /** What the reader did to the source. */
    calls,
    receivedBytes: () => receivedBytes,
    bring(...chunks: readonly Uint8Array[]) {
      if (status === 'flowing') reader.take(chunks)
      else held.push(...chunks)
    },
    close() {
      reader.peerClosed()
    },
    /** Flowing, but not there yet. */
    delay(chunk: Uint8Array) {
      held.push(chunk)
    },
    arrive() {
      reader.take(held.splice(0))
    },
    drop() {
      held.length = 0
      reader.idle()
    },
    over(error?: unknown) {
      status = 'over'
      reader.over(error)
    },
  }
}

const bytes = (...values: number[]) => Uint8Array.from(values)

/** What the next chunks hold, as plain numbers. */
async function take(reader: Reader, chunks: number): Promise<number[]> {
  const all: number[] = []
  for (let n = 0; n < chunks; n++) all.push(...((await reader.next()).value ?? assert.fail('it has ended')))
  return all
}

async function readOut(reader: Reader): Promise<number[]> {
  const all: number[] = []
  for await (const chunk of reader) all.push(...chunk)
  return all
}

/** Whether reading waits: all that can happen without a new event has happened after so many turns of the microtasks. */
async function isWaiting(reading: Promise<unknown>): Promise<boolean> {
  let isSettled = false
  const settle = () => {
    isSettled = true
  }
  void reading.then(settle, settle)
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  return !isSettled
}

// ---- pulling

test('nothing is taken from the source before someone reads, and each byte is told of once', async () => {
  const { reader, bring, calls, receivedBytes } = createSource()
  bring(bytes(1, 2), bytes(3))
  assert.deepEqual([calls, receivedBytes(), reader.isHeldBack], [[], 0, true])
  assert.deepEqual(await take(reader, 2), [1, 2, 3])
  assert.deepEqual([calls, receivedBytes(), reader.isHeldBack], [['resume'], 3, false])
  const reading = take(reader, 1)
  assert.equal(await isWaiting(reading), true)
  bring(bytes(4))
  assert.deepEqual(await reading, [4])
  assert.equal(receivedBytes(), 4)
})

test('a source that brings more than is read is paused at the limit, and resumed when all that was read out', async () => {
  const { reader, bring, calls } = createSource()
  bring(bytes(1))
  await reader.next()
  const half = new Uint8Array(readQueueHighBytes / 2)
  bring(half.subarray(1), half)
  assert.deepEqual(calls, ['resume'], 'a byte below the limit')
  bring(bytes(2))
  assert.deepEqual(calls, ['resume', 'pause'])
  bring(bytes(3))
  for (const length of [half.length - 1, half.length, 1]) assert.equal((await reader.next()).value?.length, length)
  assert.deepEqual(calls, ['resume', 'pause'])
  assert.deepEqual(await take(reader, 1), [3])
  assert.deepEqual(calls, ['resume', 'pause', 'resume'])
})

test('a source that hands over too much while it resumes is paused after that', async () => {
  const { reader, bring, calls } = createSource()
  bring(new Uint8Array(readQueueHighBytes), bytes(1))
  await reader.next()
  assert.deepEqual(calls, ['resume', 'pause'])
})

test('what resuming throws is the end of a source that is not over', async () => {
  const refusing = (isOver: boolean) => {
    const reader: Reader = new Reader(
      {
        status: 'paused',
        heldBytes: 0,
        pause: () => assert.fail('it cannot be paused'),
        resume() {
          if (isOver) {
            reader.peerClosed()
            reader.over()
          }
          throw new TypeError('closed')
        },
      },
      () => {},
    )
    return reader
  }
  await assert.rejects(refusing(false).next(), broken)
  assert.deepEqual(await refusing(true).next(), { done: true, value: undefined })
})

// ---- ends

test('it ends when the peer has closed its side and all was read, and stays ended', async () => {
  const { reader, bring, close, over } = createSource()
  bring(bytes(1), bytes(2))
  close()
  assert.deepEqual(await readOut(reader), [1, 2])
  over()
  assert.deepEqual(await readOut(reader), [])
  const empty = createSource()
  const reading = readOut(empty.reader)
  assert.equal(await isWaiting(reading), true)
  empty.close()
  assert.deepEqual(await reading, [])
})

test('the end waits for what the source has under way', async () => {
  for (const fate of ['arrive', 'drop'] as const) {
    const source = createSource()
    const reading = readOut(source.reader)
    source.delay(bytes(1))
    source.close()
    assert.equal(await isWaiting(reading), true)
    source[fate]()
    assert.deepEqual(await reading, fate === 'arrive' ? [1] : [])
  }
})

test('a source that is over before the peer closed its side breaks the stream, after what came', async () => {
  const { reader, bring, over } = createSource()
  bring(bytes(1))
  assert.deepEqual(await take(reader, 1), [1])
  bring(bytes(2))
  over()
  assert.deepEqual(await take(reader, 1), [2])
  await assert.rejects(reader.next(), broken)
  await assert.rejects(reader.next(), broken)
  assert.equal(reader.failure?.code, 'stream_broken')
  const waiting = createSource()
  waiting.reader.mayHaveSequel()
  const reading = assert.rejects(waiting.reader.next(), broken)
  waiting.over()
  await reading
})

test('who waits is told of the failure, and the first one counts', async () => {
  const { reader, over, close } = createSource()
  const reading = assert.rejects(reader.next(), withCode('stream_reset'))
  over(new StreamResetError('reset'))
  await reading
  reader.fail(networkErrors.stream_closed('later'))
  close()
  await assert.rejects(reader.next(), withCode('stream_reset'))
  assert.equal(reader.failure?.code, 'stream_reset')
})

// ---- going on elsewhere

/** Two sources: the second goes on where the first ends. */
function createPair() {
  const [first, second] = [createSource(), createSource()]
  first.reader.mayHaveSequel()
  return { first, second, reader: first.reader }
}

test('it goes on elsewhere at the byte that was reached already', async () => {
  const { first, second, reader } = createPair()
  first.bring(bytes(1), bytes(2))
  assert.deepEqual(await take(reader, 2), [1, 2])
  const reading = readOut(reader)
  assert.equal(await isWaiting(reading), true)
  reader.sequel(2, second.reader)
  second.bring(bytes(3), bytes(4))
  assert.equal(await isWaiting(reading), true)
  second.close()
  assert.deepEqual(await reading, [3, 4])
})

test('it goes on elsewhere at a byte that comes later, even if what follows was there before', async () => {
  const { first, second, reader } = createPair()
  first.bring(bytes(1))
  second.bring(bytes(4), bytes(5))
  second.close()
  reader.sequel(3, second.reader)
  const reading = readOut(reader)
  assert.equal(await isWaiting(reading), true)
  first.bring(bytes(2))
  assert.equal(await isWaiting(reading), true)
  assert.deepEqual(second.calls, [], 'nothing is taken from it before its turn')
  first.bring(bytes(3))
  first.close()
  first.over()
  assert.deepEqual(await reading, [1, 2, 3, 4, 5])
})

test('the end of the source is not the end while it may go on elsewhere', async () => {
  for (const finish of ['noSequel', 'sequel'] as const) {
    const { first, second, reader } = createPair()
    first.bring(bytes(1))
    first.close()
    assert.deepEqual(await take(reader, 1), [1])
    first.over()
    const reading = readOut(reader)
    assert.equal(await isWaiting(reading), true)
    second.bring(bytes(2))
    second.close()
    if (finish === 'sequel') reader.sequel(1, second.reader)
    else reader.noSequel()
    assert.deepEqual(await reading, finish === 'sequel' ? [2] : [])
  }
})

test('a source that is over before the byte where it goes on breaks the stream', async () => {
  for (const isClosed of [true, false]) {
    const { first, second, reader } = createPair()
    second.bring(bytes(4))
    second.close()
    first.bring(bytes(1), bytes(2))
    reader.sequel(3, second.reader)
    const reading = readOut(reader)
    assert.equal(await isWaiting(reading), true)
    if (isClosed) first.close()
    first.over()
    await assert.rejects(reading, broken)
  }
})

test('a source that brings more than it was to is wrong; what is past the place is not handed out', async () => {
  // Chunks before the place is known, and after.
  for (const [before, after] of [
    [[bytes(1), bytes(2), bytes(3), bytes(4)], []],
    [[bytes(1), bytes(2, 3, 4)], []],
    [[bytes(1)], [bytes(2), bytes(3)]],
    [[bytes(1)], [bytes(2, 3)]],
    [[], [bytes(1), bytes(2, 3), bytes(4)]],
  ] as const) {
    const { first, second, reader } = createPair()
    const pulling = take(reader, 1)
    first.bring(...before)
    reader.sequel(2, second.reader)
    second.bring(bytes(5))
    for (const chunk of after) first.bring(chunk)
    assert.deepEqual([...(await pulling), ...(await take(reader, 1))], [1, 2])
    await assert.rejects(reader.next(), withCode('lane_wrong'))
    assert.equal(second.reader.failure?.code, 'lane_wrong')
  }
})

test('a source that was read past the place where it was to go on elsewhere is wrong', async () => {
  const { first, second, reader } = createPair()
  first.bring(bytes(1), bytes(2), bytes(3))
  assert.deepEqual(await take(reader, 2), [1, 2])
  reader.sequel(1, second.reader)
  second.bring(bytes(4))
  await assert.rejects(reader.next(), withCode('lane_wrong'))
})

test('a failure of the source ends what goes on elsewhere; a failure there reaches who reads', async () => {
  const { first, second, reader } = createPair()
  reader.sequel(0, second.reader)
  const reading = assert.rejects(readOut(reader), withCode('stream_reset'))
  first.over(new StreamResetError('reset'))
  await reading
  const other = createPair()
  other.reader.sequel(0, other.second.reader)
  other.second.bring(bytes(1))
  const otherReading = assert.rejects(readOut(other.reader), broken)
  other.second.over()
  await otherReading
})

// ---- leaving

test('who leaves takes nothing more, and nobody waits for it', async () => {
  const { reader, bring, calls } = createSource()
  bring(bytes(1), bytes(2))
  for await (const chunk of reader) {
    assert.deepEqual([...chunk], [1])
    break
  }
  bring(new Uint8Array(readQueueHighBytes))
  assert.deepEqual(calls, ['resume', 'pause'])
  assert.equal(reader.isHeldBack, false)
})

test('who leaves leaves what goes on elsewhere, too', async () => {
  const { second, reader } = createPair()
  reader.sequel(0, second.reader)
  second.bring(bytes(1), bytes(2))
  assert.equal(second.reader.isHeldBack, true)
  for await (const chunk of reader) {
    assert.deepEqual([...chunk], [1])
    break
  }
  second.bring(new Uint8Array(readQueueHighBytes))
  assert.deepEqual([second.calls, second.reader.isHeldBack], [['resume', 'pause'], false])
})

test('who has left leaves what it would go on with later', async () => {
  const { first, second, reader } = createPair()
  first.bring(bytes(1))
  await reader.next()
  await reader.return()
  reader.sequel(1, second.reader)
  second.bring(bytes(2))
  assert.deepEqual([second.calls, second.reader.isHeldBack], [[], false])
})
