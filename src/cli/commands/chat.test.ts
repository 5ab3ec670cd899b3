import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type CliOptions, runIn } from '../../../test/support/cli.ts'
import { type Neighbours, startNeighbours } from '../../../test/support/communities.ts'
import { until } from '../../../test/support/until.ts'
import type { Channel, FollowedMessage, FoundMessage, Message } from '../../sdk/types.ts'

const picture = new Map([['cat.png', new Uint8Array(2000)]])
const general = '0'.repeat(32)

let them: Neighbours
before(async () => {
  them = await startNeighbours({ disk: new Map([['/home/ada/cat.png', picture]]) })
})
after(() => them[Symbol.asyncDispose]())

const ada = (args: readonly string[], options: CliOptions = {}) => runIn(them.ada.client, ['chat', ...args], options)
const grace = (...args: readonly string[]) => runIn(them.grace.client, ['chat', ...args])
const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d`

describe('send and read', () => {
  test('words, stdin, answers and attachments', async () => {
    assert.match((await ada(['send', 'Family', 'general', 'Dinner', 'at seven'])).stdout, /^Sent \([0-9a-f]{10}\)\.\n$/)
    const piped = await ada(['send', 'Family', '#General', '-', '--json'], { stdin: 'two\nlines ä\n\n' })
    const [message] = piped.json<Message>()
    assert.equal(message?.text, 'two\nlines ä')
    const answer = await grace(
      'send',
      'Family',
      'general',
      'Yes',
      '--reply-to',
      message?.id.slice(0, 12) ?? '',
      '--json',
    )
    assert.equal(answer.json<Message>()[0]?.replyTo, message?.id)
    const attached = await ada(['send', 'Family', 'general', '--attach', 'cat.png', '--json'], {
      workFolder: '/home/ada',
    })
    const [file] = attached.json<Message>()[0]?.attachments ?? []
    assert.deepEqual([file?.name, file?.mediaType, file?.bytes], ['cat.png', 'image/png', 2000])
    assert.match(String(file?.link), /^peerhood:/)

    const read = await grace('read', 'Family', '--mark')
    const lines = read.stdout.split('\n')
    assert.match(lines[0] ?? '', new RegExp(`^${time}  Ada: Dinner at seven$`))
    assert.match(lines[1] ?? '', new RegExp(`^${time}  Ada: two$`))
    assert.equal(lines[2], '    lines ä')
    assert.match(read.stdout, /^ {4}\+ cat\.png \(2\.00 kB\) peerhood:/m)
    assert.match((await grace('channels', 'Family')).stdout, /#general +open +0 +0/)
    const page = await grace('read', 'Family', 'general', '--limit', '2', '--ids')
    assert.match(page.stdout, /^[0-9a-f]{10} {2}/)
    const mark = /--before (\S+)/.exec(page.stderr)?.[1] ?? ''
    const older = await grace('read', 'Family', 'general', '--limit', '2', '--before', mark, '--json')
    assert.deepEqual(
      older.json<Message>().map(({ text }) => text),
      ['Dinner at seven', 'two\nlines ä'],
    )
  })

  test('what can not be sent says why', async () => {
    const cases: [string[], CliOptions, number, RegExp][] = [
      [['send', 'Family', 'general'], {}, 2, /nothing to send/],
      [['send', 'Family', 'general', '-'], { stdin: '' }, 2, /nothing to send/],
      [['send', 'Family', 'general', '-'], { stdin: 'x'.repeat(10_001) }, 2, /more than 10000 characters/],
      [['send', 'Family', 'nowhere', 'x'], {}, 4, /no channel “nowhere”/],
      [['send', 'Family', 'general', 'x', '--reply-to', 'f'.repeat(64)], {}, 4, /no such message/],
      [['send', 'Family', 'general', '--attach', '/none'], {}, 4, /no such file/],
    ]
    for (const [args, options, code, message] of cases) {
      const result = await ada(args, options)
      assert.equal(result.code, code, args.join(' '))
      assert.match(result.stderr, message)
    }
    assert.equal((await ada(['send', 'Family', 'general', '-'], { signal: AbortSignal.abort() })).code, 130)
  })

  test('threads, edits, deletions, reactions and moderation show', async () => {
    const { chat } = them.ada.client
    const { id } = await chat.createChannel(them.community, { name: 'marks' })
    const first = await chat.send(them.community, id, { text: 'first' })
    await chat.edit(them.community, first.id, 'First')
    await them.grace.client.chat.react(them.community, first.id, '👍')
    await grace('send', 'Family', 'marks', 'below', '--thread', first.id)
    const gone = await chat.send(them.community, id, { text: 'oops' })
    await chat.delete(them.community, gone.id)
    const spam = await them.grace.client.chat.send(them.community, id, { text: 'Buy now' })
    await chat.hide(them.community, spam.id, 'spam')
    const { stdout } = await ada(['read', 'Family', 'marks'])
    assert.match(stdout, /Ada: First {2}\[edited, 👍 1, 1 in its thread\]/)
    assert.match(stdout, /Ada: \(deleted by its author\)/)
    assert.match(stdout, /Grace: \(hidden by Ada: spam\)/)
    assert.doesNotMatch(stdout, /Buy now|oops/)
    assert.match((await ada(['read', 'Family', 'marks', '--thread', first.id.slice(0, 10)])).stdout, /Grace: below/)
  })
})

test('channels are made, listed and archived; direct ones are called after the other person', async () => {
  const args = ['--create', 'surprise', '--kind', 'private', '--with', 'Grace', '--topic', 'cake']
  assert.match((await ada(['channels', 'Family', ...args])).stdout, /#surprise +private +0 +0 +cake/)
  assert.match((await grace('direct', 'Family', 'Ada', 'Shh', 'quiet')).stdout, /^Sent/)
  const listed = (await ada(['channels', 'Family', '--json'])).json<Channel[]>()[0]
  assert.deepEqual(
    listed?.map(({ kind }) => kind).filter((kind) => kind !== 'open'),
    ['private', 'direct'],
  )
  assert.match((await ada(['channels', 'Family'])).stdout, /@Grace +direct +1 +1/)
  assert.match((await ada(['read', 'Family', 'grace'])).stdout, /Grace: Shh quiet/)
  assert.match((await ada(['direct', 'Family', 'Grace'])).stdout, /^[0-9a-f]{32}\n$/)
  assert.match((await ada(['channels', 'Family', '--archive', 'surprise'])).stdout, /#surprise +private, archived/)
  assert.equal((await ada(['channels', 'Family', '--create', 'x', '--kind', 'loud'])).code, 2)
  assert.equal((await ada(['channels', 'Family', '--create', 'x\u0007'])).code, 2)
})

test('search shows where and who', async () => {
  await them.ada.client.chat.send(them.community, general, { text: 'The zebra\nruns at dawn' })
  const found = await grace('search', 'Family', 'zebra', 'dawn')
  assert.match(found.stdout, new RegExp(`^${time}  #general  Ada: The zebra runs at dawn\n$`))
  assert.equal((await grace('search', 'Family', 'unicorn')).stdout, 'Nothing was found.\n')
  const [all] = (await grace('search', 'Family', 'zebra', '--channel', 'general', '--limit', '1', '--json')).json<
    FoundMessage[]
  >()
  assert.deepEqual(
    all?.[0]?.snippet.filter(({ match }) => match),
    [{ text: 'zebra', match: true }],
  )
  assert.equal((await grace('search', 'Family', 'zebra', '--limit', '101')).code, 2)
})

