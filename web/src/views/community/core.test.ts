import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, Community, Member, Presence } from '../../../../src/sdk/types.ts'
import {
  badgeText,
  capabilitiesText,
  channelName,
  communityName,
  firstChannel,
  groupChannels,
  hueCount,
  hueOf,
  initialsOf,
  may,
  mayWrite,
  nameOf,
  onlineCount,
  roleText,
  sortMembers,
  unreadOf,
} from './core.ts'

const member = (person: string, name: string, change: Partial<Member> = {}): [string, Member] => [
  person,
  { person, name, state: 'active', seniority: 0, ...change } as Member,
]
const members = new Map([member('did:key:zAda', 'Ada'), member('did:key:zBo', 'Bo', { seniority: 1 })])
const channel = (id: string, change: Partial<Channel> = {}) =>
  ({
    id,
    name: id,
    kind: 'open',
    archived: false,
    guests: false,
    unread: 0,
    mentions: 0,
    persons: null,
    lastMessageMs: null,
    ...change,
  }) as Channel

test('who is not known has a name that tells them apart, and nobody is nameless', () => {
  assert.equal(nameOf(members, 'did:key:zAda'), 'Ada')
  assert.equal(nameOf(members, 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnn'), 'z6Mkh…Gpbnn')
  assert.notEqual(nameOf(new Map([member('did:key:zX', '  ')]), 'did:key:zX'), '')
})

test('initials are letters of any script, and one person keeps one colour', () => {
  const names = ['Ada Lovelace', 'bo', 'José María de la Cruz', '李 小龍', '🌲', '']
  assert.deepEqual(names.map(initialsOf), ['AL', 'B', 'JC', '李小', '?', '?'])
  for (const id of ['a', 'did:key:zAda', '']) {
    assert.ok(hueOf(id) >= 0 && hueOf(id) < hueCount)
    assert.equal(hueOf(id), hueOf(id))
  }
})

test('what one may do follows from the role, and ends with the membership', () => {
  const community = { phase: 'open', capabilities: ['post', 'chat.announce'] } as unknown as Community
  assert.ok(may(community, 'post') && may(community, 'announce') && !may(community, 'moderate'))
  assert.ok(may({ ...community, capabilities: ['*'] }, 'moderate'))
  assert.equal(capabilitiesText(['*']), 'may do everything')
  assert.ok(!may({ ...community, phase: 'left' }, 'post'))
  assert.ok(mayWrite(community, channel('a')) && mayWrite(community, channel('a', { kind: 'announce' })))
  assert.ok(!mayWrite(community, channel('a', { archived: true })))
  assert.ok(!mayWrite({ ...community, capabilities: [] }, channel('a')))
  assert.ok(mayWrite({ ...community, capabilities: [] }, channel('a', { guests: true })))
  assert.equal(capabilitiesText([]), 'reads only')
  assert.equal(capabilitiesText(['moderate', 'chat.moderate', 'x.y']), 'hide messages and mute, x.y')
  assert.equal(roleText('owner'), 'Owner')
  assert.equal(roleText('gardener'), 'gardener')
  assert.equal(roleText('constructor'), 'constructor')
  assert.equal(capabilitiesText(['constructor', 'valueOf']), 'constructor, valueOf')
})

test('channels begin with the general one; direct ones are called after the other', () => {
  const general = channel('0'.repeat(32), { name: 'general' })
  const direct = channel('d', { kind: 'direct', name: '', persons: ['did:key:zAda', 'did:key:zBo'], lastMessageMs: 5 })
  const groups = groupChannels([direct, channel('b'), channel('a'), general, channel('z', { archived: true })])
  assert.deepEqual(
    groups.channels.map(({ name }) => name),
    ['general', 'a', 'b'],
  )
  assert.deepEqual([groups.direct.length, groups.archived.length], [1, 1])
  assert.equal(firstChannel([channel('a'), general])?.name, 'general')
  assert.equal(firstChannel([]), undefined)
  assert.equal(channelName(direct, members, 'did:key:zAda'), 'Bo')
  assert.equal(channelName({ ...direct, persons: ['did:key:zAda'] }, members, 'did:key:zAda'), 'Notes to myself')
})

test('what is unread is counted, but not in what was put away', () => {
  const all = [channel('a', { unread: 2, mentions: 1 }), channel('b', { unread: 9, archived: true })]
  assert.deepEqual(unreadOf(all), { unread: 2, mentions: 1 })
  assert.deepEqual([badgeText(7), badgeText(1000)], ['7', '999+'])
})

test('others who are there are counted, and those who left come last', () => {
  const presence = new Map<string, Presence>(
    ['zA', 'zB', 'zC'].map((person, at) => [person, { person, state: at < 2 ? 'online' : 'away' } as Presence]),
  )
  assert.equal(onlineCount(presence, 'zA'), 1)
  assert.equal(onlineCount(undefined, 'zA'), 0)
  const left = member('did:key:zC', 'Cy', { state: 'left', seniority: 0 })[1]
  assert.deepEqual(
    sortMembers([left, ...members.values()]).map(({ name }) => name),
    ['Ada', 'Bo', 'Cy'],
  )
  assert.equal(
    communityName({ name: null, phase: 'keeping', id: 'x', direct: null }),
    'A community that is kept for others',
  )
})
