import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, Member, Message, Presence } from '../../../../src/sdk/types.ts'
import {
  channelPatchOf,
  completeMention,
  dayText,
  excerptOf,
  firstUnread,
  isOnlyEmoji,
  isPicture,
  mentionAt,
  mentionChoices,
  mentionOf,
  muteText,
  readingText,
  rowsOf,
  stepTyping,
  timeText,
  typingMsMax,
  typingPersons,
  typingText,
} from './core.ts'

const noon = new Date(2026, 2, 3, 12).getTime()
const minute = 60_000
const message = (id: string, change: Partial<Message> = {}): Message =>
  ({
    id,
    person: 'ada',
    sentMs: noon,
    text: id,
    replyTo: null,
    deleted: false,
    hidden: null,
    attachments: [],
    ...change,
  }) as unknown as Message
const member = (person: string, name: string, state = 'active') => ({ person, name, state }) as Member

test('messages of one person within minutes are a group; a day, an answer and the new line end it', () => {
  const messages = [
    message('a'),
    message('b', { sentMs: noon + minute }),
    message('c', { sentMs: noon + 2 * minute, replyTo: 'a' }),
    message('d', { sentMs: noon + 3 * minute }),
    message('e', { sentMs: noon + 20 * minute }),
    message('f', { sentMs: noon + 21 * minute, person: 'bo' }),
    message('g', { sentMs: noon + 24 * 60 * minute }),
  ]
  assert.deepEqual(
    rowsOf(messages, undefined, 'd').map((row) =>
      row.kind === 'message' ? `${row.key}${row.isGrouped ? '+' : ''}` : row.kind,
    ),
    ['day', 'a', 'b+', 'c', 'new', 'd', 'e', 'f', 'day', 'g'],
  )
  const [first] = rowsOf([message('x')], message('w', { sentMs: noon - minute }), undefined)
  assert.deepEqual(first, { kind: 'message', key: 'x', message: message('x'), isGrouped: true })
})

test('days have names, and years when they are others', () => {
  assert.equal(dayText(noon, noon + minute), 'Today')
  assert.equal(dayText(noon, noon + 24 * 60 * minute), 'Yesterday')
  assert.equal(dayText(noon, noon + 3 * 24 * 60 * minute), 'Tuesday, March 3')
  assert.match(dayText(noon, noon + 400 * 24 * 60 * minute), /2026/)
  assert.equal(timeText(noon), '12:00')
})

test('the new line stands before the first of the unread messages of others', () => {
  const messages = ['ada', 'bo', 'ada', 'bo', 'ada'].map((person, at) => message(`m${at}`, { person }))
  assert.equal(firstUnread(messages, 0, 'ada'), undefined)
  assert.equal(firstUnread(messages, 1, 'ada'), 'm3')
  assert.equal(firstUnread(messages, 2, 'ada'), 'm1')
  assert.equal(firstUnread(messages, 3, 'ada'), undefined)
})

test('an excerpt is one line and says what is not there', () => {
  assert.equal(excerptOf(message('a', { text: ' two\n lines ' })), 'two lines')
  assert.equal(excerptOf(message('a', { deleted: true, text: '' })), 'Deleted')
  assert.equal(excerptOf(message('a', { hidden: { by: 'x', reason: '' } })), 'Hidden')
  assert.equal(excerptOf(message('a', { text: 'x'.repeat(200) }), 10), `${'x'.repeat(10)}…`)
  const attachments = [{ name: 'a.png', mediaType: '', bytes: 1, link: '' }]
  assert.equal(excerptOf(message('a', { text: '', attachments })), 'a.png')
})

