// The rule by example, second part: coming back, invitations, forks, keys, and what entries of apps are told.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EntryId } from '../log/types.ts'
import { Past, resolve } from './core.ts'
import {
  addDevice,
  admit,
  History,
  invite,
  join,
  keyOf,
  type Pen,
  personOf,
  profile,
  remove,
  removeDevice,
  revoke,
  rotate,
  setRole,
} from './testing.ts'
import { village } from './village-testing.ts'

describe('coming back', () => {
  test('takes somebody who knows of the removal', () => {
    const { history, voided, standing, pen, openly } = village({ bob: 'member', cid: 'admin' })
    history.act(pen('ann'), remove(pen('bob')))
    const unaware = history.act(pen('cid'), admit(pen('bob')))
    assert.equal(voided(unaware), 'target_removed')
    history.showAll()
    assert.equal(voided(openly('cid', admit(pen('bob'), 'guest'))), undefined)
    assert.equal(standing('bob'), 'active guest')
    assert.equal(voided(openly('bob', profile('Bob again'))), undefined)
  })

  test('by an invitation takes one that was made with knowledge of it', () => {
    const { voided, standing, pen, openly } = village({ bob: 'member' })
    openly('ann', invite('old'))
    openly('ann', remove(pen('bob')))
    assert.equal(voided(openly('bob', join(pen('bob'), 'old'))), 'author_removed')
    assert.equal(voided(openly('eve', join(pen('eve'), 'old'))), undefined, 'trying ends it for nobody else')
    openly('ann', invite('new'))
    assert.equal(voided(openly('bob', join(pen('bob'), 'new'))), undefined)
    assert.equal(standing('bob'), 'active member')
  })

  test('who left comes back by any open invitation', () => {
    const { standing, pen, openly } = village({ bob: 'member' })
    openly('ann', invite('old'))
    openly('bob', remove(pen('bob')))
    openly('bob', join(pen('bob'), 'old'))
    assert.equal(standing('bob'), 'active member')
  })

  test('what was written between does not count', () => {
    const { history, pen, openly, resolution } = village({ bob: 'member' })
    history.act(pen('ann'), remove(pen('bob')))
    const between = history.say(pen('bob'))
    history.showAll()
    openly('ann', admit(pen('bob')))
    const after = history.say(pen('bob'))
    assert.equal(resolution().counts(between), 'author_removed')
    assert.equal(typeof resolution().counts(after), 'object')
  })

  test('a removed device does not come back by a link, nor by an admin for a member', () => {
    const { voided, pen, openly } = village({ bob: 'member' })
    const phone = pen('bob.2')
    openly('bob', addDevice(phone))
    openly('bob', removeDevice(phone))
    openly('ann', invite('i'))
    assert.equal(voided(openly('bob.2', join(phone, 'i'))), 'author_removed')
    assert.equal(voided(openly('ann', admit(phone, 'member'))), 'already_member')
    assert.equal(voided(openly('bob', addDevice(phone))), undefined)
  })

  test('a device is added by whoever knows that it was removed', () => {
    const { history, voided, pen, openly } = village({ bob: 'member' })
    openly('bob', addDevice(pen('bob.2')))
    openly('bob', addDevice(pen('bob.3')))
    history.act(pen('bob'), removeDevice(pen('bob.2')))
    const again = history.act(pen('bob.3'), addDevice(pen('bob.2')))
    assert.equal(voided(again), 'target_removed')
  })
})

