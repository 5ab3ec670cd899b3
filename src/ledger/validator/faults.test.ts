// Votes and disks: kills at every step, cut logs, restored backups, keys in two places.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cluster, cluster } from '../../../test/support/ledger-cluster.ts'
import { recovered, signed } from '../../../test/support/ledger-recovery.ts'
import { decodeRecord } from '../consensus/wire.ts'
import { createSimulatedDisk } from './disk-testing.ts'
import { readRecords } from './wal-wire.ts'

/** Nobody's votes contradict each other, as far as anybody saw. */
function noEvidence(all: Cluster): void {
  for (const { number } of all.running()) assert.deepEqual(all.node(number).evidence(), [])
}

test('killed at every step of writing votes, with any part of what was not flushed: nothing is said twice', async () => {
  const all = await cluster(4).untilHeight(1).synced().run()
  for (let step = 1; step <= 30; step++) {
    const { disk } = all.machine(1)
    disk.stopAt(disk.steps + step, () => all.crash(1))
    const before = Math.max(...all.heights())
    await all.submit(1, 0)
    await all.until('a block without it', () => Math.max(...all.heights()) > before)
    if (all.machine(1).node !== undefined) all.crash(1)
    await all.start(1)
    await all.until('level', () => new Set(all.heights()).size === 1)
    all.agree()
    noEvidence(all)
  }
})

test('a vote log cut at every byte: what was whole is believed, and no vote contradicts an earlier one', async () => {
  const all = await cluster(4).untilHeight(2).submit(1).pass(150).run()
  all.crash(3)
  const { disk } = all.machine(3)
  const whole = disk.content('votes') ?? new Uint8Array(0)
  assert.ok(whole.length > 0)
  // Around the ends of records and in their middle; every byte of the framing is cut in wal.test.ts.
  const { records } = readRecords(whole)
  let end = 0
  const cuts = records.flatMap((record) => {
    const start = end
    end += record.length + 8
    return [start, start + 4, start + 8, end - 1]
  })
  for (const length of cuts.slice(-12)) {
    disk.put('votes', whole.slice(0, length))
    await all.start(3)
    const before = Math.max(...all.heights())
    await all.submit(1, 0)
    await all.until('it goes on', () => Math.min(...all.heights()) > before)
    noEvidence(all)
    all.crash(3)
  }
  all.agree()
})

test('a guard that is damaged, or records that are none: no vote, and it says what to do', async () => {
  const all = await cluster(4).untilHeight(1).synced().crash(0).run()
  all.machine(0).disk.put('guard', new Uint8Array(10))
  await all.start(0)
  const { voting } = all.status(0)
  assert.ok(voting.kind === 'stopped' && voting.code === 'files_damaged')
  assert.match(voting.sentence, /Move both away/)
  await all.submit(1, 1)
  await all.until('the others go on, and it follows', () => Math.min(...all.heights()) === 2)
})

test('a restored backup says nothing before others told what it said last, and then only later things', async () => {
  const all = await cluster(4).untilHeight(2).synced().run()
  const backup = all.machine(2).disk.copy()
  await all.submit(3, 0)
  await all.until('level', () => all.running().every(({ chain }) => !chain?.pool.hasWork))
  all.crash(2)
  for (const name of ['votes', 'guard']) all.machine(2).disk.put(name, backup.content(name) ?? new Uint8Array(0))
  // The copy's marker is not the one of this folder, and stays so until a vote was given since.
  all.machine(2).disk.putMarker('restored')
  all.split([0], [1], [2], [3])
  for (let times = 0; times < 2; times++) {
    await all.start(2)
    await all.pass(10_000)
    assert.deepEqual(all.status(2).voting.kind, 'asking')
    if (times === 0) all.crash(2)
  }
  all.split()
  await all.until('it votes again', () => all.status(2).voting.kind === 'voting')
  // It may have spoken in the present view, so it is left out there, and counts again in a later one.
  for (let height = 4; height <= 6; height++) {
    await all.submit(1, 1)
    await all.until('all go on', () => Math.min(...all.heights()) >= height)
  }
  all.crash(0)
  await all.submit(1, 1)
  const before = Math.min(...all.heights())
  await all.until('it is needed, and votes', () => Math.min(...all.heights()) > before)
  all.agree()
  noEvidence(all)
})

test('two validators, one of them restored: it asks the other, and they go on', async () => {
  const all = await cluster(2).untilHeight(2).synced().run()
  const backup = all.machine(1).disk.copy()
  await all.submit(2, 0)
  await all.until('level', () => all.running().every(({ chain }) => !chain?.pool.hasWork))
  all.crash(1)
  for (const name of ['votes', 'guard']) all.machine(1).disk.put(name, backup.content(name) ?? new Uint8Array(0))
  all.machine(1).disk.putMarker('restored')
  await all.start(1)
  for (let more = 0; more < 3; more++) {
    const before = Math.min(...all.heights())
    await all.submit(1, more % 2)
    await all.until('the next block', () => Math.min(...all.heights()) > before)
  }
  all.agree()
  noEvidence(all)
})

/** Three validators of four, with the votes that they had some blocks ago; node 4 has all blocks. */
async function threeRestored(): Promise<Cluster> {
  const all = await cluster(4, { followers: 1 }).untilHeight(2).synced().run()
  const backups = [0, 1, 2].map((number) => ({ number, disk: all.machine(number).disk.copy() }))
  await all.submit(3, 0)
  await all.until('level', () => all.running().every(({ chain }) => !chain?.pool.hasWork))
  for (const { number, disk } of backups) {
    all.crash(number)
    for (const name of ['votes', 'guard']) all.machine(number).disk.put(name, disk.content(name) ?? new Uint8Array(0))
    all.machine(number).disk.putMarker('restored')
  }
  for (const { number } of backups) await all.start(number)
  return all
}

