// Every limit of a community that others can run into, met: what is past it is void for everybody alike.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EntryId, KeyId } from '../log/types.ts'
import { Past, resolve } from './core.ts'
import { unreadOf } from './keyring-core.ts'
import {
  devicesPerPersonMax,
  invitesOpenMax,
  invitesOpenPerPersonMax,
  keepersMax,
  membersMax,
  rolesOwnMax,
  unreadMax,
} from './limits.ts'
import { sentenceOfVoid } from './sentences.ts'
import { addDevice, admit, defineRole, deviceOf, History, invite, join, keyOf, type Pen, remove } from './testing.ts'

/** Writes one act after the other, each knowing the one before. */
function chain() {
  const history = new History()
  let last: EntryId = history.founding.id
  const write = (pen: Pen, act: Parameters<History['act']>[1]) => {
    const heads = history.get(last)?.device === pen.device ? [] : [last]
    const entry = history.act(pen, act, { heads, key: { key: keyOf('0') as KeyId, epoch: 0 } })
    last = entry.id
    return entry
  }
  const state = () => resolve(history.community, history.actsOf(), new Past(history)).state
  return { history, ann: history.founder, write, state }
}

describe('limits', () => {
  test('members', () => {
    const { history, ann, write, state } = chain()
    for (let place = 1; place < membersMax; place++) write(ann, admit(history.pen(`p${place}`)))
    const tooMany = write(ann, admit(history.pen('late')))
    assert.equal(state().voided.get(tooMany.id), 'too_many')
    write(ann, remove(history.pen('p1')))
    const fits = write(ann, admit(history.pen('later')))
    write(ann, invite('i'))
    const joins = write(history.pen('last'), join(history.pen('last'), 'i'))
    const { voided, members } = state()
    assert.deepEqual([voided.get(fits.id), voided.get(joins.id)], [undefined, 'too_many'])
    assert.equal([...members.values()].filter((member) => member.state === 'active').length, membersMax)
  })

  test('devices of a person', () => {
    const { history, ann, write, state } = chain()
    for (let place = 1; place < devicesPerPersonMax; place++) write(ann, addDevice(history.pen(`ann.${place}`)))
    const added = write(ann, addDevice(history.pen('ann.late')))
    write(ann, invite('i'))
    const joined = write(history.pen('ann.later'), join(history.pen('ann.later'), 'i'))
    const { voided } = state()
    assert.deepEqual([voided.get(added.id), voided.get(joined.id)], ['too_many', 'too_many'])
  })

  test('open invitations, of one person and of all', () => {
    const { history, ann, write, state } = chain()
    for (let place = 0; place < invitesOpenPerPersonMax; place++) write(ann, invite(`ann ${place}`))
    const own = write(ann, invite('ann late'))
    const persons = Math.ceil(invitesOpenMax / invitesOpenPerPersonMax)
    for (let person = 1; person < persons; person++) {
      const pen = history.pen(`p${person}`)
      write(ann, admit(pen))
      for (let place = 0; place < invitesOpenPerPersonMax; place++) write(pen, invite(`${person} ${place}`))
    }
    const last = history.pen('last')
    write(ann, admit(last))
    const tooMany = write(last, invite('last'))
    write(ann, remove(history.pen('p1')))
    const fits = write(last, invite('again'))
    const { voided } = state()
    assert.deepEqual(
      [voided.get(own.id), voided.get(tooMany.id), voided.get(fits.id)],
      ['too_many', 'too_many', undefined],
    )
  })

  test('own roles and keepers', () => {
    const { ann, write, state } = chain()
    for (let place = 0; place < rolesOwnMax; place++) write(ann, defineRole(`r${place}`, 1))
    const role = write(ann, defineRole('late', 1))
    const again = write(ann, defineRole('r0', 1, 'post'))
    const keeper = (place: number) =>
      ({ kind: 'keeper', peerId: `peer ${place}` as never, addresses: [], name: 'k', bytesMax: 1 }) as const
    for (let place = 0; place < keepersMax; place++) write(ann, keeper(place))
    const late = write(ann, keeper(keepersMax))
    const known = write(ann, keeper(0))
    const { voided } = state()
    assert.deepEqual(
      [role, again, late, known].map(({ id }) => voided.get(id)),
      ['too_many', undefined, 'too_many', undefined],
    )
  })

  test('acts that a rotation names as unread: every device has its part', () => {
    const { history, ann, write, state } = chain()
    write(ann, admit(history.pen('bob')))
    write(ann, admit(history.pen('gone')))
    write(ann, remove(history.pen('gone')))
    const sealed = (device: string, count: number) =>
      Array.from({ length: count }, (_, place) => ({
        ...{ id: `${device} ${place}` as EntryId, device: deviceOf(device), time: { ms: place, count: 0 } },
      }))
    const unread = unreadOf(state(), [
      ...sealed('bob', 200),
      ...sealed('ann', 2),
      ...sealed('gone', 9),
      ...sealed('new', 1),
    ])
    assert.equal(unread.length, unreadMax)
    assert.ok(['ann 0', 'ann 1', 'bob 199'].every((id) => unread.includes(id as EntryId)))
    assert.ok(!unread.some((id) => id.startsWith('gone')))
    assert.ok(unreadOf(state(), sealed('new', 1)).includes('new 0' as EntryId), 'who may have been let in meanwhile')
  })

  test('have words', () => {
    assert.match(sentenceOfVoid('too_many'), /limit/)
  })
})