describe('invitations', () => {
  test('let in as many as they say, in order, and further devices of members besides', () => {
    const { openly, voided, pen, state } = village()
    openly('ann', invite('i', { usesMax: 1, role: 'guest' }))
    assert.equal(voided(openly('bob', join(pen('bob'), 'i'))), undefined)
    assert.equal(voided(openly('cid', join(pen('cid'), 'i'))), 'invite_used')
    assert.equal(voided(openly('bob.2', join(pen('bob.2'), 'i'))), undefined)
    assert.equal(voided(openly('bob.2', join(pen('bob.2'), 'i'))), 'already_member')
    assert.equal([...state().invites.values()][0]?.state, 'used')
    assert.equal(state().members.get(personOf('bob'))?.devices.length, 2)
    assert.equal(state().members.get(personOf('bob'))?.admittedBy, personOf('ann'))
  })

  test('used twice at the same time: the earlier in order', () => {
    const { history, voided, pen, openly } = village()
    openly('ann', invite('i', { usesMax: 1 }))
    history.showAll(pen('bob'), pen('cid'))
    const [first, second] = [
      history.act(pen('bob'), join(pen('bob'), 'i')),
      history.act(pen('cid'), join(pen('cid'), 'i')),
    ]
    assert.deepEqual([voided(first), voided(second)], [undefined, 'invite_used'])
  })

  test('once revoked let nobody in whom the revoker had not seen, however it is dated', () => {
    const { history, voided, standing, pen, openly } = village()
    const { id } = openly('ann', invite('i', { usesMax: 1 }))
    openly('bob', join(pen('bob'), 'i'))
    history.show(pen('eve'), history.founder)
    openly('ann', revoke('i'))
    const backdated = history.act(pen('eve'), join(pen('eve'), 'i'), { ms: 0, heads: [id] })
    assert.equal(voided(backdated), 'invite_revoked')
    assert.equal(standing('bob'), 'active member', 'who was seen stays, and can’t be pushed out by a back-dated use')
  })

  test('end at their time, with their creator’s right to make them, and with the removal of who has them', () => {
    const { history, voided, pen, openly, state } = village({ bob: 'admin', cid: 'admin' })
    openly('ann', invite('short', { expiresMs: history.nowMs + 500 }))
    assert.equal(voided(openly('eve', join(pen('eve'), 'short'))), 'invite_expired')
    openly('bob', invite('high', { role: 'admin' }))
    openly('ann', setRole(pen('bob'), 'member'))
    assert.equal(voided(openly('eve', join(pen('eve'), 'high'))), 'invite_revoked')
    openly('cid', invite('cids'))
    openly('ann', invite('poster'))
    openly('fay', join(pen('fay'), 'poster'))
    openly('ann', remove(pen('cid')))
    assert.equal(voided(openly('eve', join(pen('eve'), 'cids'))), 'invite_revoked')
    openly('ann', remove(pen('fay')))
    assert.equal(voided(openly('eve', join(pen('eve'), 'poster'))), 'invite_revoked', 'fay has it')
    assert.deepEqual(
      [...state().invites.values()].map(({ state }) => state),
      ['open', 'open', 'revoked', 'revoked'],
    )
    assert.equal(voided(openly('eve', join(pen('eve'), 'none'))), 'invite_unknown')
  })

  test('are revoked by their creator or whoever may remove that one', () => {
    const { voided, openly } = village({ bob: 'member', cid: 'member', dan: 'admin' })
    openly('bob', invite('i'))
    openly('ann', invite('j'))
    assert.equal(voided(openly('cid', revoke('i'))), 'not_allowed')
    assert.equal(voided(openly('dan', revoke('j'))), 'outranked')
    assert.equal(voided(openly('dan', revoke('i'))), undefined)
  })

  test('need the proof, and a certificate of the device that joins', () => {
    const { voided, pen, openly } = village({ bob: 'member' })
    openly('ann', invite('i'))
    assert.equal(voided(openly('eve', join(pen('eve'), 'i'), { proven: false })), 'certificate_wrong')
    assert.equal(voided(openly('eve', join(pen('fay'), 'i'))), 'certificate_wrong')
    const stolen = {
      ...join(pen('bob'), 'i'),
      certificate: join({ ...pen('bob'), person: personOf('eve') }, 'i').certificate,
    }
    assert.equal(voided(openly('bob', stolen)), 'certificate_wrong', 'a device is one person’s for ever')
    assert.equal(voided(openly('bob', addDevice(pen('eve.2')))), 'certificate_wrong', 'not a device of bob’s')
    assert.equal(voided(openly('ann', admit(pen('eve')), { proven: false })), 'certificate_wrong')
    assert.equal(voided(openly('ann', admit(pen('bob')))), 'already_member')
  })
})