test('old backups of three at once: nobody takes the word of one that lost its memory; the chain stands, and says why', async () => {
  const all = await threeRestored()
  const { height } = all.status(4)
  await all.submit(1, 4)
  await all.pass(60_000)
  for (const number of [0, 1, 2]) {
    const { voting, stuck } = all.status(number)
    assert.deepEqual(voting.kind === 'asking' && [voting.answered, voting.needed], [1, 3])
    assert.match(
      stuck?.sentence ?? '',
      /1 did\. No answer came from 0x.*Where more than 1 were restored, people have to/,
    )
  }
  assert.deepEqual(new Set(all.heights()), new Set([height]))
  // Somebody knows that nothing was signed after the copies were made, and deletes the markers.
  for (const number of [0, 1, 2]) {
    all.crash(number)
    all.machine(number).disk.putMarker('new')
  }
  for (const number of [0, 1, 2]) await all.start(number)
  assert.ok([0, 1, 2].every((number) => all.status(number).voting.kind === 'voting'))
})

test('old backups of three at once, and people who agreed: in the epoch that begins they vote', async () => {
  const all = await threeRestored()
  await all.pass(10_000)
  const { height } = all.status(4)
  await recovered(all, [signed(all, [0, 1], [0, 1, 2, 3])], [0, 1, 2, 3, 4])
  for (let more = 1; more <= 3; more++) {
    await all.submit(1, more)
    await all.until('the next block', () => Math.min(...all.heights()) === height + more)
  }
  assert.equal(all.status(0).epoch, 1)
  all.agree()
  noEvidence(all)
})

test('without any files and with a key that is not new, it asks first', async () => {
  const all = await cluster(4).untilHeight(2).synced().crash(1).run()
  all.machine(1).disk.put('votes', new Uint8Array(0))
  const lost = createSimulatedDisk(all.clock)
  Object.assign(all.machine(1), { disk: lost })
  all.split([0, 2, 3], [1])
  await all.start(1, { keyIsNew: false })
  assert.equal(all.status(1).voting.kind, 'asking')
  all.split()
  await all.until('it votes again', () => all.status(1).voting.kind === 'voting')
})

test('a ledger whose validators come long after its founding begins all the same', async () => {
  const all = new Cluster(4)
  for (const number of [0, 1]) await all.start(number, { keyIsNew: false })
  await all.pass(60_000)
  assert.equal(all.status(0).voting.kind, 'asking')
  await all.start(2, { keyIsNew: false })
  await all.until('three are enough', () => all.running().every(({ node }) => node?.status().voting.kind === 'voting'))
  await all.submit(1, 0)
  await all.until('the first block', () => Math.min(...all.heights()) === 1)
  await all.start(3, { keyIsNew: false })
  await all.until('the fourth asks, and is told', () => all.status(3).voting.kind === 'voting')
  await all.submit(1, 3)
  await all.until('the next block', () => Math.min(...all.heights()) === 2)
  noEvidence(all)
})

test('one folder, two programs: the second does not vote', async () => {
  const all = await cluster(4).untilHeight(1).synced().run()
  await all.machine(0).disk.lock('lock')
  const twin = all.add(all.machine(0).account, all.machine(0).disk)
  await all.start(twin.number, { keyIsNew: false })
  const { voting } = all.status(twin.number)
  assert.ok(voting.kind === 'stopped' && voting.code === 'folder_in_use')
})

test('one key on two computers: the second refuses, the first goes on', async () => {
  const all = await cluster(4).untilHeight(2).synced().run()
  const twin = all.add(all.machine(0).account)
  await all.start(twin.number, { keyIsNew: false })
  await all.until('it refuses', () => all.status(twin.number).voting.kind === 'stopped')
  assert.equal(all.status(0).voting.kind, 'voting')
  const before = Math.min(...all.heights())
  await all.submit(1, 1)
  await all.until('all go on, the second follows', () => Math.min(...all.heights()) > before)
  noEvidence(all)
})

test('one key on two computers that do not hear each other: as soon as they meet, one stops', async () => {
  const all = await cluster(4).untilHeight(2).synced().run()
  const twin = all.add(all.machine(0).account)
  // It claims that nobody used the key before.
  all.split([0, 1, 2, 3], [1, 2, 3, twin.number])
  await all.start(twin.number, { keyIsNew: true })
  for (let round = 0; round < 6; round++) {
    await all.submit(1, 1)
    await all.pass(3_000)
  }
  all.agree()
  all.split()
  await all.submit(2, 1)
  await all.pass(10_000)
  const states = [0, twin.number].map((number) => all.status(number).voting)
  assert.ok(states.some((state) => state.kind === 'stopped' && state.code === 'key_in_use_elsewhere'))
})

test('the vote log does not grow with the chain', async () => {
  const all = await cluster(4).untilHeight(2).synced().run()
  const { disk } = all.machine(0)
  const content = disk.content('votes') ?? new Uint8Array(0)
  const { records } = readRecords(content)
  assert.ok(records.every((bytes) => decodeRecord(bytes, (block) => all.chain(0).decode(block)) !== undefined))
})
