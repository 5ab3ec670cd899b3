// Chat as people use it: two and three computers, every act, who may and who may not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { community, createWorld, didNamed, entryIdNamed } from '../../../test/support/chat.ts'
import { isPeerhoodError } from '../../base/errors.ts'
import { generalChannel } from './core.ts'
import type { Attachment, Channel, MessageId } from './types.ts'

const file: Attachment = { name: 'plan.pdf', mediaType: 'application/pdf', bytes: 12, link: 'peerhood:abc234' }

async function refused(work: Promise<unknown> | (() => unknown), code: string): Promise<void> {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    assert.ok(isPeerhoodError(error), String(error))
    assert.equal(error.code, code)
    return
  }
  assert.fail(`it was not refused with ${code}`)
}

function setup() {
  const world = createWorld()
  const [ada, bob, eve] = [world.add('ada', 'owner'), world.add('bob'), world.add('eve', 'guest')]
  const [a, b, e] = [world.computer(ada), world.computer(bob), world.computer(eve)]
  world.clock.advance(1_000)
  return { world, ada, bob, eve, a, b, e }
}

test('what one says the others read, with replies, threads, reactions, edits and deletes', async () => {
  const { world, ada, bob, a, b } = setup()
  const first = await a.chat.send(community, { channel: generalChannel, text: 'hello @bob' })
  assert.deepEqual([first.text, first.person, first.mentions], ['hello @bob', ada, [bob]])
  world.sync()
  const [general] = b.chat.channels(community)
  assert.deepEqual(
    [general?.name, general?.unread, general?.mentions, general?.lastMessageMs],
    ['general', 1, 1, first.sentMs],
  )
  const reply = await b.chat.send(community, {
    channel: generalChannel,
    text: 'hi',
    replyTo: first.id,
    attachments: [file],
  })
  assert.deepEqual([reply.replyTo, reply.attachments], [first.id, [file]])
  const inThread = await b.chat.send(community, { channel: generalChannel, text: 'more', thread: first.id })
  await b.chat.react(community, first.id, '👍', true)
  await b.chat.react(community, first.id, '🎉', true)
  await b.chat.react(community, first.id, '🎉', false)
  world.sync()
  const seen = a.chat.message(community, first.id)
  assert.deepEqual([seen.replies, seen.reactions], [1, [{ emoji: '👍', persons: [bob] }]])
  const page = (thread?: MessageId) =>
    a.chat.messages(community, generalChannel, { limit: 10, ...(thread ? { thread } : {}) })
  assert.deepEqual(
    page().messages.map(({ id }) => id),
    [first.id, reply.id],
  )
  assert.deepEqual(
    page(first.id).messages.map(({ id }) => id),
    [inThread.id],
  )
  world.clock.advance(5)
  const edited = await a.chat.edit(community, first.id, 'hello all')
  assert.deepEqual([edited.text, edited.mentions, edited.editedMs !== undefined], ['hello all', [], true])
  world.sync()
  assert.equal(b.chat.message(community, first.id).text, 'hello all')
  assert.equal(b.chat.channel(community, generalChannel).mentions, 0)
  const deleted = await b.chat.delete(community, reply.id)
  assert.deepEqual([deleted.deleted, deleted.text, deleted.attachments], [true, '', []])
  world.sync()
  assert.equal(a.chat.message(community, reply.id).deleted, true)
  assert.deepEqual(a.chat.search(community, 'hi', { limit: 5 }), [])
})

test('what comes later than its message, and earlier', async () => {
  const { world, a, b } = setup()
  const message = await a.chat.send(community, { channel: generalChannel, text: 'one' })
  world.clock.advance(1)
  await a.chat.edit(community, message.id, 'two')
  await a.chat.react(community, message.id, '👀', true)
  b.receive(world.all.toReversed().slice(0, 2))
  await refused(() => b.chat.message(community, message.id), 'message_unknown')
  world.sync()
  const seen = b.chat.message(community, message.id)
  assert.deepEqual([seen.text, seen.reactions.length], ['two', 1])
})