test('who types is told, but not oneself, and not for ever', () => {
  const presence = (changedMs: number, ...persons: string[]) =>
    persons.map((person) => ({ person, typing: 'general', changedMs }) as Presence)
  const typing = stepTyping(new Map(), presence(5, 'ada', 'bo', 'cy'), 'general', 'ada', 1000)
  assert.deepEqual(typingPersons(typing, new Map(), 1500), ['bo', 'cy'])
  assert.deepEqual(typingPersons(typing, new Map([['bo', 1200]]), 1500), ['cy'], 'it was sent')
  const same = stepTyping(typing, presence(5, 'bo'), 'general', 'ada', 4000)
  assert.deepEqual(typingPersons(same, new Map(), 1000 + typingMsMax), [])
  const again = stepTyping(same, presence(6, 'bo'), 'general', 'ada', 9000)
  assert.deepEqual(typingPersons(again, new Map([['bo', 1200]]), 9500), ['bo'])
  assert.equal(stepTyping(again, presence(7, 'bo'), 'tools', 'ada', 9000).size, 0)
  assert.deepEqual([[], ['bo'], ['bo', 'cy'], ['bo', 'cy', 'di']].map(typingText), [
    '',
    'bo is typing',
    'bo and cy are typing',
    'Several people are typing',
  ])
})

test('a name is begun with @ where a word begins', () => {
  assert.deepEqual(mentionAt('hi @ad', 6), { at: 3, typed: 'ad' })
  assert.deepEqual(mentionAt('@', 1), { at: 0, typed: '' })
  assert.deepEqual(mentionAt('(@Ada Lov', 9), { at: 1, typed: 'Ada Lov' })
  assert.equal(mentionAt('mail@example', 12), undefined)
  assert.equal(mentionAt('@ ada', 5), undefined)
  assert.equal(mentionAt('hi', 2), undefined)
})

test('names are found by any word of theirs, without accents, and written out', () => {
  const members = [member('a', 'Ada'), member('j', 'José Álvarez'), member('l', 'Alva', 'left'), member('m', 'Alma')]
  assert.deepEqual(
    mentionChoices(members, 'al', 'a').map(({ name }) => name),
    ['Alma', 'José Álvarez'],
  )
  const start = { at: 3, typed: 'al' }
  assert.deepEqual(completeMention('hi @al there', start, '@Alma'), { text: 'hi @Alma there', caret: 9 })
})

test('a mention names one person, whatever they are called', () => {
  const all = [
    member('a', 'Ada'),
    member('l', 'Ada Lovelace'),
    member('x', 'odd]name'),
    member('1', 'Bo'),
    member('2', 'bo'),
  ]
  assert.deepEqual(
    all.map((one) => mentionOf(one, all)),
    ['@Ada', '@[Ada Lovelace]', '@x', '@1', '@2'],
  )
})

test('a few emoji alone are large, and pictures are pixels', () => {
  assert.ok(
    isOnlyEmoji('🎉') &&
      isOnlyEmoji('ℹ️') &&
      !isOnlyEmoji('🎉 д') &&
      isOnlyEmoji('👍🏽 ❤️ 👨‍👩‍👧') &&
      !isOnlyEmoji('a 🎉') &&
      !isOnlyEmoji('') &&
      !isOnlyEmoji('12'),
  )
  assert.ok(isPicture('image/png') && isPicture('IMAGE/JPEG') && !isPicture('image/svg+xml') && !isPicture('text/html'))
})

test('of a channel only what was changed is sent, and who changes it stays in', () => {
  const channel = { name: 'gate', topic: '', kind: 'private', persons: ['a', 'me'] } as unknown as Channel
  const patch = (change: object, of = channel) =>
    channelPatchOf(of, { name: 'gate', topic: '', persons: ['a'], ...change }, 'me')
  assert.equal(patch({ name: ' gate ' }), undefined)
  assert.deepEqual(patch({ topic: 'its lock' }), { topic: 'its lock' })
  assert.deepEqual(patch({ persons: ['b', 'a'] }), { persons: ['a', 'b', 'me'] })
  assert.deepEqual(patch({ persons: [] }), { persons: ['me'] })
  assert.equal(patch({ persons: ['b'] }, { ...channel, kind: 'open', persons: null }), undefined)
  assert.equal(muteText({ untilMs: null }), 'until somebody ends it')
  assert.match(muteText({ untilMs: 0 }), /^until .*19/)
})

test('how far reading is', () => {
  assert.equal(readingText({ entries: 430_000, of: 1_000_000 }), 'Reading 430,000 of 1,000,000 entries.')
})
