import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Invite, Keeper, Member, Role } from '../../../../src/sdk/types.ts'
import {
  givableRoles,
  inviteFacts,
  inviteState,
  mayActUpon,
  parseKeeper,
  proofText,
  rankText,
  removalTexts,
  roleNameProblem,
  seniorityText,
  sortInvites,
  sortRoles,
  takesAway,
} from './core.ts'

const hourMs = 3_600_000
const roles = ['guest', 'member', 'admin', 'owner'].map(
  (name, rank) => ({ name, rank, capabilities: [], builtIn: true }) as Role,
)
const member = (change: Partial<Member>) =>
  ({ role: 'member', state: 'active', seniority: 1, admittedBy: 'x', ...change }) as Member
const invite = (change: Partial<Invite> = {}): Invite =>
  ({ id: 'i', state: 'open', uses: 0, usesMax: 1, expiresMs: null, createdMs: 0, ...change }) as Invite

test('seniority is said as people say it', () => {
  const texts = [0, 1, 2, 3, 10, 11, 12, 20, 110].map((seniority) => seniorityText(member({ seniority })))
  assert.deepEqual(
    texts.map((text) => text.split(' ')[0]),
    ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '111th'],
  )
  assert.equal(seniorityText(member({ seniority: 0, admittedBy: null })), 'founder')
})

test('one gives roles up to one’s own, and acts upon nobody above', () => {
  assert.deepEqual(
    givableRoles(roles, 'admin').map(({ name }) => name),
    ['admin', 'member', 'guest'],
  )
  assert.ok(
    mayActUpon(roles, 'admin', member({ role: 'admin' })) && !mayActUpon(roles, 'admin', member({ role: 'owner' })),
  )
  assert.ok(!mayActUpon(roles, 'owner', member({ state: 'left' })))
})

test('an invite says whether it can still be used', () => {
  const now = 10 * hourMs
  const stateOf = (change: Partial<Invite>) => inviteState(invite(change), now).text
  assert.deepEqual(
    [stateOf({}), stateOf({ uses: 1, state: 'used' }), stateOf({ state: 'revoked' }), stateOf({ expiresMs: hourMs })],
    ['Open', 'Used up', 'Revoked', 'Expired'],
  )
  assert.deepEqual(inviteFacts(invite({ usesMax: 5, uses: 2, expiresMs: now + 2 * hourMs }), now), [
    '2 of 5 uses',
    'expires in 2 h',
    'made 10 h ago',
  ])
  assert.deepEqual(inviteFacts(invite({ state: 'used', uses: 1 }), now), ['used', 'made 10 h ago'])
  const sorted = sortInvites(
    [invite({ id: 'a', state: 'used' }), invite({ id: 'b' }), invite({ id: 'c', createdMs: 5 })],
    now,
  )
  assert.deepEqual(
    sorted.map(({ id }) => id),
    ['c', 'b', 'a'],
  )
})

test('what a removal means is said, and what it can’t do', () => {
  const text = removalTexts('Bo', 2).join(' ')
  assert.match(text, /2 devices.*new key.*nobody can take that back.*does not count/)
})

test('a keeper is known by its address or its id, and by its last proof', () => {
  const peerId = '12D3KooWGC7c8mYqA9Tn2JvDqmSSDpKyEZbXhzTfkCQJ8ahwYPRm'
  const address = `/ip4/192.0.2.1/tcp/4001/p2p/${peerId}`
  assert.deepEqual(parseKeeper(` ${address} `), { peerId, addresses: [address] })
  assert.deepEqual(parseKeeper(`/p2p/${peerId}`), { peerId, addresses: [] })
  assert.deepEqual(parseKeeper(peerId), { peerId, addresses: [] })
  for (const wrong of ['', 'peerhood:abc', '/ip4/192.0.2.1/tcp/4001', `${address} x`])
    assert.equal(parseKeeper(wrong), undefined)
  const keeper = (lastProofMs: number | null) => ({ lastProofMs }) as Keeper
  assert.equal(proofText(keeper(null), 0).tone, 'warn')
  assert.deepEqual(proofText(keeper(0), hourMs), { text: 'proved 1 h ago that it holds all', tone: 'good' })
  assert.equal(proofText(keeper(0), 48 * hourMs).tone, 'warn')
})

test('a community’s own role has a name that the log takes, and says when it takes something away', () => {
  assert.equal(roleNameProblem('gate-keeper.2', roles), undefined)
  for (const wrong of ['', '2nd', 'Gate', 'gate keeper', `a${'b'.repeat(32)}`]) {
    assert.notEqual(roleNameProblem(wrong, roles), undefined)
  }
  assert.match(roleNameProblem('admin', roles) ?? '', /already/)
  const own = { name: 'gate', rank: 1, capabilities: ['post', 'approve'], builtIn: false }
  assert.ok(takesAway(own, { rank: 1, capabilities: ['post'] }) && takesAway(own, { ...own, rank: 0 }))
  assert.ok(!takesAway(own, { rank: 2, capabilities: ['approve', 'post', 'invite'] }))
  assert.deepEqual(
    sortRoles([own, ...roles]).map(({ name }) => name),
    ['owner', 'admin', 'member', 'gate', 'guest'],
  )
  assert.deepEqual([rankText(2), rankText(7)], ['ranks like an admin', 'rank 7'])
})