describe('follow', () => {
  test('prints what comes and what changes, until interrupted', async () => {
    const { chat } = them.ada.client
    const { id } = await chat.createChannel(them.community, { name: 'live' })
    await chat.send(them.community, id, { text: 'before' })
    const stop = new AbortController()
    let out = ''
    const options = { signal: stop.signal, onStdout: (text: string) => (out = text) }
    const running = runIn(them.grace.client, ['chat', 'follow', 'Family', 'live'], options)
    await until(() => out.includes('before'))
    const { id: message } = await chat.send(them.community, id, { text: 'during\nFake: line' })
    await until(() => out.includes('during'))
    await chat.edit(them.community, message, 'changed')
    await until(() => out.includes('changed'))
    stop.abort()
    const { code, stdout } = await running
    assert.equal(code, 0)
    const shown = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(new RegExp(time), 'T'))
    assert.deepEqual(shown, ['T  Ada: before', 'T  Ada: during', '    Fake: line', '* T  Ada: changed  [edited]'])
  })

  test('as JSON an object a line; who joins meanwhile is called by name', async () => {
    const stop = new AbortController()
    let out = ''
    const options = { signal: stop.signal, onStdout: (text: string) => (out = text) }
    const json = runIn(them.grace.client, ['chat', 'follow', 'Family', '--history', '1', '--json'], options)
    let shown = ''
    const text = runIn(them.grace.client, ['chat', 'follow', 'Family', '--history', '1'], {
      ...options,
      onStdout: (all) => (shown = all),
    })
    await until(() => out !== '' && shown !== '')
    const shared = them.hub.communities.get(them.community)
    const known = shared?.members.get(them.persons.ada)
    const last = shared?.messages.findLast(({ channel, thread }) => channel === general && thread === null)
    assert.ok(shared && known && last)
    const person = 'did:key:z6MkLate'
    shared.members.set(person, { ...known, person, name: 'Late', seniority: 9 })
    them.grace.services.emit({ type: 'chat-message', isNew: true, message: { ...last, id: 'a'.repeat(64), person } })
    await until(() => out.trim().split('\n').length === 2 && shown.trim().split('\n').length >= 2)
    stop.abort()
    assert.deepEqual(
      (await json).json<FollowedMessage>().map(({ how }) => how),
      ['history', 'new'],
    )
    assert.match((await text).stdout, / {2}Late: /)
    shared.members.delete(person)
  })
})

test('nothing that others write is obeyed by the terminal', async () => {
  const evil = 'a\u001b]0;title\u0007\u009b2J\r\u202egnp.exe\u2028b'
  const { chat } = them.ada.client
  const { id } = await chat.createChannel(them.community, { name: 'evil', topic: evil })
  await chat.send(them.community, id, { text: evil })
  const hidden = await chat.send(them.community, id, { text: 'x' })
  await chat.hide(them.community, hidden.id, evil)
  const obeyed = /(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/u
  for (const args of [
    ['read', 'Family', 'evil'],
    ['channels', 'Family'],
    ['search', 'Family', 'title'],
    ['send', 'Family', evil, 'x'],
    ['read', 'Family', 'evil', '--before', evil],
  ]) {
    for (const more of [[], ['--json']]) {
      const { stdout, stderr } = await ada([...args, ...more])
      assert.doesNotMatch(stdout + stderr, obeyed, args.join(' '))
    }
  }
  const [message] = (await ada(['read', 'Family', 'evil', '--json'])).json<Message>()
  assert.equal(message?.text, evil)
})