test('who did not write it can neither change nor delete it, by the service or by force', async () => {
  const { world, a, b } = setup()
  const message = await a.chat.send(community, { channel: generalChannel, text: 'mine' })
  world.sync()
  await refused(b.chat.edit(community, message.id, 'yours'), 'message_of_other')
  await refused(b.chat.delete(community, message.id), 'message_of_other')
  const target = Buffer.from(message.id, 'hex')
  await b.forge('edit', { target, text: 'yours' })
  await b.forge('delete', { target })
  await b.forge('hide', { target, reason: 'no' })
  world.sync()
  const seen = a.chat.message(community, message.id)
  assert.deepEqual([seen.text, seen.deleted, seen.hidden], ['mine', false, undefined])
})

test('guests read, and write only where it is allowed', async () => {
  const { world, a, b, e, bob } = setup()
  await refused(e.chat.send(community, { channel: generalChannel, text: 'hi' }), 'chat_not_allowed')
  await refused(e.chat.createChannel(community, { name: 'x', kind: 'open' }), 'chat_not_allowed')
  await refused(e.chat.direct(community, bob), 'chat_not_allowed')
  await e.forge('message', { channel: new Uint8Array(16), text: 'forced' })
  const message = await a.chat.send(community, { channel: generalChannel, text: 'for all' })
  world.sync()
  assert.deepEqual(a.chat.messages(community, generalChannel, { limit: 5 }).messages.length, 1)
  await refused(e.chat.react(community, message.id, '👍', true), 'chat_not_allowed')
  const lobby = await a.chat.createChannel(community, { name: 'lobby', kind: 'open', guests: true })
  world.sync()
  assert.equal(e.chat.channel(community, lobby.id).guests, true)
  await e.chat.send(community, { channel: lobby.id, text: 'hello' })
  world.sync()
  assert.equal(b.chat.channel(community, lobby.id).unread, 1)
})

test('announce channels: all read, those write who may', async () => {
  const { world, a, b } = setup()
  await refused(b.chat.createChannel(community, { name: 'news', kind: 'announce' }), 'chat_not_allowed')
  const news = await a.chat.createChannel(community, { name: 'news', topic: 'what is new', kind: 'announce' })
  assert.deepEqual([news.name, news.topic, news.kind], ['news', 'what is new', 'announce'])
  const message = await a.chat.send(community, { channel: news.id, text: 'opening' })
  world.sync()
  assert.equal(b.chat.message(community, message.id).text, 'opening')
  await refused(b.chat.send(community, { channel: news.id, text: 'me too' }), 'chat_not_allowed')
  await b.forge('message', { channel: Buffer.from(news.id, 'hex'), text: 'forced' })
  await b.chat.react(community, message.id, '🎉', true)
  world.sync()
  assert.deepEqual(
    a.chat.messages(community, news.id, { limit: 5 }).messages.map(({ text }) => text),
    ['opening'],
  )
  assert.equal(a.chat.message(community, message.id).reactions.length, 1)
})

test('channels change by whoever made them and by moderators, the last write winning', async () => {
  const { world, a, b } = setup()
  const garden = await b.chat.createChannel(community, { name: 'garden', kind: 'open' })
  world.sync()
  await a.chat.changeChannel(community, garden.id, { topic: 'plants' })
  world.clock.advance(1)
  world.sync()
  await b.chat.changeChannel(community, garden.id, { name: 'Garden & yard', archived: true })
  world.sync()
  const shown = (of: Channel) => [of.name, of.topic, of.archived]
  for (const one of [a, b])
    assert.deepEqual(shown(one.chat.channel(community, garden.id)), ['Garden & yard', 'plants', true])
  await refused(b.chat.changeChannel(community, generalChannel, { name: 'mine' }), 'chat_not_allowed')
  await b.forge('channel-edit', { channel: new Uint8Array(16), name: 'mine' })
  world.sync()
  assert.equal(a.chat.channel(community, generalChannel).name, 'general')
  await refused(a.chat.send(community, { channel: garden.id, text: 'x' }), 'channel_archived')
  assert.deepEqual(
    a.chat.channels(community).map(({ name }) => name),
    ['general', 'Garden & yard'],
  )
})