describe('forks', () => {
  test('freeze the device from the forked number on, for everybody', () => {
    const { history, voided, standing, pen, openly, resolution } = village({ bob: 'admin', cid: 'member' })
    const before = openly('bob', invite('before'))
    const forked = openly('bob', remove(pen('cid')))
    const said = history.say(pen('bob'))
    assert.equal(standing('cid'), 'removed member')
    const other = history.fork(pen('bob'), forked, profile('liar'))
    assert.equal(voided(before), undefined)
    assert.deepEqual([voided(forked), voided(other)], ['device_forked', 'device_forked'])
    assert.equal(resolution().counts(said), 'device_forked')
    assert.equal(standing('cid'), 'active member')
    const devices = resolution().state.members.get(personOf('bob'))?.devices
    assert.deepEqual(
      devices?.map(({ state }) => state),
      ['forked'],
    )
    assert.equal(standing('bob'), 'active admin', 'the person is not removed by it')
  })

  test('of a rotation leave its keys known: what others wrote under them stays', () => {
    const { history, pen, openly, resolution } = village({ bob: 'admin' })
    const rotated = openly('bob', rotate())
    const said = history.say(pen('ann'))
    history.fork(pen('bob'), rotated, profile('liar'))
    assert.equal(typeof resolution().counts(said), 'object')
    assert.equal(resolution().state.writingKey?.key, keyOf('0'))
  })
})

describe('keys', () => {
  test('of the highest epoch, the first in order, is the one to write with', () => {
    const { history, pen, state } = village({ bob: 'member' })
    const [one] = [history.act(pen('ann'), rotate()), history.act(pen('bob'), rotate())]
    assert.equal(state().writingKey?.introducedBy, one.id)
    assert.equal(state().keys.length, 3)
  })

  test('are no longer to write with after any removal, revocation or leave that they did not know', () => {
    const cases: [string, (pens: ReturnType<typeof village>) => Parameters<History['act']>[1]][] = [
      ['ann', ({ pen }) => remove(pen('bob'))],
      ['ann', ({ pen }) => removeDevice(pen('bob'))],
      ['ann', () => revoke('i')],
      ['bob', ({ pen }) => remove(pen('bob'))],
    ]
    for (const [name, act] of cases) {
      const place = village({ bob: 'member', cid: 'member' })
      place.openly('ann', invite('i'))
      place.history.act(place.pen('cid'), rotate())
      place.history.act(place.pen(name), act(place))
      assert.equal(place.state().writingKey, undefined)
      place.history.showAll()
      const made = place.openly('cid', rotate())
      assert.equal(place.state().writingKey?.introducedBy, made.id)
    }
  })

  test('are not clean by a removal that their maker had not read', () => {
    const { history, pen, openly, state } = village({ bob: 'member', cid: 'member' })
    const removal = openly('ann', remove(pen('bob')))
    openly('cid', rotate([removal.id]))
    assert.equal(state().writingKey, undefined)
    assert.ok(history)
  })

  test('that nobody made, or made in another epoch, or in place of a known one, are void', () => {
    const { history, pen, openly, voided, resolution } = village({ bob: 'member' })
    assert.equal(voided(openly('bob', profile('Bob'), { key: { key: keyOf('x'), epoch: 0 } })), 'key_unknown')
    assert.equal(voided(openly('bob', profile('Bob'), { key: { key: keyOf('0'), epoch: 1 } })), 'key_unknown')
    assert.equal(resolution().counts(history.say(pen('bob'), { key: { key: keyOf('x'), epoch: 0 } })), 'key_unknown')
    assert.equal(voided(openly('bob', rotate(), { key: { key: keyOf('y'), epoch: 0 } })), 'epoch_old')
    assert.equal(voided(openly('bob', rotate(), { key: { key: keyOf('0'), epoch: 0 } })), undefined, 'more lockboxes')
  })

  test('of somebody who was removed at the same time stay known, but are not written with', () => {
    const { history, pen, resolution } = village({ bob: 'member', cid: 'member' })
    const rotated = history.act(pen('bob'), rotate())
    history.show(pen('cid'), pen('bob'))
    const said = history.say(pen('cid'))
    history.act(pen('ann'), remove(pen('bob')))
    const { state, counts } = resolution()
    assert.equal(state.voided.get(rotated.id), 'author_removed')
    assert.ok(state.keys.some(({ key }) => key === rotated.key))
    assert.equal(typeof counts(said), 'object', 'nobody loses what they wrote')
    assert.equal(state.writingKey, undefined)
  })
})

