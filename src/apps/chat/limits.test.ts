// Floods: of everything that somebody may write without end a bounded part counts, and which part does not hang on the
// order of arrival.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Computer, community, createWorld, dump, shuffled, type World } from '../../../test/support/chat.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import type { OpenedEntry } from '../../community/types.ts'
import type { EntryId } from '../../log/types.ts'
import { generalChannel } from './core.ts'
import {
  channelsListedMax,
  channelsPerPersonMax,
  editsKeptMax,
  mutesPerPersonMax,
  pageMessagesMax,
  queryCharsMax,
  queryWordsMax,
  reactionsPerMessageMax,
  reactionsPerPersonMax,
  reportsPerPersonMax,
  searchFoundMax,
  unreadCountMax,
} from './limits.ts'
import { wordsOf } from './search.ts'

const general = new Uint8Array(16)
const raw = (id: string) => Buffer.from(id, 'hex')
const code = (error: unknown) => isPeerhoodError(error) && error.code

function setup() {
  const world = createWorld('limits')
  const [a, b] = [world.computer(world.add('ada', 'owner')), world.computer(world.add('bob'))]
  world.clock.advance(1_000)
  return { world, a, b }
}

const count = (one: Computer, table: string) =>
  Number(one.database.prepare(`SELECT count(*) AS n FROM chat_${table}`).get()?.n)

/** The same view whatever the order. */
function anyOrder(world: World, one: Computer): void {
  const view = dump(one.database)
  one.rebuild(shuffled(world.random, one.entries))
  assert.deepEqual(dump(one.database), view)
}

test('edits: the first so many count', async () => {
  const { world, a, b } = setup()
  const message = await b.chat.send(community, { channel: generalChannel, text: 'x' })
  for (let i = 1; i <= editsKeptMax; i++) await b.chat.edit(community, message.id, `${i}`)
  await assert.rejects(b.chat.edit(community, message.id, 'y'), (error) => code(error) === 'edits_too_many')
  for (let i = 0; i < 20; i++) await b.forge('edit', { target: raw(message.id), text: 'flood' })
  a.receive(shuffled(world.random, world.all))
  assert.deepEqual([a.chat.message(community, message.id).text, count(a, 'edits')], [`${editsKeptMax}`, editsKeptMax])
  anyOrder(world, a)
})

test('reactions: the newest of a person, and of all', async () => {
  const { world, a, b } = setup()
  const { id } = await b.chat.send(community, { channel: generalChannel, text: 'x' })
  const emoji = (i: number) => String.fromCodePoint(0x1f400 + i)
  for (let i = 0; i < reactionsPerPersonMax + 10; i++)
    await b.forge('react', { target: raw(id), emoji: emoji(i), on: true })
  a.receive(shuffled(world.random, world.all))
  assert.deepEqual(
    a.chat.message(community, id).reactions.map((reaction) => reaction.emoji),
    Array.from({ length: reactionsPerPersonMax }, (_, i) => emoji(i + 10)),
  )
  const letters = 'abcdefghijk'
  for (let i = 0; i < reactionsPerMessageMax / reactionsPerPersonMax + 1; i++) {
    const one = world.computer(world.add(`${letters[Math.floor(i / 10)]}${letters[i % 10]}`))
    one.chat.stop()
    for (let j = 0; j < reactionsPerPersonMax; j++)
      await one.forge('react', { target: raw(id), emoji: emoji(j), on: true })
  }
  a.receive(shuffled(world.random, world.all))
  assert.equal(count(a, 'reactions'), reactionsPerMessageMax)
  anyOrder(world, a)
})

test('mutes and reports: the newest', async () => {
  const { world, a, b } = setup()
  const { id } = await a.chat.send(community, { channel: generalChannel, text: 'x' })
  for (let i = 0; i < mutesPerPersonMax + 10; i++) {
    world.clock.advance(1)
    await a.forge(i % 2 === 0 ? 'mute' : 'unmute', { person: b.person, reason: '' })
  }
  await b.forge(
    'message',
    { channel: general, text: 'early' },
    { time: { ms: world.clock.nowMs() - mutesPerPersonMax - 9, count: 5 } },
  )
  a.receive(shuffled(world.random, world.all))
  assert.equal(count(a, 'mutes'), mutesPerPersonMax)
  assert.equal(
    a.chat.messages(community, generalChannel, { limit: 9 }).messages.length,
    2,
    'the mute then is forgotten',
  )
  anyOrder(world, a)
  b.receive(world.all)
  for (let i = 0; i < reportsPerPersonMax + 10; i++) {
    const message = i === 0 ? id : (await b.chat.send(community, { channel: generalChannel, text: 'y' })).id
    await b.chat.report(community, message, `${i}`)
  }
  a.receive(shuffled(world.random, world.all))
  const reports = a.chat.reports(community)
  assert.deepEqual([reports.length, reports[0]?.reason], [reportsPerPersonMax, `${reportsPerPersonMax + 9}`])
  anyOrder(world, a)
})

