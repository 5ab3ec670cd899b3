// Wall clocks that are wrong. One that jumps by a year, both ways, in the middle of a transfer: it goes on over the same
// connection, and the doctor says that the clock is wrong. And clocks that are years apart from the start: peers meet all
// the same.

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

  // It serves peers that are new to it, too.
  clock.set('+0d')
  await until('the doctor to be content', async () => (await clockCheck())?.state === 'warning')
  await author.stop()
  const third = await peers.start()
  const [{ link: onward = null } = {}] = await reader.client.shares.list()
  const again = await get(third, onward ?? '', peers.folder(), '--timeout', '20')
  assert.equal(fileHash(again.path), fileHash(file))
})

test('computers whose clocks are years apart connect by TLS, and files go every way', async (t) => {
  const peers = peersOf(t)
  const startAt = async (offset: `${'+' | '-'}${number}d`) => {
    const clock = fakeClock(peers.folder())
    clock?.set(offset)
    return clock && peers.start({ env: clock.env })
  }
  // The last one has an empty battery: 1970 or a little later.
  const daysSince1970 = Math.floor(Date.now() / dayMs)
  const others = await Promise.all([startAt('+730d'), startAt('-730d'), startAt(`-${daysSince1970 - 1}d`)])
  const all = [await peers.start(), ...others].filter((peer) => peer !== undefined)
  if (all.length < 4) return t.skip('libfaketime is not installed (scripts/install-test-tools.sh)')

  for (const author of all) {
    const file = join(peers.folder(), 'note.bin')
    writeFileSync(file, sampleBytes(author.peerId, 2 * mebibyte))
    const { link } = await share(author, file)
    for (const reader of all.filter((peer) => peer !== author)) {
      const done = await get(reader, link, peers.folder(), '--timeout', '20')
      assert.equal(fileHash(done.path), fileHash(file))
    }
  }
  for (const peer of all) {
    const connected = (await peer.client.peers.list()).filter(({ state }) => state === 'connected')
    assert.deepEqual([...new Set(connected.map(({ encryption }) => encryption))], ['tls'])
  }
  const years = await Promise.all(
    all.map(async ({ client }) => {
      const clock = (await client.doctor()).checks.find(({ id }) => id === 'clock')
      return Number(/\d{4}/.exec(clock?.finding ?? ''))
    }),
  )
  const yearAt = (days: number) => new Date(Date.now() + days * dayMs).getUTCFullYear()
  assert.deepEqual(years, [yearAt(0), yearAt(730), yearAt(-730), 1970])
})
