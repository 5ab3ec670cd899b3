import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Community, DirectAsk, DirectRequest, Event } from '../../../../src/sdk/types.ts'
import {
  askBadge,
  askFacts,
  contactSentence,
  conversationsOf,
  directNews,
  isAsking,
  isDirect,
  pendingOf,
  personName,
  sortConversations,
} from './core.ts'

const conversation = (id: string, change: Partial<Community> = {}) =>
  ({
    ...{ id, purpose: 'direct', phase: 'open', name: id },
    direct: { person: `did ${id}`, joined: true, blocked: false },
    ...change,
  }) as Community
const group = conversation('garden', { purpose: 'group', direct: null })
const words = ['ocean', 'lamp', 'field', 'oak', 'sun', 'boat']

test('conversations are told from groups, and from what waits for an answer', () => {
  const waiting = conversation('cid', { direct: { person: 'did cid', joined: false, blocked: false } })
  const joining = conversation('dan', { phase: 'joining', purpose: null })
  assert.ok(isDirect(joining) && !isDirect(group))
  const all = [group, waiting, joining, conversation('ben'), conversation('eve', { phase: 'left' })]
  assert.deepEqual(
    conversationsOf(all).map(({ id }) => id),
    ['dan', 'ben', 'eve'],
  )
  const lastMs = ({ id }: Community) => (id === 'fay' ? 9 : 1)
  const sorted = sortConversations([...conversationsOf(all), conversation('fay')], lastMs)
  assert.deepEqual(
    sorted.map(({ id }) => id),
    ['dan', 'fay', 'ben', 'eve'],
  )
})

test('who asks stands in the order in which they came, and only as long as they wait', () => {
  const request = (id: string, receivedMs: number, state = 'pending') => ({ id, receivedMs, state }) as DirectRequest
  assert.deepEqual(
    pendingOf([request('b', 2), request('c', 1, 'refused'), request('a', 1)]).map(({ id }) => id),
    ['a', 'b'],
  )
})

test('every state of an ask has a word, and those that wait are told', () => {
  const ask = { askedMs: 0, reachedMs: null } as DirectAsk
  for (const state of ['waiting', 'delivered', 'accepted', 'crossed'] as const) assert.ok(isAsking({ state }))
  for (const state of ['refused', 'expired', 'failed', 'done', 'cancelled'] as const) {
    assert.ok(!isAsking({ state }))
    assert.notEqual(askBadge({ state }).text, '')
  }
  assert.equal(askFacts(ask, 0).length, 1)
  assert.equal(askFacts({ ...ask, reachedMs: 0 }, 0).length, 2)
})

test('people without a name are called by their words', () => {
  assert.equal(personName({ name: 'Ben', words }), 'Ben')
  assert.equal(personName({ name: '', words }), 'ocean lamp')
  assert.equal(
    contactSentence({ kind: 'contact', person: 'p', words, name: null, peers: [] }),
    'With it you ask ocean lamp to talk with you.',
  )
})

test('only what a person waits for is told in passing', () => {
  const request = { name: 'Ben', state: 'pending' }
  assert.match(directNews({ type: 'direct-request', request } as Event) ?? '', /^Ben asks/)
  assert.equal(directNews({ type: 'direct-request', request: { ...request, state: 'accepted' } } as Event), undefined)
  const ask = { name: 'Ben', words, state: 'done' }
  assert.match(directNews({ type: 'direct-ask', ask } as unknown as Event) ?? '', /said yes/)
  assert.match(
    directNews({ type: 'direct-ask', ask: { ...ask, state: 'refused' } } as unknown as Event) ?? '',
    /refused/,
  )
  assert.equal(directNews({ type: 'direct-ask', ask: { ...ask, state: 'delivered' } } as unknown as Event), undefined)
  assert.equal(directNews({ type: 'direct-contact' }), undefined)
})