test('channels: the first of a person, and so many in all', async () => {
  const { world, a, b } = setup()
  const make = (one: Computer, name: string) =>
    one.forge('channel', { kind: 'open', nonce: world.random.bytes(16), guests: false, name, topic: '' })
  for (let i = 0; i < channelsPerPersonMax + 5; i++) await make(b, `${i}`)
  world.sync()
  const names = () => a.chat.channels(community).map(({ name }) => name)
  assert.deepEqual(names(), ['general', ...Array.from({ length: channelsPerPersonMax }, (_, i) => `${i}`)])
  await assert.rejects(
    b.chat.createChannel(community, { name: 'x', kind: 'open' }),
    (error) => code(error) === 'channels_too_many',
  )
  const surplus = a.database
    .prepare(
      `SELECT chat_channels.id FROM chat_channels JOIN chat_fields ON channel = n WHERE value = '${channelsPerPersonMax + 1}'`,
    )
    .get()
  assert.throws(
    () => a.chat.channel(community, String(surplus?.id) as never),
    (error) => code(error) === 'channel_unknown',
  )
  for (let person = 0; person < channelsListedMax / channelsPerPersonMax; person++) {
    const one = world.computer(world.add(`p${'abcdefghijkmnopqrstuvwxyz'[person]}`))
    one.chat.stop()
    for (let i = 0; i < channelsPerPersonMax; i++) await make(one, 'more')
  }
  a.receive(world.all)
  assert.equal(a.chat.channels(community).length, channelsListedMax)
})

test('unread is counted up to a limit; so are pages, results and words', async () => {
  const { world, a, b } = setup()
  for (let i = 0; i < unreadCountMax + 50; i++)
    await a.forge('message', { channel: general, text: 'tree @bob', mentions: [b.person] })
  b.receive(world.all)
  const { unread, mentions } = b.chat.channel(community, generalChannel)
  assert.deepEqual([unread, mentions], [unreadCountMax, unreadCountMax])
  const page = (limit: number) => b.chat.messages(community, generalChannel, { limit }).messages.length
  assert.equal(page(pageMessagesMax), pageMessagesMax)
  assert.throws(
    () => page(pageMessagesMax + 1),
    (error) => code(error) === 'limit_wrong',
  )
  const find = (limit: number) => b.chat.search(community, 'tree', { limit }).length
  assert.equal(find(searchFoundMax), searchFoundMax)
  assert.throws(
    () => find(searchFoundMax + 1),
    (error) => code(error) === 'limit_wrong',
  )
  assert.equal(wordsOf('a '.repeat(100)).length, queryWordsMax)
  assert.equal(wordsOf('a'.repeat(1_000))[0]?.length, queryCharsMax)
})

test('a thread hangs from a message of its own channel, one level deep', async () => {
  const { world, a, b } = setup()
  const other = await a.chat.createChannel(community, { name: 'other', kind: 'open' })
  const root = await a.chat.send(community, { channel: generalChannel, text: 'root' })
  const reply = await a.chat.send(community, { channel: generalChannel, text: 'reply', thread: root.id })
  const deeper = await a.chat.send(community, { channel: generalChannel, text: 'deeper', thread: reply.id })
  assert.equal(deeper.thread, root.id)
  await assert.rejects(
    a.chat.send(community, { channel: other.id, text: 'x', thread: root.id }),
    (error) => code(error) === 'thread_wrong',
  )
  await a.forge('message', { channel: raw(other.id), text: 'x', thread: raw(root.id) })
  b.receive(shuffled(world.random, world.all))
  assert.equal(b.chat.message(community, root.id).replies, 2)
  assert.equal(count(b, 'messages'), 3)
  const thread = b.chat.messages(community, generalChannel, { limit: 9, thread: root.id }).messages
  assert.deepEqual(
    thread.map(({ text }) => text),
    ['reply', 'deeper'],
  )
})

test('messages of one millisecond whose ids begin alike all have a place', async () => {
  const { world, a, b } = setup()
  const now = world.clock.nowMs()
  const alike: OpenedEntry[] = []
  for (let i = 0; i < 300; i++) {
    const made = await b.forge('message', { channel: general, text: `${i}` }, { time: { ms: now, count: i } })
    alike.push({ ...made, entry: { ...made.entry, id: `${'0'.repeat(12)}${made.entry.id.slice(12)}` as EntryId } })
  }
  a.receive(shuffled(world.random, alike))
  assert.deepEqual(
    a.chat.messages(community, generalChannel, { limit: pageMessagesMax }).messages.map(({ text }) => text),
    alike.slice(-pageMessagesMax).map((_, i) => `${300 - pageMessagesMax + i}`),
  )
  assert.equal(a.chat.search(community, '299', { limit: 9 }).length, 1)
})