describe('what lane 1 is told', () => {
  test('an entry counts between admission and removal', () => {
    const { history, pen, openly, resolution } = village()
    history.showAll(pen('bob'))
    const early = history.say(pen('bob'))
    openly('ann', admit(pen('bob')))
    history.showAll()
    const good = history.say(pen('bob'))
    assert.equal(resolution().counts(early), 'author_unknown')
    const counted = resolution().counts(good)
    assert.ok(typeof counted !== 'string')
    assert.deepEqual([counted.person, counted.may('post'), counted.may('moderate')], [personOf('bob'), true, false])
  })

  test('changes say whether views have to be made anew', () => {
    const { history, pen, resolution, openly } = village({ bob: 'member' })
    const past = new Past(history)
    const now = () => resolve(history.community, history.actsOf(), past)
    const said = history.say(pen('bob'))
    history.showAll()
    const judged = new Map([[pen('bob').device, said.seq]])
    const first = now()
    openly('ann', profile('Ann'))
    assert.equal(now().changedSince(first, judged).how, 'nothing')
    openly('ann', admit(pen('cid')))
    assert.equal(now().changedSince(first, judged).how, 'appended')
    assert.equal(now().changedSince(first).how, 'appended', 'cid was nobody before')
    openly('ann', remove(pen('bob')))
    assert.equal(now().changedSince(first, judged).how, 'appended', 'all that bob said was seen')
    assert.equal(now().changedSince(first).how, 'rewritten', 'as far as is known')
    const second = now()
    const unseen = history.say(pen('bob'), { ms: 0 })
    history.act(pen('ann'), setRole(pen('cid'), 'guest'))
    assert.equal(now().changedSince(second, new Map([[pen('bob').device, unseen.seq]])).how, 'appended')
    assert.equal(resolution().changedSince(first).how, 'rewritten', 'also of another kind of resolution')
  })
})

describe('a large community', () => {
  /** Everybody writes in turn, each knowing the one before. */
  function large(acts: number, persons: number, decisions: number): History {
    const history = new History()
    const key = { key: keyOf('0'), epoch: 0 }
    let last: EntryId = history.founding.id
    const write = (pen: Pen, act: Parameters<History['act']>[1]) => {
      const heads = history.get(last)?.device === pen.device ? [] : [last]
      last = history.act(pen, act, { key, heads }).id
    }
    write(history.founder, invite('i', { usesMax: persons }))
    const pens = Array.from({ length: persons }, (_, place) => history.pen(`p${place}`))
    for (const pen of pens) write(pen, join(pen, 'i'))
    const every = Math.floor((acts - history.acts.size) / decisions)
    for (let place = 0; history.acts.size < acts; place++) {
      const pen = pens[place % persons] ?? history.founder
      if (place % every === 0) write(history.founder, setRole(pen, place % 2 === 0 ? 'admin' : 'member'))
      else write(pen, profile(`name ${place}`))
    }
    return history
  }

  test('of 10,000 acts, and of 1,000 with 100 decisions, resolves in well under a second', () => {
    for (const [acts, persons, decisions] of [
      [10_000, 500, 200],
      [1_000, 100, 100],
    ] as const) {
      const history = large(acts, persons, decisions)
      const opened = history.actsOf()
      const past = new Past(history)
      const start = process.cpuUsage()
      const { state } = resolve(history.community, opened, past)
      const took = process.cpuUsage(start).user / 1_000
      assert.equal(state.members.size, persons + 1)
      assert.ok(took < 1_000, `${acts} acts took ${took} ms`)
    }
  })

  test('in which every decision is disputed still resolves soon', () => {
    const history = large(1_000, 60, 100)
    const idle = history.pen('p0')
    // Somebody who saw nothing since they came removes a device of their own, dated back: every later decision might
    // be touched by it.
    history.act(idle, removeDevice(idle), { ms: 0, heads: [], key: { key: keyOf('0'), epoch: 0 } })
    const start = process.cpuUsage()
    resolve(history.community, history.actsOf(), new Past(history))
    const took = process.cpuUsage(start).user / 1_000
    assert.ok(took < 2_000, `took ${took} ms`)
  })
})
