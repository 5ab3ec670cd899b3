import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { startApi, testToken } from '../../test/support/api.ts'
import { type Neighbours, startNeighbours } from '../../test/support/communities.ts'
import { until } from '../../test/support/until.ts'
import { isPeerhoodError, type PeerhoodError } from '../base/errors.ts'
import { createPeerhood } from './client.ts'
import type { FollowedMessage, FollowOptions, Peerhood } from './types.ts'

const general = '0'.repeat(32)

let them: Neighbours
before(async () => {
  them = await startNeighbours()
})
after(() => them[Symbol.asyncDispose]())

async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = []
  for await (const value of values) all.push(value)
  return all
}

async function failure(work: Promise<unknown>): Promise<PeerhoodError> {
  try {
    await work
  } catch (error) {
    assert.ok(isPeerhoodError(error), String(error))
    return error
  }
  throw new Error('it did not fail')
}

describe('calls about communities', () => {
  test('found, invite, join, change, leave and forget', async () => {
    const ada = them.ada.client.communities
    const grace = them.grace.client.communities
    const { id } = await ada.found({ name: 'Club', memberName: 'Ada', description: 'Chess' })
    const { invite, link } = await ada.invite(id, { role: 'guest', note: 'x' })
    assert.deepEqual(await them.grace.client.links.inspect({ link }), {
      kind: 'invite',
      communityId: id,
      inviteId: invite.id,
      name: 'Club',
      peers: [],
    })
    const joined = await grace.join({ link, memberName: 'Grace' })
    assert.deepEqual([joined.self?.role, joined.membersActive], ['guest', 2])
    assert.equal((await failure(grace.join({ link, memberName: 'Grace' }))).code, 'already_member')
    const member = (await ada.members(id)).find(({ name }) => name === 'Grace')
    assert.ok(member)
    assert.deepEqual([member.self, member.admittedBy === member.person], [false, false])
    assert.equal((await ada.setRole(id, member.person, 'member')).role, 'member')
    assert.equal((await grace.get(id)).self?.role, 'member')
    assert.equal((await ada.change(id, { name: 'Chess club' })).name, 'Chess club')
    assert.equal((await grace.changeSelf(id, { memberName: 'Grace H.' })).self?.name, 'Grace H.')
    assert.equal((await ada.invites(id))[0]?.state, 'used')
    const second = await ada.invite(id)
    await ada.revokeInvite(id, second.invite.id)
    assert.equal(
      (await failure(them.grace.client.communities.join({ link: second.link, memberName: 'x' }))).code,
      'already_member',
    )
    assert.deepEqual((await ada.defineRole(id, { name: 'scribe', capabilities: ['post'], rank: 1 })).length, 5)
    assert.equal((await grace.leave(id)).phase, 'left')
    await grace.forget(id)
    assert.equal((await failure(grace.get(id))).code, 'community_unknown')
    await ada.removeDevice(id, member.devices[0]?.device ?? '')
    assert.equal((await ada.presence(id)).length, 2)
    assert.equal((await ada.list()).length, 2)
  })

  test('keepers hold what they can not read', async () => {
    const { client } = them.ada
    await using cellar = await startApi({ hub: them.hub })
    const link = await client.communities.keepLink(them.community)
    assert.equal((await cellar.client.links.inspect({ link })).kind, 'community-keep')
    const kept = await cellar.client.communities.keep({ link, bytesMax: 10_000_000 })
    assert.deepEqual([kept.phase, kept.name, kept.self, kept.bytesMax], ['keeping', null, null, 10_000_000])
    assert.equal((await failure(cellar.client.communities.members(kept.id))).code, 'community_sealed')
    const { entries } = await cellar.client.communities.activity(kept.id, { limit: 1 })
    assert.deepEqual([entries[0]?.person, entries[0]?.app, entries[0]?.counts], [null, null, null])
    const { peerId } = await cellar.client.status()
    await client.communities.addKeeper(them.community, { peerId, name: 'cellar', bytesMax: 10_000_000 })
    assert.equal((await client.communities.sync(them.community)).keepers[0]?.name, 'cellar')
    await client.communities.removeKeeper(them.community, peerId)
    assert.deepEqual(await client.communities.keepers(them.community), [])
  })

  test('watch tells each change, until it is forgotten', async () => {
    const { client } = them.ada
    const { id } = await client.communities.found({ name: 'one', memberName: 'Ada' })
    const names: (string | null)[] = []
    for await (const { name } of client.communities.watch(id)) {
      names.push(name)
      if (names.length === 1) await client.communities.change(id, { name: 'two' })
      else await client.communities.forget(id)
    }
    assert.deepEqual(names, ['one', 'two'])
  })

  test('activity goes back page by page, to the first entry', async () => {
    const { client } = them.ada
    const seen: string[] = []
    let before: string | undefined
    do {
      const page = await client.communities.activity(them.community, {
        limit: 2,
        ...(before === undefined ? {} : { before }),
      })
      seen.push(...page.entries.map(({ kind }) => String(kind)))
      before = page.before ?? undefined
    } while (before !== undefined)
    assert.deepEqual(seen.slice(-3), ['join', 'invite', 'found'])
  })
})

