// The rule by example: docs/protocol/community.md tells most of these stories in words.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Past, resolve } from './core.ts'
import {
  addDevice,
  defineRole,
  History,
  invite,
  join,
  keyOf,
  personOf,
  profile,
  remove,
  removeDevice,
  revoke,
  setRole,
  settings,
  type TestEntry,
} from './testing.ts'
import { village } from './village-testing.ts'

describe('founding', () => {
  test('makes one owner, and the first key', () => {
    const { state, history } = village()
    const { members, settings, keys, writingKey, roles } = state()
    assert.deepEqual(
      [...members.values()].map(({ role, seniority, admittedBy }) => [role, seniority, admittedBy]),
      [['owner', 0, undefined]],
    )
    assert.deepEqual(settings, { name: 'Village', description: '', history: 'all' })
    assert.deepEqual(keys, [{ key: keyOf('0'), epoch: 0, introducedBy: history.founding.id }])
    assert.deepEqual(writingKey, keys[0])
    assert.deepEqual([...roles.keys()], ['owner', 'admin', 'member', 'guest'])
  })

  test('twice is malformed; without its act nothing counts', () => {
    const { history, openly, voided } = village()
    const found = history.acts.get(history.founding.id)?.act
    assert.ok(found)
    assert.equal(voided(openly('ann', found)), 'malformed')
    const bare = resolve(history.community, history.actsOf().slice(1), new Past(history))
    assert.equal(bare.state.members.size, 0)
    assert.equal(bare.state.writingKey, undefined)
  })

  test('with a certificate of another device founds nothing', () => {
    const history = new History()
    const opened = history.actsOf()[0]
    assert.ok(opened)
    const { state } = resolve(history.community, [{ ...opened, proven: false }], new Past(history))
    assert.equal(state.voided.get(history.founding.id), 'certificate_wrong')
  })
})

describe('who may', () => {
  test('a device of nobody may nothing', () => {
    const { openly, voided } = village()
    assert.equal(voided(openly('eve', profile('Eve'))), 'author_unknown')
  })

  test('members invite, but not above themselves; guests do not', () => {
    const { openly, voided } = village({ bob: 'member', gus: 'guest' })
    assert.equal(voided(openly('bob', invite('i'))), undefined)
    assert.equal(voided(openly('bob', invite('j', { role: 'admin' }))), 'outranked')
    assert.equal(voided(openly('gus', invite('k', { role: 'guest' }))), 'not_allowed')
    assert.equal(voided(openly('bob', invite('l', { role: 'nobody' }))), 'target_unknown')
    assert.equal(voided(openly('bob', invite('i'))), 'malformed', 'an invitation is made once')
  })

  test('admins do all but act upon owners', () => {
    const { openly, voided, standing } = village({ bob: 'admin', cid: 'owner', dan: 'member' })
    assert.equal(voided(openly('bob', remove(village().pen('cid')))), 'outranked')
    assert.equal(voided(openly('bob', setRole(village().pen('bob'), 'owner'))), 'outranked')
    assert.equal(voided(openly('bob', setRole(village().pen('dan'), 'admin'))), undefined)
    assert.equal(standing('dan'), 'active admin')
    assert.equal(voided(openly('bob', settings({ name: 'Town' }))), undefined)
    assert.equal(voided(openly('cid', remove(village().pen('ann')))), undefined, 'owners may act upon owners')
  })

  test('anybody steps down, and leaves', () => {
    const { openly, voided, standing, pen } = village({ bob: 'member' })
    assert.equal(voided(openly('bob', setRole(pen('bob'), 'guest'))), undefined)
    assert.equal(voided(openly('bob', setRole(pen('bob'), 'member'))), 'not_allowed')
    assert.equal(voided(openly('bob', remove(pen('bob')))), undefined)
    assert.equal(standing('bob'), 'left guest')
    assert.equal(voided(openly('bob', profile('Bob'))), 'author_removed')
  })

  test('what is acted upon has to be there', () => {
    const { openly, voided, pen } = village()
    assert.equal(voided(openly('ann', remove(pen('eve')))), 'target_unknown')
    assert.equal(voided(openly('ann', setRole(pen('eve'), 'admin'))), 'target_unknown')
    assert.equal(voided(openly('ann', removeDevice(pen('eve')))), 'target_unknown')
    assert.equal(voided(openly('ann', revoke('none'))), 'invite_unknown')
  })

  test('keepers are put on the list and taken off by those who may', () => {
    const { openly, voided, state, pen } = village({ bob: 'member' })
    const peerId = '12D3KooW' as never
    const keeper = { kind: 'keeper', peerId, addresses: [], name: 'attic', bytesMax: 1_000 } as const
    assert.equal(voided(openly('bob', keeper)), 'not_allowed')
    assert.equal(voided(openly('ann', keeper)), undefined)
    assert.deepEqual(
      state().keepers.map(({ name }) => name),
      ['attic'],
    )
    assert.equal(voided(openly('ann', { kind: 'keeper-remove', peerId })), undefined)
    assert.equal(voided(openly('ann', { kind: 'keeper-remove', peerId })), 'target_unknown')
    assert.equal(state().keepers.length, 0)
    assert.ok(pen('ann'))
  })

  test('unknown kinds are kept and ignored; malformed acts are void', () => {
    const { openly, voided } = village()
    assert.equal(voided(openly('ann', { kind: 'unknown', name: 'later' })), undefined)
    assert.equal(voided(openly('ann', { kind: 'malformed', name: 'role' })), 'malformed')
  })
})

