// The rule where a community is a conversation of two (docs/protocol/community.md, "Two persons").

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Past, resolve } from './core.ts'
import {
  addDevice,
  admit,
  defineRole,
  History,
  invite,
  join,
  type Pen,
  personOf,
  profile,
  remove,
  removeDevice,
  revoke,
  setRole,
  settings,
  type TestEntry,
} from './testing.ts'

function two() {
  const history = new History('ann', 'all', 'direct')
  const ann = history.founder
  const ben = history.pen('ben')
  history.act(ann, invite('i1', { usesMax: 5 }))
  history.showAll()
  const joined = history.act(ben, join(ben, 'i1'))
  history.showAll()
  const resolution = () => resolve(history.community, history.actsOf(), new Past(history))
  const codeOf = (entry: TestEntry) => resolution().state.voided.get(entry.id)
  const openly = (pen: Pen, act: Parameters<History['act']>[1]): TestEntry => {
    history.showAll()
    const entry = history.act(pen, act)
    history.showAll()
    return entry
  }
  const standing = (name: string) => {
    const member = resolution().state.members.get(personOf(name))
    return member && `${member.state} ${member.role}`
  }
  return { history, ann, ben, joined, resolution, codeOf, openly, standing }
}

describe('a conversation of two', () => {
  test('has two members with the same rights', () => {
    const { resolution, codeOf, joined, standing } = two()
    assert.equal(codeOf(joined), undefined)
    assert.deepEqual([standing('ann'), standing('ben')], ['active member', 'active member'])
    const { state } = resolution()
    assert.equal(state.purpose, 'direct')
    assert.deepEqual(state.roles.get('member')?.capabilities, ['invite', 'keepers', 'post'])
  })

  test('has no third person, by whatever way', () => {
    const { history, ben, openly, codeOf, standing } = two()
    const cid = history.pen('cid')
    assert.equal(codeOf(openly(cid, join(cid, 'i1'))), 'direct_full')
    assert.equal(codeOf(openly(ben, admit(cid))), 'not_allowed')
    assert.equal(standing('cid'), undefined)
    const before = history.act(cid, join(cid, 'i1'), { ms: 0 })
    // Dated back before the second: it would be the second, if its parents let it.
    assert.equal(codeOf(before), 'direct_full')
  })

  test('keeps its two: who has left may come back, and nobody comes in their place', () => {
    const { history, ann, ben, openly, codeOf, standing } = two()
    openly(ben, remove(ben))
    assert.equal(standing('ben'), 'left member')
    const cid = history.pen('cid')
    assert.equal(codeOf(openly(cid, join(cid, 'i1'))), 'direct_full')
    openly(ann, invite('i2'))
    assert.equal(codeOf(openly(ben, join(ben, 'i2'))), undefined)
    assert.equal(standing('ben'), 'active member')
  })

  test('lets nobody act upon the other, or change what it is', () => {
    const { ann, ben, openly, codeOf, standing } = two()
    const acts = [
      remove(ben),
      removeDevice(ben),
      setRole(ben, 'guest'),
      setRole(ann, 'guest'),
      defineRole('mod', 1, 'moderate'),
      settings({ name: 'Us' }),
      invite('i2', { role: 'guest' }),
      invite('i3', { role: 'admin' }),
    ]
    for (const act of acts) {
      const code = codeOf(openly(ann, act))
      assert.ok(code === 'not_allowed' || code === 'outranked', `${act.kind} ${code}`)
    }
    assert.deepEqual([standing('ann'), standing('ben')], ['active member', 'active member'])
  })

  test('leaves each what is theirs: devices, names, invitations', () => {
    const { history, ann, ben, openly, codeOf, resolution } = two()
    const second = history.pen('ben.2')
    for (const entry of [
      openly(ben, addDevice(second)),
      openly(second, profile('Benjamin')),
      openly(ann, revoke('i1')),
      openly(ben, removeDevice(second)),
    ]) {
      assert.equal(codeOf(entry), undefined)
    }
    assert.equal(resolution().state.members.get(ben.person)?.name, 'Benjamin')
    const said = history.say(ann)
    const counted = resolution().counts(said)
    assert.ok(typeof counted !== 'string' && counted.may('post') && !counted.may('moderate'))
  })

  test('of two who come by one invitation at once, the first in order is in', () => {
    const history = new History('ann', 'all', 'direct')
    history.act(history.founder, invite('i1', { usesMax: 5 }))
    const [ben, cid] = [history.pen('ben'), history.pen('cid')]
    history.show(ben, history.founder)
    history.show(cid, history.founder)
    const [first, second] = [history.act(ben, join(ben, 'i1')), history.act(cid, join(cid, 'i1'))]
    const { state } = resolve(history.community, history.actsOf(), new Past(history))
    assert.deepEqual([state.voided.get(first.id), state.voided.get(second.id)], [undefined, 'direct_full'])
  })
})
