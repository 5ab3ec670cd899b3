// A wall clock that jumps by a year, both ways, in the middle of a transfer: it goes on over the same connection, and the
// doctor says that the clock is wrong. New connections need clocks less than an hour apart: certificates are dated.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakeClock } from '../support/fake-clock.ts'
import { fileHash, get, mebibyte, peersOf, sampleBytes, share, until } from './support.ts'

const dayMs = 86_400_000

test('a clock that jumps a year forward and a year back stops no transfer, and the doctor names it', async (t) => {
  const peers = peersOf(t)
  const clock = fakeClock(peers.folder())
  if (clock === undefined) return t.skip('libfaketime is not installed (scripts/install-test-tools.sh)')
  const [author, reader] = await Promise.all([peers.start(), peers.start({ env: clock.env })])
  const file = join(peers.folder(), 'film.bin')
  writeFileSync(file, sampleBytes('film', 64 * mebibyte))
  const { link } = await share(author, file)

  const clockCheck = async () => {
    const { checks } = await reader.client.doctor()
    return checks.find(({ id }) => id === 'clock')
  }
  const connection = async () => {
    const found = (await reader.client.peers.list()).find(({ peerId }) => peerId === author.peerId)
    return [found?.state, found?.connectedAtMs]
  }
  assert.equal((await clockCheck())?.state, 'ok')
  const { id } = await reader.client.transfers.add({ link, to: peers.folder() })
  const transfer = () => reader.client.transfers.get(id)
  await until('some bytes', async () => (await transfer()).bytesDone > 0)
  const before = await connection()
  assert.equal(before[0], 'connected')

  // The author holds still while the clock is set, so that the jump is in the middle and not after the end.
  t.after(() => author.process.kill('SIGCONT'))
  for (const [offset, state, finding] of [
    ['+365d', 'warning', /jumped by 31536\d\d\d s/],
    ['-365d', 'failed', /The clock says .*, but this computer wrote a file at /],
  ] as const) {
    author.process.kill('SIGSTOP')
    clock.set(offset)
    const check = await until('the doctor to notice', async () => {
      const found = await clockCheck()
      return found?.state === state && found
    })
    assert.match(check.finding, finding)
    assert.match(check.advice ?? '', /keep the time by itself/)
    const { bytesDone, state: transferState } = await transfer()
    assert.equal(transferState, 'transferring')
    author.process.kill('SIGCONT')
    await until('more bytes', async () => (await transfer()).bytesDone > bytesDone)
  }

  const done = await reader.client.transfers.finished(id)
  assert.equal(fileHash(done.path ?? ''), fileHash(file))
  assert.ok(done.seconds < 60, `${done.seconds} s: durations know no jump`)
  assert.deepEqual(await connection(), before)
  const { notices } = await reader.client.status()
  assert.ok(notices.some(({ code }) => code === 'clock_jumped'))
  assert.ok(Math.abs((done.endedAtMs ?? 0) - (Date.now() - 365 * dayMs)) < dayMs, 'it was the reader’s own clock')

  // Set right again, it serves peers that are new to it.
  clock.set('+0d')
  await until('the doctor to be content', async () => (await clockCheck())?.state === 'warning')
  await author.stop()
  const third = await peers.start()
  const [{ link: onward = null } = {}] = await reader.client.shares.list()
  const again = await get(third, onward ?? '', peers.folder(), '--timeout', '20')
  assert.equal(fileHash(again.path), fileHash(file))
})