describe('own roles', () => {
  test('are made by whoever may, of what they have themselves', () => {
    const { openly, voided, standing, pen } = village({ bob: 'member', cid: 'member' })
    assert.equal(voided(openly('bob', defineRole('warden', 1, 'remove'))), 'not_allowed')
    assert.equal(voided(openly('ann', defineRole('warden', 1, 'remove', 'roles'))), undefined)
    openly('ann', setRole(pen('bob'), 'warden'))
    assert.equal(voided(openly('bob', defineRole('chief', 1, 'approve'))), 'not_allowed', 'it has no such capability')
    assert.equal(voided(openly('bob', defineRole('chief', 2, 'remove'))), 'outranked')
    assert.equal(voided(openly('bob', setRole(pen('cid'), 'admin'))), 'outranked')
    assert.equal(voided(openly('bob', setRole(pen('cid'), 'warden'))), undefined)
    assert.equal(standing('cid'), 'active warden')
  })

  test('that are narrowed bind what their holders did without knowing', () => {
    const { history, voided, pen, openly } = village({ bob: 'member', cid: 'member' })
    openly('ann', defineRole('warden', 1, 'remove'))
    openly('ann', setRole(pen('bob'), 'warden'))
    history.act(pen('ann'), defineRole('warden', 1, 'post'))
    const backdated = history.act(pen('bob'), remove(pen('cid')), { ms: 0 })
    assert.equal(voided(backdated), 'not_allowed')
  })
})