test('moderation: hidden with who and why, shown again; moderators and authors still read it', async () => {
  const { world, ada, a, b, e } = setup()
  const message = await b.chat.send(community, { channel: generalChannel, text: 'rude words' })
  world.sync()
  await refused(b.chat.hide(community, message.id, 'x'), 'chat_not_allowed')
  const hidden = await a.chat.hide(community, message.id, 'rude')
  assert.deepEqual([hidden.hidden, hidden.text], [{ by: ada, reason: 'rude' }, 'rude words'])
  world.sync()
  assert.equal(b.chat.message(community, message.id).text, 'rude words')
  const forGuest = e.chat.message(community, message.id)
  assert.deepEqual([forGuest.text, forGuest.hidden?.reason], ['', 'rude'])
  assert.deepEqual(e.chat.search(community, 'rude', { limit: 5 }), [])
  assert.equal(e.chat.channel(community, generalChannel).unread, 0)
  world.clock.advance(1)
  await a.chat.unhide(community, message.id)
  world.sync()
  assert.equal(e.chat.message(community, message.id).text, 'rude words')
  assert.equal(e.chat.search(community, 'rude', { limit: 5 }).length, 1)
})

test('mutes end by themselves or when lifted, and what was written meanwhile does not count', async () => {
  const { world, a, b, bob } = setup()
  await b.chat.send(community, { channel: generalChannel, text: 'before' })
  world.sync()
  world.clock.advance(10)
  await a.chat.mute(community, bob, world.clock.nowMs() + 60_000, 'calm down')
  world.sync()
  assert.deepEqual(
    a.chat.mutes(community).map(({ person, reason }) => [person, reason]),
    [[bob, 'calm down']],
  )
  await refused(b.chat.send(community, { channel: generalChannel, text: 'x' }), 'chat_muted')
  world.clock.advance(10)
  await b.forge('message', { channel: new Uint8Array(16), text: 'forced' })
  world.sync()
  const texts = () => a.chat.messages(community, generalChannel, { limit: 9 }).messages.map(({ text }) => text)
  assert.deepEqual(texts(), ['before'])
  world.clock.advance(60_000)
  await b.chat.send(community, { channel: generalChannel, text: 'after' })
  world.sync()
  assert.deepEqual(texts(), ['before', 'after'])
  await a.chat.mute(community, bob, undefined)
  world.sync()
  await refused(
    b.chat.react(
      community,
      a.chat.messages(community, generalChannel, { limit: 1 }).messages[0]?.id ?? entryIdNamed(''),
      '👍',
      true,
    ),
    'chat_muted',
  )
  world.clock.advance(1)
  await refused(b.chat.unmute(community, bob), 'chat_not_allowed')
  await b.forge('unmute', { person: bob })
  world.sync()
  assert.equal(a.chat.mutes(community).length, 1)
  world.clock.advance(1)
  await a.chat.unmute(community, bob)
  world.sync()
  await b.chat.send(community, { channel: generalChannel, text: 'again' })
})

test('reports go to moderators alone', async () => {
  const { world, a, b, e, eve } = setup()
  const message = await b.chat.send(community, { channel: generalChannel, text: 'spam' })
  world.sync()
  await e.chat.report(community, message.id, 'is spam')
  world.sync()
  assert.deepEqual(
    a.chat.reports(community).map(({ by, reason, message: of }) => [by, reason, of.id]),
    [[eve, 'is spam', message.id]],
  )
  assert.deepEqual(b.chat.reports(community), [])
  assert.equal(b.database.prepare('SELECT count(*) AS n FROM chat_reports').get()?.n, 0)
})

test('unread and mentions: none of one’s own, none from before one came, gone once read', async () => {
  const { world, a, b } = setup()
  for (const text of ['1', '2', '3']) {
    world.clock.advance(1)
    await a.chat.send(community, { channel: generalChannel, text })
  }
  world.sync()
  const counts = (one: typeof a) => {
    const { unread, mentions } = one.chat.channel(community, generalChannel)
    return [unread, mentions]
  }
  assert.deepEqual(
    [counts(a), counts(b)],
    [
      [0, 0],
      [3, 0],
    ],
  )
  const [, second] = b.chat.messages(community, generalChannel, { limit: 3 }).messages
  await b.chat.markRead(community, generalChannel, second?.id ?? entryIdNamed(''))
  assert.deepEqual(counts(b), [1, 0])
  const [first] = b.chat.messages(community, generalChannel, { limit: 3 }).messages
  await b.chat.markRead(community, generalChannel, first?.id ?? entryIdNamed(''))
  assert.deepEqual(counts(b), [1, 0], 'a marker never goes back')
  world.clock.advance(1)
  const late = world.computer(world.add('zed'))
  late.receive(world.all)
  assert.deepEqual(counts(late), [0, 0], 'what is older than one’s coming was never unread')
  const thread = second?.id ?? entryIdNamed('')
  world.clock.advance(1)
  await a.chat.send(community, { channel: generalChannel, text: 'aside', thread })
  await a.chat.send(community, { channel: generalChannel, text: 'for @bob', thread })
  world.sync()
  assert.deepEqual(counts(b), [2, 1], 'of threads only what names one')
})