describe('an export', () => {
  test('comes line by line, to its end', async () => {
    const lines = await collect(them.grace.client.communities.export(them.community))
    assert.equal(lines[0]?.type, 'export')
    assert.deepEqual(lines.at(-1), { type: 'end', lines: lines.length - 1 })
    const none = collect(them.grace.client.communities.export('0'.repeat(64)))
    assert.equal((await failure(none)).code, 'community_unknown')
  })

  test('that breaks off, ends too early or is something else is an error', async () => {
    const line = (value: unknown) => `${JSON.stringify(value)}\n`
    const role = line({ type: 'role' })
    const cases: [string, string][] = [
      [role, 'export_cut_off'],
      ['', 'export_cut_off'],
      [role + line({ type: 'end', lines: 2 }), 'export_cut_off'],
      [`${role}{"type":"end"`, 'export_cut_off'],
      [`${role}nonsense\n`, 'answer_malformed'],
      ['5\n', 'answer_malformed'],
      ['x'.repeat(5_000_000), 'answer_malformed'],
    ]
    for (const [text, code] of cases) {
      const client = await fakeDaemon((answer) => answer.end(text))
      assert.equal((await failure(collect(client.communities.export('a')))).code, code, text.slice(0, 40))
    }
    const cut = await fakeDaemon((answer) => {
      answer.write(role)
      setImmediate(() => answer.destroy())
    })
    assert.equal((await failure(collect(cut.communities.export('a')))).kind, 'no-daemon')
  })

  test('ends at the daemon when the reader stops early', async () => {
    const closed = Promise.withResolvers<void>()
    const client = await fakeDaemon((answer) => {
      answer.once('close', () => closed.resolve())
      answer.write('{"type":"role"}\n'.repeat(10))
    })
    for await (const _ of client.communities.export('a')) break
    await closed.promise
  })
})

const fakes: { close(): void }[] = []
after(() => {
  for (const fake of fakes) fake.close()
})

async function fakeDaemon(answer: (response: ServerResponse) => void): Promise<Peerhood> {
  const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1')
  fakes.push({
    close() {
      server.close()
      server.closeAllConnections()
    },
  })
  await once(server, 'listening')
  return createPeerhood({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: testToken })
}

