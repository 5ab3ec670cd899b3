import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { notificationBodyCharsMax, notificationTitleCharsMax } from '../limits.ts'
import { escapeMarkup, isMeant, lineOf, type MessageFacts, ofMessage, ofMore, ofRequest } from './core.ts'

function factsOf(more: { message?: object; channel?: object; facts?: object } = {}): MessageFacts {
  const members = new Map([['ben', { name: 'Ben' }]])
  const state = { members, settings: { name: 'Garden' } }
  return {
    self: 'ann',
    message: {
      ...{ person: 'ben', text: 'hello', mentions: [], attachments: [], deleted: false, hidden: undefined },
      ...{ thread: undefined, ...more.message },
    },
    channel: { kind: 'open', archived: false, unread: 1, ...more.channel },
    facts: { state, direct: undefined, ...more.facts },
  } as unknown as MessageFacts
}

const direct = { facts: { direct: { with: 'ben', name: 'Ben', joined: true, blocked: false } } }

test('what mentions this person or is for them alone is meant, and nothing that they have read or wrote', () => {
  assert.ok(!isMeant(factsOf()))
  assert.ok(isMeant(factsOf({ message: { mentions: ['ann'] } })))
  assert.ok(isMeant(factsOf({ channel: { kind: 'direct' } })))
  assert.ok(isMeant(factsOf(direct)))
  assert.ok(isMeant(factsOf({ ...direct, message: { thread: 'm' }, channel: { unread: 0 } })))
  for (const message of [{ person: 'ann' }, { deleted: true }, { hidden: { by: 'x', reason: '' } }]) {
    assert.ok(!isMeant(factsOf({ ...direct, message })))
  }
  assert.ok(!isMeant(factsOf({ ...direct, channel: { unread: 0 } })))
  assert.ok(!isMeant(factsOf({ ...direct, channel: { archived: true } })))
  assert.ok(!isMeant(factsOf({ facts: { direct: { ...direct.facts.direct, blocked: true } } })))
})

test('it says who, where and what, without marks, secrets and line breaks', () => {
  assert.deepEqual(ofMessage(factsOf({ message: { text: '**Bring** the\n\n- key' } })), {
    ...{ title: 'Ben in Garden', body: 'Bring the key' },
  })
  assert.deepEqual(ofMessage(factsOf(direct)), { title: 'Ben', body: 'hello' })
  const files = { text: '', attachments: [{ name: 'a.jpg' }, { name: 'b\u202e.jpg' }] }
  assert.equal(ofMessage(factsOf({ message: files })).body, 'a.jpg, b .jpg')
  const link = 'join: peerhood:abcdefghij234567 now'
  assert.equal(ofMessage(factsOf({ message: { text: link } })).body, 'join: (a link) now')
  assert.deepEqual(ofRequest({ name: 'Eve\u0007', text: 'buy\nthis' }), {
    ...{ title: 'Eve asks to talk with you', body: 'buy this' },
  })
  assert.equal(ofMore(1).body, 'One more message')
  assert.equal(ofMore(12).body, '12 more messages')
})

test('whatever is written becomes one short line that shows nothing but text', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 1_500 }), fc.string({ maxLength: 1_500 }))
  fc.assert(
    fc.property(text, text, (name, said) => {
      const { title, body } = ofRequest({ name, text: said })
      for (const line of [title, body]) assert.doesNotMatch(line, /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
      assert.ok(title !== '' && [...title].length <= notificationTitleCharsMax)
      assert.ok([...body].length <= notificationBodyCharsMax)
      assert.doesNotMatch(escapeMarkup(body), /[<>]/)
    }),
    { seed: 3, numRuns: 100 },
  )
  assert.equal(lineOf('x'.repeat(50), 10), `${'x'.repeat(9)}…`)
  assert.equal(escapeMarkup('<b>&</b>'), '&lt;b&gt;&amp;&lt;/b&gt;')
})