describe('removal', () => {
  test('ends a person with all devices, and voids what the remover had not seen, however it is dated', () => {
    const { history, voided, standing, pen, openly, resolution } = village({ bob: 'admin' })
    const second = pen('bob.2')
    openly('bob', addDevice(second))
    const seen = openly('bob', invite('seen'))
    history.act(pen('ann'), remove(pen('bob')))
    const unseen = history.act(pen('bob'), invite('unseen'), { ms: 0 })
    const later = history.act(second, setRole(pen('ann'), 'guest'))
    assert.equal(standing('bob'), 'removed admin')
    assert.equal(voided(seen), undefined)
    assert.equal(voided(unseen), 'author_removed')
    assert.equal(voided(later), 'overruled', 'a decision that did not know of the removal')
    const devices = resolution().state.members.get(personOf('bob'))?.devices
    assert.deepEqual(
      devices?.map(({ state }) => state),
      ['removed', 'removed'],
    )
  })

  test('with it falls whoever came by what it voids', () => {
    const { history, voided, standing, pen } = village({ bob: 'admin' })
    history.act(pen('ann'), remove(pen('bob')))
    history.act(pen('bob'), invite('friends'), { ms: 0 })
    const eve = pen('eve')
    history.show(eve, pen('bob'))
    const joined = history.act(eve, join(eve, 'friends'))
    assert.equal(voided(joined), 'invite_unknown')
    assert.equal(standing('eve'), undefined)
  })

  test('A removes B while B removes A: the higher rank, else the one who has had it longer', () => {
    const { history, voided, standing, pen } = village({ bob: 'admin', cid: 'admin' })
    const byCid = history.act(pen('cid'), remove(pen('bob')))
    const byBob = history.act(pen('bob'), remove(pen('cid')))
    assert.equal(voided(byBob), undefined)
    assert.equal(voided(byCid), 'overruled')
    assert.deepEqual([standing('bob'), standing('cid')], ['active admin', 'removed admin'])
  })

  test('rank goes before seniority: an old admin can’t overrule a young owner', () => {
    const { history, voided, standing, pen, openly } = village({ bob: 'admin', cid: 'member' })
    openly('ann', setRole(pen('cid'), 'owner'))
    const byCid = history.act(pen('cid'), remove(pen('bob')))
    const byBob = history.act(pen('bob'), remove(pen('ann.x')), { ms: 0 })
    const purge = history.act(pen('bob'), setRole(pen('bob'), 'guest'), { ms: 0 })
    assert.equal(voided(byCid), undefined)
    assert.equal(voided(byBob), 'overruled')
    assert.equal(voided(purge), 'overruled')
    assert.equal(standing('bob'), 'removed admin')
  })

  test('seniority is that of the rank: who lends theirs lends no more than they have', () => {
    // dan, a member of old, is made an admin by cid, whom bob removes without having seen it.
    const { history, voided, standing, pen } = village({ dan: 'member', bob: 'admin', cid: 'admin' })
    history.act(pen('bob'), remove(pen('cid')))
    const made = history.act(pen('cid'), setRole(pen('dan'), 'admin'))
    history.show(pen('dan'), pen('cid'))
    const byDan = history.act(pen('dan'), remove(pen('bob')))
    assert.equal(voided(made), 'overruled')
    assert.equal(voided(byDan), 'not_allowed')
    assert.deepEqual(
      [standing('bob'), standing('cid'), standing('dan')],
      ['active admin', 'removed admin', 'active member'],
    )
  })

  test('three in a circle: the most senior decides, and is removed by the one whom nobody overrules', () => {
    const { history, standing, pen } = village({ bob: 'admin', cid: 'admin', dan: 'admin' })
    history.act(pen('dan'), remove(pen('bob')))
    history.act(pen('cid'), remove(pen('dan')))
    history.act(pen('bob'), remove(pen('cid')))
    // bob's goes first: cid is out, and what cid did meanwhile; then dan's counts, too, and bob's stays settled.
    assert.deepEqual(
      [standing('bob'), standing('cid'), standing('dan')],
      ['removed admin', 'removed admin', 'active admin'],
    )
  })

  test('who knows of their removal can’t answer it', () => {
    const { voided, standing, pen, openly } = village({ bob: 'admin', cid: 'admin' })
    openly('cid', remove(pen('bob')))
    assert.equal(voided(openly('bob', remove(pen('cid')))), 'author_removed')
    assert.deepEqual([standing('bob'), standing('cid')], ['removed admin', 'active admin'])
  })

  test('promoted while removed: removed', () => {
    const { history, standing, pen } = village({ bob: 'admin', dan: 'member' })
    history.act(pen('ann'), setRole(pen('dan'), 'admin'))
    history.act(pen('bob'), remove(pen('dan')))
    assert.match(String(standing('dan')), /^removed/)
  })

  test('of a device voids what that device did unseen, and nothing of the others', () => {
    const { history, voided, pen, openly, resolution } = village({ bob: 'admin' })
    const phone = pen('bob.2')
    openly('bob', addDevice(phone))
    history.act(pen('bob'), removeDevice(phone))
    const thief = history.act(phone, remove(pen('ann')), { ms: 0 })
    const owner = history.act(pen('bob'), invite('i'))
    assert.equal(voided(thief), 'overruled')
    assert.equal(voided(owner), undefined)
    const devices = resolution().state.members.get(personOf('bob'))?.devices
    assert.deepEqual(
      devices?.map(({ state }) => state),
      ['active', 'removed'],
    )
  })

  test('two devices of one person remove each other: the older one stays', () => {
    const { history, pen, openly, resolution } = village({ bob: 'member' })
    const second = pen('bob.2')
    openly('bob', addDevice(second))
    history.act(second, removeDevice(pen('bob')), { ms: 0 })
    history.act(pen('bob'), removeDevice(second))
    const devices = resolution().state.members.get(personOf('bob'))?.devices
    assert.deepEqual(
      devices?.map(({ state }) => state),
      ['active', 'removed'],
    )
  })

  test('of somebody else’s device takes the right to remove', () => {
    const { voided, pen, openly } = village({ bob: 'member', cid: 'admin' })
    assert.equal(voided(openly('bob', removeDevice(pen('cid')))), 'not_allowed')
    assert.equal(voided(openly('cid', removeDevice(pen('ann')))), 'outranked')
    assert.equal(voided(openly('cid', removeDevice(pen('bob')))), undefined)
  })
})

describe('lower roles', () => {
  test('bind what their holder did without knowing, and no more', () => {
    const { history, voided, pen } = village({ bob: 'admin', cid: 'member' })
    history.act(pen('ann'), setRole(pen('bob'), 'member'))
    const asAdmin = history.act(pen('bob'), settings({ name: 'Mine' }), { ms: 0 })
    const asMember = history.act(pen('bob'), invite('i'), { ms: 0 })
    assert.equal(voided(asAdmin), 'not_allowed')
    assert.equal(voided(asMember), undefined)
  })

  test('say what entries of apps may, at their place and unseen', () => {
    const { history, pen, openly, resolution } = village({ bob: 'admin' })
    const early = history.say(pen('bob'))
    history.showAll()
    history.act(pen('ann'), setRole(pen('bob'), 'member'))
    const unseen = history.say(pen('bob'), { ms: 0 })
    history.showAll()
    openly('ann', setRole(pen('bob'), 'admin'))
    const late = history.say(pen('bob'))
    const may = (entry: TestEntry) => {
      const counted = resolution().counts(entry)
      return typeof counted !== 'string' && counted.may('chat.moderate')
    }
    assert.deepEqual([may(early), may(unseen), may(late)], [true, false, true])
  })

  test('and equal ones given again cost nobody their seniority', () => {
    const { history, standing, pen, openly } = village({ bob: 'admin', cid: 'admin' })
    openly('cid', setRole(pen('bob'), 'admin'))
    history.act(pen('cid'), remove(pen('bob')))
    history.act(pen('bob'), remove(pen('cid')))
    assert.equal(standing('bob'), 'active admin')
  })
})
