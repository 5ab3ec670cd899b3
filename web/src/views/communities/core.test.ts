import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Community } from '../../../../src/sdk/types.ts'
import {
  inviteSentence,
  keepSentence,
  memberNameGuess,
  membersText,
  phaseBadge,
  requestSentence,
  roomChoices,
  sortCommunities,
} from './core.ts'

const community = (name: string | null, change: Partial<Community> = {}) =>
  ({ id: `id ${name}`, name, phase: 'open', membersActive: 3, self: null, ...change }) as Community

test('a link is told in words before anything happens', () => {
  const link = { kind: 'invite', communityId: 'c', inviteId: 'i', name: 'Garden', peers: ['p'] } as const
  assert.equal(inviteSentence(link as never), 'An invite into Garden. It names 1 peer to start from.')
  assert.match(requestSentence(link as never), /^With it you ask to be let into Garden; a member decides\./)
  assert.match(inviteSentence({ ...link, name: null, peers: [] } as never), /does not say its name\. It names no peer/)
  assert.match(keepSentence({ kind: 'community-keep', communityId: 'c', peers: [] }), /without being able to read it/)
})

test('open communities come first, and every other state has a word', () => {
  const all = [
    community('b'),
    community('gone', { phase: 'left' }),
    community('a'),
    community(null, { phase: 'keeping' }),
  ]
  assert.deepEqual(
    sortCommunities(all).map(({ name }) => name),
    ['a', 'b', null, 'gone'],
  )
  assert.equal(phaseBadge(community('a')), undefined)
  for (const phase of ['joining', 'keeping', 'left', 'removed'] as const) {
    assert.notEqual(phaseBadge(community('a', { phase }))?.text ?? '', '')
  }
  assert.equal(membersText(community('a'), 0), '3 members')
  assert.equal(membersText(community('a', { membersActive: 1 }), 1), '1 member, 1 online')
  assert.equal(membersText(community(null, { phase: 'keeping' }), 0), '')
})

test('a name is guessed from where one has one already', () => {
  const named = community('a', { self: { name: 'Ada' } as Community['self'] })
  assert.equal(memberNameGuess([community('b'), named], 'desk'), 'Ada')
  assert.equal(memberNameGuess([], 'desk'), 'desk')
  assert.ok(roomChoices.every(({ value }) => Number(value) >= 1024 * 1024))
})