test('what can’t be written is refused before anything is written', async () => {
  const { world, a, b, ada } = setup()
  const send = (text: string, more = {}) => a.chat.send(community, { channel: generalChannel, text, ...more })
  await refused(send('  '), 'text_empty')
  await refused(send('x'.repeat(10_001)), 'text_too_long')
  await refused(send('a\u0000b'), 'text_unusable')
  await refused(send('\ud800'), 'text_unusable')
  await refused(send('', { attachments: new Array(11).fill(file) }), 'attachments_too_many')
  await refused(send('', { attachments: [{ ...file, link: 'https://x' }] }), 'attachment_unusable')
  await refused(send('', { attachments: [{ ...file, name: '../x' }] }), 'attachment_unusable')
  await refused(send('x', { thread: entryIdNamed('none') }), 'message_unknown')
  await refused(a.chat.send(community, { channel: 'ab'.repeat(16) as never, text: 'x' }), 'channel_unknown')
  await refused(a.chat.createChannel(community, { name: ' ', kind: 'open' }), 'channel_name_unusable')
  await refused(a.chat.createChannel(community, { name: 'x\u202ey', kind: 'open' }), 'channel_name_unusable')
  await refused(
    a.chat.createChannel(community, { name: 'x', kind: 'private', persons: [didNamed('nobody')] }),
    'person_unknown',
  )
  await refused(a.chat.direct(community, ada), 'person_unknown')
  await refused(() => a.chat.messages(community, generalChannel, { limit: 0 }), 'limit_wrong')
  await refused(() => a.chat.messages(community, generalChannel, { limit: 5, before: 'x' }), 'page_mark_wrong')
  await refused(() => a.chat.search(community, '!!!', { limit: 5 }), 'query_empty')
  assert.equal(world.all.length, 0)
  const message = await send('x')
  await refused(a.chat.react(community, message.id, 'abc', true), 'emoji_unusable')
  await refused(a.chat.changeChannel(community, generalChannel, { persons: [ada] }), 'channel_kind_wrong')
  await a.chat.delete(community, message.id)
  await refused(a.chat.edit(community, message.id, 'y'), 'message_deleted')
  assert.equal((await send('a\r\nb')).text, 'a\nb')
  await refused(() => b.chat.message(community, entryIdNamed('none')), 'message_unknown')
})

test('events: what is new, what changed, and after a rebuild that all did', async () => {
  const { world, a, b } = setup()
  const message = await a.chat.send(community, { channel: generalChannel, text: 'x' })
  const of = (one: typeof a) => one.events.map((event) => (event.type === 'message' ? `${event.isNew}` : event.type))
  assert.deepEqual(of(a), ['true', 'channel'])
  b.receive(world.all)
  assert.deepEqual(of(b), ['true', 'channel'])
  await b.chat.react(community, message.id, '👍', true)
  assert.deepEqual(of(b).slice(2), ['false', 'channel'])
  b.rebuild()
  assert.equal(of(b).at(-1), 'rebuilt')
  await a.chat.mute(community, b.person, undefined)
  world.clock.advance(1)
  const unaware = await b.chat.send(community, { channel: generalChannel, text: 'still talking' })
  b.events.length = 0
  b.receive(world.all)
  assert.deepEqual(of(b), ['rebuilt'], 'the mute came before what was shown')
  await refused(() => b.chat.message(community, unaware.id), 'message_unknown')
  await assert.rejects(
    b.chat.send(entryIdNamed('elsewhere') as never, { channel: generalChannel, text: 'x' }),
    /no such community/,
  )
  assert.equal(b.database.prepare('SELECT count(*) AS n FROM chat_communities').get()?.n, 1)
  for (let i = 0; i < 1_200; i++) await a.forge('message', { channel: new Uint8Array(16), text: `${i}` })
  b.events.length = 0
  b.receive(world.all)
  assert.deepEqual(of(b), ['rebuilt'])
})