describe('calls about chat', () => {
  test('write, answer, edit, react, delete', async () => {
    const ada = them.ada.client.chat
    const grace = them.grace.client.chat
    const id = them.community
    const link = 'peerhood:x'
    const attachments = [{ name: 'a.png', mediaType: 'image/png', bytes: 5, link }]
    const first = await ada.send(id, general, { text: 'Hello @Grace', attachments })
    assert.deepEqual([first.mentions, first.attachments], [[them.persons.grace], attachments])
    const answer = await grace.send(id, general, { text: 'Hi', replyTo: first.id })
    assert.equal(answer.replyTo, first.id)
    await grace.send(id, general, { text: 'in the thread', thread: first.id })
    assert.equal((await ada.message(id, first.id)).replies, 1)
    const thread = await ada.messages(id, general, { thread: first.id })
    assert.deepEqual(
      thread.messages.map(({ text }) => text),
      ['in the thread'],
    )
    const around = await ada.messages(id, general, { around: first.id, limit: 2 })
    assert.ok(around.messages.some((message) => message.id === first.id))
    const { messages, before, after } = await ada.messages(id, general, { limit: 1 })
    assert.deepEqual([messages.map((message) => message.id), after], [[answer.id], null])
    const next = await ada.messages(id, general, { after: before ?? '', limit: 1 })
    assert.deepEqual(next.messages, messages, 'a mark leads both ways')
    const both = failure(ada.messages(id, general, { before: before ?? '', around: first.id }))
    assert.equal((await both).code, 'request_malformed')
    assert.equal((await ada.edit(id, first.id, 'Hello!')).text, 'Hello!')
    assert.equal((await failure(grace.edit(id, first.id, 'Bye'))).code, 'not_author')
    const reacted = await grace.react(id, first.id, '❤️')
    assert.deepEqual(reacted.reactions, [{ emoji: '❤️', persons: [them.persons.grace] }])
    assert.deepEqual((await grace.unreact(id, first.id, '❤️')).reactions, [])
    const deleted = await ada.delete(id, first.id)
    assert.deepEqual([deleted.deleted, deleted.text, deleted.attachments], [true, '', []])
  })

  test('private and direct channels are seen by whom they are for', async () => {
    const { client } = them.ada
    const id = them.community
    await using eve = await startApi({ hub: them.hub })
    const { link } = await client.communities.invite(id)
    await eve.client.communities.join({ link, memberName: 'Eve' })
    const secret = await client.chat.createChannel(id, {
      name: 'secret',
      kind: 'private',
      persons: [them.persons.grace],
    })
    const direct = await client.chat.direct(id, them.persons.grace)
    assert.equal((await them.grace.client.chat.direct(id, them.persons.ada)).id, direct.id)
    const { id: message } = await client.chat.send(id, secret.id, { text: 'Shh' })
    const names = async (of: Peerhood) => (await of.chat.channels(id)).map(({ kind }) => kind).sort()
    assert.deepEqual(await names(them.grace.client), ['direct', 'open', 'private'])
    assert.deepEqual(await names(eve.client), ['open'])
    assert.equal((await failure(eve.client.chat.message(id, message))).code, 'message_unknown')
    assert.deepEqual(await eve.client.chat.search(id, 'shh'), [])
    assert.deepEqual(
      (await them.grace.client.chat.search(id, 'shh', { channel: secret.id })).map(({ snippet }) => snippet),
      [[{ text: 'Shh', match: true }]],
    )
    const renamed = await client.chat.changeChannel(id, secret.id, { name: 'surprise', archived: true })
    assert.deepEqual([renamed.name, renamed.archived], ['surprise', true])
    assert.equal((await failure(client.chat.send(id, secret.id, { text: 'x' }))).code, 'channel_archived')
  })

  test('what is unread is counted until it is read', async () => {
    const id = them.community
    const channel = await them.ada.client.chat.createChannel(id, { name: 'news' })
    const grace = them.grace.client.chat
    const unread = async () => {
      const found = (await grace.channels(id)).find((one) => one.id === channel.id)
      return [found?.unread, found?.mentions]
    }
    await them.ada.client.chat.send(id, channel.id, { text: 'one' })
    const { id: last } = await them.ada.client.chat.send(id, channel.id, { text: 'two @Grace' })
    assert.deepEqual(await unread(), [2, 1])
    await grace.markRead(id, channel.id, last)
    assert.deepEqual(await unread(), [0, 0])
    await grace.typing(id, channel.id)
    const typing = (await them.ada.client.communities.presence(id)).find(({ person }) => person === them.persons.grace)
    assert.equal(typing?.typing, channel.id)
  })

  test('moderators hide, read reports and mute', async () => {
    const id = them.community
    const ada = them.ada.client.chat
    const grace = them.grace.client.chat
    const { id: message } = await grace.send(id, general, { text: 'Buy now' })
    await grace.report(id, message, 'Spam, mine')
    assert.equal((await failure(grace.reports(id))).code, 'not_allowed')
    assert.deepEqual(
      (await ada.reports(id)).map(({ reason }) => reason),
      ['Spam, mine'],
    )
    assert.deepEqual((await ada.hide(id, message, 'Spam')).hidden, { by: them.persons.ada, reason: 'Spam' })
    await ada.mute(id, them.persons.grace, { reason: 'Spam' })
    assert.equal((await failure(grace.send(id, general, { text: 'x' }))).code, 'muted')
    assert.deepEqual(
      (await grace.mutes(id)).map(({ person, reason, untilMs }) => [person, reason, untilMs]),
      [[them.persons.grace, 'Spam', null]],
    )
    await ada.unmute(id, them.persons.grace)
    assert.equal((await ada.unhide(id, message)).hidden, null)
    await grace.send(id, general, { text: 'Sorry' })
  })
})

