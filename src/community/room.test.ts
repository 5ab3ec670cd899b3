// How often a room looks at entries: what waits costs nothing until what it waits for comes, and what was written is read
// once. Looks are counted, not timed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generalChannel } from '../../src/apps/chat/core.ts'
import { createTogetherWorld, read, type Someone } from '../../test/sim/together-world.ts'
import { issueCertificate } from '../identity/wire.ts'
import { authorOf, authorOfSeed, type Hand, handOf } from '../log/testing.ts'
import type { CommunityId, CommunityLog, Entry, KeyId } from '../log/types.ts'
import type { CommunityService } from './service.ts'

interface Looks {
  /** Pages that were asked for. */
  pages: number
  /** Entries that were read for being given to apps. */
  entries: number
}

/** Counts what is read of one's log from now on. */
function countLooks(log: CommunityLog): Looks {
  const looks = { pages: 0, entries: 0 }
  const original = log.entriesAfter.bind(log)
  log.entriesAfter = (arrival, limit, options) => {
    const page = original(arrival, limit, options)
    looks.pages += 1
    if (options?.lane !== 0) looks.entries += page.length
    return page
  }
  return looks
}

function logOf(someone: Someone, id: CommunityId): CommunityLog {
  const log = someone.life.logs.get(id)
  assert.ok(log !== undefined)
  return log
}

function foundingOf(log: CommunityLog): Entry {
  const founding = log.entriesAfter(0, 1)[0]?.entry
  assert.ok(founding !== undefined)
  return founding
}

function chain(hand: Hand, founding: Entry, count: number, nowMs: number, key: KeyId): Uint8Array[] {
  const fields = { key, epoch: founding.epoch, sealed: new Uint8Array(32) }
  return Array.from({ length: count }, (_, at) => hand.write(at === 0 ? [founding] : [], { nowMs, fields }).bytes)
}

const unknownKey = 'ee'.repeat(16) as KeyId

test('10,000 entries that wait cost an act that does not concern them nothing', async () => {
  const world = createTogetherWorld('waiting')
  const ada = await world.person('Ada')
  const { communities } = ada.life
  const { id } = await world.done('a founding', communities.found({ name: 'Us', memberName: 'Ada' }))
  const log = logOf(ada, id)
  const founding = foundingOf(log)
  // Of a device that nobody let in, and of this world's one with a key that nobody has.
  // A stranger may not write that much; what waits otherwise waits for a key.
  log.allow({ devices: new Map(), others: { perMinute: 1e9, burst: 1e9, share: 1, group: undefined } })
  const strangers = chain(handOf(authorOf('stranger'), founding), founding, 10_000, world.clock.nowMs(), founding.key)
  const results = await world.done('strangers’ entries', log.receive(strangers))
  assert.ok(results.every(({ how }) => how === 'stored'))
  await world.done('a rename', communities.rename(id, 'Ada the second'))

  const looks = countLooks(log)
  await world.done('a rename', communities.rename(id, 'Ada the first'))
  await world.pass(5_000)
  assert.equal(looks.entries, 0, 'none of those that wait was looked at')

  // After a restart neither: nobody came whom they wait for.
  await ada.crash()
  await ada.restart()
  const again = countLooks(logOf(ada, id))
  await world.done('a rename', ada.life.communities.rename(id, 'Ada'))
  await world.pass(5_000)
  assert.ok(again.entries <= 1, `${again.entries} looks`)
  await world.stop()
})

test('what waits for somebody is looked at when they are let in, and nothing else', async () => {
  const world = createTogetherWorld('woken')
  const ada = await world.person('Ada')
  const communities = ada.life.communities as CommunityService
  const { id } = await world.done('a founding', communities.found({ name: 'Us', memberName: 'Ada' }))
  const log = logOf(ada, id)
  const founding = foundingOf(log)
  const nowMs = world.clock.nowMs()
  const deviceSeed = new Uint8Array(32).fill(3)
  const noise = chain(handOf(authorOf('noise'), founding), founding, 500, nowMs, unknownKey)
  // They stand after what will let them in, as if that had only been late.
  const early = chain(handOf(authorOfSeed(deviceSeed), founding), founding, 5, nowMs + 60_000, founding.key)
  await world.done('entries', log.receive([...noise, ...early]))
  await world.done('a rename', communities.rename(id, 'Ada the first'))

  const looks = countLooks(log)
  const personSecret = new Uint8Array(32).fill(4)
  const certificate = issueCertificate({ personSecret, deviceSeed, issuedMs: 0 }).bytes
  const newcomer = { certificate, role: 'member', memberName: 'Ben', deviceName: 'desk' }
  await world.done('an admission', communities.gate.admit(id, newcomer))
  assert.equal(looks.entries, 5)
  await world.stop()
})

test('a message that is written is read once', async () => {
  const world = createTogetherWorld('once')
  const ada = await world.person('Ada')
  const { communities, chat } = ada.life
  const { id } = await world.done('a founding', communities.found({ name: 'Us', memberName: 'Ada' }))
  await world.done('a message', chat.send(id, { channel: generalChannel, text: 'first' }))
  await world.pass(5_000)
  const looks = countLooks(logOf(ada, id))
  await world.done('a message', chat.send(id, { channel: generalChannel, text: 'second' }))
  await world.pass(5_000)
  assert.deepEqual(looks, { pages: 2, entries: 1 }, 'one page of each lane, and the message in it')
  assert.deepEqual(
    read(ada, id).map(({ text }) => text),
    ['first', 'second'],
  )
  await world.stop()
})