describe('follow', () => {
  interface Followed {
    readonly told: FollowedMessage[]
    brief(): string[]
    readonly done: Promise<void>
    stop(): void
  }

  function follow(client: Peerhood, channel: string, options: FollowOptions = {}): Followed {
    const controller = new AbortController()
    const told: FollowedMessage[] = []
    const run = async () => {
      const followed = client.chat.follow(them.community, channel, { signal: controller.signal, ...options })
      for await (const one of followed) told.push(one)
    }
    return {
      told,
      brief: () => told.map(({ how, message }) => `${how} ${message.text}`),
      done: run(),
      stop: () => controller.abort(),
    }
  }

  async function newChannel(...texts: readonly string[]): Promise<string> {
    const { chat } = them.ada.client
    const { id } = await chat.createChannel(them.community, { name: 'followed' })
    for (const text of texts) await chat.send(them.community, id, { text })
    return id
  }

  test('begins with as much as is asked for, then tells what comes and what changes, here and nowhere else', async () => {
    const { chat } = them.ada.client
    const id = them.community
    const channel = await newChannel('one', 'two', 'three')
    const followed = follow(them.grace.client, channel, { history: 2 })
    await until(() => followed.told.length === 2)
    await chat.send(id, general, { text: 'elsewhere' })
    const { id: four } = await chat.send(id, channel, { text: 'four' })
    await chat.edit(id, four, 'four!')
    await chat.send(id, channel, { text: 'below it', thread: four })
    await until(() => followed.told.length === 5)
    assert.deepEqual(followed.brief(), ['history two', 'history three', 'new four', 'changed four!', 'changed four!'])
    assert.equal(followed.told.at(-1)?.message.replies, 1)
    const thread = follow(them.grace.client, channel, { history: 9, thread: four })
    await until(() => thread.told.length === 1)
    await chat.send(id, channel, { text: 'deeper', thread: four })
    await until(() => thread.told.length === 3)
    assert.deepEqual(thread.brief(), ['history below it', 'new deeper', 'changed four!'])
    followed.stop()
    thread.stop()
    await Promise.all([followed.done, thread.done])
  })

  test('an event that is older than what was read is not told', async () => {
    const channel = await newChannel('one')
    const { messages } = await them.grace.client.chat.messages(them.community, channel)
    const [first] = messages
    assert.ok(first)
    const emit = (text: string) =>
      them.grace.services.emit({ type: 'chat-message', isNew: false, message: { ...first, text } })
    const client = createPeerhood({
      url: them.grace.url,
      token: testToken,
      fetch(input, init) {
        if (String(input).includes('/messages')) emit('older')
        return fetch(input, init)
      },
    })
    const followed = follow(client, channel, { history: 1 })
    await until(() => followed.told.length === 1)
    emit('newer')
    await until(() => followed.told.length === 2)
    assert.deepEqual(followed.brief(), ['history one', 'changed newer'])
    followed.stop()
    await followed.done
  })

  test('makes up for what was missed: what is new once, what changed, and nothing else', async () => {
    const { chat } = them.ada.client
    const id = them.community
    const channel = await newChannel('one', 'two', 'three')
    const followed = follow(them.grace.client, channel, { history: 1 })
    await until(() => followed.told.length === 1)
    await chat.send(id, channel, { text: 'four' })
    await until(() => followed.told.length === 2)
    // What counts was made anew, to the same.
    them.grace.services.emit({ type: 'chat-rebuilt', community: id })
    // The hub goes on without a word, as when events are lost.
    const { messages } = await chat.messages(id, channel)
    const silent = them.hub.communities.get(id)
    const three = silent?.messages.findIndex((message) => message.id === messages[2]?.id) ?? -1
    const old = silent?.messages[three]
    assert.ok(silent && old)
    silent.messages[three] = { ...old, text: 'three, edited' }
    silent.messages.push({ ...old, id: 'e'.repeat(64), text: 'five' })
    them.grace.services.emit({ type: 'reset' })
    await until(() => followed.told.length === 4)
    assert.deepEqual(followed.brief(), ['history three', 'new four', 'changed three, edited', 'new five'])
    followed.stop()
    await followed.done
  })

  test('reads back as many pages as it takes', async () => {
    const { chat } = them.ada.client
    const channel = await newChannel('known')
    const followed = follow(them.grace.client, channel, { history: 1 })
    await until(() => followed.told.length === 1)
    const shared = them.hub.communities.get(them.community)
    const known = followed.told[0]?.message
    assert.ok(shared && known)
    for (let i = 0; i < 1200; i++) shared.messages.push({ ...known, id: `${i}`.padStart(64, '0'), text: `m${i}` })
    them.grace.services.emit({ type: 'reset' })
    await until(() => followed.told.length === 1201)
    assert.deepEqual(
      followed.brief().slice(1),
      Array.from({ length: 1200 }, (_, i) => `new m${i}`),
    )
    assert.equal((await chat.messages(them.community, channel, { limit: 200 })).messages.length, 200)
    followed.stop()
    await followed.done
  })

  test('goes on over a restart of the daemon', async () => {
    const channel = await newChannel('one')
    const { chat } = them.ada.client
    let daemon = await startApi({ wrap: () => them.grace.services })
    const { port } = daemon
    const followed = follow(daemon.client, channel, { history: 1 })
    await until(() => followed.told.length === 1)
    await daemon.close()
    await chat.send(them.community, channel, { text: 'while it was down' })
    daemon = await startApi({ port, wrap: () => them.grace.services })
    await until(() => followed.told.length === 2)
    await chat.send(them.community, channel, { text: 'after' })
    await until(() => followed.told.length === 3)
    assert.deepEqual(followed.brief(), ['history one', 'new while it was down', 'new after'])
    followed.stop()
    await followed.done
    await daemon.close()
  })

  test('ends when the community is forgotten; an unknown channel or a refusal is thrown', async () => {
    const { client } = them.ada
    const { id } = await client.communities.found({ name: 'short', memberName: 'Ada' })
    const ended = (async () => {
      for await (const _ of client.chat.follow(id, general, { history: 1 })) await client.communities.forget(id)
    })()
    await client.chat.send(id, general, { text: 'x' })
    await ended
    const unknown = collect(client.chat.follow(them.community, 'f'.repeat(32)))
    assert.equal((await failure(unknown)).code, 'channel_unknown')
    const stranger = createPeerhood({ url: client.url, token: 'wrong' })
    assert.equal((await failure(collect(stranger.chat.follow(id, general)))).code, 'unauthenticated')
    const given = follow(createPeerhood({ url: 'http://127.0.0.1:9', token: testToken }), general, { attemptsMax: 2 })
    assert.equal((await failure(given.done)).kind, 'no-daemon')
  })
})
